#include "core/io/deadline.hpp"

namespace postern::io {

void deadline::set(std::chrono::milliseconds after)
{
    due_ = std::chrono::steady_clock::now() + after;
    if (!is_linked())
        list_.add(*this);
}

void deadline_list::add(deadline& one)
{
    due_.push_back(one);
    if (!ticking_)
        wait();
}

void deadline_list::wait()
{
    ticking_ = true;
    timer_.expires_after(tick);
    timer_.async_wait([self = self_](const boost::system::error_code& ec) {
        if (!ec && *self != nullptr)
            (*self)->sweep();
    });
}

void deadline_list::sweep()
{
    const auto now = std::chrono::steady_clock::now();
    // What has expired is moved out first: expired() may set, clear or destroy any node, its own too.
    boost::intrusive::list<deadline, boost::intrusive::constant_time_size<false>> expired;
    for (auto at = due_.begin(); at != due_.end();) {
        auto& one = *at++;
        if (one.due_ <= now) {
            one.unlink();
            expired.push_back(one);
        }
    }
    while (!expired.empty()) {
        auto& one = expired.front();
        one.unlink();
        one.expired();
    }
    if (due_.empty())
        ticking_ = false;
    else
        wait();
}

} // namespace postern::io
