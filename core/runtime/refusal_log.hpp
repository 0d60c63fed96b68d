#pragma once
// Connections turned away, in the log: the first at once, then one line a second with how many, so that a flood of
// connections is no flood of the log.

#include "core/base/log.hpp"
#include "core/io/deadline.hpp"

#include <cstdint>
#include <string_view>

namespace postern::runtime {

/// Threads: its loop's.
class refusal_log final : private io::deadline {
public:
    refusal_log(io::deadline_list& deadlines, base::log log) : deadline{deadlines}, log_{log} {}

    void note(std::string_view listener, std::string_view peer, std::string_view cause)
    {
        if (is_quiet_) {
            ++more_;
            return;
        }
        log_.warning("refused", {{"listener", listener}, {"peer", peer}, {"cause", cause}});
        is_quiet_ = true;
        set(interval);
    }
    /// Says what is left to say.
    void close() noexcept
    {
        clear();
        expired();
        clear();
    }

private:
    static constexpr std::chrono::seconds interval{1};

    void expired() noexcept override
    {
        is_quiet_ = more_ != 0;
        if (more_ == 0)
            return;
        log_.warning("refused_more", {{"connections", more_}});
        more_ = 0;
        set(interval);
    }

    base::log log_;
    bool is_quiet_ = false;
    std::uint64_t more_ = 0;
};

} // namespace postern::runtime
