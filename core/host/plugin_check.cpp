#include "core/host/plugin_check.hpp"

#include "core/host/elf_file.hpp"
#include "core/host/plugin_library.hpp"
#include "core/host/trial_process.hpp"
#include "core/host/tried_options.hpp"

#include <postern/testing/conformance/trials.hpp>

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <optional>
#include <string_view>
#include <utility>

namespace postern::daemon {
namespace {

namespace kit = testing::conformance;

/// What ends or changes the process for everybody in it.
constexpr std::array<std::string_view, 6> ending{"exit", "_exit", "_Exit", "quick_exit", "err", "errx"};
constexpr std::array<std::string_view, 20> meddling{"fork",   "vfork",  "daemon",   "signal", "sigaction", "chdir",     "fchdir",
                                                    "umask",  "setenv", "unsetenv", "putenv", "clearenv",  "setlocale", "dlclose",
                                                    "setuid", "setgid", "setsid",   "system", "popen",     "alarm"};

rule_report& rule(check_report& in, std::string_view name, std::string_view promise)
{
    auto& made = in.rules.emplace_back();
    made.rule = name;
    made.promise = promise;
    return made;
}

constexpr std::size_t most_told = 5; // of a rule: the others are mostly the same

void tell(rule_report& which, rule_result result, std::string what)
{
    which.result = std::max(which.result, result);
    if (which.what.size() < most_told)
        which.what.push_back(std::move(what));
}
void breaks(rule_report& which, std::string what)
{
    tell(which, rule_result::broken, std::move(what));
}
void warns(rule_report& which, std::string what)
{
    tell(which, rule_result::warned, std::move(what));
}

std::string listed_names(const std::vector<std::string>& names)
{
    constexpr std::size_t most = 8;
    std::string all;
    for (std::size_t i = 0; i < std::min(names.size(), most); ++i)
        all.append(i == 0 ? "" : ", ").append(names[i]);
    return names.size() > most ? fmt::format("{} and {} more", all, names.size() - most) : all;
}

/// A symbol without the version behind its "@".
std::string_view bare(std::string_view symbol)
{
    return symbol.substr(0, symbol.find('@'));
}

template <class Names>
std::vector<std::string> those_of(const Names& names, const std::vector<std::string>& all)
{
    std::vector<std::string> found;
    for (const auto& each : all)
        if (std::ranges::find(names, bare(each)) != names.end())
            found.push_back(each);
    return found;
}

void look_at_file(const plugin_request& what, check_report& to)
{
    auto& exports = rule(to, "exports", "one symbol is exported, postern_plugin_v1");
    auto& imports = rule(to, "imports", "nothing is linked that ends or changes the whole process");
    auto& image = rule(to, "file", "the file stays loaded, and shares nothing with other generations of it");
    std::ifstream file{what.file, std::ios::binary};
    const std::string octets{std::istreambuf_iterator<char>{file}, {}};
    std::string why;
    const auto facts = read_elf(octets, why);
    if (!facts) {
        breaks(image, why);
        exports.result = imports.result = rule_result::untried;
        return;
    }
    auto others = facts->defined;
    std::erase(others, "postern_plugin_v1");
    if (!others.empty())
        breaks(exports,
               fmt::format("it exports {} too: link with a version script, as postern_add_plugin() does", listed_names(others)));
    if (const auto found = those_of(ending, facts->wanted); !found.empty())
        breaks(imports, fmt::format("it calls {}, which ends the server: fail with a status", listed_names(found)));
    if (const auto found = those_of(meddling, facts->wanted); !found.empty())
        warns(imports, fmt::format("it calls {}, which every part of the server feels", listed_names(found)));
    if (!facts->is_nodelete)
        warns(image, "it can be unmapped while its threads run: link with -z nodelete");
    if (!facts->unique.empty())
        breaks(image, fmt::format("a reloaded file would share {} with this one: compile with -fno-gnu-unique",
                                  listed_names(facts->unique)));
    if (facts->has_executable_stack)
        breaks(image, "it asks for an executable stack, for the whole server: an assembler file lacks its .note.GNU-stack");
    if (facts->has_text_relocations)
        breaks(image, "its code has to be changed to be loaded: compile with -fPIC");
}

/// What the loader in a child says of the table.
void look_at_table(const plugin_library& library, kit::findings& found)
{
    const auto& table = library.table();
    const std::string_view id = table.id;
    const auto is_good = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-'; };
    found.add("id", std::string{id});
    found.add("version", table.version);
    if (id.find('.') == id.npos || !std::ranges::all_of(id, is_good))
        found.add("table", fmt::format("\"{}\" is no id such as \"org.example.name\"", id));
    if ((table.flags & ~(POSTERN_PLUGIN_SERIAL | POSTERN_PLUGIN_BLOCKING)) != 0)
        found.add("table", fmt::format("flags {} has some that no host knows", table.flags));
    if (std::string_view{table.version}.empty())
        found.add("table", "the version is empty");
}

class checking {
public:
    checking(const plugin_request& what, tried_options options, check_report& to,
             const std::function<void(const check_report&)>& tell)
        : what_{what}, options_{std::move(options)}, to_{to}, tell_{tell}
    {
    }

