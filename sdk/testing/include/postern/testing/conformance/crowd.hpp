#pragma once
// Many clients of one plugin, one step at a time in an order by the seed, and what becomes of those that wait. Part of the
// conformance kit.

#include <postern/testing/conformance/all_clients.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <poll.h>

namespace postern::testing::conformance {

/// What happens at the n-th time (from 1) that somebody has to wait. Left out: the answer is waited for.
struct manners {
    std::function<bool(std::uint64_t)> takes_back = {}; ///< the deadline
    std::function<bool(std::uint64_t)> leaves = {};     ///< the client
};

class crowd {
public:
    crowd(kit_host& host, std::uint64_t seed, manners how = {}) : host_{host}, dice_{seed}, how_{std::move(how)} {}

    client& add(std::unique_ptr<client> who) { return *clients_.emplace_back(std::move(who)); }

    /// A client of each kind that the plugin can have, and of those of SMTP `count`. `first` is the number of its first session.
    void add_all(std::uint64_t first, std::size_t count, std::uint64_t seed, taste of)
    {
        for (std::size_t i = 0; i < count; ++i)
            add(std::make_unique<smtp_client>(host_, first++, seed + i, of));
        add(std::make_unique<delivery_job>(host_, first++, seed + 101, of));
        if (host_.provides(POSTERN_QUEUE_1))
            add(std::make_unique<store_user>(host_, first++, seed + 102, of));
        add(std::make_unique<others>(host_, first++, seed + 103, of));
    }

    /// Until all are gone.
    void run()
    {
        while (!present().empty())
            turn();
    }
    /// At most so many steps; false: all were over before.
    bool run(std::size_t steps)
    {
        for (; steps > 0; --steps)
            if (!present().empty())
                turn();
        return !present().empty();
    }
    void all_leave()
    {
        for (auto& each : clients_)
            each->leave();
    }
    [[nodiscard]] std::uint64_t waits() const noexcept { return waits_; }
    [[nodiscard]] std::uint64_t turns() const noexcept { return turns_; }

private:
    [[nodiscard]] std::vector<client*> present() const
    {
        std::vector<client*> found;
        for (const auto& each : clients_)
            if (!each->is_over())
                found.push_back(each.get());
        return found;
    }

    void turn()
    {
        const auto who = present();
        auto& one = *who[dice_.below(who.size())];
        ++turns_;
        const auto known = one.waits_for();
        if (one.step() != progress::waits)
            return;
        if (one.waits_for() != known)
            begins_to_wait(one);
        const auto is_waiting = [](const client* each) { return each->is_over() || each->waits_for() != 0; };
        if (std::all_of(who.begin(), who.end(), is_waiting))
            go_on(who);
    }
    void begins_to_wait(client& one)
    {
        ++waits_;
        if (how_.takes_back && how_.takes_back(waits_)) {
            if (host_.take_back(one.waits_for()))
                one.give_up();
        } else if (how_.leaves && how_.leaves(waits_)) {
            one.leave();
        }
    }

    [[nodiscard]] bool is_any_answered(const std::vector<client*>& who)
    {
        return std::any_of(who.begin(), who.end(), [&](const client* each) {
            return each->waits_for() != 0 && !host_.answer_to(each->waits_for()).is_pending();
        });
    }
    /// Nothing moves by itself: the clock does, and then threads of the plugin's own have a while.
    void go_on(const std::vector<client*>& who)
    {
        unsigned rounds = 0; // answers of services come as the clock moves, though nobody set a wake
        for (std::chrono::nanoseconds by = std::chrono::seconds{1}; by < std::chrono::hours{48}; by *= 2) {
            if (is_any_answered(who) || (host_.waiting() == 0 && ++rounds > 4))
                break;
            host_.advance(by);
        }
        if (std::none_of(who.begin(), who.end(), [](const client* each) { return each->waits_for() != 0; }))
            return; // the last one has just left
        const auto until = std::chrono::steady_clock::now() + host_.patience();
        while (!is_any_answered(who) && std::chrono::steady_clock::now() < until)
            (void)::poll(nullptr, 0, 1);
        if (is_any_answered(who))
            return;
        for (auto* each : who)
            if (const auto ticket = each->waits_for(); ticket != 0) {
                host_.note("tickets",
                           "a ticket was taken (POSTERN_TAKEN) and never answered, though all wakes came: every TAKEN needs "
                           "one reply, POSTERN_BROKEN if there is nothing to say");
                if (host_.take_back(ticket))
                    each->give_up();
            }
    }

    kit_host& host_;
    dice dice_;
    manners how_;
    std::vector<std::unique_ptr<client>> clients_;
    std::uint64_t waits_ = 0;
    std::uint64_t turns_ = 0;
};

} // namespace postern::testing::conformance
