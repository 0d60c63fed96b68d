#pragma once
// A coroutine that answers an event later: `task<verdict> on(rcpt event)`. It takes its event by value, may await host.sleep(),
// host.resume_on_session(), other tasks and any awaitable of its own. Where it waits for the host its frame always unwinds: when
// the session ends first, the await throws `cancelled`. An awaitable of its own has to resume it, whatever has ended.
// Threads: a frame runs on its session's thread, on one thread at a time. An awaitable that resumes elsewhere is followed by
// co_await host.resume_on_session() before anything shared is touched; the plugin's destructor joins the threads it started.

#include <postern/sdk/lifecycle.hpp>
#include <postern/sdk/services.hpp>

#include <algorithm>
#include <concepts>
#include <exception>
#include <stdexcept>
#include <type_traits>
#include <utility>

namespace postern {

/// Thrown by an await when the session has ended: let it pass, so that the frame unwinds. No std::exception, so that a
/// handler of errors does not swallow it.
struct cancelled {};

namespace sdk {

struct promise_base {
    services* instance = nullptr;
    std::uint64_t session = 0;
    std::uint64_t ticket = 0; ///< of the root only
    std::coroutine_handle<> continuation;
    void (*finish)(promise_base&) noexcept = nullptr; ///< of the root only: answers, and destroys the frame
    std::exception_ptr error;

    struct final_awaiter {
        [[nodiscard]] bool await_ready() const noexcept { return false; }
        template <class Promise>
        [[nodiscard]] std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> frame) const noexcept
        {
            promise_base& promise = frame.promise();
            if (promise.continuation)
                return promise.continuation;
            promise.finish(promise); // *this is gone from here on
            return std::noop_coroutine();
        }
        void await_resume() const noexcept {}
    };

    [[nodiscard]] std::suspend_always initial_suspend() const noexcept { return {}; }
    [[nodiscard]] final_awaiter final_suspend() const noexcept { return {}; }
    void unhandled_exception() noexcept { error = std::current_exception(); }
};

template <class T>
struct promise_result : promise_base {
    std::optional<T> value;

    template <class U>
    requires std::convertible_to<U&&, T>
    void return_value(U&& result) { value.emplace(std::forward<U>(result)); }
    [[nodiscard]] T take()
    {
        if (error)
            std::rethrow_exception(error);
        return std::move(*value);
    }
};

template <>
struct promise_result<void> : promise_base {
    void return_void() const noexcept {}
    void take() const
    {
        if (error)
            std::rethrow_exception(error);
    }
};

/// What host.sleep() and host.resume_on_session() give: one accepted wake, one resumption.
class wake_awaiter {
public:
    wake_awaiter(services& instance, std::uint64_t delay_ns) noexcept : instance_{&instance}, delay_ns_{delay_ns} {}

    [[nodiscard]] bool await_ready() const noexcept { return false; }

    template <class Promise>
    [[nodiscard]] bool await_suspend(std::coroutine_handle<Promise> frame)
    {
        static_assert(std::derived_from<Promise, promise_base>, "host.sleep() can only be awaited in a postern::task");
        // Once the frame is among those that wait, another thread may resume and end it, and *this with it: the session's when
        // the wake is accepted, or whichever tells of the session's end. Only locals from there on.
        services& instance = *instance_;
        const std::uint64_t delay_ns = delay_ns_;
        const std::uint64_t session = frame.promise().session;
        if (session == 0) { // there is no thread to come back to, nor an end that would cancel it
            outcome_ = POSTERN_E_INVALID;
            return false;
        }
        const std::uint64_t token = instance.waiting.add({session, frame, &outcome_});
        const postern_status status = instance.core->wake(instance.host, session, token, delay_ns);
        if (status >= 0)
            return true;
        if (!instance.waiting.take(token)) // the session ended meanwhile and resumed the frame
            return true;
        outcome_ = status;
        return false;
    }

