#pragma once
// Calls to the store as awaitable operations: the completion comes on any thread, the coroutine goes on on its loop's.

#include "core/io/loop.hpp"
#include "core/queue/store.hpp"

#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>

#include <memory>
#include <utility>

namespace postern::runtime {

/// Starts an operation and waits for its completion. `start` is called with a queue::completion<T> and is done with its
/// arguments when it returns (views are borrowed until then).
template <class T, class Start>
[[nodiscard]] io::task<base::result<T>> await_store(io::loop& home, Start start)
{
    auto initiate = [&home, &start](auto handler) {
        auto kept = std::make_shared<decltype(handler)>(std::move(handler)); // completions are copyable, handlers are not
        start(queue::completion<T>{[&home, kept](base::result<T> result) {
            io::asio::post(home.context(), [kept, result = std::move(result)]() mutable { (*kept)(std::move(result)); });
        }});
    };
    co_return co_await io::asio::async_initiate<const io::asio::use_awaitable_t<io::executor>, void(base::result<T>)>(
        initiate, io::use_task);
}

} // namespace postern::runtime
