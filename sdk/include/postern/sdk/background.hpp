#pragma once
// A task of no session and no event: what a timer begins, and goes on by itself. It may await host.dns(), host.kv() and others'
// services, not host.sleep(): there is no session that could be woken. When the instance ends, what it waits for throws
// `cancelled`, which is let pass.
//
//     tick_ = host.every(60s, [this] { postern::go_on(host_, refresh()); });   // task<> refresh();

#include <postern/sdk/host.hpp>
#include <postern/sdk/task.hpp>

#include <exception>
#include <string>
#include <utility>

namespace postern {

namespace sdk {

/// The root: it destroys itself at its end, and logs what was thrown.
struct background {
    struct promise_type : promise_base {
        [[nodiscard]] background get_return_object() noexcept
        {
            return {std::coroutine_handle<promise_type>::from_promise(*this)};
        }
        void return_void() const noexcept {}
        static void end(promise_base& base) noexcept
        {
            auto& promise = static_cast<promise_type&>(base);
            const services& instance = *promise.instance;
            const std::exception_ptr error = promise.error;
            std::coroutine_handle<promise_type>::from_promise(promise).destroy();
            if (!error)
                return;
            try {
                std::rethrow_exception(error);
            } catch (const std::exception& thrown) {
                instance.log(POSTERN_LOG_ERROR, std::string{"a task of no session threw: "} + thrown.what());
            } catch (const cancelled&) {
                // all is over, and nobody waits
            } catch (...) {
                instance.log(POSTERN_LOG_ERROR, "a task of no session threw what is no std::exception");
            }
        }
    };
    std::coroutine_handle<promise_type> frame;
};

inline background run_alone(task<> what)
{
    co_await std::move(what);
}

} // namespace sdk

/// Begins it here. Threads: it goes on on those of the instance, one of its steps after the other.
inline void go_on(const host& of, task<> what)
{
    const auto frame = sdk::run_alone(std::move(what)).frame;
    auto& promise = frame.promise();
    promise.instance = &of.instance();
    promise.finish = &sdk::background::promise_type::end;
    frame.resume();
}

} // namespace postern
