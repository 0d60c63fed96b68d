#pragma once
// The order in which plugins are asked and how their answers add up. Pure: who performs the calls is not its business.

#include "core/hooks/draft.hpp"
#include "core/hooks/outgoing.hpp"
#include "core/hooks/plugin.hpp"
#include "core/hooks/vitals.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postern::hooks {

struct dsn_making; // report.hpp
struct shaping;    // shaping.hpp

/// What the configuration lets a plugin change (`may = [...]`), and whether it may end a hook's chain.
struct permissions {
    bool headers = false;
    bool sender = false;
    bool rcpt = false;
    bool body = false;
    bool route = false;
    bool accept = false;
    bool client = false; ///< facts of the connection
    bool queue = false;  ///< when and in which order a message is tried
    bool tls = false;    ///< less security for a connection than it would have
    bool dsn = false;    ///< whether, to whom and in which words senders are told what became of their mail
    bool submit = false; ///< mail of its own

    /// Whether it may change anything that those behind it would see.
    [[nodiscard]] bool has_edits() const noexcept { return headers || sender || rcpt || body || route || client || queue; }
};

/// The names that `may` knows.
[[nodiscard]] std::span<const std::pair<std::string_view, bool permissions::*>> permission_names() noexcept;

/// A plugin in a chain, with the rules that the configuration gives it.
struct link {
    std::shared_ptr<plugin> who;
    failure_policy on_error = failure_policy::tempfail;
    std::chrono::nanoseconds deadline = std::chrono::seconds{5};
    permissions may = {};
    /// Neighbours with the same number, but 0, are asked at the same time. All of a group but its last have no edits: what they
    /// say changes nothing that the others see, so that the result is that of asking one after the other.
    std::uint32_t group = 0;
    std::shared_ptr<vitals> health = {}; ///< null: its calls are neither watched nor timed
    std::size_t position = 0;            ///< in its chain, which sets it
    std::uint64_t observed = 0;          ///< hooks at which it only watches, a bit each; the chain finds out

    /// Kinds of proofs that it declared that it verifies, as declared_as() has them: at auth.verify it is asked of no other.
    std::uint32_t verifies = ~std::uint32_t{0};

    [[nodiscard]] bool observes(hook_point hook) const noexcept { return (observed >> static_cast<unsigned>(hook) & 1U) != 0; }
    std::vector<owned_parameter> owned = {}; ///< that it declared at a listener
};

/// An immutable order of plugins. One a listener and generation of the configuration; shared by its sessions.
class chain {
public:
    chain() = default;
    explicit chain(std::vector<link> links);

    /// Those that subscribed to `hook`, in order.
    [[nodiscard]] const std::vector<const link*>& links(hook_point hook) const noexcept;
    [[nodiscard]] bool has(hook_point hook) const noexcept { return !links(hook).empty(); }
    [[nodiscard]] bool has(hook_point hook, const plugin& who) const noexcept;
    [[nodiscard]] const std::vector<link>& all() const noexcept { return links_; }
    /// The names of links(hook) from `first` on, as trail::passed takes them.
    [[nodiscard]] std::string_view names(hook_point hook, std::size_t first, std::size_t count) const noexcept;
    /// One of its own, from 1; 0: a chain of nobody.
    [[nodiscard]] std::uint32_t number() const noexcept { return number_; }
    chain(const chain&) = delete;
    chain& operator=(const chain&) = delete;

private:
    std::vector<link> links_;
    std::array<std::vector<const link*>, hook_point_count> by_hook_;
    /// What names() gives a part of: each name at the end of the one before it.
    struct name_row {
        std::string octets;
        std::vector<std::size_t> begins{0}; ///< and the end of the last one
    };
    std::array<name_row, hook_point_count> names_;
    std::uint32_t number_ = 0;
};

