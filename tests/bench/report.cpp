#include "tests/bench/report.hpp"

#include "tests/bench/table.hpp"

#include <boost/json.hpp>
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <iterator>
#include <sstream>

#include <sys/utsname.h>
#include <unistd.h>

namespace postern::bench {
namespace {

namespace json = boost::json;

constexpr int schema = 1; // docs/benchmarks.md

[[nodiscard]] std::string number(double value, int digits)
{
    return fmt::format("{:.{}f}", value, digits);
}

[[nodiscard]] std::pair<double, double> range(const std::vector<double>& rounds)
{
    const auto [least, most] = std::minmax_element(rounds.begin(), rounds.end());
    return {*least, *most};
}

/// What programs say, once: some say it for each of their connections.
[[nodiscard]] std::string in_one_line(const std::string& text)
{
    constexpr std::size_t most_lines = 4;
    std::vector<std::string> lines;
    std::istringstream in{text};
    for (std::string line; std::getline(in, line) && lines.size() < most_lines;)
        if (line.find_first_not_of(" \t\r") != std::string::npos && std::find(lines.begin(), lines.end(), line) == lines.end())
            lines.push_back(line);
    return fmt::format("{}", fmt::join(lines, "; "));
}

[[nodiscard]] std::string processor()
{
    std::ifstream in{"/proc/cpuinfo"};
    for (std::string line; std::getline(in, line);)
        if (const auto colon = line.find(": "); line.starts_with("model name") && colon != std::string::npos)
            return line.substr(colon + 2);
    return "unknown";
}

[[nodiscard]] json::object machine()
{
    utsname system{};
    ::uname(&system);
    double load = 0;
    std::ifstream{"/proc/loadavg"} >> load;
    return {{"processor", processor()},
            {"cores", ::sysconf(_SC_NPROCESSORS_ONLN)},
            {"kernel", std::string{system.release}},
            {"load_average", load}};
}

} // namespace

result_row& result_row::figure(std::string name, std::vector<double> rounds, int digits)
{
    if (!rounds.empty())
        values_.push_back({std::move(name), std::move(rounds), digits, false});
    return *this;
}

result_row& result_row::compare(std::string name, double value, double to)
{
    if (to > 0)
        values_.push_back({std::move(name), {value / to}, 2, true});
    return *this;
}

result_row& result_row::judge(std::string_view aim_id, double value)
{
    aims_.push_back({&aim_of(aim_id), value});
    return *this;
}

result_row& result_row::bottleneck(std::string what)
{
    bottleneck_ = std::move(what);
    return *this;
}

std::string result_table::text() const
{
    // Columns in the order in which rows first have them; ranges only where there are rounds.
    struct column {
        std::string name;
        bool has_range = false;
    };
    std::vector<column> columns;
    const auto any = [&](const auto& holds) { return std::any_of(rows_.begin(), rows_.end(), holds); };
    for (const auto& row : rows_)
        for (const auto& each : row.values_) {
            auto at = std::find_if(columns.begin(), columns.end(), [&](const column& old) { return old.name == each.name; });
            if (at == columns.end())
                at = columns.insert(at, {each.name});
            at->has_range |= each.rounds.size() > 1;
        }
    const bool has_aims = any([](const result_row& row) { return !row.aims_.empty(); });
    const bool has_bottlenecks = any([](const result_row& row) { return !row.bottleneck_.empty(); });

    std::vector<std::string> head{title_, ""};
    for (const auto& each : columns) {
        head.push_back(each.name);
        if (each.has_range)
            head.emplace_back("range");
    }
    if (has_aims)
        head.insert(head.end(), {"aim", "met"});
    if (has_bottlenecks)
        head.emplace_back("bottleneck");
    bench::table out{head};
    for (const auto& row : rows_) {
        std::vector<std::string> line{row.workload_, row.subject_};
        for (const auto& each : columns) {
            const auto it = std::find_if(row.values_.begin(), row.values_.end(),
                                         [&](const result_row::entry& mine) { return mine.name == each.name; });
            const bool is_there = it != row.values_.end();
            line.push_back(is_there ? number(median(it->rounds), it->digits) : "-");
            if (each.has_range)
                line.push_back(!is_there || it->rounds.size() < 2 ? ""
                                                                  : number(range(it->rounds).first, it->digits) + ".." +
                                                                        number(range(it->rounds).second, it->digits));
        }
        std::string aims;
        std::string met;
        for (const auto& each : row.aims_) {
            aims += (aims.empty() ? "" : ", ") + text_of(*each.what);
            met += (met.empty() ? "" : ", ") + std::string{is_met(*each.what, each.value) ? "yes" : "NO"};
        }
        if (has_aims)
            line.insert(line.end(), {aims, met});
        if (has_bottlenecks)
            line.push_back(row.bottleneck_);
        out.add(std::move(line));
    }
    return out.text();
}

std::string result_table::json() const
{
    json::array rows;
    for (const auto& row : rows_) {
        json::object figures;
        json::object ratios;
        for (const auto& each : row.values_) {
            if (each.is_ratio) {
                ratios[each.name] = median(each.rounds);
                continue;
            }
            const auto [least, most] = range(each.rounds);
            figures[each.name] = {
                {"median", median(each.rounds)}, {"least", least}, {"most", most}, {"rounds", json::value_from(each.rounds)}};
        }
        json::array aims;
        for (const auto& each : row.aims_)
            aims.push_back({{"id", std::string{each.what->id}},
                            {"aim", text_of(*each.what)},
                            {"value", each.value},
                            {"met", is_met(*each.what, each.value)}});
        rows.push_back({{"workload", row.workload_},
                        {"subject", row.subject_},
                        {"figures", figures},
                        {"ratios", ratios},
                        {"aims", aims},
                        {"bottleneck", row.bottleneck_}});
    }
    return json::serialize(json::object{{"title", title_}, {"rows", rows}});
}

std::vector<judgement> result_table::judgements() const
{
    std::vector<judgement> all;
    for (const auto& row : rows_)
        all.insert(all.end(), row.aims_.begin(), row.aims_.end());
    return all;
}

std::vector<judgement> report::judgements() const
{
    std::vector<judgement> all;
    for (const auto& each : tables_) {
        const auto some = each.judgements();
        all.insert(all.end(), some.begin(), some.end());
    }
    return all;
}

void report::progress(std::string_view text)
{
    fmt::print(stderr, "{}\n", text);
}

void report::note(std::string text)
{
    text = in_one_line(text);
    progress("  " + text);
    if (std::find(notes_.begin(), notes_.end(), text) == notes_.end())
        notes_.push_back(std::move(text));
}

void report::failure(std::string text)
{
    failed_ = true;
    note("FAILED: " + std::move(text));
}

std::string report::json(double took_seconds) const
{
    json::array tables;
    for (const auto& each : tables_)
        tables.push_back(json::parse(each.json()));
    return json::serialize(json::object{{"schema", schema},
                                        {"name", name_},
                                        {"taken", fmt::format("{:%FT%TZ}", fmt::gmtime(std::time(nullptr)))},
                                        {"took_seconds", took_seconds},
                                        {"quick", in_.quick},
                                        {"failed", failed_},
                                        {"machine", machine()},
                                        {"disk",
                                         {{"sync_us", in_.disk.sync_us},
                                          {"sync_p99_us", in_.disk.sync_p99_us},
                                          {"octets_per_second", in_.disk.octets_per_second}}},
                                        {"tables", tables},
                                        {"notes", json::value_from(notes_)}});
}

void report::publish(double took_seconds) const
{
    for (const auto& each : tables_)
        fmt::print("{}\n", each.text());
    for (const auto& each : notes_)
        fmt::print("- {}\n", each);
    const auto all = judgements();
    const auto met = std::count_if(all.begin(), all.end(), [](const judgement& each) { return is_met(*each.what, each.value); });
    fmt::print("- {}: {:.0f} s; {} of {} aims met{}\n\n", name_, took_seconds, met, all.size(),
               in_.quick ? "; QUICK: only whether it works, no figure of this means anything" : "");
    std::fflush(stdout);
    std::filesystem::create_directories(in_.results);
    const auto file = in_.results / (name_ + ".json");
    std::ofstream out{file};
    out << json(took_seconds) << '\n';
    if (!out.flush())
        throw std::runtime_error{file.string() + " cannot be written"};
}

} // namespace postern::bench
