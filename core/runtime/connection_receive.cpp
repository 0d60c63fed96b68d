// The part of a connection that says what the session has said, and hears the peer. Its steps are no coroutines: run() waits
// between them, for every command of every connection.

#include "core/base/secret.hpp"
#include "core/runtime/connection.hpp"

#include <utility>

namespace postern::runtime {

using session::phase;

/// The session has taken what it was fed. Buffers go from one connection to the next, so that a login would lie there for long.
void connection::wipe_what_was_heard() noexcept
{
    if (const auto size = std::exchange(fed_, 0); buffer_ && size != 0 && session_.has_heard_secret())
        base::wipe(buffer_.data(), size);
}

void connection::give_buffer_back() noexcept
{
    wipe_what_was_heard();
    buffer_.reset();
}

connection::reading connection::begin_to_read(phase what_for)
{
    session_.watched_by(notes_.is_seen() ? &notes_ : nullptr);
    wipe_what_was_heard();
    return try_flush() ? read_on(what_for, true) : reading::flush;
}

/// Once it is known whether the peer took what was said.
connection::reading connection::read_on(phase what_for, bool flushed)
{
    is_in_content_ = what_for == phase::content;
    if (!flushed || (is_cut_ && is_in_content_))
        return lost();
    if (shutting_down_ && !is_in_content_) {
        stream_.clear_interrupt();
        session_.shut_down();
        return reading::over;
    }
    if (is_in_content_) {
        stream_.expires_after(profile_->timeouts.data);
        return try_to_read();
    }
    if (has_replied_) {
        // A command line has one timeout as a whole: octets that trickle in do not extend it.
        stream_.expires_after(is_first_command_ ? profile_->timeouts.greeting : profile_->timeouts.command);
        has_replied_ = false;
    }
    return wait_for_octets(); // a client that does not pipeline has said nothing yet
}

connection::reading connection::try_to_read()
{
    if (!buffer_)
        buffer_ = home_.loop.buffers().borrow();
    const auto got = stream_.try_read(buffer_.data(), io::buffer_pool::buffer_size);
    if (got.what == io::read_result::kind::would_block)
        return wait_for_octets();
    if (got.what != io::read_result::kind::octets)
        return lost();
    if (is_in_content_ && is_too_slow(got.size)) {
        session_.timed_out();
        return reading::over;
    }
    is_first_command_ = false;
    fed_ = got.size;
    session_.feed({buffer_.data(), got.size});
    return reading::over;
}

connection::reading connection::wait_for_octets()
{
    give_buffer_back(); // an idle connection holds none
    if (is_content_due())
        waits_since_ = home_.clock.now();
    return reading::wait;
}

connection::reading connection::waited(const base::error_code& ec)
{
    if (is_content_due())
        content_wait_ += home_.clock.now() - waits_since_;
    if (!ec)
        return try_to_read();
    if (stream_.timed_out()) {
        session_.timed_out();
        return reading::over;
    }
    if (stream_.is_interrupted()) {
        stream_.clear_interrupt();
        session_.shut_down();
        return reading::over;
    }
    return lost();
}

connection::reading connection::lost()
{
    session_.disconnected();
    return reading::over;
}

/// A sender slower than the minimum rate, once it has had the grace of timeouts.data, holds a session for nothing. What counts
/// is the time in which we waited for it.
bool connection::is_too_slow(std::size_t octets)
{
    content_octets_ += octets;
    if (minimum_rate_ == 0 || content_wait_ <= profile_->timeouts.data)
        return false;
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(content_wait_).count();
    return content_octets_ < minimum_rate_ * static_cast<std::uint64_t>(seconds);
}

/// Sends what was said, if it goes at once: the common case, without a coroutine. False: flush() waits for the rest.
bool connection::try_flush()
{
    const auto output = session_.output();
    if (output.empty())
        return true;
    has_replied_ = true;
    if (std::exchange(is_said_, true))
        return false;
    notes_.said(output);
    const auto sent = stream_.try_write(output);
    sent_ = sent ? *sent : 0; // what is wrong shows again
    if (sent_ < output.size())
        return false;
    output_sent();
    return true;
}

/// Sends what was said, if the peer takes it within `patience`.
io::task<bool> connection::flush(std::chrono::milliseconds patience)
{
    if (try_flush())
        co_return true;
    stream_.expires_after(is_cut_ ? std::chrono::milliseconds{0} : patience);
    const auto ec = co_await stream_.write(session_.output().substr(sent_));
    output_sent();
    co_return !ec;
}

void connection::output_sent() noexcept
{
    session_.output_sent();
    is_said_ = false;
    sent_ = 0;
}

} // namespace postern::runtime
