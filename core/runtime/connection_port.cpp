#include "core/runtime/connection_port.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>

#include <algorithm>
#include <utility>

namespace postern::runtime {

void connection_port::side::answer(std::uint64_t ticket, hooks::plugin_reply reply) noexcept
{
    // Made here: on the loop, want of memory would be the end of its thread.
    base::rare<arrival> made{arrival{ticket, std::move(reply), {}}};
    io::asio::post(whole_.home_.context(), [self = whole_.shared_from_this(), this, made = std::move(made)]() mutable {
        made->when = self->clock_.now();
        came = std::move(made);
        self->ring();
    });
}

void connection_port::answer(std::uint64_t ticket, hooks::plugin_reply reply) noexcept
{
    first_.answer(ticket, std::move(reply));
}

std::shared_ptr<hooks::session_port> connection_port::lane(std::size_t index)
{
    while (others_.size() < index)
        others_.push_back(std::make_unique<side>(*this));
    return {shared_from_this(), &at(index)};
}

base::rare<arrival> connection_port::take(std::size_t index, std::uint64_t ticket)
{
    auto came = std::move(at(index).came);
    if (came && came->ticket != ticket)
        came.reset();
    return came;
}

io::task<bool> connection_port::listen(base::instant until)
{
    if (alarm_ == nullptr)
        alarm_ = std::make_unique<io::timer>(home_.context().get_executor());
    alarm_->expires_at(until);
    base::error_code ec; // cancelled: an answer, or cut()
    co_await alarm_->async_wait(io::asio::redirect_error(io::use_task, ec));
    co_return !ec;
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
    ring();
}

/// Whoever listens looks what has come.
void connection_port::ring()
{
    if (alarm_ != nullptr)
        alarm_->cancel();
}

void connection_port::end(const hooks::chain& order, std::span<const std::shared_ptr<const hooks::chain>> more) noexcept
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
    if (more.empty())
        return;
    std::vector<const hooks::plugin*> told;
    for (const auto& link : order.all())
        told.push_back(link.who.get());
    for (const auto& chain : more)
        for (const auto& link : chain->all()) {
            if (std::find(told.begin(), told.end(), link.who.get()) != told.end())
                continue;
            told.push_back(link.who.get());
            link.who->session_ended(session_);
        }
}

} // namespace postern::runtime
