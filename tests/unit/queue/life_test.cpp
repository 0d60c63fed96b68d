#include "core/queue/life.hpp"

#include <map>

namespace postern::queue {
namespace {

constexpr life states[] = {life::received, life::queued,    life::attempting, life::deferred,
                           life::held,     life::delivered, life::bounced,    life::removed};
constexpr life_event events[] = {life_event::commit,  life_event::hold,   life_event::release,
                                 life_event::take,    life_event::retry,  life_event::defer,
                                 life_event::deliver, life_event::bounce, life_event::remove};

TEST(life, allows_exactly_these_changes)
{
    const std::map<std::pair<life, life_event>, life> allowed = {
        {{life::received, life_event::commit}, life::queued},
        {{life::received, life_event::hold}, life::held},
        {{life::received, life_event::remove}, life::removed},
        {{life::queued, life_event::take}, life::attempting},
        {{life::queued, life_event::retry}, life::queued},
        {{life::queued, life_event::hold}, life::held},
        {{life::queued, life_event::remove}, life::removed},
        {{life::attempting, life_event::defer}, life::deferred},
        {{life::attempting, life_event::deliver}, life::delivered},
        {{life::attempting, life_event::bounce}, life::bounced},
        {{life::attempting, life_event::hold}, life::held},
        {{life::attempting, life_event::remove}, life::removed},
        {{life::deferred, life_event::take}, life::attempting},
        {{life::deferred, life_event::retry}, life::deferred},
        {{life::deferred, life_event::hold}, life::held},
        {{life::deferred, life_event::remove}, life::removed},
        {{life::held, life_event::hold}, life::held},
        {{life::held, life_event::release}, life::queued},
        {{life::held, life_event::remove}, life::removed},
    };
    for (const auto state : states)
        for (const auto event : events) {
            const auto at = allowed.find({state, event});
            EXPECT_EQ(after(state, event), at == allowed.end() ? std::nullopt : std::optional{at->second})
                << name_of(state) << " " << static_cast<int>(event);
        }
}

TEST(life, knows_no_way_back_from_its_ends)
{
    for (const auto state : states)
        for (const auto event : events)
            EXPECT_FALSE(is_over(state) && after(state, event)) << name_of(state);
}

TEST(life, has_a_name_for_every_state)
{
    std::map<std::string_view, int> names;
    for (const auto state : states)
        ++names[name_of(state)];
    EXPECT_EQ(names.size(), std::size(states));
}

} // namespace
} // namespace postern::queue
