#include "core/queue/life.hpp"

namespace postern::queue {

namespace {

[[nodiscard]] bool is_waiting(life state) noexcept
{
    return state == life::queued || state == life::deferred;
}

} // namespace

std::optional<life> after(life state, life_event event) noexcept
{
    const auto only_if = [](bool possible, life next) { return possible ? std::optional{next} : std::nullopt; };
    switch (event) {
    case life_event::commit:
        return only_if(state == life::received, life::queued);
    case life_event::hold: // RFC 5321 6.1: what is accepted stays ours; nothing that is over comes back
        return only_if(!is_over(state), life::held);
    case life_event::release:
        return only_if(state == life::held, life::queued);
    case life_event::take:
        return only_if(is_waiting(state), life::attempting);
    case life_event::retry:
        return only_if(is_waiting(state), state);
    case life_event::defer:
        return only_if(state == life::attempting, life::deferred);
    case life_event::deliver:
        return only_if(state == life::attempting, life::delivered);
    case life_event::bounce:
        return only_if(state == life::attempting, life::bounced);
    case life_event::remove:
        return only_if(!is_over(state), life::removed);
    }
    return std::nullopt;
}

std::string_view name_of(life state) noexcept
{
    switch (state) {
    case life::received:
        return "received";
    case life::queued:
        return "queued";
    case life::attempting:
        return "attempting";
    case life::deferred:
        return "deferred";
    case life::held:
        return "held";
    case life::delivered:
        return "delivered";
    case life::bounced:
        return "bounced";
    case life::removed:
        return "removed";
    }
    return "unknown";
}

} // namespace postern::queue