    void await_resume() const
    {
        if (outcome_ >= 0)
            return;
        if (outcome_ == POSTERN_E_STALE)
            throw cancelled{};
        if (outcome_ == POSTERN_E_INVALID)
            throw std::runtime_error(
                "host.sleep() in a task of no session, which nobody can wake: begin the rest by host.after()");
        throw std::runtime_error("the host refused a wake");
    }

private:
    services* instance_;
    std::uint64_t delay_ns_;
    postern_status outcome_ = POSTERN_PASS;
};

} // namespace sdk

/// A coroutine's result to come. Starts when it is awaited, or when the SDK calls it as an `on`.
template <class T = void>
class [[nodiscard]] task {
public:
    struct promise_type : sdk::promise_result<T> {
        [[nodiscard]] task get_return_object() noexcept { return task{std::coroutine_handle<promise_type>::from_promise(*this)}; }
    };

    task(task&& other) noexcept : frame_{std::exchange(other.frame_, {})} {}
    task& operator=(task&& other) noexcept
    {
        std::swap(frame_, other.frame_);
        return *this;
    }
    ~task()
    {
        if (frame_)
            frame_.destroy();
    }

    /// Awaits another task's result. The awaited one runs in the same session.
    [[nodiscard]] auto operator co_await() && noexcept { return awaiter{frame_}; }

    /// Runs it as the root: at its end it answers `ticket` and destroys itself. For the SDK and tests.
    void start(sdk::services& instance, std::uint64_t session, std::uint64_t ticket) &&
    {
        auto frame = std::exchange(frame_, {});
        promise_type& promise = frame.promise();
        promise.instance = &instance;
        promise.session = session;
        promise.ticket = ticket;
        promise.finish = &finish;
        frame.resume();
    }

private:
    struct awaiter {
        std::coroutine_handle<promise_type> frame;

        [[nodiscard]] bool await_ready() const noexcept { return false; }
        template <class Promise>
        [[nodiscard]] std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> caller) const noexcept
        {
            static_assert(std::derived_from<Promise, sdk::promise_base>, "a task can only be awaited in a postern::task");
            frame.promise().instance = caller.promise().instance;
            frame.promise().session = caller.promise().session;
            frame.promise().continuation = caller;
            return frame;
        }
        T await_resume() const { return frame.promise().take(); }
    };

    explicit task(std::coroutine_handle<promise_type> frame) noexcept : frame_{frame} {}

    // The frame goes first: once the ticket is answered the host may end the instance that the frame's objects refer to.
    static void finish(sdk::promise_base& base) noexcept
    {
        auto& promise = static_cast<promise_type&>(base);
        auto frame = std::coroutine_handle<promise_type>::from_promise(promise);
        sdk::services& instance = *promise.instance;
        const std::uint64_t ticket = promise.ticket;
        std::string why;
        try {
            T result = promise.take();
            frame.destroy();
            frame = nullptr;
            send(instance, ticket, result); // unqualified: found when it is needed, whichever header came first
            return;
        } catch (const std::exception& error) {
            if constexpr (std::is_same_v<T, readiness>)
                if (const auto* wrong = dynamic_cast<const config_error*>(&error); wrong != nullptr) {
                    const readiness refusal = not_ready(wrong->key(), wrong->what());
                    frame.destroy();
                    sdk::send(instance, ticket, refusal);
                    return;
                }
            why = error.what();
        } catch (const cancelled&) {
            // Mostly nobody waits any more, and the ticket is stale. But if somebody does, as where sessions cannot be woken,
            // silence would last until the deadline.
        } catch (...) {
            why = "it threw what is no std::exception";
        }
        if (frame)
            frame.destroy();
        if (sdk::send_failure(instance, ticket, why) < 0 && !why.empty()) // nobody waits; it must not go unheard
            instance.log(POSTERN_LOG_ERROR, why);
    }

    std::coroutine_handle<promise_type> frame_;
};

} // namespace postern
