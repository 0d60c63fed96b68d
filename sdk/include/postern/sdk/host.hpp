#pragma once
// What a plugin asks of its host: options, log lines, cookies, timers, metrics, notes, message octets, names, keys and values.
// SECURITY: options come from the operator; octets of messages, names and values from peers.

#include <postern/sdk/admin.hpp>
#include <postern/sdk/config_error.hpp>
#include <postern/sdk/dns.hpp>
#include <postern/sdk/event_log.hpp>
#include <postern/sdk/kv.hpp>
#include <postern/sdk/kv_store.hpp>
#include <postern/sdk/lifecycle.hpp>
#include <postern/sdk/login.hpp>
#include <postern/sdk/metric.hpp>
#include <postern/sdk/outgoing.hpp>
#include <postern/sdk/report.hpp>
#include <postern/sdk/shaping.hpp>
#include <postern/sdk/source.hpp>
#include <postern/sdk/tls_policy.hpp>
#include <postern/sdk/task.hpp>

#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace postern {

/// How long a note lasts.
enum class note_life : std::uint8_t {
    session,
    transaction, ///< of the event at hand: until RSET, EHLO or the end of the message
};

/// Reads a message: header section, empty line, body. Good until the event that it came with is answered. May block.
class blob_reader {
public:
    blob_reader(const sdk::services& instance, std::uint64_t handle) noexcept : instance_{&instance}, handle_{handle} {}

    /// Octets; negative: a status, POSTERN_E_STALE after the answer.
    [[nodiscard]] std::int64_t size() const noexcept
    {
        return instance_->blob == nullptr ? POSTERN_E_DENIED : instance_->blob->size(instance_->host, handle_);
    }
    /// Up to `length` octets from `offset`; the count, 0 at the end, or a negative status.
    [[nodiscard]] std::int64_t read(std::uint64_t offset, char* to, std::size_t length) const noexcept
    {
        return instance_->blob == nullptr ? POSTERN_E_DENIED
                                          : instance_->blob->read(instance_->host, handle_, offset, to, length);
    }
    /// All of it, up to `limit` octets; nothing when it is longer or cannot be read.
    [[nodiscard]] std::optional<std::string> text(std::size_t limit) const
    {
        const std::int64_t octets = size();
        if (octets < 0 || static_cast<std::uint64_t>(octets) > limit)
            return std::nullopt;
        std::string all(static_cast<std::size_t>(octets), '\0');
        for (std::size_t at = 0; at < all.size();) {
            const std::int64_t count = read(at, all.data() + at, all.size() - at);
            if (count <= 0)
                return std::nullopt;
            at += static_cast<std::size_t>(count);
        }
        return all;
    }

private:
    const sdk::services* instance_;
    std::uint64_t handle_;
};

/// A cheap handle: keep a copy. Valid in the plugin's constructor, until the end of its destructor. Threads: any, but where
/// a function says otherwise.
class host {
public:
    explicit host(sdk::services& instance) noexcept : instance_{&instance} {}

    /// Of this instance, as configured.
    [[nodiscard]] const std::string& name() const noexcept { return instance_->name; }
    /// Of the configuration, from 1.
    [[nodiscard]] std::uint32_t generation() const noexcept { return instance_->generation; }

    // Options. `fallback` is for one without value and default. Each throws config_error for another kind, or what does not fit.

