#pragma once
// What the conformance kit tries on a plugin, each trial in a process of its own if whoever runs them can: what a plugin does to
// its process is then a finding like others. docs/plugin_check.md says what each rule asks.
//
// LONG: a function a trial; what they have in common is in crowd, client and kit_host.

#include <postern/testing/conformance/crowd.hpp>

#include <array>
#include <csignal>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <dirent.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace postern::testing::conformance {

/// Other options than those that the plugin is tried with.
struct variation {
    std::string what; ///< "option path missing"
    std::function<void(fake_host&)> give;
};

struct subject {
    const postern_plugin& plugin;
    std::function<void(fake_host&)> options;
    std::vector<variation> variations;
    std::vector<std::string> tables; ///< ids that the host offers
    std::uint64_t seed;
    findings& found;
    whereabouts& where;
};

namespace trials {

[[nodiscard]] inline std::unique_ptr<kit_host> host_of(subject& of, kit_settings settings = {})
{
    settings.seed = of.seed;
    auto made = std::make_unique<kit_host>(of.plugin, settings, of.found, of.where);
    of.options(*made);
    return made;
}

/// Null: the plugin cannot be created; `creates` has said so.
[[nodiscard]] inline std::unique_ptr<kit_host> created(subject& of, kit_settings settings = {})
{
    auto made = host_of(of, settings);
    return made->create() == POSTERN_PASS ? std::move(made) : nullptr;
}

[[nodiscard]] inline std::string reasons_of(fake_host& host)
{
    std::string all;
    const auto add = [&](const std::string& text) { all.append(all.empty() ? "" : "; ").append(text); };
    for (const auto& [key, text] : host.refusals())
        add(key + ": " + text);
    for (const auto& [level, text] : host.log_lines())
        if (level >= POSTERN_LOG_WARNING)
            add(text);
    for (const auto& each : host.complaints())
        add(each);
    return all;
}

inline void visit(subject& of, kit_host& host, std::size_t clients, taste likes, std::uint64_t first = 1)
{
    crowd all{host, of.seed};
    all.add_all(first, clients, of.seed * 1000 + first, likes);
    all.run();
    host.note_complaints();
}

inline void creates(subject& of)
{
    auto host = host_of(of);
    const auto status = host->create();
    if (status == POSTERN_PASS)
        return;
    const auto reasons = reasons_of(*host);
    of.found.add("creates", "create returned " + std::to_string(status) + ": " +
                                (reasons.empty() ? "say why with log() or config's refuse() before a create fails" : reasons));
}

inline void options(subject& of)
{
    for (const auto& each : of.variations) {
        kit_host host{of.plugin, {.seed = of.seed}, of.found, of.where};
        each.give(host);
        if (const auto status = host.create(); status != POSTERN_PASS) {
            if (reasons_of(host).empty())
                of.found.add("options",
                             "create failed with " + each.what + " and did not say why: call refuse(key, text), or log()");
            continue;
        }
        visit(of, host, 1, taste::plain);
    }
}

inline void again(subject& of)
{
    for (int i = 0; i < 20; ++i)
        if (auto host = created(of); host == nullptr)
            return of.found.add("again", "an instance that was destroyed cannot be created again");
    auto one = created(of);
    auto two = host_of(of);
    if (const auto status = two->create("second"); status != POSTERN_PASS) {
        if (reasons_of(*two).empty())
            of.found.add("again", "a second instance fails, and does not say why");
        return; // two stores in one folder: a refusal with its reason is right
    }
    visit(of, *one, 2, taste::plain);
    one.reset(); // the other goes on
    visit(of, *two, 2, taste::plain);
}

/// The answers to the same sessions as one number. Zero: it cannot be created.
[[nodiscard]] inline std::uint64_t answers_of(subject& of, bool has_company)
{
    std::unique_ptr<kit_host> company;
    if (has_company) {
        company = host_of(of);
        if (company->create("company") != POSTERN_PASS)
            return 0;
        crowd before{*company, of.seed + 7};
        before.add_all(1, 3, of.seed + 7000, taste::plain);
        before.run();
    }
    const auto host = created(of);
    if (host == nullptr)
        return 0;
    std::uint64_t sum = 14695981039346656037u; // FNV-1a
    const auto take = [&](std::string_view octets) {
        for (const char each : octets)
            sum = (sum ^ static_cast<unsigned char>(each)) * 1099511628211u;
    };
    for (std::uint64_t i = 0; i < 6; ++i) {
        crowd alone{*host, of.seed};
        alone.add(std::make_unique<smtp_client>(*host, i + 1, of.seed + i, taste::plain)).on_answer = [&](const answer& said) {
            take(std::to_string(static_cast<int>(said.came)) + "/" + std::to_string(said.verdict) + "/" +
                 std::to_string(said.smtp_code) + "/" + said.enhanced + "/" + said.text + "/" + std::to_string(said.flags));
        };
        alone.run();
        if (company != nullptr)
            visit(of, *company, 1, taste::plain, 100 + i * 10);
    }
    return sum | 1u;
}

inline void instances(subject& of)
{
    // Each in a process that has seen no other instance.
    const auto apart = [&](bool has_company) {
        of.where.result = 0;
        of.where.inside = 0;
        if (const auto child = ::fork(); child == 0) {
            (void)::prctl(PR_SET_PDEATHSIG, SIGKILL);
            of.where.result = answers_of(of, has_company);
            ::_exit(0);
        } else if (child > 0) {
            int status = 0;
            (void)::waitpid(child, &status, 0);
        }
        return of.where.result.load();
    };
    const auto alone = apart(false);
    if (alone == 0 || alone != apart(false))
        return; // it answers by more than what it is asked (a clock, chance, a file), so nothing can be compared
    const auto in_company = apart(true);
    if (in_company != 0 && in_company != alone)
        of.found.add("instances",
                     "answers change with what another instance was asked: keep state in the instance, not in statics");
}

inline void answers(subject& of)
{
    const auto host = created(of);
    if (host == nullptr)
        return;
    for (std::uint64_t round = 0; round < 4; ++round)
        visit(of, *host, 4, taste::plain, 1 + round * 100);
}

inline void borrows(subject& of)
{
    if (const auto host = created(of); host != nullptr)
        visit(of, *host, 6, taste::plain);
}

inline void larger(subject& of)
{
    if (const auto host = created(of, {.form = record_form::later}); host != nullptr)
        visit(of, *host, 6, taste::plain);
}

inline void smaller(subject& of)
{
    if (const auto host = created(of, {.form = record_form::earlier}); host != nullptr)
        visit(of, *host, 6, taste::plain);
}

inline void hostile(subject& of)
{
    const auto host = created(of);
    if (host == nullptr)
        return;
    for (std::uint64_t round = 0; round < 4; ++round)
        visit(of, *host, 4, taste::hostile, 1 + round * 100);
}

/// Tables that it does not require are not there: one by one, and all.
inline void tables(subject& of)
{
    std::set<std::string, std::less<>> optional{of.tables.begin(), of.tables.end()};
    for (const char* const* each = of.plugin.requires_; each != nullptr && *each != nullptr; ++each)
        optional.erase(*each);
    optional.erase(POSTERN_CORE_1); // every host has it
    std::vector<std::set<std::string, std::less<>>> cases{optional};
    for (const auto& each : optional)
        cases.push_back({each});
    for (const auto& missing : cases) {
        auto host = host_of(of);
        host->missing = missing;
        if (host->create() == POSTERN_PASS)
            visit(of, *host, 2, taste::plain);
        else if (reasons_of(*host).empty())
            of.found.add("tables", "create fails without " + (missing.size() == 1 ? *missing.begin() : "all optional tables") +
                                       " and does not say why: list what it needs in requires_, or do without");
    }
}

inline void unknown(subject& of)
{
    const auto host = created(of);
    if (host == nullptr)
        return;
    for (const std::uint32_t hook : {63u, 200u, 511u, 4000u, 0u, 0xfffffffeu})
        for (const std::uint64_t session : {0u, 1u}) {
            postern_event event{};
            event.size = sizeof event;
            event.hook = hook;
            event.session = session;
            if (host->send_raw(event) > POSTERN_PASS)
                of.found.add("unknown", "an event that it cannot know (hook " + std::to_string(hook) +
                                            ", no ticket) was TAKEN: return POSTERN_PASS for what you did not ask for");
        }
    visit(of, *host, 1, taste::plain);
}

inline void interleaves(subject& of)
{
    const auto host = created(of);
    if (host == nullptr)
        return;
    crowd all{*host, of.seed};
    all.add_all(1, 40, of.seed, taste::plain);
    all.run();
    host->note_complaints();
}

inline void threads(subject& of)
{
    const auto host = created(of);
    if (host == nullptr)
        return;
    std::vector<std::thread> all;
    for (std::uint64_t i = 0; i < 4; ++i)
        all.emplace_back([&, i] {
            crowd mine{*host, of.seed + i};
            mine.add_all(1 + i * 1000, 12, of.seed + i * 1000, i % 2 == 0 ? taste::plain : taste::hostile);
            mine.run();
        });
    for (auto& each : all)
        each.join();
    host->note_complaints();
}

/// The session ends after every step, and at every wait.
inline void cancels(subject& of)
{
    const auto host = created(of);
    if (host == nullptr)
        return;
    std::uint64_t session = 1;
    const auto fresh = [&](crowd& into) { into.add_all(std::exchange(session, session + 10), 1, of.seed, taste::plain); };
    crowd whole{*host, of.seed};
    fresh(whole);
    whole.run();
    for (std::uint64_t at = 1; at < std::min<std::uint64_t>(whole.turns(), 150); ++at) {
        crowd cut{*host, of.seed};
        fresh(cut);
        (void)cut.run(at);
        cut.all_leave();
    }
    for (std::uint64_t at = 1; at <= std::min<std::uint64_t>(whole.waits(), 100); ++at) {
        crowd cut{*host, of.seed, {.leaves = [&](std::uint64_t n) { return n == at; }}};
        fresh(cut);
        cut.run();
    }
    host->advance(std::chrono::hours{24});
    if (host->waiting() != 0)
        of.found.add("cancels", "wakes are left when all sessions have ended");
    host->note_complaints();
    host->destroy();
}

/// Tickets are taken back: each of them, then all; what is answered later is stale.
inline void deadlines(subject& of)
{
    const auto host = created(of);
    if (host == nullptr)
        return;
    std::uint64_t session = 1;
    const auto with = [&](manners how) {
        crowd all{*host, of.seed, std::move(how)};
        all.add_all(std::exchange(session, session + 10), 1, of.seed, taste::plain);
        all.run();
        host->advance(std::chrono::hours{24});
        return all.waits();
    };
    const auto waits = with({});
    for (std::uint64_t at = 1; at <= std::min<std::uint64_t>(waits, 100); ++at)
        (void)with({.takes_back = [&](std::uint64_t n) { return n == at; }});
    (void)with({.takes_back = [](std::uint64_t) { return true; }});
    host->note_complaints();
}

/// What of a process can be counted.
struct belongings {
    std::size_t threads = 0;
    std::size_t descriptors = 0;

