// The part of discovery that keeps policies in the store, and reads them there.

#include "discovery.hpp"

#include "kept_policy.hpp"

#include <algorithm>
#include <utility>

namespace mta_sts {

namespace {
// Beyond its own end: the store's clock is another one.
constexpr std::chrono::seconds longer{86'400};
} // namespace

bool discovery::restore(const std::string& domain, entry& to, const std::string& kept, const moment& now, steps& out)
{
    auto read = read_kept(kept);
    if (!read) {
        drop(domain, out);
        return false;
    }
    // A wall clock that was set back makes no policy older or younger than it can be: it counts as fetched now, and that is
    // written down, so that it is not made young again and again.
    const bool is_from_the_future = read->fetched_s > now.wall_s;
    if (is_from_the_future)
        read->fetched_s = now.wall_s;
    const auto life = life_of(read->what);
    const auto age = std::chrono::seconds{std::min<std::int64_t>(now.wall_s - read->fetched_s, 2 * longest_age.count())};
    if (age >= life) {
        drop(domain, out);
        return false;
    }
    to.days += read->days;
    to.id = std::move(read->id);
    to.fetched = now.steady - age;
    to.expires = now.steady + (life - age);
    to.next_refresh = std::max(now.steady, to.fetched + refresh_in(life));
    put(to, std::make_shared<const policy>(std::move(read->what)));
    std::vector<std::string> gone;
    if (is_from_the_future)
        keep(domain, to, now, out);
    else if (!shelf_.put(domain, {domain.size() + kept.size(), to.days, to.expires + longer}, now.steady, gone))
        gone.push_back(domain);
    for (const auto& each : gone)
        drop(each, out);
    return true;
}

void discovery::remember(const std::string& domain, const std::string& kept, const moment& now, steps& out)
{
    if (entries_.contains(domain))
        return;
    if (entries_.size() >= how_.domains || octets_ >= how_.octets) { // it is counted, and read again when somebody asks
        entry passing;
        (void)restore(domain, passing, kept, now, out);
        return put(passing, nullptr);
    }
    auto& of = find_or_make(domain);
    recent_.splice(recent_.end(), recent_, of.place); // nobody has asked for it yet
    of.is_loaded = true;
    (void)restore(domain, of, kept, now, out);
}

/// Counts a day on which somebody wants to deliver, and has that outlast the server.
void discovery::note_day(const std::string& domain, entry& of, const moment& now, steps& out)
{
    constexpr std::chrono::hours day{24};
    if (of.day >= time{0} && now.steady - of.day < day)
        return;
    of.day = now.steady;
    ++of.days;
    if (of.what)
        keep(domain, of, now, out);
}

/// Writes it down, if that is wanted more than something else for which there would be no room.
void discovery::keep(const std::string& domain, const entry& of, const moment& now, steps& out)
{
    using std::chrono::duration_cast;
    using std::chrono::seconds;
    const auto fetched_s = now.wall_s - duration_cast<seconds>(now.steady - of.fetched).count();
    auto text = write_kept({of.id, fetched_s, *of.what, of.days});
    const bool was_kept = shelf_.contains(domain);
    std::vector<std::string> gone;
    const shelf::item what{domain.size() + text.size(), of.days, of.expires + longer};
    const bool has_room = !text.empty() && shelf_.put(domain, what, now.steady, gone);
    for (const auto& each : gone)
        drop(each, out);
    const auto lasts = duration_cast<seconds>(of.expires - now.steady) + longer;
    if (has_room)
        out.push_back({step::kind::keep, domain, std::move(text), {}, {}, lasts});
    else if (was_kept) // another one than holds now
        drop(domain, out);
}

void discovery::drop(const std::string& domain, steps& out)
{
    shelf_.remove(domain);
    out.push_back({step::kind::drop, domain});
}

} // namespace mta_sts
