#pragma once
// How what is done elsewhere ends on a program's own io_context, by any completion token: a handler, use_future, use_awaitable.

#include "core/io/asio.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>

#include <functional>
#include <memory>
#include <utility>

namespace postern::runtime {

/// Whose handlers a program's completions are.
using any_executor = boost::asio::any_io_executor;

/// Begins something by `begin(done)`, with `done` a std::function<void(Args...)> to be called once, from any thread. The handler
/// of `token` is then called on its own executor, or on `home`, which has work until then.
template <class... Args, class Begin, class CompletionToken>
auto complete_on(any_executor home, Begin begin, CompletionToken&& token)
{
    return boost::asio::async_initiate<CompletionToken, void(Args...)>(
        [home = std::move(home), begin = std::move(begin)](auto handler) mutable {
            auto executor = boost::asio::get_associated_executor(handler, home);
            auto work = boost::asio::prefer(executor, boost::asio::execution::outstanding_work.tracked);
            auto kept = std::make_shared<decltype(handler)>(std::move(handler));
            begin(std::function<void(Args...)>{[work, kept](Args... args) {
                boost::asio::post(work, [kept, ... args = std::move(args)]() mutable { std::move (*kept)(std::move(args)...); });
            }});
        },
        token);
}

} // namespace postern::runtime