    /// Text and paths; paths are absolute.
    [[nodiscard]] std::string config(std::string_view key, const char* fallback) const
    {
        return config(key, std::string{fallback});
    }
    [[nodiscard]] std::string config(std::string_view key, std::string fallback) const
    {
        const auto option = find(key, POSTERN_OPTION_STRING, "a string");
        return option ? std::string{sdk::view(option->text)} : std::move(fallback);
    }
    [[nodiscard]] bool config(std::string_view key, std::same_as<bool> auto fallback) const
    {
        const auto option = find(key, POSTERN_OPTION_BOOLEAN, "true or false");
        return option ? option->number != 0 : fallback;
    }
    /// Integers, and sizes in octets.
    template <std::integral Integer>
    requires(!std::same_as<Integer, bool>) [[nodiscard]] Integer config(std::string_view key, Integer fallback) const
    {
        const auto option = find(key, POSTERN_OPTION_INTEGER, "an integer");
        if (option && !std::in_range<Integer>(option->number))
            refuse(key, "is out of range");
        return option ? static_cast<Integer>(option->number) : fallback;
    }
    [[nodiscard]] double config(std::string_view key, double fallback) const
    {
        const auto option = find(key, POSTERN_OPTION_FLOAT, "a number");
        return option ? static_cast<double>(option->number) / 1000 : fallback;
    }
    template <class Rep, class Period>
    [[nodiscard]] std::chrono::duration<Rep, Period> config(std::string_view key,
                                                            std::chrono::duration<Rep, Period> fallback) const
    {
        const auto option = find(key, POSTERN_OPTION_DURATION, "a duration");
        return option ? std::chrono::duration_cast<std::chrono::duration<Rep, Period>>(std::chrono::nanoseconds{option->number})
                      : fallback;
    }
    /// Text that has to be there and not be empty.
    [[nodiscard]] std::string required(std::string_view key) const
    {
        std::string value = config(key, "");
        if (value.empty())
            refuse(key, "is required");
        return value;
    }
    /// A list of strings; empty when it was not given.
    [[nodiscard]] std::vector<std::string> list(std::string_view key) const
    {
        std::vector<std::string> all;
        for_each(key, [&](const postern_option& option) { all.emplace_back(sdk::view(option.text)); });
        return all;
    }
    /// A table of strings, as name and value in the order of the file; empty when it was not given.
    [[nodiscard]] std::vector<std::pair<std::string, std::string>> table(std::string_view key) const
    {
        std::vector<std::pair<std::string, std::string>> all;
        for_each(key, [&](const postern_option& option) { all.emplace_back(sdk::view(option.name), sdk::view(option.text)); });
        return all;
    }
    /// Says what is wrong with an option; ends create.
    [[noreturn]] void refuse(std::string_view key, const std::string& text) const { throw config_error{std::string{key}, text}; }

    /// One line to the host's log: key=value, never bodies or secrets. The host adds the instance and escapes.
    void log(log_level level, std::string_view text) const noexcept { instance_->log(static_cast<std::uint32_t>(level), text); }
    void debug(std::string_view text) const noexcept { log(log_level::debug, text); }
    void info(std::string_view text) const noexcept { log(log_level::info, text); }
    void warning(std::string_view text) const noexcept { log(log_level::warning, text); }
    void error(std::string_view text) const noexcept { log(log_level::error, text); }

    /// A number that comes with every later event of the session. False: it is over. Only on its thread.
    template <class Record>
    bool cookie(const basic_event<Record>& event, std::uint64_t value) const noexcept
    {
        return instance_->core->set_cookie(instance_->host, event.session(), value) >= 0;
    }

    /// The message of a message_end or deliver event, until that is answered.
    template <class Event>
    requires requires(const Event& event) { event.blob(); }
    [[nodiscard]] blob_reader blob(const Event& event) const noexcept { return blob_reader{*instance_, event.blob()}; }

    /// co_await it in a task: continues in `delay` on the session's thread. Throws `cancelled` if the session ends first.
    [[nodiscard]] sdk::wake_awaiter sleep(std::chrono::nanoseconds delay) const noexcept
    {
        return {*instance_, static_cast<std::uint64_t>(std::max<std::chrono::nanoseconds::rep>(delay.count(), 0))};
    }
    /// co_await it in a task: continues on the session's thread, from whichever thread it was awaited on.
    [[nodiscard]] sdk::wake_awaiter resume_on_session() const noexcept { return {*instance_, 0}; }

    // Timers of the instance, for which no session is needed. All throw where the host has no room for one more.

