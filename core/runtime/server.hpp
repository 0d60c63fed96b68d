#pragma once
// The whole of a running Postern: listeners, threads, sessions, the queue and its deliveries. An embedder's and the
// daemon's way in. Knows no TOML, no plugin files: it gets chains, a store and transports as objects.

#include "core/base/clock.hpp"
#include "core/base/ip_network.hpp"
#include "core/base/log.hpp"
#include "core/base/metrics.hpp"
#include "core/base/result.hpp"
#include "core/delivery/settings.hpp"
#include "core/delivery/suspensions.hpp"
#include "core/delivery/transport.hpp"
#include "core/hooks/budget.hpp"
#include "core/hooks/chain.hpp"
#include "core/hooks/notice.hpp"
#include "core/queue/domain_wish.hpp"
#include "core/queue/policy.hpp"
#include "core/queue/store.hpp"
#include "core/queue/submission.hpp"
#include "core/runtime/destination_item.hpp"
#include "core/runtime/trace.hpp"
#include "core/session/server_config.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postern::io {
class resolver_thread;
class tls_context;
} // namespace postern::io

namespace postern::runtime {

/// Server side timeouts (RFC 5321 4.5.3.2.7 and 4.5.3.2.5).
struct server_timeouts {
    std::chrono::milliseconds greeting = std::chrono::minutes{5}; ///< until the first command line
    std::chrono::milliseconds command = std::chrono::minutes{5};  ///< a whole command line, from the last reply
    std::chrono::milliseconds data = std::chrono::minutes{3};     ///< without progress in content
    std::chrono::milliseconds tls = std::chrono::seconds{30};     ///< handshake
    std::chrono::milliseconds pause{200};                         ///< before a reply to a peer that only makes trouble; 0: none
};

/// How many connections there may be, and how slow they may get.
struct connection_limits {
    std::uint32_t connections = 10000;
    std::uint32_t connections_per_ip = 100; ///< 0: none
    std::uint64_t minimum_rate = 100;       ///< octets a second of content after a grace of timeouts.data; 0: none
};

/// Whose PROXY header is believed, and must come.
struct trusted_proxies {
    std::vector<base::ip_network> networks;
    bool local = false; ///< whoever could open the listener's Unix socket

    [[nodiscard]] bool includes(const base::ip_address& peer) const noexcept
    {
        return local || std::any_of(networks.begin(), networks.end(), [&](const auto& each) { return each.contains(peer); });
    }
};

/// What a listener serves its sessions with. Immutable; a session keeps the one that it started with.
struct listener_profile {
    std::string name;
    session::server_config session;
    server_timeouts timeouts;
    hooks::budget_limits budgets;
    std::shared_ptr<const hooks::chain> chain;
    std::vector<std::shared_ptr<const hooks::chain>> domain_chains; ///< number n of session.domains is the nth from 1
    std::shared_ptr<io::tls_context> tls;                           ///< null without TLS
    std::optional<trusted_proxies> proxies;                         ///< with a value, nobody else is served

