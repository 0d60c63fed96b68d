#include "core/io/loop.hpp"

#include <boost/asio/co_spawn.hpp>

#include <exception>
#include <utility>

#include <sched.h>

namespace postern::io {

namespace {

/// A thread that did as much without a pause is under load.
constexpr std::size_t under_load = 4;

} // namespace

void run(asio::io_context& context)
{
    std::size_t done = 0; // since it last slept or gave way
    while (!context.stopped()) {
        if (const auto now = context.poll(); now != 0) {
            done += now;
        } else if (done >= under_load) {
            done = 0;
            ::sched_yield();
        } else {
            done = context.run_one();
        }
    }
}

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