    [[nodiscard]] static belongings now() { return {count("/proc/self/task"), count("/proc/self/fd")}; }
    [[nodiscard]] static std::size_t count(const char* folder)
    {
        std::size_t found = 0;
        if (auto* opened = ::opendir(folder)) {
            while (::readdir(opened) != nullptr)
                ++found;
            (void)::closedir(opened);
        }
        return found;
    }
};

/// What every part of a process shares.
struct manners_of_process {
    std::array<void (*)(int), NSIG> signals{};
    mode_t mask = 0;
    std::string folder;
    std::string environment;

    [[nodiscard]] static manners_of_process now()
    {
        manners_of_process made;
        for (int i = 1; i < NSIG; ++i) {
            struct sigaction action {};
            if (::sigaction(i, nullptr, &action) == 0)
                made.signals[static_cast<std::size_t>(i)] = action.sa_handler;
        }
        made.mask = ::umask(077);
        (void)::umask(made.mask);
        std::array<char, 4096> folder{};
        if (::getcwd(folder.data(), folder.size()) != nullptr)
            made.folder = folder.data();
        for (char** each = environ; each != nullptr && *each != nullptr; ++each)
            made.environment.append(*each).push_back('\n');
        return made;
    }
};

inline void leaves(subject& of)
{
    const auto round = [&] {
        if (const auto host = created(of); host != nullptr)
            visit(of, *host, 3, taste::plain);
    };
    const auto manners = manners_of_process::now();
    round(); // what is made once for a process, as libraries do, is made here
    const auto before = belongings::now();
    round();
    auto after = belongings::now();
    for (int patience = 2000; patience > 0 && after.threads > before.threads; --patience) { // on their way out
        (void)::poll(nullptr, 0, 1);
        after = belongings::now();
    }
    if (after.threads > before.threads)
        of.found.add("leaves", "threads are left when the instance is destroyed: join them in destroy");
    if (after.descriptors > before.descriptors)
        of.found.add("leaves", "descriptors are left open when the instance is destroyed");
    const auto now = manners_of_process::now();
    if (now.signals != manners.signals)
        of.found.add("process", "the plugin changes what a signal does: that is the server's");
    if (now.mask != manners.mask || now.folder != manners.folder)
        of.found.add("process", "the plugin changes the process's umask or working folder: that is the server's");
    if (now.environment != manners.environment)
        of.found.add("process", "the plugin changes the environment, which other threads read");
}

} // namespace trials

