#include "wellness.hpp"

namespace routes {

bool is_unreachable(const delivery_result& what) noexcept
{
    if (!what.is_deferred)
        return false;
    // 4.4: of networks and names; 4.7: the TLS that was wanted could not be had.
    if (what.smtp_code == 0)
        return what.enhanced.starts_with("4.4.") || what.enhanced.starts_with("4.7.");
    return what.smtp_code == 421; // RFC 5321 4.2.2: the service is not available
}

void wellness::note(std::string_view name, const delivery_result& what, instant now)
{
    const std::scoped_lock lock{mutex_};
    const auto found = since_.find(name);
    if (found == since_.end())
        return;
    if (is_unreachable(what))
        found->second = now;
    else if (!what.is_deferred || what.smtp_code != 0) // somebody answered; else it was decided before anybody was asked
        found->second = instant::min();
}

const target& wellness::choose(const std::vector<const target*>& in_turn, std::uint32_t attempt, instant now)
{
    const std::scoped_lock lock{mutex_};
    for (const auto* each : in_turn)
        if (may_try(*each, attempt, now))
            return *each;
    return *in_turn[attempt % in_turn.size()];
}

bool wellness::may_try(const target& what, std::uint32_t attempt, instant now)
{
    const auto found = since_.find(what.name);
    if (found == since_.end() || found->second == instant::min())
        return true;
    if (attempt != 0 || now - found->second < down_for_)
        return false;
    found->second = now; // by this one; others wait for what becomes of it
    return true;
}

} // namespace routes