    [[nodiscard]] const hooks::chain& chain_number(std::uint32_t n) const { return n == 0 ? *chain : *domain_chains.at(n - 1); }
};

/// An instance that declared extensions, as deliveries ask it: no keyword and no parameter has two owners.
struct extension_owner {
    std::string name;
    std::vector<std::string> keywords;
    std::vector<hooks::owned_parameter> parameters;
};

/// One generation of the configuration: replaced whole by publish().
struct generation {
    std::uint32_t number = 1;
    std::map<std::string, std::shared_ptr<const listener_profile>, std::less<>> listeners;
    connection_limits limits;
    queue::retry_policy retry;
    delivery::settings delivery;
    std::shared_ptr<const hooks::chain> delivery_chain; ///< for what is asked and told of deliveries; never null
    std::vector<extension_owner> line_owners;           ///< those that are asked at client.verb
    std::vector<extension_owner> param_owners;          ///< and at client.params
    std::map<std::string, std::shared_ptr<delivery::transport>, std::less<>> transports;
    std::shared_ptr<io::resolver_thread> names;     ///< who is asked for mail exchangers; null: nobody
    std::shared_ptr<io::tls_context> client_tls;    ///< for deliveries; null: no TLS
    std::shared_ptr<io::tls_context> verifying_tls; ///< likewise, where the peer's name counts; null: nobody can ask for that
    std::vector<std::shared_ptr<hooks::observer>> observers; ///< of what happens in the server
};

/// Where to listen: fixed for the life of the server.
struct listener_address {
    std::string name;    ///< of its profile
    std::string address; ///< "127.0.0.1:25", "[::1]:25", port 0 for any, or "unix:/path"
};

/// A line of `postern queue list`.
struct queue_item {
    base::message_id id;
    std::string state; ///< "queued", "attempting", "deferred", "held"
    std::string sender;
    std::vector<std::string> recipients; ///< those still open
    std::vector<std::string> results;    ///< of all, "address: state, last reply"; only by show
    std::vector<std::string> parameters; ///< of MAIL and RCPT as they are kept, "MAIL SIZE=10"; only by show
    std::uint64_t size = 0;              ///< octets
    std::uint32_t attempts = 0;
    int priority = 0;                         ///< -9 to 9
    std::optional<base::wall_time> expire_at; ///< that the message brought with it
    base::wall_time received;
    std::optional<base::wall_time> next_attempt; ///< at the latest
    std::string waits_for;                       ///< the destination that it waits outside of, until that can be reached
    std::string last_reply;
    std::string waits; ///< for which destination, and why nothing goes there now; empty: for its time
};

/// How a plugin has answered at a hook.
struct answer_status {
    std::string plugin;
    hooks::hook_point hook;
    std::uint64_t answers = 0; ///< since the start, over reloads
    std::chrono::nanoseconds median;
    std::chrono::nanoseconds slowest; ///< all but one in a hundred were faster
    bool is_open = false;             ///< its breaker: it is not asked
};

/// Figures of a running server.
struct server_status {
    std::uint64_t connections = 0; ///< open now
    std::uint64_t accepted = 0;    ///< messages, since start
    std::uint64_t queued = 0;      ///< messages in the queue now
    std::uint64_t delivered = 0;   ///< recipients, since start
    std::uint64_t deferred = 0;
    std::uint64_t failed = 0;
    std::vector<answer_status> answers; ///< of the generation in force, where there was any
};

/// Listeners, threads, sessions, queue and deliveries. bind(), then start(); published generations serve sessions that begin
/// later.
class server {
public:
    /// `store`, `metrics`, `records` and what `log` writes to outlive the server. `threads` 0: one a processor. Without `metrics`
    /// it counts in some of its own; without `records` what was decided about messages is not kept.
    server(std::vector<listener_address> addresses, std::shared_ptr<const generation> first, queue::store& store, base::log log,
           unsigned threads = 0, base::metrics* metrics = nullptr, trace_keeper* records = nullptr);
    ~server(); ///< shuts down at once if that has not happened

    /// Binds all listeners. What is wrong with one: which, and why. Before privileges are dropped.
    [[nodiscard]] base::result<void> bind(std::string& what_failed);
    /// Where listener `name` really listens, for port 0.
    [[nodiscard]] std::string bound_address(std::string_view name) const;

    /// Reads the queue; start() does it if it has not been done. Blocks.
    [[nodiscard]] base::result<void> load_queue();
    /// Reads the queue and starts threads, listeners and deliveries. Returns when all are ready.
    [[nodiscard]] base::result<void> start();
    /// New sessions and attempts use `next`. [any]
    void publish(std::shared_ptr<const generation> next);
    /// Stops accepting, lets transactions in their content finish for up to `grace`, ends attempts, then all threads. Blocks.
    /// [any, not from a session]
    void shut_down(std::chrono::milliseconds grace);

    /// The queue, for an operator. All block until the delivery thread has answered; a server that does not run has none.
    /// [any, not from a session]
    [[nodiscard]] std::vector<queue_item> queue_list(base::message_id after, std::size_t limit);
    [[nodiscard]] std::optional<queue_item> queue_show(base::message_id id);
    /// What an operator wants done with a message.
    enum class queue_command { retry, hold, release, remove };
    [[nodiscard]] bool queue_change(base::message_id id, queue_command what); ///< false: no such message, or it could not be done
    std::size_t queue_flush();                                                ///< makes all deferred due; how many
    /// Up to `limit` destinations with names behind `after`, in the order of their names: of those at which something goes on or
    /// waits, which rest, are suspended, or were heard from lately.
    [[nodiscard]] std::vector<destination_item> queue_destinations(std::string_view after, std::size_t limit);
    /// All that an operator wants nothing to go to, in place of what was before; also before the server starts. What waits for
    /// others goes. Who calls keeps it over restarts.
    void queue_suspend(delivery::suspensions all);
    /// What waits for a domain is tried soon. False: not now; too many such wishes wait, or the server does not run. Never
    /// blocks. [any]
    [[nodiscard]] bool queue_try(queue::domain_wish what);
    /// A message of a plugin's own. False: not now. Else `done` is called once, when it is stored or cannot be: inside the call
    /// or on a thread of the store's. [any; does not block]
    [[nodiscard]] bool submit(queue::submission what, queue::completion<base::message_id> done);
    [[nodiscard]] server_status status() const;
    /// Tells those who observe the server. [any]
    void tell(const hooks::notice& what) const noexcept;
    /// All that was counted, as Prometheus text. [any]
    [[nodiscard]] std::string metrics_text() const;
    /// Where to look on. [any]
    [[nodiscard]] tracer& tracing() noexcept;

private:
    [[nodiscard]] std::vector<answer_status> answers() const;

    struct state;
    std::unique_ptr<state> state_;
};

} // namespace postern::runtime