/// One hook's walk along a chain. Use: while (auto* l = run.next()) { call it; run.answered(...) | passed() | failed(why) }.
///
/// The first REJECT, TEMPFAIL, DISCONNECT, ACCEPT, DISCARD or HOLD ends it, with two differences at cmd.rcpt: DISCARD is about
/// that recipient only, so it does not mark the draft; and a HOLD goes on to be asked until somebody has vouched, since
/// without that the recipient is refused. A notification reaches everybody, and what they answer does not count.
class chain_run {
public:
    /// `target`, `facts` and `out` receive the edits, and `out` what else is said there; null where there is none. `only`: the
    /// instance that is asked, if not all. All outlive the run.
    chain_run(const chain& order, hook_point hook, draft* target, connection_facts* facts = nullptr, std::string_view only = {},
              outgoing* out = nullptr) noexcept;

    [[nodiscard]] const chain& order() const noexcept { return order_; }
    /// Where the one whom next() gave stands among those of the hook.
    [[nodiscard]] std::size_t place() const noexcept { return at_ - 1; }
    /// Who is asked next; null when the outcome stands.
    [[nodiscard]] const link* next() noexcept;
    /// At verb and verb.data: so many octets at most may be asked for.
    void limit_octets(std::uint64_t most) noexcept { most_octets_ = most; }
    /// At dsn.make: what is asked about, which receives what is said of it. It outlives the run.
    void make(dsn_making& what) noexcept { dsn_ = &what; }
    /// At queue.policy, queue.admit, delivery.reply and queue.retry: likewise.
    void shape(shaping& what) noexcept { shape_ = &what; }
    /// At auth.verify: only who verifies that kind is asked.
    void ask_who_verifies(std::uint32_t kind) noexcept { kind_ = kind; }
    /// Who may be asked already while the last one, who belongs to a group, has not answered: the nth behind it. Null: nobody
    /// else. What they say is taken when next() names them; it may never come to that.
    [[nodiscard]] const link* ahead(std::size_t nth) const noexcept;
    /// The last one's answer, or why there is none. An answer that breaks a rule (an edit without permission or out of range,
    /// ACCEPT without the grant, a code that does not fit the verdict, CR or LF in a text) counts as a failure and changes
    /// nothing.
    void answered(plugin_reply reply);
    void passed() noexcept {}
    /// `why` is for the log; the peer gets the policy's generic reply.
    void failed(std::string_view why);
    /// The last one was not waited for: the server is going away. A TEMPFAIL, whatever on_error says: it did not fail.
    void cut_short();

    [[nodiscard]] const outcome& result() const noexcept { return result_; }
    [[nodiscard]] outcome take_result() noexcept { return std::move(result_); }
    /// Why the last plugin counted as failed; empty when it did not. For the log.
    [[nodiscard]] const std::string& failure() const noexcept { return failure_; }
    /// At msg.body: the chunk as edited so far; unset when nobody changed it.
    [[nodiscard]] const std::optional<std::string>& chunk() const noexcept { return chunk_; }
    /// At queue.route: set by a route edit.
    [[nodiscard]] const std::optional<edit>& route() const noexcept { return route_; }

private:
    [[nodiscard]] bool is_asked(const link& whom) const noexcept;
    [[nodiscard]] std::string rule_broken_by(const plugin_reply& reply, const link& by) const;
    void take(plugin_reply& reply, const link& by);
    void hold(std::string_view reason);
    void decide(verdict_kind verdict, std::uint16_t code, std::string_view enhanced, std::string_view text);
    [[nodiscard]] bool take_more(plugin_reply& reply, const link& by);
    [[nodiscard]] bool take_login(plugin_reply& reply, const link& by);
    void narrow(const std::vector<std::string>& names);

    const chain& order_;
    const std::vector<const link*>& links_;
    hook_point hook_;
    draft* target_;
    connection_facts* facts_;
    outgoing* out_;
    dsn_making* dsn_ = nullptr;
    shaping* shape_ = nullptr;
    std::string_view only_;
    std::size_t at_ = 0;
    std::uint32_t asked_recipient_ = 0; // at cmd.rcpt: the last one when the walk began
    std::uint64_t most_octets_ = ~std::uint64_t{0};
    std::uint32_t kind_ = 0; // 0: it is not about one
    bool decided_ = false;
    outcome result_;
    std::string failure_;
    std::optional<std::string> chunk_;
    std::optional<edit> route_;
};

} // namespace postern::hooks
