#include "core/runtime/connection_port.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>

#include <utility>

namespace postern::runtime {

void connection_port::answer(std::uint64_t ticket, hooks::plugin_reply reply) noexcept
{
    io::asio::post(home_.context(), [self = shared_from_this(), ticket, answer = std::move(reply)]() mutable {
        self->arrived(ticket, std::move(answer));
    });
}

void connection_port::arrived(std::uint64_t ticket, hooks::plugin_reply reply)
{
    answer_.emplace(ticket, std::move(reply));
    if (ticket == awaited_)
        alarm_.cancel();
}

/// Until the answer is here, `until` passed, or cut().
io::task<void> connection_port::listen(std::uint64_t ticket, base::instant until)
{
    awaited_ = ticket;
    alarm_.expires_at(until);
    base::error_code ec; // cancelled: one of the other two
    co_await alarm_.async_wait(io::asio::redirect_error(io::use_task, ec));
    awaited_ = 0;
}

io::task<std::optional<hooks::plugin_reply>> connection_port::wait(std::uint64_t ticket, base::instant until)
{
    // The answer may have come already, while the replies before it were being written.
    if (!has(ticket) && !is_cut_)
        co_await listen(ticket, until);
    std::optional<hooks::plugin_reply> found;
    if (has(ticket))
        found = std::move(answer_->second);
    answer_.reset();
    co_return found;
}

io::task<hooks::plugin_reply> connection_port::collect(std::uint64_t ticket)
{
    while (!has(ticket))
        co_await listen(ticket, base::instant::max());
    auto found = std::move(answer_->second);
    answer_.reset();
    co_return found;
}

bool connection_port::wake(std::shared_ptr<hooks::plugin> who, std::uint64_t token, std::chrono::nanoseconds delay) noexcept
{
    {
        const std::lock_guard lock{guard_};
        if (over_)
            return false;
        requested_.push_back({std::move(who), token, std::chrono::steady_clock::now() + delay});
    }
    io::asio::post(home_.context(), [self = shared_from_this()] { self->arm(); });
    return true;
}

bool connection_port::post(std::function<void()> job) noexcept
{
    const std::lock_guard lock{guard_};
    if (over_)
        return false;
    io::asio::post(home_.context(), [self = shared_from_this(), run = std::move(job)] {
        {
            const std::lock_guard still{self->guard_};
            if (self->over_)
                return;
        }
        run();
    });
    return true;
}

void connection_port::arm()
{
    std::vector<wake_request> requested;
    {
        const std::lock_guard lock{guard_};
        requested.swap(requested_);
    }
    for (auto& request : requested) {
        armed_.push_back({std::move(request), io::timer{home_.context().get_executor()}});
        const auto which = std::prev(armed_.end());
        which->clock.expires_at(which->request.due);
        which->clock.async_wait([self = shared_from_this(), which](const base::error_code& ec) {
            if (!ec)
                self->fire(which);
        });
    }
}

void connection_port::fire(std::list<armed>::iterator which)
{
    {
        const std::lock_guard lock{guard_};
        if (over_)
            return; // end() has delivered it
    }
    const auto request = std::move(which->request);
    armed_.erase(which);
    request.who->wake(session_, request.token, false);
}

void connection_port::cut() noexcept
{
    is_cut_ = true;
    alarm_.cancel();
}

void connection_port::end(const hooks::chain& order) noexcept
{
    std::vector<wake_request> cancelled;
    {
        const std::lock_guard lock{guard_};
        over_ = true;
        cancelled.swap(requested_);
    }
    for (auto& one : armed_)
        cancelled.push_back(std::move(one.request));
    armed_.clear();
    for (const auto& request : cancelled)
        request.who->wake(session_, request.token, true);
    for (const auto& link : order.all())
        link.who->session_ended(session_);
}

} // namespace postern::runtime