    /// Calls `call` each `period`, from one period on, until the handle ends.
    [[nodiscard]] timer_handle every(std::chrono::nanoseconds period, std::function<void()> call) const
    {
        return set_timer(period, period, std::move(call));
    }
    /// Calls `call` once, unless the handle ends before.
    [[nodiscard]] timer_handle after(std::chrono::nanoseconds delay, std::function<void()> call) const
    {
        return set_timer(delay, {}, std::move(call));
    }
    /// `on(const postern::timer&)` with `token`, which is below 2^63, in `delay`, and then each `period` if that is not zero. One
    /// that has the token is replaced. False: not accepted.
    [[nodiscard]] bool start_timer(std::uint64_t token, std::chrono::nanoseconds delay,
                                   std::chrono::nanoseconds period = {}) const
    {
        return (token & sdk::timer_calls::token_bit) == 0 &&
               timers().start(instance_->host, token, count_of(delay), count_of(period)) >= 0;
    }
    /// False: there is none, or its only event has begun.
    bool cancel_timer(std::uint64_t token) const { return timers().cancel(instance_->host, token) >= 0; }

    /// Counters, gauges, histograms. Only in the constructor; what it makes works on any thread.
    [[nodiscard]] metric_maker metrics() const { return {needed<postern_metrics_1>(POSTERN_METRICS_1), instance_->host}; }

    /// The host's log, for events with fields.
    [[nodiscard]] postern::event_log event_log() const { return {needed<postern_log_1>(POSTERN_LOG_1), instance_->host, 0}; }
    /// The same, about the event's session.
    template <class Event>
    requires requires(const Event& event) { event.session(); }
    [[nodiscard]] postern::event_log event_log(const Event& event) const
    {
        return {needed<postern_log_1>(POSTERN_LOG_1), instance_->host, event.session()};
    }

    // Notes: facts about a session or transaction, for the plugins behind in the chain and at later hooks.

    /// Asks to see notes of other plugins: "org.example.geo.country", or "org.example.geo.*". Only in the constructor.
    void want_notes(std::string_view pattern) const
    {
        if (notes().want(instance_->host, sdk::str(pattern)) < 0)
            throw std::invalid_argument("notes \"" + std::string{pattern} + "\" cannot be asked for");
    }
    /// `name` begins with the plugin's own id and "."; at most 4,096 octets. False: the session is over, or full, or the name is
    /// not the plugin's.
    template <class Event>
    bool set_note(const Event& event, std::string_view name, std::string_view value, note_life life = note_life::session) const
    {
        return set_note(event.session(), life == note_life::transaction ? event.transaction() : 0, name, value);
    }
    /// For what comes later, without the event. `transaction` 0: it lasts as long as the session.
    bool set_note(std::uint64_t session, std::uint64_t transaction, std::string_view name, std::string_view value) const
    {
        const postern_note what{sizeof what, 0, session, transaction, sdk::str(name), sdk::str(value)};
        return notes().set(instance_->host, &what) >= 0;
    }
    /// Nothing: nobody has set it, or the session is over.
    template <class Event>
    [[nodiscard]] std::optional<std::string> note(const Event& event, std::string_view name) const
    {
        std::string value(64, '\0'); // enough for most
        while (true) {
            const std::int64_t length = notes().get(instance_->host, event.session(), sdk::str(name), value.data(), value.size());
            if (length < 0)
                return std::nullopt;
            const bool is_whole = static_cast<std::size_t>(length) <= value.size();
            value.resize(static_cast<std::size_t>(length));
            if (is_whole)
                return value;
        }
    }

    /// For plugins without coroutines: exactly one `on(const postern::wake&)` with `token` on the session's thread. False: not
    /// accepted. `token` is below 2^63.
    [[nodiscard]] bool wake(std::uint64_t session, std::uint64_t token, std::chrono::nanoseconds delay) const noexcept
    {
        if ((token & sdk::waiters::token_bit) != 0)
            return false;
        const auto delay_ns = static_cast<std::uint64_t>(std::max<std::chrono::nanoseconds::rep>(delay.count(), 0));
        return instance_->core->wake(instance_->host, session, token, delay_ns) >= 0;
    }

    /// Questions to the domain name system. List "postern.dns/1" in `requires_`.
    [[nodiscard]] dns_client dns() const noexcept { return dns_client{*instance_}; }
    /// Keys and values that outlast sessions. List "postern.kv/1" in `requires_`.
    [[nodiscard]] kv_client kv() const noexcept { return kv_client{*instance_}; }

