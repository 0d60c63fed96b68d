#pragma once
// From a class with overloads of `on` to the contract's table: which events it takes is found at compile time, what comes in is
// dispatched to it, and no exception leaves it.
// LONG: which `on` there may be, what follows from it for the table, and the dispatch by it are one thing.

#include <postern/sdk/answers.hpp>
#include <postern/sdk/host.hpp>

#include <array>
#include <concepts>
#include <cstring>
#include <exception>
#include <memory>
#include <string_view>
#include <type_traits>

namespace postern::sdk {

template <class Plugin, class Event>
constexpr bool check_event()
{
    if constexpr (takes<Plugin, Event>) {
        using answer = answer_of<Plugin, Event>;
        static_assert(Event::kind != event_kind::decision || answers<answer, Event::kind>,
                      "postern: `on` for a decision returns verdict, task<verdict> or pending (or void, to observe)");
        static_assert(Event::kind != event_kind::notification || answers<answer, Event::kind>,
                      "postern: `on` for a notification returns void; for what takes time: postern::go_on(host, task)");
        static_assert(Event::kind != event_kind::delivery || answers<answer, Event::kind>,
                      "postern: `on(deliver)` returns delivery_report, delivery_result, task<delivery_report> or pending");
        static_assert(Event::kind != event_kind::request || answers<answer, Event::kind>,
                      "postern: `on` for a request to a store returns void and answers with host::answer");
        static_assert(Event::kind != event_kind::command || answers<answer, Event::kind>,
                      "postern: `on` for a command returns reply, verdict, a task of either, or pending (or void, to observe)");
        static_assert(Event::kind != event_kind::command || is_subscribed<Event> || !std::is_void_v<answer>,
                      "postern: a verb has nobody else to answer it: `on` returns reply, verdict, a task of either, or pending");
        static_assert(Event::kind != event_kind::parameter || answers<answer, Event::kind>,
                      "postern: `on(parameter)` returns param_reply, verdict, a task of either, or pending");
        static_assert(Event::kind != event_kind::offer || answers<answer, Event::kind>,
                      "postern: `on(ehlo)` returns offers, task<offers> or pending");
        static_assert(Event::kind != event_kind::health || answers<answer, Event::kind>,
                      "postern: `on(health)` returns health_report or pending");
        static_assert(Event::kind != event_kind::preparation || answers<answer, Event::kind>,
                      "postern: `on(prepare)` returns readiness, task<readiness>, pending or void");
        static_assert(Event::kind != event_kind::admin || answers<answer, Event::kind>,
                      "postern: `on(admin)` returns admin_reply, task<admin_reply> or pending");
        static_assert(
            Event::kind != event_kind::waiting || answers<answer, Event::kind>,
            "postern: `on` for queue_admit, queue_retry and delivery_reply returns wait_reply, verdict, a task of either, "
            "or pending");
        static_assert(Event::kind != event_kind::queue_policy || answers<answer, Event::kind>,
                      "postern: `on(queue_policy)` returns policy_reply, verdict, a task of either, or pending");
        static_assert(Event::kind != event_kind::source || answers<answer, Event::kind>,
                      "postern: `on(delivery_source)` returns source_reply, verdict, a task of either, or pending");
        static_assert(Event::kind != event_kind::connecting || answers<answer, Event::kind>,
                      "postern: `on(delivery_connect)` returns connect_reply, verdict, a task of either, or pending");
        static_assert(Event::kind != event_kind::dsn_make || answers<answer, Event::kind>,
                      "postern: `on(dsn_make)` returns dsn_reply, verdict, a task of either, or pending");
        static_assert(
            (!has_own_reply(Event::kind) && Event::kind != event_kind::client_lines) || answers<answer, Event::kind>,
            "postern: `on` for a delivery on its way out returns the event's reply, verdict, a task of either, or pending");
        static_assert(Event::kind != event_kind::login || answers<answer, Event::kind>,
                      "postern: `on` for a login returns login_reply, verdict, a task of either, or pending");
        static_assert(Event::kind != event_kind::mechanisms || answers<answer, Event::kind>,
                      "postern: `on(auth_mechanisms)` returns mechanism_list, task<mechanism_list> or pending");
        if constexpr (is_task<answer>)
            static_assert(!takes_by_reference<Plugin, answer, Event>,
                          "postern: a task takes its event by value: the reference dangles at the first co_await");
    } else {
        static_assert(
            !mentions_any<Plugin, Event, verdict, task<verdict>, void, pending, delivery_report, task<delivery_report>, reply,
                          task<reply>, param_reply, task<param_reply>, health_report, offers, task<offers>, readiness,
                          task<readiness>, admin_reply, task<admin_reply>, tls_reply, task<tls_reply>, peer_reply,
                          task<peer_reply>, client_lines, task<client_lines>, login_reply, task<login_reply>, mechanism_list,
                          task<mechanism_list>, dsn_reply, task<dsn_reply>, policy_reply, task<policy_reply>, wait_reply,
                          task<wait_reply>, source_reply, task<source_reply>, connect_reply, task<connect_reply>>,
            "postern: this `on` cannot be called: it has to be public, and to take the event by const reference or by value, "
            "once");
    }
    return takes<Plugin, Event>;
}

template <class Plugin, class... Events>
constexpr bool check_plugin(event_list<Events...>)
{
    static_assert(std::is_class_v<Plugin>, "postern: a plugin is a class");
    static_assert(std::is_constructible_v<Plugin, const host&> || std::is_default_constructible_v<Plugin>,
                  "postern: a plugin is constructed from (const postern::host&) or from nothing");
    constexpr bool takes_any = (int{check_event<Plugin, Events>()} + ...) != 0; // every one is checked
    static_assert(
        takes_any,
        "postern: the class has no public `on` that takes an event, so it would never be called; is the event's type misspelt?");
    return takes_any;
}

// What the class says about itself, and what follows from its events.

template <class Plugin>
constexpr std::uint32_t flags_of()
{
    if constexpr (requires { Plugin::flags; })
        return Plugin::flags;
    else
        return 0;
}

/// A NULL-terminated list of ids, with room for those that the SDK adds.
template <std::size_t Room>
struct id_list {
    std::array<const char*, Room + 1> ids{};
    std::size_t count = 0;