struct trial {
    const char* rule; ///< that a crash, a hang or an exit in it breaks
    const char* promise;
    void (*run)(subject&);
};

/// In the order in which they make sense; `creates` first: nothing else is tried when it fails.
inline constexpr std::array<trial, 15> all_trials{{
    {"creates", "an instance can be created with its options, and destroyed", &trials::creates},
    {"options", "with other options it works, or says what is wrong with them", &trials::options},
    {"again", "instances come and go, and stand side by side", &trials::again},
    {"instances", "no instance notices another", &trials::instances},
    {"answers", "what it answers keeps the rules of its hook", &trials::answers},
    {"borrows", "nothing of an event is read behind its end, or after the call", &trials::borrows},
    {"larger", "records of a later host are read as far as they are known", &trials::larger},
    {"smaller", "records of the first release are enough", &trials::smaller},
    {"tables", "tables that it does not require may be absent", &trials::tables},
    {"unknown", "events that it cannot know are passed", &trials::unknown},
    {"hostile", "whatever clients say, it stands", &trials::hostile},
    {"interleaves", "many sessions at once do not disturb each other", &trials::interleaves},
    {"threads", "sessions on several threads do not disturb each other", &trials::threads},
    {"cancels", "a session may end at any moment", &trials::cancels},
    {"deadlines", "a ticket may be taken back at any moment", &trials::deadlines},
}};

/// Rules that several trials watch over, and one that measures a process as a whole.
inline constexpr trial last_trial{"leaves", "what it made is gone when it is destroyed", &trials::leaves};
struct watched_rule {
    const char* rule;
    const char* promise;
};
inline constexpr std::array<watched_rule, 4> watched_rules{{
    {"throws", "no exception leaves create, handle or destroy"},
    {"tickets", "every ticket that it takes is answered once"},
    {"blocks", "handle does not wait, unless the plugin is BLOCKING"},
    {"process", "signals, folder, umask and environment stay as they are"},
}};

} // namespace postern::testing::conformance