    /// Answers a ticket that `on` left open (`pending`, or a queue_request); also within `on`. False: it was answered before, is
    /// past its deadline, its session is over, or the answer breaks a rule of its hook. What only the message or the
    /// configuration shows (an index of nothing, a grant) may be found later: a failure all the same.
    bool answer(std::uint64_t ticket, const verdict& what) const { return sdk::send(*instance_, ticket, what) >= 0; }
    bool answer(std::uint64_t ticket, const delivery_report& what) const { return sdk::send(*instance_, ticket, what) >= 0; }
    bool answer(std::uint64_t ticket, const queue_answer& what) const { return sdk::send(*instance_, ticket, what) >= 0; }
    bool answer(std::uint64_t ticket, const reply& what) const { return sdk::send(*instance_, ticket, what) >= 0; }
    bool answer(std::uint64_t ticket, const admin_reply& what) const { return sdk::send(*instance_, ticket, what) >= 0; }
    bool answer(std::uint64_t ticket, const param_reply& what) const { return sdk::send(*instance_, ticket, what) >= 0; }
    bool answer(std::uint64_t ticket, const health_report& what) const { return sdk::send(*instance_, ticket, what) >= 0; }
    bool answer(std::uint64_t ticket, const readiness& what) const { return sdk::send(*instance_, ticket, what) >= 0; }
    bool answer(std::uint64_t ticket, const tls_reply& what) const { return sdk::send(*instance_, ticket, what) >= 0; }
    bool answer(std::uint64_t ticket, const peer_reply& what) const { return sdk::send(*instance_, ticket, what) >= 0; }
    bool answer(std::uint64_t ticket, const source_reply& what) const { return sdk::send(*instance_, ticket, what) >= 0; }
    bool answer(std::uint64_t ticket, const connect_reply& what) const { return sdk::send(*instance_, ticket, what) >= 0; }
    bool answer(std::uint64_t ticket, const policy_reply& what) const { return sdk::send(*instance_, ticket, what) >= 0; }
    bool answer(std::uint64_t ticket, const wait_reply& what) const { return sdk::send(*instance_, ticket, what) >= 0; }
    bool answer(std::uint64_t ticket, const client_lines& what) const { return sdk::send(*instance_, ticket, what) >= 0; }
    bool answer(std::uint64_t ticket, const login_reply& what) const { return sdk::send(*instance_, ticket, what) >= 0; }
    bool answer(std::uint64_t ticket, const std::same_as<mechanism_list> auto& what) const
    {
        return sdk::send(*instance_, ticket, what) >= 0;
    }
    bool answer(std::uint64_t ticket, const std::same_as<offers> auto& what) const // so that {} stays a queue_answer
    {
        return sdk::send(*instance_, ticket, what) >= 0;
    }
    bool answer(std::uint64_t ticket, const std::same_as<kv_store_answer> auto& what) const
    {
        return sdk::send(*instance_, ticket, what) >= 0;
    }

    // Extensions of SMTP. Only in the constructor. What cannot be declared ends it, and the host says why.

    void keyword(const keyword_declaration& of) const
    {
        const std::uint32_t flags = (of.in_tls ? POSTERN_KEYWORD_IN_TLS : 0u) | (of.logged_in ? POSTERN_KEYWORD_LOGGED_IN : 0u);
        const postern_keyword what{sizeof what, flags, sdk::str(of.name), sdk::str(of.parameters)};
        declare(extensions().keyword(instance_->host, &what), of.name);
    }
    void verb(const verb_declaration& of) const
    {
        const std::uint32_t flags = (of.before_ehlo ? POSTERN_VERB_BEFORE_EHLO : 0u) | (of.in_mail ? POSTERN_VERB_IN_MAIL : 0u);
        const postern_verb what{sizeof what, flags, sdk::str(of.name), sdk::str(of.keyword), of.counted_by, 0, of.most_octets};
        declare(extensions().verb(instance_->host, &what), of.name);
    }
    void parameter(const param_declaration& of) const
    {
        const auto flags = static_cast<std::uint32_t>(of.of) | static_cast<std::uint32_t>(of.value);
        const postern_param_kind what{
            sizeof what,         flags, sdk::str(of.name), sdk::str(of.keyword), static_cast<std::uint32_t>(of.relay), 0,
            sdk::str(of.lacking)};
        declare(extensions().param(instance_->host, &what), of.name);
    }

