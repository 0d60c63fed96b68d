#pragma once
// A generator that measures latency without coordinated omission: when a transaction is to begin is drawn beforehand and does not
// depend on how fast others are answered. Whoever is due and does not come to his turn waits, and his wait counts, since the
// first step is measured from when it was due. One thread, epoll, a connection a message.

#include <array>
#include <chrono>
#include <cstdint>
#include <string_view>
#include <vector>

namespace postern::bench {

/// What is answered, one after the other.
enum class smtp_step : std::uint8_t { greeting, ehlo, mail, rcpt, data, end_of_data };
inline constexpr std::array<std::string_view, 6> step_names{"connect, greeting", "EHLO", "MAIL", "RCPT", "DATA", "end of data"};

struct offered_load {
    double rate = 0;       ///< transactions begun a second, at random moments (Poisson); 0: a new one begins when one has ended
    unsigned at_once = 20; ///< connections: of rate 0, exactly so many; else not more
    std::chrono::milliseconds duration{2000}; ///< in which they begin; all of them are waited for
    std::size_t size = 4000;                  ///< octets of content
    std::uint64_t seed = 1;                   ///< of the moments
};

struct observed_latency {
    std::array<std::vector<double>, step_names.size()> us; ///< of each step, one a transaction
    std::vector<double> whole_us;                          ///< from when it was due to the last reply
    double rate = 0;                                       ///< transactions a second until the last was answered
    double generator = 0;                                  ///< share of one core
    [[nodiscard]] std::size_t messages() const noexcept { return whole_us.size(); }
};

/// Throws std::runtime_error at a reply that it does not like, a lost connection, or when nothing comes for half a minute.
[[nodiscard]] observed_latency offer(std::uint16_t port, const offered_load& what);

} // namespace postern::bench
