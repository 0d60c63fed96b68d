#include "core/runtime/trace.hpp"

#include "core/base/ascii.hpp"

#include <algorithm>
#include <utility>

#include <sys/eventfd.h>
#include <unistd.h>

namespace postern::runtime {

bool trace_filter::takes(const trace_origin& from) const noexcept
{
    if (session != 0 && session != from.session && session != from.message)
        return false;
    if (!listener.empty() && listener != from.listener)
        return false;
    if (peer.empty() || from.peer == peer)
        return true;
    const auto address = from.peer.substr(0, from.peer.rfind(':'));
    return address == peer ||
           (address.size() == peer.size() + 2 && address.front() == '[' && address.substr(1, peer.size()) == peer);
}

trace_viewer::trace_viewer(trace_filter wanted) : wanted_{std::move(wanted)}, bell_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)} {}

trace_viewer::~trace_viewer()
{
    if (bell_ >= 0)
        ::close(bell_);
}

void trace_viewer::show(base::wall_time at, const trace_origin& from, std::string_view note)
{
    const auto octets = sizeof(seen_note) + from.listener.size() + from.peer.size() + note.size();
    const std::scoped_lock lock{guard_};
    if (octets_ + octets > most_octets) {
        ++waiting_.lost;
        return;
    }
    const bool was_empty = waiting_.notes.empty();
    waiting_.notes.push_back(
        {at, from.session, from.message, std::string{from.listener}, std::string{from.peer}, std::string{note}});
    octets_ += octets;
    if (was_empty) {
        const std::uint64_t one = 1;
        (void)!::write(bell_, &one, sizeof one);
    }
}

trace_viewer::taken trace_viewer::take()
{
    std::uint64_t rung = 0;
    (void)!::read(bell_, &rung, sizeof rung);
    const std::scoped_lock lock{guard_};
    octets_ = 0;
    return std::exchange(waiting_, {});
}

std::shared_ptr<trace_viewer> tracer::open(trace_filter wanted)
{
    auto made = std::make_shared<trace_viewer>(std::move(wanted));
    const std::scoped_lock lock{guard_};
    open_.push_back(made);
    viewers_.store(static_cast<std::uint32_t>(open_.size()), std::memory_order_relaxed);
    return made;
}

void tracer::show(const trace_origin& from, std::string_view note)
{
    const auto now = clock_.wall();
    const std::scoped_lock lock{guard_};
    bool is_one_gone = false;
    for (const auto& each : open_) {
        if (const auto viewer = each.lock(); viewer == nullptr)
            is_one_gone = true;
        else if (viewer->wanted().takes(from))
            viewer->show(now, from, note);
    }
    if (!is_one_gone)
        return;
    std::erase_if(open_, [](const auto& each) { return each.expired(); });
    viewers_.store(static_cast<std::uint32_t>(open_.size()), std::memory_order_relaxed);
}

std::string masked(std::string_view line)
{
    constexpr std::string_view auth = "AUTH ";
    constexpr std::string_view challenge = "334 "; // with the proof of SCRAM a password can be guessed
    if (line.size() > challenge.size() && line.starts_with(challenge))
        return std::string{challenge} + "***";
    if (line.size() <= auth.size() || !base::equals_ignoring_case(line.substr(0, auth.size()), auth))
        return std::string{line};
    const auto end = line.find(' ', auth.size()); // of the mechanism
    if (end == std::string_view::npos)
        return std::string{line};
    return std::string{line.substr(0, end)} + " ***";
}

} // namespace postern::runtime
