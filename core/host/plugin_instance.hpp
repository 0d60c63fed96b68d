#pragma once
// One configured instance of a plugin over the C contract: its postern_host, the services that it calls, its tickets and
// sessions. abi_plugin, plugin_store and plugin_transport are faces of it. It knows no SMTP and no queue.

#include "core/base/log.hpp"
#include "core/base/metrics.hpp"
#include "core/hooks/hook_point.hpp"
#include "core/hooks/plugin.hpp"
#include "core/host/blocking_pool.hpp"
#include "core/host/control_lane.hpp"
#include "core/host/deadline_timer.hpp"
#include "core/host/declared_extensions.hpp"
#include "core/host/declared_logins.hpp"
#include "core/host/option_values.hpp"
#include "core/host/plugin_calls.hpp"
#include "core/host/plugin_library.hpp"
#include "core/host/plugin_metrics.hpp"
#include "core/host/plugin_notes.hpp"
#include "core/host/plugin_timers.hpp"
#include "core/host/problem.hpp"
#include "core/host/promised_answers.hpp"
#include "core/host/session_table.hpp"
#include "core/host/spool_door.hpp"
#include "core/host/ticket_table.hpp"

#include <postern/abi/config.h>
#include <postern/abi/core.h>
#include <postern/abi/hooks.h>
#include <postern/abi/kv_store.h>
#include <postern/abi/log.h>
#include <postern/abi/submit.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace postern::io {
class resolver_thread;
}
namespace postern::daemon {
class kv_desk;
class plugin_instance;
} // namespace postern::daemon

/// What a plugin's `postern_host *` points to.
struct postern_host {
    postern::daemon::plugin_instance* instance;
};

namespace postern::daemon {

/// What the instances of a process have in common.
struct common_services {
    std::shared_ptr<base::metrics> metrics = std::make_shared<base::metrics>();
    std::shared_ptr<deadline_timer> timer = std::make_shared<deadline_timer>();
    std::shared_ptr<control_lane> lane = nullptr;       ///< where destroy is called; null: where the last share goes
    std::shared_ptr<io::resolver_thread> dns = nullptr; ///< null: questions are denied
    std::shared_ptr<kv_desk> kv = nullptr;              ///< null: requests are denied
    std::shared_ptr<spool_door> spool = std::make_shared<spool_door>(); ///< shut until there is a server
};

/// Ids of plugins that stand behind it, and before it, in every chain. Checked, never applied.
struct order_wishes {
    std::vector<std::string> before;
    std::vector<std::string> after;
};

struct instance_settings {
    std::string name;
    std::vector<option_value> options;
    source_place where; ///< of the instance in the configuration: where complaints without an option go
    std::uint32_t generation = 1;
    common_services services = {};
    std::string kv_namespace = {};                           ///< of its keys; empty: its name
    bool may_queue = false;                                  ///< what it may ask of the queue
    bool may_submit = false;                                 ///< mail of its own
    std::uint64_t most_submitted = std::uint64_t{50} << 20U; ///< octets of a message of its own
    order_wishes order = {};
};

/// Hooks by number.
class hook_set {
public:
    static constexpr std::uint32_t capacity = 128;
    [[nodiscard]] bool has(std::uint32_t hook) const noexcept { return (words_[hook / 64] >> (hook % 64) & 1U) != 0; }
    void add(std::uint32_t hook) noexcept { words_[hook / 64] |= std::uint64_t{1} << (hook % 64); }

private:
    std::array<std::uint64_t, capacity / 64> words_{};
};

/// Lives as long as a chain, store, transport or wake holds it; then the plugin's destroy is called, once. The library stays.
class plugin_instance : public std::enable_shared_from_this<plugin_instance> {
public:
    /// Calls the plugin's create. Null on failure, with the reasons in `found`. [control]
    [[nodiscard]] static std::shared_ptr<plugin_instance> create(std::shared_ptr<const plugin_library> library,
                                                                 instance_settings settings, base::log log, problems& found);
    ~plugin_instance();
    plugin_instance(const plugin_instance&) = delete;
    plugin_instance& operator=(const plugin_instance&) = delete;

    [[nodiscard]] const std::string& name() const noexcept { return settings_.name; }
    [[nodiscard]] const plugin_library& library() const noexcept { return *library_; }
    [[nodiscard]] bool wants(hooks::hook_point hook) const noexcept { return subscribed_.has(static_cast<std::uint32_t>(hook)); }
    /// Of one that is no decision hook (64 and above).
    [[nodiscard]] bool wants_event(std::uint32_t hook) const noexcept { return subscribed_.has(hook); }
    [[nodiscard]] bool observes(hooks::hook_point hook) const noexcept { return observed_.has(static_cast<std::uint32_t>(hook)); }
    [[nodiscard]] bool is_blocking() const noexcept { return (flags_ & POSTERN_PLUGIN_BLOCKING) != 0; }

