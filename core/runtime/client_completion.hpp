#pragma once
// From a completion token to a function object, so that what is behind the operations is compiled once and not for each token.

#include "core/io/asio.hpp"
#include "core/runtime/client_outcome.hpp"

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include <functional>
#include <memory>
#include <tuple>
#include <utility>

namespace postern::runtime::detail {

/// `convert` makes the handler's arguments, a tuple, of an outcome. The handler runs on its associated executor, never from
/// within the call that began the operation.
template <class Handler, class Convert>
[[nodiscard]] client_completion make_completion(io::asio::io_context& on, Handler handler, Convert convert)
{
    namespace asio = boost::asio;
    auto executor = asio::get_associated_executor(handler, on.get_executor());
    auto slot = asio::get_associated_cancellation_slot(handler);
    auto kept = std::make_shared<Handler>(std::move(handler));
    auto work = std::make_shared<asio::executor_work_guard<decltype(executor)>>(executor);
    client_completion made;
    made.done = [kept, work, slot, convert](client_outcome outcome) mutable {
        if (slot.is_connected())
            slot.clear();
        asio::post(work->get_executor(), [kept = std::move(kept), arguments = convert(std::move(outcome))]() mutable {
            std::apply(std::move(*kept), std::move(arguments));
        });
        work->reset();
    };
    if (slot.is_connected())
        made.on_cancel = [slot](std::function<void()> what) mutable {
            slot.assign([what = std::move(what)](asio::cancellation_type) { what(); });
        };
    return made;
}

[[nodiscard]] inline auto to_error(client_outcome outcome)
{
    return std::make_tuple(outcome.error);
}
[[nodiscard]] inline auto to_reply(client_outcome outcome)
{
    return std::make_tuple(outcome.error, std::move(outcome.reply));
}
[[nodiscard]] inline auto to_result(client_outcome outcome)
{
    return std::make_tuple(outcome.error, std::move(outcome.sent));
}

} // namespace postern::runtime::detail
