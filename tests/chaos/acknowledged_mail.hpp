#pragma once
// The books of a chaos test: who was told 250 for which message, and what arrived of it. Knows neither server nor faults.

#include "tests/support/next_hop.hpp"

#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace postern::test {

/// The content of message `number` of a run: made from its number alone, so that every octet can be checked where it
/// arrives. Sizes differ from a few lines to some hundred KiB; lines begin with dots, hold 8-bit octets, and end with CRLF.
[[nodiscard]] std::string content_of(std::uint64_t number);

/// The number of an arrived content; 0: it is not one of ours.
[[nodiscard]] std::uint64_t number_of(std::string_view content);

/// Threads: any.
class acknowledged_mail {
public:
    /// A number that no message had yet.
    [[nodiscard]] std::uint64_t next_number();
    /// The server said 250 to it.
    void acknowledged(std::uint64_t number);
    /// The next hop takes it, and will not say so in words that can be understood. Told before arrived().
    void loses_reply(std::uint64_t number);
    /// Something arrived at the next hop. Wrong octets are counted and described.
    void arrived(const arrived_message& message);
    /// The server was killed, and all that it had sent has arrived.
    void killed();

    /// Waits until `count` more were acknowledged, or `limit`.
    void wait_for_acknowledgements(std::size_t count, std::chrono::milliseconds limit);
    /// Waits for `count` more arrivals, or `limit`.
    void wait_for_arrivals(std::size_t count, std::chrono::milliseconds limit);
    /// Waits until all that were acknowledged have arrived; false: not by `limit`.
    [[nodiscard]] bool wait_for_all(std::chrono::milliseconds limit);

    [[nodiscard]] std::size_t acknowledgements() const;
    [[nodiscard]] std::vector<std::uint64_t> missing() const; ///< acknowledged, not arrived
    [[nodiscard]] std::size_t duplicates() const;             ///< arrivals above the first of each message
    [[nodiscard]] std::size_t after_lost_replies() const;     ///< those of them whose first was not answered (RFC 1047)
    [[nodiscard]] std::vector<std::size_t>
    after_kills() const; ///< and those whose first was, in a life that then ended: of each life
    [[nodiscard]] std::vector<std::string> without_cause() const; ///< and those for which there is no excuse
    [[nodiscard]] std::size_t unacknowledged_arrivals() const;    ///< arrived, though their 250 was never read
    [[nodiscard]] std::vector<std::string> wrong() const;         ///< arrivals with other octets than were sent

private:
    struct history {
        bool acknowledged = false;
        bool is_reply_lost = false; ///< to the last arrival
        std::size_t arrivals = 0;
        std::size_t life = 0; ///< of the server, at the last arrival
    };

    void look_for_cause(std::uint64_t number, const history& before);

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::map<std::uint64_t, history> fates_;
    std::uint64_t last_ = 0;
    std::size_t acknowledgements_ = 0;
    std::size_t open_ = 0; ///< acknowledged and not arrived
    std::size_t arrivals_ = 0;
    std::size_t after_lost_replies_ = 0;
    std::vector<std::size_t> after_kills_{0}; ///< by life
    std::vector<std::string> without_cause_;
    std::set<std::uint64_t> losing_;
    std::vector<std::string> wrong_;
};

} // namespace postern::test