    /// Its options as records: what config.prepare of the next generation shows of this one. Valid as long as the instance.
    [[nodiscard]] const std::vector<option_value>& option_values() const noexcept { return settings_.options; }
    /// In the configuration, of one of its options; of the instance where it has no such, or no line.
    [[nodiscard]] source_place place_of(std::string_view key) const;

    /// What it adds to the protocol.
    [[nodiscard]] const declared_extensions& extensions() const noexcept { return extensions_; }
    [[nodiscard]] const declared_logins& logins() const noexcept { return logins_; }
    [[nodiscard]] const common_services& services() const noexcept { return settings_.services; }
    /// Of its manifest.
    [[nodiscard]] const order_wishes& order() const noexcept { return settings_.order; }
    /// Where complaints about it go.
    [[nodiscard]] const source_place& where() const noexcept { return settings_.where; }
    /// Provides postern.delivery/1.
    [[nodiscard]] bool is_transport() const noexcept { return is_transport_; }

    /// The plugin's handle, behind the barriers: SERIAL, and whatever is thrown becomes E_PLUGIN.
    /// `last_error`, if not null: what it threw, or else the last error that it logged on this thread meanwhile.
    [[nodiscard]] postern_status handle(const postern_event& event, std::string* last_error = nullptr) noexcept;
    /// On a thread of the instance: one, or of a BLOCKING plugin some. The job gets the instance kept alive. False: too much
    /// waits.
    [[nodiscard]] bool post(std::uint64_t key, std::function<void()> job, job_kind kind, std::size_t octets);
    /// The same for what belongs to no session (timers, health, server events, answers): one after the other.
    [[nodiscard]] bool post_event(std::function<void()> job, job_kind kind, std::size_t octets);
    /// Tells without waiting for an answer: here, or on the plugin's own threads if it is BLOCKING. What is an observation may
    /// be dropped there, and the log says so.
    void tell(const postern_event& event, job_kind kind);
    /// The same, here: nobody's answer to a notification counts, but that it failed is said.
    void notify(const postern_event& event) noexcept;
    /// Counts an observation that it never got, and logs now and then.
    void dropped_one(std::uint32_t hook);
    /// A WAKE as the plugin gets it.
    [[nodiscard]] postern_ev_wake wake_record(std::uint64_t session, std::uint64_t token, bool is_cancelled) const noexcept;

    [[nodiscard]] ticket_table& tickets() noexcept { return tickets_; }
    [[nodiscard]] session_table& sessions() noexcept { return sessions_; }
    [[nodiscard]] promised_answers& answers() noexcept { return answers_; }
    [[nodiscard]] const base::log& log() const noexcept { return log_; }
    [[nodiscard]] bool wants_health() const noexcept { return wants_health_; }
    /// Of the server's events those that it asked for, a bit a kind.
    [[nodiscard]] std::uint32_t observed_kinds() const noexcept { return observed_kinds_; }
    /// Replies that came too late or twice.
    [[nodiscard]] std::uint64_t stale_replies() const noexcept { return stale_replies_.load(std::memory_order_relaxed); }
    /// Who is woken for this instance's sessions. Once, before the first call.
    void set_face(std::weak_ptr<hooks::plugin> face) noexcept { face_ = std::move(face); }
    [[nodiscard]] bool has_face() const noexcept { return !face_.expired(); }

