// Measures Postern beside its peers in one run: `bench [--quick] [PART..]`, all parts without any. Prints a table for each, with
// the aims beside the figures, and writes it to build/bench/PART.json. docs/benchmarks.md says what the columns mean.

#include "tests/bench/parts.hpp"
#include "tests/support/server.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

namespace postern::bench {

std::span<const part> all_parts() noexcept
{
    static constexpr std::array parts{part{"accept", accept},   part{"durable", durable}, part{"relay", relay},
                                      part{"dead", dead},       part{"client", client},   part{"tls", tls},
                                      part{"idle", idle},       part{"hooks", hooks},     part{"sleeper", sleeper},
                                      part{"latency", latency}, part{"scaling", scaling}, part{"queue", queue}};
    return parts;
}

namespace {

using clock = std::chrono::steady_clock;

[[nodiscard]] double seconds_since(clock::time_point begin)
{
    return std::chrono::duration<double>{clock::now() - begin}.count();
}

/// Each aim with the worst of what was compared with it.
void summarise(const std::vector<judgement>& all)
{
    result_table results{"all aims, at their worst"};
    for (const auto& each : all_aims()) {
        const judgement* worst = nullptr;
        for (const auto& one : all)
            if (one.what == &each &&
                (worst == nullptr || (each.way == bound::at_most ? one.value > worst->value : one.value < worst->value)))
                worst = &one;
        if (worst != nullptr)
            results.add(std::string{each.what}, "").figure("figure", worst->value, 2).judge(each.id, worst->value);
    }
    fmt::print("{}\n", results.text());
}

/// false: something of ours failed. Adds to `judged`.
[[nodiscard]] bool run_part(const part& what, const setting& in, std::vector<judgement>& judged)
{
    const auto begin = clock::now();
    report out{std::string{what.name}, in};
    try {
        what.measure(in, out);
    } catch (const std::exception& error) {
        out.failure(error.what());
    }
    out.publish(seconds_since(begin));
    const auto mine = out.judgements();
    judged.insert(judged.end(), mine.begin(), mine.end());
    return !out.has_failed();
}

int run(std::vector<std::string_view> wanted)
{
    setting in;
    in.quick = std::erase(wanted, "--quick") > 0;
    const auto parts = all_parts();
    for (const auto name : wanted)
        if (std::none_of(parts.begin(), parts.end(), [&](const part& each) { return each.name == name; })) {
            std::string names;
            for (const auto& each : parts)
                names += fmt::format("{} {}", names.empty() ? "" : ",", each.name);
            fmt::print(stderr, "bench: nothing is called {}; there are:{}\n", name, names);
            return 2;
        }
    raise_descriptor_limit();
    in.disk = measure_disk();
    in.results = test::build_folder() / "bench";
    const auto begin = clock::now();
    bool is_good = true;
    std::vector<judgement> judged;
    for (const auto& each : parts)
        if (wanted.empty() || std::find(wanted.begin(), wanted.end(), each.name) != wanted.end())
            is_good &= run_part(each, in, judged);
    if (!judged.empty())
        summarise(judged);
    fmt::print("{:.0f} s; figures as JSON: {}/*.json\n", seconds_since(begin), in.results.string());
    return is_good ? 0 : 1;
}

} // namespace
} // namespace postern::bench

int main(int count, char** words)
{
    try {
        return postern::bench::run({words + 1, words + count});
    } catch (const std::exception& error) {
        fmt::print(stderr, "bench: {}\n", error.what());
        return 1;
    }
}
