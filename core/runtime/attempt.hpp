#pragma once
// One attempt to deliver one message: routes its open recipients, delivers to each next hop, stores what came of it and tells
// the sender where that is due. Decisions are delivery/'s; this carries them out.

#include "core/delivery/plan.hpp"
#include "core/hooks/draft.hpp"
#include "core/hooks/shaping.hpp"
#include "core/queue/record.hpp"
#include "core/runtime/connection_port.hpp"
#include "core/runtime/conversation.hpp"
#include "core/runtime/delivery_engine.hpp"
#include "core/runtime/delivery_lines.hpp"
#include "core/runtime/hook_runner.hpp"
#include "core/runtime/trace_notes.hpp"

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace postern::runtime {

/// Threads: the engine's.
class attempt {
public:
    attempt(delivery_engine& engine, base::message_id id);

    [[nodiscard]] io::task<void> run();
    /// Ends its waiting for plugins; connections are the pool's to end.
    void cut() noexcept;
    /// Behind run(): a destination to which a connection stands idle now that is good for a few more; empty: none.
    [[nodiscard]] std::string idle_way() noexcept { return std::move(idle_way_); }

private:
    [[nodiscard]] io::task<bool> fetch();
    [[nodiscard]] io::task<std::vector<delivery::routed_recipient>> route_all();
    [[nodiscard]] bool is_past_its_end() const;
    [[nodiscard]] bool is_telling_due() const;
    void give_up();
    [[nodiscard]] std::optional<delivery::route> default_route(std::uint32_t recipient) const;
    void take_route(std::uint32_t recipient, const hooks::chain_run& run, std::vector<delivery::routed_recipient>& routed);
    [[nodiscard]] io::task<void> deliver_all(std::vector<delivery::route_group> groups);
    [[nodiscard]] io::task<void> deliver_one_of(const delivery::route_group& group, std::size_t& left, io::timer& all_done);
    [[nodiscard]] io::task<void> deliver(const delivery::route_group& group);
    [[nodiscard]] io::task<bool> is_admitted(const delivery::route_group& group, const std::string& name);
    [[nodiscard]] io::task<hooks::outcome> ask_shaping(hooks::hook_point hook, hooks::shaping& about);
    [[nodiscard]] io::task<void> ask_about_retry();
    [[nodiscard]] base::wall_time asked_for(base::wall_time when) const;
    [[nodiscard]] bool waits_for_rest(const delivery::route_group& group, const std::string& name);
    void walk_off();
    void come_back() noexcept;
    [[nodiscard]] io::task<bool> arrive(delivery_lines::place& place);
    [[nodiscard]] io::task<void> deliver_in_turn(const delivery::route_group& group, conversation* talk,
                                                 delivery_lines::place& place);
    [[nodiscard]] io::task<std::vector<std::uint32_t>> carry(delivery::route_group group, conversation* talk,
                                                             delivery_lines::place& place);
    [[nodiscard]] io::task<std::vector<std::uint32_t>> deliver_smtp(const delivery::route_group& group, conversation* talk,
                                                                    delivery_lines::place& place);
    [[nodiscard]] io::task<void> deliver_by(delivery::transport& how, const delivery::route_group& group);
    [[nodiscard]] bool may_go_on(const hooks::outcome& ruling, const std::vector<std::uint32_t>& recipients,
                                 const std::string& next_hop);
    /// What is known of the one who took, or did not take, a transaction.
    struct taking {
        std::string next_hop;
        std::string address = {}; ///< of the peer; empty: there was none
        delivery::taker by = delivery::taker::mailbox;
        bool lacks_keyword = false;
    };
    /// What was said of a recipient, before it counts.
    struct heard {
        std::uint32_t recipient = 0;
        delivery::recipient_result what = {};
        hooks::delivery_stage stage = hooks::delivery_stage::route;
    };
    [[nodiscard]] io::task<std::vector<std::uint32_t>> keep_results(std::vector<session::client_recipient_result> results,
                                                                    std::vector<std::uint32_t> recipients, taking of,
                                                                    conversation* asked);
    [[nodiscard]] io::task<void> weigh(std::vector<heard>& all, const taking& of, conversation* asked);
    [[nodiscard]] io::task<void> weigh_one(const std::vector<heard*>& these, const taking& of, conversation& asked);
    void tell_of_socket(const next_hosts::place& to, std::string_view plugin, const base::error_code& fault) const;
    [[nodiscard]] std::string source_pool(const std::string& next_hop) const;
    void tell_of_dropped(const smtp_connection& peer, const std::vector<std::uint32_t>& recipients,
                         const std::string& next_hop) const;
    /// A connection, whom it leads to and by which policy.
    struct way {
        smtp_pool::destination to;
        next_hosts::place at;
        smtp_pool::lease lease;
        bool is_new = false;
        bool in_clear = false; ///< although the policy would want TLS where it can be had
    };
    [[nodiscard]] io::task<std::optional<way>> find_way(const delivery::route_group& group, const std::string& source,
                                                        next_hosts& hosts, conversation* talk, bool in_clear);
    [[nodiscard]] io::task<void> note_unreachable(const std::vector<std::uint32_t>& recipients, const next_hosts& hosts,
                                                  const std::string& next_hop, conversation* asked);
    void defer_all(const std::vector<std::uint32_t>& recipients, std::string enhanced, std::string text,
                   const std::string& next_hop);
    void note(std::uint32_t recipient, delivery::recipient_result what, const std::string& next_hop,
              delivery::taker by = delivery::taker::mailbox, bool lacks_keyword = false);
    [[nodiscard]] io::task<void> settle();
    [[nodiscard]] io::task<void> hold(queue::message_state state);
    [[nodiscard]] io::task<bool> keep(const queue::message_state& state);
    [[nodiscard]] io::task<void> keep_progress();
    [[nodiscard]] io::task<bool> report(delivery::decision& decided);
    [[nodiscard]] io::task<bool> report_one(message::dsn_kind kind, const std::vector<std::uint32_t>& who,
                                            const queue::message_state& state);
    enum class report_ruling : std::uint8_t { go, suppressed, put_off };
    [[nodiscard]] io::task<report_ruling> ask_about_report(message::dsn_report& due);
    [[nodiscard]] io::task<std::string> original_for_report(bool is_full);
    static constexpr std::chrono::minutes store_pause{1}; // until a message is tried again whose state was not to be had, or kept

    [[nodiscard]] io::task<void> make();
    void put_back(std::chrono::milliseconds wait);
    void announce();
    void note_result(const delivery::attempt_result& one);
    void note_decision(const delivery::decision& what);
    void note_report(std::string_view kind, base::message_id report, std::string_view recipient);

    delivery_engine& engine_;
    base::message_id id_;
    base::session_id job_;
    std::shared_ptr<const generation> current_;
    queue::record record_;
    hooks::draft draft_; // what hooks of the delivery see of the message
    std::shared_ptr<connection_port> port_;
    trace_notes notes_;
    hook_runner hooks_;
    std::vector<delivery::attempt_result> results_;
    std::optional<std::string> hold_;
    std::set<conversation*> talks_;         // with next hops, now
    std::size_t groups_ = 0;                // next hops
    std::size_t groups_away_ = 0;           // those of them to which a way is looked for
    bool is_urgent_ = false;                // somebody knows that its next hop is there
    bool has_thrown_ = false;               // one of its groups, most likely for want of memory
    bool has_tried_ = false;                // a transaction was begun
    std::optional<std::string> outside_of_; // a destination that is closed to it
    std::string idle_way_;                  // a destination to which it has left a connection that may be used again
    std::optional<std::chrono::milliseconds> admitted_in_; // a plugin wants it to stand in no line before
    std::chrono::milliseconds retry_in_{0};                // likewise: the next attempt; 0: as usual
};

} // namespace postern::runtime
