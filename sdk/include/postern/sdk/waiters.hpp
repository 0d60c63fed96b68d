#pragma once
// The coroutine frames of an instance that wait for a wake, by token. Every entry is taken out exactly once: by its wake, by
// the end of its session, or by the caller whose wake was not accepted. Whoever takes it resumes it, and nobody else.
// Threads: any.

#include <postern/sdk/coroutine.hpp>
#include <cstdint>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

#include <postern/abi/core.h>

namespace postern::sdk {

struct waiter {
    std::uint64_t session;
    std::coroutine_handle<> frame;
    postern_status* outcome; ///< in the frame: POSTERN_PASS, or E_STALE when the session ended
};

class waiters {
public:
    /// Tokens of the SDK have this bit, those of host::wake do not.
    static constexpr std::uint64_t token_bit = std::uint64_t{1} << 63;

    [[nodiscard]] std::uint64_t add(const waiter& who)
    {
        const std::lock_guard lock{mutex_};
        const std::uint64_t token = ++last_ | token_bit;
        waiting_.emplace(token, who);
        return token;
    }

    [[nodiscard]] std::optional<waiter> take(std::uint64_t token)
    {
        const std::lock_guard lock{mutex_};
        const auto found = waiting_.find(token);
        if (found == waiting_.end())
            return std::nullopt;
        const waiter who = found->second;
        waiting_.erase(found);
        return who;
    }

    /// Of one session; of all without. By contract their wakes came before, so that this finds nothing: it is the net below.
    [[nodiscard]] std::vector<waiter> take_all(std::optional<std::uint64_t> session)
    {
        std::vector<waiter> taken;
        const std::lock_guard lock{mutex_};
        for (auto at = waiting_.begin(); at != waiting_.end();) {
            if (!session || at->second.session == *session) {
                taken.push_back(at->second);
                at = waiting_.erase(at);
            } else {
                ++at;
            }
        }
        return taken;
    }

private:
    std::mutex mutex_;
    std::uint64_t last_ = 0;
    std::unordered_map<std::uint64_t, waiter> waiting_;
};

/// Resumes a frame that was taken out. Touch nothing of it afterwards: it may be gone.
inline void resume(const waiter& who, bool is_cancelled)
{
    *who.outcome = is_cancelled ? POSTERN_E_STALE : POSTERN_PASS;
    who.frame.resume();
}

} // namespace postern::sdk