    void look()
    {
        auto& loads = rule(to_, "loads", "this host loads it");
        auto& table = rule(to_, "table", "its table is in order");
        auto& manifest = rule(to_, "manifest", "its manifest lies beside it, and is for it");
        const auto outcome = in_child([&](kit::findings& found, const plugin_library* library, const std::string& why) {
            if (library == nullptr)
                found.add("loads", why);
            else
                look_at_table(*library, found);
        });
        if (!outcome.end.empty())
            breaks(loads, fmt::format("{}: while it is loaded", outcome.end));
        for (const auto& each : outcome.found) {
            if (each.rule == "id")
                to_.id = each.what;
            else if (each.rule == "version")
                to_.version = each.what;
            else
                breaks(each.rule == "loads" ? loads : table, each.what);
        }
        is_loaded_ = loads.result == rule_result::kept;
        if (!is_loaded_)
            table.result = rule_result::untried;
        if (!options_.rules())
            breaks(manifest,
                   fmt::format("there is no {}: it names the plugin and its options", what_.file.stem().string() + ".toml"));
        else if (is_loaded_ && options_.rules()->id != to_.id)
            breaks(manifest, fmt::format("it is for {}, and the plugin is {}", options_.rules()->id, to_.id));
    }

    void try_all()
    {
        // Places first: what trials find may belong to a rule that stands elsewhere.
        for (const auto& each : kit::all_trials)
            rule(to_, each.rule, each.promise);
        for (const auto& each : kit::watched_rules)
            rule(to_, each.rule, each.promise);
        rule(to_, kit::last_trial.rule, kit::last_trial.promise);
        bool is_over = !is_loaded_;
        const auto run = [&](const kit::trial& each) {
            if (is_over)
                find(each.rule).result = rule_result::untried;
            else
                is_over = !try_one(each);
            find(each.rule).is_tried = true;
            tell_(to_);
        };
        for (const auto& each : kit::all_trials)
            run(each);
        run(kit::last_trial);
        if (!is_tried_)
            for (const auto& each : kit::watched_rules)
                if (find(each.rule).result == rule_result::kept)
                    find(each.rule).result = rule_result::untried;
    }

private:
    [[nodiscard]] bool has(std::string_view name) const
    {
        return std::ranges::find(to_.rules, name, &rule_report::rule) != to_.rules.end();
    }
    [[nodiscard]] rule_report& find(std::string_view name) { return *std::ranges::find(to_.rules, name, &rule_report::rule); }

    trial_outcome in_child(const std::function<void(kit::findings&, const plugin_library*, const std::string&)>& work,
                           kit::whereabouts** where = nullptr) const
    {
        return run_apart([&](kit::findings& found, kit::whereabouts& at) {
            if (where != nullptr)
                *where = &at;
            std::string why;
            const auto library = plugin_library::load(what_.file, why);
            work(found, library.get(), why);
        });
    }

