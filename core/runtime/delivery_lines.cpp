#include "core/runtime/delivery_lines.hpp"

#include <boost/asio/redirect_error.hpp>

#include <algorithm>

#include <sys/resource.h>

namespace postern::runtime {

namespace {

using namespace std::chrono_literals;

/// A scout that has found nobody by then most likely waits for one who never answers: it counts as under way for long.
constexpr auto youth = 100ms;
constexpr std::size_t let_in_at_a_time = 4; // for each who leaves

/// Those who look for a way have a socket each; the others get the greater part of what this process may have.
std::uint32_t most_scouts()
{
    constexpr rlim_t share = 4;
    constexpr rlim_t most = 10'000;
    rlimit files{};
    if (::getrlimit(RLIMIT_NOFILE, &files) != 0)
        return 100;
    return static_cast<std::uint32_t>(std::clamp<rlim_t>(files.rlim_cur / share, 1, most));
}

} // namespace

delivery_lines::delivery_lines(io::loop& home, base::log log, const base::clock& clock, let_in opens)
    : home_{home}, log_{log}, clock_{clock}, let_in_{std::move(opens)}, youth_over_{home.context().get_executor()},
      rest_over_{home.context().get_executor()}, pace_over_{home.context().get_executor()}, suspension_over_{
                                                                                                home.context().get_executor()}
{
}

void delivery_lines::limit(const delivery::settings& settings, std::chrono::milliseconds first_retry)
{
    each_ = settings.per_destination;
    rest_times_ = settings.rest;
    rest_times_.first = std::min(rest_times_.first, first_retry); // a longer one would make messages come in vain
    delivery::destinations::rules rules;
    auto resumed = std::exchange(suspended_, {});
    for (const auto& [name, rule] : settings.destinations) {
        rules.emplace(name, delivery::destinations::rule{rule.concurrency, rule.rate});
        if (!rule.suspended.empty()) {
            suspended_.emplace(name, rule.suspended);
            resumed.erase(name);
        }
    }
    configured_ = rules;
    call(destinations().limit({settings.concurrency, settings.per_destination, most_scouts(), settings.rate}, std::move(rules)));
    for (const auto& [name, why] : resumed)
        let_in_(name, each_);
}

delivery::destinations& delivery_lines::destinations()
{
    destinations_.it_is(clock_.now());
    return destinations_;
}

io::task<delivery_lines::entry> delivery_lines::enter(std::string destination, manner how)
{
    if (stopping_)
        co_return entry{};
    if (how.has_others && has_no_room(destination))
        co_return entry{std::nullopt, true};
    const auto who = ++jobs_;
    auto as = destinations().acquire(destination, who, how.is_known);
    watch_paces();
    if (as == admission::wait) {
        const auto called = co_await wait(who, {});
        if (!called) {
            (void)destinations_.forget(destination, who); // nobody will be called any more
            co_return entry{};
        }
        as = *called;
    }
    if (as == admission::scout)
        set_out(destination, who);
    co_return entry{place{*this, std::move(destination), who, as}};
}

bool delivery_lines::has_no_room(std::string_view destination)
{
    return destinations().has_scout(destination) || destinations_.is_too_soon(destination) ||
           destinations_.waiting(destination) >= each_;
}

bool delivery_lines::is_closed(std::string_view destination)
{
    return why_not(destination) || has_no_room(destination); // who is suspended by whomever is not read in vain
}

/// Until it is called, which it may be among `now`. Nothing: stopped.
io::task<std::optional<delivery_lines::admission>> delivery_lines::wait(job who,
                                                                        const std::vector<delivery::destinations::called>& now)
{
    io::timer bell{home_.context().get_executor(), base::instant::max()};
    waiter one{&bell, std::nullopt};
    waiting_.emplace(who, &one);
    call(now);
    if (!one.called && !stopping_) {
        base::error_code ec; // cancelled: called, or stopping
        co_await bell.async_wait(io::asio::redirect_error(io::use_task, ec));
    }
    waiting_.erase(who);
    co_return one.called;
}

io::task<bool> delivery_lines::place::arrive()
{
    if (!is_scout())
        co_return true;
    auto& lines = *lines_;
    as_ = admission::wait;
    auto called = lines.destinations().arrive(name_, who_);
    const bool is_alone = called.size() == 1 && called.front().who == who_;
    if (!is_alone) {
        const auto given = co_await lines.wait(who_, called);
        if (!given)
            co_return false;
    }
    as_ = admission::go;
    lines.let_in_(name_, lines.each_);
    co_return true;
}

void delivery_lines::leave(const place& which)
{
    const bool was_scout = which.is_scout();
    if (was_scout)
        call(destinations().give_up(which.name_));
    else if (which.as_ == admission::go)
        call(destinations().release(which.name_));
    else
        (void)destinations_.forget(which.name_, which.who_);
    if (!why_not(which.name_))
        let_in_(which.name_, was_scout ? 1 : let_in_at_a_time);
}

void delivery_lines::set_out(const std::string& destination, job who)
{
    young_.push_back({clock_.now() + youth, destination, who});
    if (young_.size() == 1)
        watch_young();
}

void delivery_lines::watch_young()
{
    if (stopping_ || young_.empty())
        return;
    youth_over_.expires_after(std::max<base::instant::duration>(young_.front().until - clock_.now(), 1ms));
    youth_over_.async_wait([this](const base::error_code& ec) {
        if (ec)
            return;
        while (!young_.empty() && young_.front().until <= clock_.now()) {
            const auto one = std::move(young_.front());
            young_.pop_front();
            call(destinations().tire(one.name, one.who));
        }
        watch_young();
    });
}

void delivery_lines::stop()
{
    stopping_ = true;
    youth_over_.cancel();
    rest_over_.cancel();
    pace_over_.cancel();
    suspension_over_.cancel();
    for (auto& [who, one] : waiting_)
        one->bell->cancel();
}

void delivery_lines::call(const std::vector<delivery::destinations::called>& who)
{
    for (const auto& one : who)
        if (const auto found = waiting_.find(one.who); found != waiting_.end()) {
            found->second->called = one.as;
            found->second->bell->cancel();
        }
    watch_paces();
}

/// Those for whom it is too soon.
void delivery_lines::watch_paces()
{
    const auto next = destinations_.next_tick();
    if (stopping_ || !next || *next == pace_watched_)
        return;
    pace_watched_ = *next;
    pace_over_.expires_after(std::max<base::instant::duration>(*next - clock_.now(), 1ms));
    pace_over_.async_wait([this](const base::error_code& ec) {
        if (ec)
            return;
        pace_watched_.reset();
        std::vector<std::string> open;
        call(destinations().tick(open));
        for (const auto& name : open)
            let_in_(name, 1);
    });
}

std::optional<std::string> delivery_lines::why_not(std::string_view destination, bool is_urgent) const
{
    if (const auto found = suspended_.find(destination); found != suspended_.end())
        return "suspended: " + found->second;
    if (const auto* const found = delivery::suspension_of(operators_, destination, clock_.wall()))
        return "suspended by an operator" + (found->why.empty() ? std::string{} : ": " + found->why);
    if (const auto why = resting_.why_it_is_let_alone(destination, clock_.now()))
        return std::string{*why};
    if (is_urgent)
        return std::nullopt;
    const auto why = resting_.why_it_rests(destination, clock_.now());
    return why ? std::optional{std::string{*why}} : std::nullopt;
}

void delivery_lines::unreachable(const std::string& destination, const std::string& why)
{
    if (!resting_.has_failed(destination))
        log_.info("destination_rests", {{"next_hop", destination}, {"cause", why}});
    const auto forgotten = resting_.failed(destination, why, clock_.now(), rest_times_);
    if (forgotten)
        let_in_(*forgotten, 1);
    destinations_.doubt(destination);
    watch_rests();
}

void delivery_lines::reached(const std::string& destination, bool has_answered)
{
    if (resting_.reached(destination, clock_.now()))
        log_.info("destination_reached", {{"next_hop", destination}});
    if (has_answered)
        call(destinations().widen(destination));
    watch_rests();
}

void delivery_lines::let_alone(const std::string& destination, std::chrono::milliseconds length, const std::string& why,
                               std::string_view plugin)
{
    log_.info("destination_rests", {{"next_hop", destination}, {"cause", why}, {"plugin", plugin}, {"for_ms", length.count()}});
    rest(destination, why, length);
}

bool delivery_lines::is_let_alone(std::string_view destination) const
{
    return resting_.why_it_is_let_alone(destination, clock_.now()).has_value();
}

void delivery_lines::rest(const std::string& destination, const std::string& why, std::chrono::milliseconds time)
{
    const auto forgotten = resting_.order(destination, why, clock_.now(), time);
    if (forgotten)
        let_in_(*forgotten, 1);
    watch_rests();
}

void delivery_lines::end_rest(const std::string& destination)
{
    resting_.end(destination, clock_.now());
    watch_rests();
}

void delivery_lines::rule(const std::string& destination, std::optional<delivery::destinations::rule> what)
{
    if (!what)
        if (const auto own = configured_.find(destination); own != configured_.end())
            what = own->second;
    call(destinations().set_rule(destination, what));
}

delivery_lines::load delivery_lines::load_of(std::string_view destination) const
{
    return {destinations_.active(destination), static_cast<std::uint32_t>(destinations_.waiting(destination)),
            destinations_.active()};
}

/// When a rest is over one of those who wait outside goes there.
void delivery_lines::watch_rests()
{
    const auto next = resting_.next_over();
    if (stopping_ || !next)
        return;
    rest_over_.expires_after(std::max<base::instant::duration>(*next - clock_.now(), 1ms));
    rest_over_.async_wait([this](const base::error_code& ec) {
        if (ec)
            return;
        for (const auto& name : resting_.take_over(clock_.now()))
            let_in_(name, 1);
        watch_rests();
    });
}

void delivery_lines::end_rests()
{
    resting_.end_all(clock_.now());
    watch_rests();
}

void delivery_lines::has_outside(const std::string& destination)
{
    if (!destinations_.is_busy(destination) && !why_not(destination))
        let_in_(destination, 1); // nobody is there any more who would
}

} // namespace postern::runtime
