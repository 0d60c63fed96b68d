#pragma once
// Reads messages with reports on a thread of its own: the thread that moves the mail waits for no store, and unpacks nothing. It
// must not know what a report says. SECURITY: anybody may send one; size, number and octets are bounded.

#include "received.hpp"

#include <postern/plugin.hpp>

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace tls_report {

struct reading_settings {
    std::size_t most_message = std::size_t{10} << 20U; ///< octets
    std::size_t most_report = std::size_t{4} << 20U;   ///< octets, unpacked
    std::string folder = {};                           ///< where JSON is written; empty: nowhere
};

/// Threads: any.
class reader {
public:
    static constexpr std::size_t most_waiting = 20;   ///< so that nobody waits for as long as the deadline of an instance
    static constexpr std::size_t most_files = 10'000; ///< in the folder

    /// A message to be read until its ticket is answered, which the reader does: proceed(), whatever is in it.
    struct job {
        std::uint64_t ticket = 0;
        std::uint64_t blob = 0;
        std::string sender{};
    };
    /// Called on the reader's thread.
    using done = std::function<void(const reader& by, const std::string& sender, const found_json& found)>;

    reader(const postern::host& host, reading_settings how, done tell);
    reader(const reader&) = delete;
    reader& operator=(const reader&) = delete;
    /// Those who wait are answered.
    ~reader();

    /// False: too many wait.
    [[nodiscard]] bool read(job what);
    /// The octets of a report into the folder, if there is one; empty: done, else why not.
    [[nodiscard]] std::string save(const std::string& name, std::string_view text) const;

private:
    void work();
    void read_one(const job& what) const;

    postern::host host_;
    const reading_settings how_;
    const done tell_;
    std::mutex mutex_;
    std::condition_variable comes_;
    bool is_over_ = false;
    std::deque<job> waiting_;
    std::thread thread_;
};

} // namespace tls_report