    /// False: nothing else makes sense.
    bool try_one(const kit::trial& which)
    {
        kit::whereabouts* where = nullptr;
        const auto outcome = in_child(
            [&](kit::findings& found, const plugin_library* library, const std::string&) {
                problems wrong;
                kit::subject one{library->table(),
                                 [&](testing::fake_host& host) { options_.give(host, wrong); },
                                 {},
                                 {},
                                 what_.seed,
                                 found,
                                 *where};
                for (const auto& each : options_.cases())
                    one.variations.push_back({each.what, [each](testing::fake_host& host) { tried_options::give(each, host); }});
                for (const auto each : offered_services())
                    one.tables.emplace_back(each);
                if (const auto& tickets = find("tickets"); tickets.result == rule_result::broken)
                    found.add("tickets", tickets.what.front()); // it is known: nobody waits for real time again
                which.run(one);
            },
            &where);
        auto& own = find(which.rule);
        if (!outcome.end.empty())
            breaks(own, outcome.end);
        for (const auto& each : outcome.found) {
            auto& of = has(each.rule) ? find(each.rule) : own;
            if (std::ranges::find(of.what, each.what) != of.what.end())
                continue; // another trial has said so
            if (each.is_warning)
                warns(of, each.what);
            else
                breaks(of, each.what);
        }
        is_tried_ = is_tried_ || (outcome.end.empty() && own.result != rule_result::broken) || &which != &kit::all_trials.front();
        return !outcome.is_hung && !(&which == &kit::all_trials.front() && own.result == rule_result::broken);
    }

    const plugin_request& what_;
    tried_options options_;
    check_report& to_;
    const std::function<void(const check_report&)>& tell_;
    bool is_loaded_ = false;
    bool is_tried_ = false;
};

std::string_view word_of(rule_result result) noexcept
{
    switch (result) {
    case rule_result::kept:
        return "ok";
    case rule_result::warned:
        return "warning";
    case rule_result::broken:
        return "FINDING";
    case rule_result::untried:
        return "not tried";
    }
    return "";
}

} // namespace

bool check_report::is_kept() const noexcept
{
    return std::ranges::none_of(rules, [](const rule_report& each) { return each.result == rule_result::broken; });
}

check_report check_plugin(const plugin_request& what, problems& found, const std::function<void(const check_report&)>& tell)
{
    check_report report;
    auto options = tried_options::read(what.file, what.config, what.options, found);
    if (options.rules() && found.empty()) {
        static constexpr postern_plugin no_plugin{};
        testing::fake_host nobody{no_plugin};
        options.give(nobody, found); // an unknown key, or a required one that is not there
    }
    if (!found.empty())
        return report;
    const auto all_tried = [&] {
        for (auto& each : report.rules)
            each.is_tried = true;
        tell(report);
    };
    look_at_file(what, report);
    checking all{what, std::move(options), report, tell};
    all.look();
    all_tried();
    all.try_all();
    all_tried();
    return report;
}

std::string told_rules::next(const check_report& so_far)
{
    std::string out;
    for (const auto& each : so_far.rules) {
        if (!each.is_tried)
            continue;
        const auto [told, is_new] = told_.emplace(each.rule, 0);
        if (is_new && each.what.empty())
            out += fmt::format("{:<10} {:<12} {}\n", word_of(each.result), each.rule, each.promise);
        for (; told->second < each.what.size(); ++told->second)
            out += fmt::format("{:<10} {:<12} {}\n", word_of(each.result), each.rule, each.what[told->second]);
    }
    return out;
}

std::string summary_of(const check_report& report, const plugin_request& what)
{
    const auto count = [&](rule_result of) { return std::ranges::count(report.rules, of, &rule_report::result); };
    return fmt::format("{} {}: {} of {} rules broken, {} warnings, seed {}\n", report.id.empty() ? what.file.string() : report.id,
                       report.version, count(rule_result::broken), report.rules.size(), count(rule_result::warned), what.seed);
}

std::string json_of(const check_report& report, const plugin_request& what)
{
    boost::json::array rules;
    for (const auto& each : report.rules)
        rules.push_back({{"rule", each.rule},
                         {"result", each.result == rule_result::broken ? "finding" : word_of(each.result)},
                         {"promise", each.promise},
                         {"what", boost::json::array(each.what.begin(), each.what.end())}});
    return boost::json::serialize(boost::json::object{{"file", what.file.string()},
                                                      {"id", report.id},
                                                      {"version", report.version},
                                                      {"seed", what.seed},
                                                      {"kept", report.is_kept()},
                                                      {"rules", std::move(rules)}}) +
           "\n";
}

} // namespace postern::daemon
