#pragma once
// How often somebody has failed lately. Bounded: where there is no room, who failed first is forgotten first. Pure: the time is a
// parameter. SECURITY: keys are addresses and names that anybody said. Threads: any.

#include <chrono>
#include <cstddef>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace auth_file {

class failure_table {
public:
    using time_point = std::chrono::steady_clock::time_point;

    /// `most` failures are let pass within `window` of the first of them; 0: any number.
    failure_table(std::size_t most, std::chrono::nanoseconds window, std::size_t most_keys = 65'536)
        : most_{most}, window_{window}, most_keys_{most_keys}
    {
    }

    void add(std::string_view key, time_point now);
    void clear(std::string_view key);
    /// Whether that one has to wait until the window ends.
    [[nodiscard]] bool is_over(std::string_view key, time_point now);
    [[nodiscard]] std::size_t count(std::string_view key, time_point now);
    [[nodiscard]] std::size_t size();

private:
    struct row {
        std::string key;
        time_point since;
        std::size_t count;
    };
    using rows = std::list<row>;

    void forget_before(time_point now);
    void erase(rows::iterator at);

    std::mutex mutex_;
    rows rows_; ///< the oldest first
    std::unordered_map<std::string_view, rows::iterator> by_key_;
    std::size_t most_;
    std::chrono::nanoseconds window_;
    std::size_t most_keys_;
};

/// Whom an address stands for: itself, or the /64 of an IPv6 address, of which one client has all.
[[nodiscard]] std::string client_of(std::string_view address);

} // namespace auth_file