    constexpr void add(const char* id)
    {
        for (std::size_t i = 0; i < count; ++i) {
            if (std::string_view{ids[i]} == id)
                return;
        }
        ids[count++] = id;
    }
};

template <class Plugin>
constexpr auto provides_of()
{
    constexpr std::size_t given = [] {
        if constexpr (requires { Plugin::provides; })
            return std::size(Plugin::provides);
        else
            return std::size_t{0};
    }();
    id_list<given + 3> list;
    if constexpr (requires { Plugin::provides; }) {
        for (const char* id : Plugin::provides)
            list.add(id);
    }
    if constexpr (takes<Plugin, deliver>)
        list.add(POSTERN_DELIVERY_1);
    if constexpr (takes<Plugin, queue_request>)
        list.add(POSTERN_QUEUE_1);
    if constexpr (takes<Plugin, kv_store_request>)
        list.add(POSTERN_KV_STORE_1);
    return list;
}

template <class Plugin>
constexpr auto requires_of()
{
    constexpr std::size_t given = [] {
        if constexpr (requires { Plugin::requires_; })
            return std::size(Plugin::requires_);
        else
            return std::size_t{0};
    }();
    id_list<given + 6> list;
    list.add(POSTERN_CORE_1);
    if constexpr (takes<Plugin, verb> || takes<Plugin, verb_data> || takes<Plugin, parameter> || takes<Plugin, ehlo> ||
                  takes<Plugin, client_verb> || takes<Plugin, client_params>)
        list.add(POSTERN_EHLO_1);
    if constexpr (takes<Plugin, auth_step> || takes<Plugin, auth_verify>)
        list.add(POSTERN_AUTH_1);
    if constexpr (takes<Plugin, dns_answer>)
        list.add(POSTERN_DNS_1);
    if constexpr (takes<Plugin, kv_answer>)
        list.add(POSTERN_KV_1);
    if constexpr (takes<Plugin, submitted>)
        list.add(POSTERN_SUBMIT_1);
    if constexpr (requires { Plugin::requires_; }) {
        for (const char* id : Plugin::requires_)
            list.add(id);
    }
    return list;
}

template <class Plugin>
inline constexpr auto provides_list = provides_of<Plugin>();
template <class Plugin>
inline constexpr auto requires_list = requires_of<Plugin>();

/// One instance: the plugin's object and what it has from its host.
template <class Plugin>
class instance {
public:
    instance(postern_host* host_handle, postern_get_fn get, const postern_create_args& args)
        : services_{}, plugin_(make(host_handle, get, args))
    {
    }
    instance(const instance&) = delete;
    instance& operator=(const instance&) = delete;
    ~instance() { unwind(std::nullopt); }

    // The four functions of the contract. Nothing thrown leaves them.

