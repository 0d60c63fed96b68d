#pragma once
// The books of a chaos test: who was told 250 for which message, and what arrived of it. Knows neither server nor faults.

#include "tests/support/next_hop.hpp"

#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <random>
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
    /// Something arrived at the next hop. Wrong octets are counted and described.
    void arrived(const arrived_message& message);

    /// Waits until `count` more were acknowledged, or `limit`.
    void wait_for_acknowledgements(std::size_t count, std::chrono::milliseconds limit);
    /// Waits until all that were acknowledged have arrived; false: not by `limit`.
    [[nodiscard]] bool wait_for_all(std::chrono::milliseconds limit);

    [[nodiscard]] std::size_t acknowledgements() const;
    [[nodiscard]] std::vector<std::uint64_t> missing() const;  ///< acknowledged, not arrived
    [[nodiscard]] std::size_t duplicates() const;              ///< arrivals above the first of each message
    [[nodiscard]] std::size_t unacknowledged_arrivals() const; ///< arrived, though their 250 was never read
    [[nodiscard]] std::vector<std::string> wrong() const;      ///< arrivals with other octets than were sent

private:
    struct history {
        bool acknowledged = false;
        std::size_t arrivals = 0;
    };

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::map<std::uint64_t, history> fates_;
    std::uint64_t last_ = 0;
    std::size_t acknowledgements_ = 0;
    std::size_t open_ = 0; ///< acknowledged and not arrived
    std::vector<std::string> wrong_;
};

} // namespace postern::test