    // What the service tables call. Each is safe against every argument but a wrong postern_host.
    [[nodiscard]] postern_status subscribe(std::uint32_t hook, std::uint32_t flags) noexcept;
    [[nodiscard]] postern_status reply(std::uint64_t ticket, const postern_reply* reply) noexcept;
    [[nodiscard]] postern_status set_cookie(std::uint64_t session, std::uint64_t cookie) noexcept;
    [[nodiscard]] postern_status wake(std::uint64_t session, std::uint64_t token, std::uint64_t delay_ns) noexcept;
    void say(std::uint32_t level, postern_str text) noexcept;
    template <class What>
    [[nodiscard]] postern_status declare(const What* what) noexcept;
    [[nodiscard]] postern_status declare(const postern_mechanism* what) noexcept;
    [[nodiscard]] postern_status declare_verified(std::uint32_t kinds) noexcept;
    [[nodiscard]] postern_list options() const noexcept;
    void refuse(postern_str key, postern_str text) noexcept;
    [[nodiscard]] std::int64_t declare_metric(const postern_metric* what) noexcept;
    [[nodiscard]] plugin_metrics& metrics() noexcept { return metrics_; }
    [[nodiscard]] std::uint32_t log_level() const noexcept;
    [[nodiscard]] postern_status log_event(const postern_log_event* what) noexcept;
    [[nodiscard]] postern_status start_timer(std::uint64_t token, std::uint64_t delay_ns, std::uint64_t period_ns) noexcept;
    [[nodiscard]] postern_status cancel_timer(std::uint64_t token) noexcept { return timers_->cancel(token); }
    [[nodiscard]] postern_status want_notes(postern_str pattern) noexcept;
    [[nodiscard]] postern_status set_note(const postern_note* what) noexcept;
    [[nodiscard]] std::int64_t get_note(std::uint64_t session, postern_str name, char* to, std::size_t room) noexcept;
    [[nodiscard]] postern_status dns_query(std::uint64_t session, std::uint64_t token, postern_str name,
                                           std::uint32_t type) noexcept;
    [[nodiscard]] postern_status kv_request(const postern_kv_request* what) noexcept;
    [[nodiscard]] postern_status kv_scan(const postern_kv_scan* what) noexcept;
    [[nodiscard]] postern_status start_spool(postern_str domain, std::uint32_t flags) noexcept;
    [[nodiscard]] postern_status submit(const postern_submission* what) noexcept;

private:
    template <class All, class What>
    [[nodiscard]] postern_status declare_to(All& all, const What& what) noexcept;
    plugin_instance(std::shared_ptr<const plugin_library> library, instance_settings settings, base::log log);
    [[nodiscard]] postern_status call_handle(const postern_event& event, std::string* last_error) noexcept;
    [[nodiscard]] std::mutex* guard_of(std::uint64_t session) noexcept;
    [[nodiscard]] postern_status subscribe_to_events(std::uint32_t kinds) noexcept;
    void begin_timers();
    void tell_timer(std::uint64_t token, std::uint64_t missed);
    [[nodiscard]] postern_status may_ask(std::uint64_t session) const noexcept;
    [[nodiscard]] postern_status ask_kv(postern_ev_kv_store what, std::uint32_t hook, std::uint64_t session,
                                        std::uint64_t token) noexcept;

    // What each call needs, side by side: of many plugins little is in the cache.
    postern_status (*handle_)(void*, const postern_event*);
    void* self_ = nullptr;
    std::uint32_t flags_;
    hook_set observed_;
    ticket_table tickets_; ///< frees who waits for answers that never came; their ends use nothing of the instance
    /// Of a transport that does not block: its wakes come on another thread than its other events.
    std::unique_ptr<std::array<std::mutex, 64>> by_session_;

    std::shared_ptr<const plugin_library> library_;
    instance_settings settings_;
    const plugin_label& label_; ///< whom a crash is blamed on
    base::log log_;
    postern_host host_;
    bool created_ = false;
    problems* creating_ = nullptr; ///< set while create runs
    std::string why_not_created_;  ///< the last error that create logged, on its own thread
    std::vector<postern_option> option_records_;
    hook_set subscribed_;
    std::uint32_t observed_kinds_ = 0;
    bool wants_health_ = false;
    declared_extensions extensions_;
    declared_logins logins_;
    plugin_metrics metrics_;
    plugin_notes notes_;
    std::shared_ptr<plugin_timers> timers_;
    bool is_transport_;
    std::mutex serial_;
    std::weak_ptr<hooks::plugin> face_;
    std::atomic<std::uint64_t> stale_replies_{0};
    std::atomic<std::uint64_t> dropped_{0};                               ///< observations
    std::array<std::atomic<std::uint64_t>, hook_set::capacity> failed_{}; ///< notifications, by hook
    base::counter& all_stale_;                                            ///< of every generation
    base::counter& all_dropped_;
    session_table sessions_;
    promised_answers answers_{*this};
    std::unique_ptr<blocking_pool> pool_; ///< last: its jobs use the rest
};

/// Options as the contract has them; they borrow from `options`.
[[nodiscard]] std::vector<postern_option> records_of(const std::vector<option_value>& options);

/// The table of that id, as every plugin's postern_get_fn answers it.
[[nodiscard]] const void* service_table(std::string_view id) noexcept;

} // namespace postern::daemon