    // Logins. Only in the constructor, likewise.

    /// A mechanism of this plugin's own: what is said in it comes as auth_step.
    void mechanism(std::string_view name) const
    {
        const postern_mechanism what{sizeof what, 0, sdk::str(name)};
        declare(needed<postern_auth_1>(POSTERN_AUTH_1).mechanism(instance_->host, &what), name);
    }
    /// What comes as auth_verify: these kinds, joined by |, those of a second call too. A class that takes auth_verify calls it.
    void verifies(proof kinds) const
    {
        declare(needed<postern_auth_1>(POSTERN_AUTH_1).verifies(instance_->host, static_cast<std::uint32_t>(kinds)), "verifies");
        instance_->verifies = true;
    }

    /// A table of the host by id, for capabilities that have no wrapper here; null: not offered.
    template <class Table>
    [[nodiscard]] const Table* capability(const char* id) const noexcept
    {
        return static_cast<const Table*>(instance_->get(instance_->host, id));
    }
    /// What to pass to such a table.
    [[nodiscard]] postern_host* handle() const noexcept { return instance_->host; }
    /// For wrappers of such tables.
    [[nodiscard]] sdk::services& instance() const noexcept { return *instance_; }

private:
    template <class Table>
    [[nodiscard]] const Table& needed(const char* id) const
    {
        const auto* const table = capability<Table>(id);
        if (table == nullptr)
            throw std::runtime_error(std::string{"this host offers no "} + id);
        return *table;
    }
    [[nodiscard]] const postern_ehlo_1& extensions() const { return needed<postern_ehlo_1>(POSTERN_EHLO_1); }
    [[nodiscard]] const postern_timers_1& timers() const { return needed<postern_timers_1>(POSTERN_TIMERS_1); }
    [[nodiscard]] const postern_notes_1& notes() const
    {
        if (instance_->notes == nullptr)
            throw std::runtime_error("this host offers no " POSTERN_NOTES_1);
        return *instance_->notes;
    }
    [[nodiscard]] static std::uint64_t count_of(std::chrono::nanoseconds time) noexcept
    {
        return static_cast<std::uint64_t>(std::max<std::chrono::nanoseconds::rep>(time.count(), 0));
    }
    [[nodiscard]] timer_handle set_timer(std::chrono::nanoseconds delay, std::chrono::nanoseconds period,
                                         std::function<void()> call) const
    {
        const auto& table = timers();
        const bool is_periodic = period > std::chrono::nanoseconds{0};
        const std::uint64_t token = instance_->calls.add(std::move(call), is_periodic);
        if (table.start(instance_->host, token, count_of(delay), count_of(period)) < 0) {
            instance_->calls.remove(token);
            throw std::runtime_error("the host refused a timer");
        }
        return {table, instance_->host, instance_->calls, token};
    }
    static void declare(postern_status status, std::string_view name)
    {
        if (status < 0)
            throw std::invalid_argument("\"" + std::string{name} + "\" cannot be declared");
    }

    template <class Function>
    void for_each(std::string_view key, Function&& function) const
    {
        for (std::uint32_t i = 0; i < instance_->options.count; ++i) {
            const auto option = sdk::record_at<postern_option>(instance_->options, i);
            if (sdk::view(option.key) == key)
                function(option);
        }
    }

    [[nodiscard]] std::optional<postern_option> find(std::string_view key, std::uint32_t kind, const char* what) const
    {
        std::optional<postern_option> found;
        std::uint32_t count = 0;
        for_each(key, [&](const postern_option& option) {
            found = option;
            ++count;
        });
        if (count > 1 || (found && found->name.len != 0)) // one of them would do for all, and nobody would know
            throw config_error{std::string{key},
                               "has several values: the plugin has to read it with host.list() or host.table()"};
        if (found && found->kind != kind)
            refuse(key, std::string{"has to be "} + what);
        return found;
    }

    sdk::services* instance_;
};

} // namespace postern
