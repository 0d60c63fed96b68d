#pragma once
// The coroutine frames of an instance that wait for a wake or an answer, by token. Every entry is taken out exactly once: by
// what it waits for, by the end of its session, or by the caller whose call was not accepted. Whoever takes it resumes it, and
// nobody else.
// Threads: any.

#include <postern/abi/hooks.h>
#include <postern/sdk/coroutine.hpp>

#include <cstdint>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

namespace postern::sdk {

struct waiter {
    std::uint64_t session;
    std::coroutine_handle<> frame;
    postern_status* outcome;                ///< in the frame: POSTERN_PASS, or E_STALE when the session ended
    std::uint32_t hook = POSTERN_HOOK_WAKE; ///< of the event that it waits for
    void (*read)(void* to, const postern_event& answer) = nullptr; ///< takes the answer out of that event; null: a wake has none
    void* to = nullptr;                                            ///< in the frame
};

class waiters {
public:
    /// Tokens of the SDK have this bit, those of plugins do not.
    static constexpr std::uint64_t token_bit = std::uint64_t{1} << 63;

    [[nodiscard]] std::uint64_t add(const waiter& who)
    {
        const std::lock_guard lock{mutex_};
        const std::uint64_t token = ++last_ | token_bit;
        waiting_.emplace(token, who);
        ++of_session_[who.session];
        return token;
    }

    [[nodiscard]] std::optional<waiter> take(std::uint64_t token)
    {
        const std::lock_guard lock{mutex_};
        const auto found = waiting_.find(token);
        if (found == waiting_.end())
            return std::nullopt;
        const waiter who = found->second;
        erase(found);
        return who;
    }

    /// Of one session; of all without. By contract their wakes came before, so that this finds nothing: it is the net below.
    [[nodiscard]] std::vector<waiter> take_all(std::optional<std::uint64_t> session)
    {
        std::vector<waiter> taken;
        const std::lock_guard lock{mutex_};
        if (session && !of_session_.contains(*session)) // the usual end of a session looks no further
            return taken;
        for (auto at = waiting_.begin(); at != waiting_.end();) {
            const auto here = at++;
            if (!session || here->second.session == *session) {
                taken.push_back(here->second);
                erase(here);
            }
        }
        return taken;
    }

private:
    using table = std::unordered_map<std::uint64_t, waiter>;

    void erase(table::iterator at)
    {
        const auto count = of_session_.find(at->second.session);
        if (--count->second == 0)
            of_session_.erase(count);
        waiting_.erase(at);
    }

    std::mutex mutex_;
    std::uint64_t last_ = 0;
    table waiting_;
    std::unordered_map<std::uint64_t, std::uint32_t> of_session_; ///< how many wait in each
};

/// Resumes a frame that was taken out. Touch nothing of it afterwards: it may be gone.
inline void resume(const waiter& who, bool is_cancelled)
{
    *who.outcome = is_cancelled ? POSTERN_E_STALE : POSTERN_PASS;
    who.frame.resume();
}

} // namespace postern::sdk
