#include "core/io/loop.hpp"

#include <boost/asio/co_spawn.hpp>

#include <exception>
#include <utility>

namespace postern::io {

void loop::spawn(std::string_view what, task<void> work)
{
    ++running_;
    // Joined by counting. A coroutine around it would do the same, and cost each connection another frame.
    asio::co_spawn(context_.get_executor(), std::move(work),
                   [this, what](const std::exception_ptr& failure) { ended(what, failure); });
}

void loop::ended(std::string_view what, const std::exception_ptr& failure)
{
    --running_;
    if (failure == nullptr)
        return;
    try {
        std::rethrow_exception(failure);
    } catch (const std::exception& cause) {
        log_.error("task_failed", {{"task", what}, {"cause", cause.what()}});
    } catch (...) {
        log_.error("task_failed", {{"task", what}, {"cause", "not a std::exception"}});
    }
}

} // namespace postern::io
