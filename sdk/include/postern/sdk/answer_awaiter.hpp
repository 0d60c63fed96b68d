#pragma once
// What a call gives whose answer comes as an event: one accepted call, one answer, one resumption. Inner part of the SDK.

#include <postern/sdk/task.hpp>

#include <cstring>
#include <utility>

namespace postern::sdk {

/// A copy of an event's record; what an older host did not send is zero.
template <class Record>
[[nodiscard]] Record whole_record(const postern_event& event) noexcept
{
    Record record{};
    std::memcpy(&record, &event, event.size < sizeof record ? event.size : sizeof record);
    return record;
}

/// `Call` owns what is asked:
///     using result = ...;                                                  // default constructible
///     static constexpr std::uint32_t hook = ...;                           // of the answer
///     postern_status send(services&, session, token) const;                // may throw: the host offers no such table
///     static result read(const postern_event&);                            // out of the answer
///     static result refused(postern_status);                               // throws, or what stands for a refused call
template <class Call>
class [[nodiscard]] answer_awaiter {
public:
    using result = typename Call::result;

    answer_awaiter(services& instance, Call call) noexcept : instance_{&instance}, call_{std::move(call)} {}

    [[nodiscard]] bool await_ready() const noexcept { return false; }

    template <class Promise>
    [[nodiscard]] bool await_suspend(std::coroutine_handle<Promise> frame)
    {
        static_assert(std::derived_from<Promise, promise_base>, "this can only be awaited in a postern::task");
        // Once the frame is among those that wait another thread may resume and end it, and *this with it; see wake_awaiter.
        services& instance = *instance_;
        const Call call = std::move(call_);
        const std::uint64_t session = frame.promise().session;
        const std::uint64_t token = instance.waiting.add({session, frame, &outcome_, Call::hook, &read, &result_});
        const postern_status status = send(instance, call, session, token);
        if (status >= 0)
            return true;
        if (!instance.waiting.take(token))
            return true;
        outcome_ = status;
        return false;
    }

    [[nodiscard]] result await_resume()
    {
        if (outcome_ >= 0)
            return std::move(result_);
        if (outcome_ == POSTERN_E_STALE)
            throw cancelled{};
        return Call::refused(outcome_);
    }

private:
    static postern_status send(services& instance, const Call& call, std::uint64_t session, std::uint64_t token)
    {
        try {
            return call.send(instance, session, token);
        } catch (...) {
            if (instance.waiting.take(token)) // else the frame has been resumed, and is not ours any more
                throw;
            return POSTERN_E_STALE;
        }
    }
    static void read(void* to, const postern_event& answer) { *static_cast<result*>(to) = Call::read(answer); }

    services* instance_;
    Call call_;
    result result_{};
    postern_status outcome_ = POSTERN_PASS;
};

} // namespace postern::sdk