    static postern_status create(postern_host* host_handle, postern_get_fn get, const postern_create_args* args,
                                 void** self) noexcept
    {
        const auto* core = static_cast<const postern_core_1*>(get(host_handle, POSTERN_CORE_1));
        if (core == nullptr)
            return POSTERN_E_INVALID;
        const auto say = [&](std::string_view text) { core->log(host_handle, POSTERN_LOG_ERROR, str(text)); };
        try {
            auto made = std::make_unique<instance>(host_handle, get, *args);
            if (takes<Plugin, auth_verify> && !made->services_.verifies) { // what it guards would be open, and nobody would know
                say("it takes auth_verify and declares nothing that it verifies, so it would never be asked: call "
                    "host.verifies(...) "
                    "in its constructor");
                return POSTERN_E_INVALID;
            }
            if (const postern_status status = made->subscribe(all_events{}); status < 0) {
                say("the host refused a subscription");
                return status;
            }
            *self = made.release();
            return POSTERN_PASS;
        } catch (const config_error& error) {
            if (const auto* config = static_cast<const postern_config_1*>(get(host_handle, POSTERN_CONFIG_1)); config != nullptr)
                config->refuse(host_handle, str(error.key()), str(error.what()));
            else
                say(error.what());
            return POSTERN_E_INVALID;
        } catch (const std::exception& error) {
            say(error.what());
        } catch (...) {
            say("create threw what is no std::exception");
        }
        return POSTERN_E_PLUGIN;
    }

    static postern_status handle(void* self, const postern_event* event) noexcept
    {
        auto& me = *static_cast<instance*>(self);
        try {
            return me.dispatch(*event, all_events{});
        } catch (const std::exception& error) {
            return me.failed(*event, error.what());
        } catch (...) {
            return me.failed(*event, "it threw what is no std::exception");
        }
    }

    static void destroy(void* self) noexcept { delete static_cast<instance*>(self); }

private:
    /// The host logs what it is told, with the session; a notification has nobody who could be told.
    postern_status failed(const postern_event& event, const char* why) const noexcept
    {
        if (event.ticket != 0 && send_failure(services_, event.ticket, why) >= 0)
            return POSTERN_TAKEN;
        services_.log(POSTERN_LOG_ERROR, why);
        return POSTERN_E_PLUGIN;
    }

    Plugin make(postern_host* host_handle, postern_get_fn get, const postern_create_args& args)
    {
        services_.host = host_handle;
        services_.get = get;
        services_.core = static_cast<const postern_core_1*>(get(host_handle, POSTERN_CORE_1));
        services_.config = static_cast<const postern_config_1*>(get(host_handle, POSTERN_CONFIG_1));
        services_.blob = static_cast<const postern_blob_1*>(get(host_handle, POSTERN_BLOB_1));
        services_.notes = static_cast<const postern_notes_1*>(get(host_handle, POSTERN_NOTES_1));
        services_.name = view(args.name);
        services_.generation = args.generation;
        if (services_.config != nullptr)
            services_.options = services_.config->options(host_handle);
        if constexpr (std::is_constructible_v<Plugin, const host&>)
            return Plugin(host{services_});
        else
            return Plugin();
    }

    template <class... Events>
    postern_status subscribe(event_list<Events...>)
    {
        postern_status status = POSTERN_PASS;
        (void)((status = subscribe_to<Events>(), status >= 0) && ...);
        return status;
    }

    template <class Event>
    postern_status subscribe_to()
    {
        if constexpr (takes<Plugin, Event> && is_subscribed<Event>) {
            constexpr bool may_observe =
                Event::kind == event_kind::decision || Event::kind == event_kind::command || has_own_reply(Event::kind);
            constexpr bool observes = may_observe && std::is_void_v<answer_of<Plugin, Event>>;
            std::uint32_t subscribe_flags = observes ? POSTERN_SUBSCRIBE_OBSERVE : 0u;
            if constexpr (std::is_same_v<Event, server_event> && requires { Plugin::observes; })
                subscribe_flags = Plugin::observes;
            return services_.core->subscribe(services_.host, Event::hook, subscribe_flags);
        } else {
            return POSTERN_PASS;
        }
    }

    template <class... Events>
    postern_status dispatch(const postern_event& event, event_list<Events...>)
    {
        if (carries_token(event.hook) && (record_of<postern_ev_wake>(event).token & waiters::token_bit) != 0)
            return resume_waiter(event);
        if (event.hook == POSTERN_HOOK_TIMER && (record_of<postern_ev_timer>(event).token & timer_calls::token_bit) != 0) {
            services_.calls.run(record_of<postern_ev_timer>(event).token);
            return POSTERN_PASS;
        }
        if (event.hook == POSTERN_HOOK_SESSION_END)
            unwind(event.session);
        postern_status status = POSTERN_PASS; // also for what nobody here takes
        (void)(try_one<Events>(event, status) || ...);
        return status;
    }

