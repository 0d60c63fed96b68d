#pragma once
// A queue at work, with a record of what it was promised: commits of all sizes, updates, removals, abandoned uploads, compaction.
// The same seed does the same again, so that a fault can be put at each of its operations in turn.

#include "harness.hpp"

#include <set>

namespace postern_queue_journal::testing {

/// What was asked and answered for one message.
struct promise {
    std::string content;
    std::vector<std::string> states; ///< all that were ever asked for, the first with the commit
    std::size_t answered_state = 0;  ///< newest that was answered ok
    std::size_t durable_state = 0;   ///< newest that was answered ok before a commit was
    std::optional<outcome> commit;   ///< the answer; nothing: none yet
    bool remove_asked = false;
    bool remove_answered = false;
    bool remove_durable = false; ///< answered before a commit was: that commit's sync covered it
};

class workload {
public:
    explicit workload(std::uint64_t seed) : random_{seed} {}

    void run(harness& on, int steps)
    {
        for (int i = 0; i < steps; ++i)
            step(on);
        on.settle();
    }

    /// Is every promise kept? `machine_died`: what was not yet synced may be gone.
    void check(harness& on, bool machine_died, const std::string& when)
    {
        const auto found = on.scan();
        for (const auto& [id, state] : found) {
            const auto known = promises_.find(id);
            ASSERT_TRUE(known != promises_.end()) << when << ": message " << id << " came from nowhere";
            const auto& p = known->second;
            ASSERT_EQ(on.content(id), p.content) << when << ": message " << id;
            ASSERT_EQ(on.state(id), state) << when << ": message " << id;
            const auto from = p.states.begin() + static_cast<std::ptrdiff_t>(machine_died ? p.durable_state : p.answered_state);
            ASSERT_NE(std::find(from, p.states.end(), state), p.states.end())
                << when << ": message " << id << " has the old state " << state;
            ASSERT_FALSE(p.remove_durable || (p.remove_answered && !machine_died)) << when << ": message " << id << " came back";
        }
        for (const auto& [id, p] : promises_)
            ASSERT_TRUE(found.contains(id) || p.commit != outcome::ok || p.remove_asked)
                << when << ": message " << id << " is lost";
    }

    /// Messages whose commit was refused.
    [[nodiscard]] std::set<std::uint64_t> refused() const
    {
        std::set<std::uint64_t> ids;
        for (const auto& [id, p] : promises_)
            if (p.commit && p.commit != outcome::ok)
                ids.insert(id);
        return ids;
    }
    /// The power was cut and the store reopened: what it shows now is what holds from here on.
    void accept_losses(harness& on)
    {
        const auto found = on.scan();
        for (auto it = promises_.begin(); it != promises_.end();) {
            const auto there = found.find(it->first);
            if (there == found.end()) {
                it = promises_.erase(it);
                continue;
            }
            it->second.commit = outcome::ok;
            it->second.states = {there->second};
            it->second.answered_state = it->second.durable_state = 0;
            it->second.remove_asked = it->second.remove_answered = it->second.remove_durable = false;
            ++it;
        }
    }
    [[nodiscard]] std::size_t messages() const { return promises_.size(); }

private:
    void step(harness& on)
    {
        const int actions = 1 + static_cast<int>(random_() % 3); // in one batch
        for (int i = 0; i < actions; ++i)
            act(on);
        if (random_() % 8 == 0)
            let_pass(std::chrono::milliseconds{400});
        if (random_() % 4 != 0)
            on.settle();
        if (random_() % 6 == 0) // in the middle of what waits, too
            (void)on.store->compact_step();
    }

    void act(harness& on)
    {
        const auto choice = random_() % 10;
        if (choice < 4 || promises_.empty())
            return commit(on);
        auto at = promises_.begin();
        std::advance(at, static_cast<std::ptrdiff_t>(random_() % promises_.size()));
        auto& [id, p] = *at;
        if (choice == 4) {
            on.store->append(next_id_, text_of(next_id_, random_() % 3000), [](outcome) {});
            on.store->abandon(next_id_++);
        } else if (p.commit != outcome::ok || p.remove_asked) {
            return commit(on);
        } else if (choice < 7) {
            p.states.push_back("state " + std::to_string(p.states.size()) + std::string(random_() % 60, '.'));
            on.store->update(id, p.states.back(), [&p = p, n = p.states.size() - 1](outcome result) {
                if (result == outcome::ok)
                    p.answered_state = n;
            });
        } else {
            p.remove_asked = true;
            on.store->remove(id, [&p = p](outcome result) { p.remove_answered = result == outcome::ok; });
        }
    }

    void commit(harness& on)
    {
        const auto id = next_id_++;
        auto& p = promises_[id]; // stays where it is
        p.content = text_of(id, random_() % 3 == 0 ? random_() % 4000 : random_() % 400);
        p.states = {"new"};
        std::string_view rest = p.content;
        if (random_() % 2 == 0)
            for (; rest.size() > 100; rest.remove_prefix(std::min<std::size_t>(rest.size(), 333)))
                on.store->append(id, rest.substr(0, 333), [](outcome) {});
        on.store->commit(id, "envelope", "new", p.content == rest ? rest : "", p.content == rest ? "" : rest,
                         [this, &p](outcome result) {
                             p.commit = result;
                             if (result != outcome::ok)
                                 return;
                             for (auto& [other, q] : promises_) { // one sync for all that went before
                                 q.durable_state = q.answered_state;
                                 q.remove_durable = q.remove_answered;
                             }
                         });
    }

    std::mt19937_64 random_;
    std::map<std::uint64_t, promise> promises_;
    std::uint64_t next_id_ = 1;
};

} // namespace postern_queue_journal::testing
