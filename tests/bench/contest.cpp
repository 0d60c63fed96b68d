#include "tests/bench/contest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>

namespace postern::bench {

void collected::add(const measurement& one)
{
    rate.push_back(one.rate);
    server_cpu.push_back(one.server_cpu);
    generator_cpu.push_back(one.generator_cpu);
    end_to_end.push_back(one.end_to_end);
    busy.push_back(one.busy);
}

void add_peers(std::vector<contestant>& to, const std::vector<peer_maker>& makers, report& out)
{
    for (const auto& make : makers) {
        std::string why;
        try {
            if (auto peer = make(why)) {
                to.emplace_back(std::move(peer));
                continue;
            }
        } catch (const std::exception& error) {
            why = error.what();
        }
        out.note(why);
    }
}

void contend(const setting& in, std::vector<contestant>& all, const workload& what, int rounds, report& out,
             const std::function<bool(const contestant&)>& fits)
{
    report::progress(fmt::format("{}: {} rounds of {} messages, {} sessions", what.name, rounds, what.messages, what.sessions));
    std::vector<contestant*> present;
    for (auto& each : all) {
        each.rounds = {};
        if (!fits || fits(each))
            present.push_back(&each);
    }
    for (int round = -1; round < rounds; ++round) // the first warms up
        for (auto at = present.begin(); at != present.end();) {
            auto& one = **at;
            auto mine = what;
            mine.messages = std::max(mine.sessions, static_cast<unsigned>(one.share * what.messages));
            try {
                if (round < 0)
                    warm_up(in, *one.server, mine, one.next_hop.get());
                else
                    one.rounds.add(measure(in, *one.server, mine, one.next_hop.get()));
                ++at;
            } catch (const std::exception& error) {
                const auto text = fmt::format("{}, {}: no figure: {}", what.name, one.server->name(), error.what());
                one.is_ours ? out.failure(text) : out.note(text);
                one.rounds = {};
                at = present.erase(at);
            }
        }
}

std::vector<double> per_thousand(const std::vector<double>& microseconds)
{
    constexpr double us_in_s_per_thousand = 1000; // so many us a message are a second for a thousand
    std::vector<double> seconds;
    for (const auto each : microseconds)
        seconds.push_back(each / us_in_s_per_thousand);
    return seconds;
}

double megabytes(std::uint64_t octets)
{
    return static_cast<double>(octets) / 1e6;
}

const collected* result_of(const std::vector<contestant>& all, std::string_view name)
{
    const auto at = std::find_if(all.begin(), all.end(), [&](const contestant& each) { return each.server->name() == name; });
    return at != all.end() && at->has_result() ? &at->rounds : nullptr;
}

} // namespace postern::bench