    template <class Event>
    bool try_one(const postern_event& event, postern_status& status)
    {
        if constexpr (!takes<Plugin, Event>) {
            return false;
        } else {
            if constexpr (requires { Event::last_hook; }) {
                if (event.hook < Event::hook || event.hook > Event::last_hook)
                    return false;
            } else if (event.hook != Event::hook) {
                return false;
            }
            status = call<Event>(event);
            return true;
        }
    }

    template <class Event>
    postern_status call(const postern_event& event)
    {
        using record = typename Event::record_type;
        if (event.size >= sizeof(record)) // the usual case: a host of this version, or a newer one
            return call_with(Event{*reinterpret_cast<const record*>(&event)});
        record padded{}; // an older host's record is shorter; what it lacks is zero
        std::memcpy(&padded, &event, event.size);
        return call_with(Event{padded});
    }

    template <class Event>
    postern_status call_with(const Event& event)
    {
        if constexpr (Event::kind == event_kind::preparation) {
            try {
                return answer_to(event);
            } catch (const config_error& error) {
                send(services_, event.ticket(), not_ready(error.key(), error.what()));
                return POSTERN_TAKEN;
            }
        } else {
            return answer_to(event);
        }
    }

    template <class Event>
    postern_status answer_to(const Event& event)
    {
        using answer = answer_of<Plugin, Event>;
        if constexpr (std::is_void_v<answer>) {
            plugin_.on(event);
            return Event::kind == event_kind::request && event.ticket() != 0 ? POSTERN_TAKEN : POSTERN_PASS;
        } else if constexpr (std::is_same_v<answer, pending>) {
            plugin_.on(event);
            return POSTERN_TAKEN;
        } else if constexpr (is_task<answer>) {
            const std::uint64_t session = event.session();
            const std::uint64_t ticket = event.ticket();
            answer running = plugin_.on(event);
            std::move(running).start(services_, session, ticket);
            return POSTERN_TAKEN;
        } else {
            const answer what = plugin_.on(event);
            if constexpr (requires { what.is_pass(); }) {
                if (what.is_pass())
                    return POSTERN_PASS;
            }
            postern_status sent;
            if constexpr (std::is_same_v<answer, delivery_result>)
                sent = send(services_, event.ticket(), delivery_report{what});
            else
                sent = send(services_, event.ticket(), what);
            // Past its deadline the ticket is the host's again, and that is no fault of this answer.
            return sent >= 0 || sent == POSTERN_E_STALE ? POSTERN_TAKEN : POSTERN_E_PLUGIN;
        }
    }

    /// Answers to what the plugin asked: their tokens, and the flag of cancellation, are where those of a wake are.
    static constexpr bool carries_token(std::uint32_t hook) noexcept
    {
        static_assert(offsetof(postern_ev_wake, token) == offsetof(postern_ev_dns_answer, token) &&
                      offsetof(postern_ev_wake, token) == offsetof(postern_ev_kv_answer, token) &&
                      offsetof(postern_ev_wake, token) == offsetof(postern_ev_submitted, token));
        return hook == POSTERN_HOOK_WAKE || hook == POSTERN_HOOK_DNS_ANSWER || hook == POSTERN_HOOK_KV_ANSWER ||
               hook == POSTERN_HOOK_SUBMITTED;
    }

    template <class Record>
    static Record record_of(const postern_event& event) noexcept
    {
        Record record{};
        std::memcpy(&record, &event, std::min<std::size_t>(event.size, sizeof record));
        return record;
    }

    postern_status resume_waiter(const postern_event& event)
    {
        const auto who = services_.waiting.take(record_of<postern_ev_wake>(event).token);
        if (!who)
            return POSTERN_PASS;
        const bool is_cancelled = (event.flags & POSTERN_WAKE_CANCELLED) != 0 || event.hook != who->hook;
        if (!is_cancelled && who->read != nullptr)
            who->read(who->to, event);
        resume(*who, is_cancelled);
        return POSTERN_PASS;
    }

    void unwind(std::optional<std::uint64_t> session)
    {
        for (const waiter& who : services_.waiting.take_all(session))
            resume(who, true);
    }

    services services_; // outlives the plugin, whose destructor may still use its host
    Plugin plugin_;
};

template <class Plugin>
constexpr postern_plugin describe(const char* id, const char* version, const char* built_with) noexcept
{
    static_assert(check_plugin<Plugin>(all_events{}));
    using made = instance<Plugin>;
    return {sizeof(postern_plugin),
            flags_of<Plugin>(),
            id,
            version,
            built_with,
            provides_list<Plugin>.count == 0 ? nullptr : provides_list<Plugin>.ids.data(),
            requires_list<Plugin>.ids.data(),
            &made::create,
            &made::handle,
            &made::destroy};
}

} // namespace postern::sdk
