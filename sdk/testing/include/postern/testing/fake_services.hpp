#pragma once
// The services of fake_host that need no session's ticket: metrics, log events, timers, notes, and the events of the instance.
// What a real host refuses gets the same status here, and where it is the plugin's mistake, a complaint. Part of fake_host.
// Threads: any.

#include <postern/abi/health.h>
#include <postern/abi/log.h>
#include <postern/abi/metrics.h>
#include <postern/abi/notes.h>
#include <postern/abi/observe.h>
#include <postern/abi/timers.h>
#include <postern/testing/answer.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postern::testing {

/// What a plugin wrote by postern.log/1; numbers as text.
struct logged_event {
    std::uint32_t level = 0;
    std::string name;
    std::uint64_t session = 0;
    std::map<std::string, std::string> fields{};

    bool operator==(const logged_event&) const = default;
};

class fake_host;

/// fake_host derives from this, and nothing else does.
class fake_services {
public:
    using metric_labels = std::map<std::string, std::string>;

    /// Of a counter or gauge; nothing: there is none.
    [[nodiscard]] std::optional<std::int64_t> metric(const std::string& name, const metric_labels& labels = {});
    /// What a histogram has seen, in order.
    [[nodiscard]] std::vector<std::int64_t> observed(const std::string& name, const metric_labels& labels = {});
    /// Events that the plugin logged.
    [[nodiscard]] std::vector<logged_event> events();
    /// The lowest level that is written. Change it before the plugin runs.
    std::uint32_t log_level = POSTERN_LOG_DEBUG;

    /// As the plugins behind this one see it; nothing: there is none.
    [[nodiscard]] std::optional<std::string> note(std::uint64_t session, const std::string& name);
    /// As another plugin does it. The session is one that has had an event. `transaction` 0: for all of the session.
    void set_note(std::uint64_t session, const std::string& name, std::string value, std::uint64_t transaction = 0);

    /// Timers that are set.
    [[nodiscard]] std::size_t timers();

    /// Asks how it is. An answer that passed says that all is well; else `health_state` and `text`.
    answer health();
    /// Tells of something in the server, if the plugin asked for that kind. `record.ev` is filled in.
    void happens(postern_ev_event record);

    /// For fake_host: the table of that id; null: not one of these.
    [[nodiscard]] static const void* service(std::string_view id);

protected:
    fake_services();
    ~fake_services();

    /// An event of that transaction: notes of another one end.
    void enter_transaction(std::uint64_t session, std::uint64_t transaction);
    void end_notes(std::uint64_t session);

    /// When the next timer is due.
    [[nodiscard]] std::optional<std::chrono::nanoseconds> next_timer();
    /// Tells of that one.
    void fire_timer();

private:
    struct series {
        std::uint32_t kind;
        std::string name;
        metric_labels labels;
        std::int64_t value = 0;
        std::vector<std::int64_t> sizes{};
    };
    struct timer_row {
        std::chrono::nanoseconds due;
        std::chrono::nanoseconds period;
    };
    struct session_notes {
        std::uint64_t transaction = 0;
        std::map<std::pair<std::uint64_t, std::string>, std::string> all{}; ///< by transaction and name
    };

    [[nodiscard]] fake_host& me() noexcept;
    [[nodiscard]] bool is_in_create() noexcept;
    static fake_services& of(postern_host* host) noexcept;

    postern_status refuse_call(const std::string& why, postern_status status = POSTERN_E_INVALID);

    [[nodiscard]] const series* find_series(const std::string& name, const metric_labels& labels) const;
    [[nodiscard]] std::optional<std::string> find_note(std::uint64_t session, const std::string& name);
    [[nodiscard]] std::map<std::uint64_t, timer_row>::iterator earliest();

    static std::int64_t declare_metric(postern_host* host, const postern_metric* what);

    template <class Function>
    static postern_status change(postern_host* host, std::uint64_t metric, Function function);
    static postern_status add(postern_host* host, std::uint64_t metric, std::int64_t n);
    static postern_status set(postern_host* host, std::uint64_t metric, std::int64_t value);
    static postern_status observe(postern_host* host, std::uint64_t metric, std::int64_t value);

    static std::uint32_t level(postern_host* host);
    static postern_status write(postern_host* host, const postern_log_event* what);

    static postern_status start(postern_host* host, std::uint64_t token, std::uint64_t delay_ns, std::uint64_t period_ns);
    static postern_status cancel(postern_host* host, std::uint64_t token);

    static postern_status want(postern_host* host, postern_str pattern);
    [[nodiscard]] bool is_own(std::string_view name);

    [[nodiscard]] bool may_read(const std::string& name);

    static postern_status put_note(postern_host* host, const postern_note* what);
    static std::int64_t get_note(postern_host* host, std::uint64_t session, postern_str name, char* to, std::size_t len);

    std::mutex services_mutex_; // guards the rest; never held while fake_host's is taken, nor the other way round
    std::vector<series> series_;
    std::vector<logged_event> events_;
    std::map<std::uint64_t, timer_row> timers_; ///< by token
    std::vector<std::string> wanted_;           ///< patterns of notes, without their "*"
    std::map<std::uint64_t, session_notes> notes_;
};

} // namespace postern::testing
