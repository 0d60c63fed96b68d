#include "core/io/loop.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <exception>
#include <utility>

namespace postern::io {

void loop::spawn(std::string_view what, task<void> work)
{
    ++running_;
    asio::co_spawn(context_.get_executor(), guarded(what, std::move(work)), asio::detached); // guarded() joins by counting
}

task<void> loop::guarded(std::string_view what, task<void> work)
{
    try {
        co_await std::move(work);
    } catch (const std::exception& failure) {
        log_.error("task_failed", {{"task", what}, {"cause", failure.what()}});
    }
    --running_;
}

} // namespace postern::io
