#pragma once
// Which overloads of `on` a class has, and what each kind of event may be answered with. Found at compile time; nothing here
// runs.

#include <postern/sdk/all_events.hpp>
#include <postern/sdk/host.hpp>

#include <concepts>
#include <type_traits>
#include <utility>

namespace postern::sdk {

/// `on` can be called with this event.
template <class Plugin, class Event>
concept takes = requires(Plugin& plugin, const Event& event)
{
    plugin.on(event);
};

template <class Plugin, class Event>
using answer_of = decltype(std::declval<Plugin&>().on(std::declval<const Event&>()));

/// There is an `on` of exactly this shape.
template <class Plugin, class Answer, class Parameter>
concept has_overload = requires
{
    static_cast<Answer (Plugin::*)(Parameter)>(&Plugin::on);
}
|| requires
{
    static_cast<Answer (Plugin::*)(Parameter) const>(&Plugin::on);
}
|| requires
{
    static_cast<Answer (Plugin::*)(Parameter)&>(&Plugin::on);
}
|| requires
{
    static_cast<Answer (Plugin::*)(Parameter) const&>(&Plugin::on);
}
|| requires
{
    static_cast<Answer (*)(Parameter)>(&Plugin::on);
};

template <class Plugin, class Answer, class Event>
concept takes_by_reference = has_overload<Plugin, Answer, const Event&> || has_overload<Plugin, Answer, Event&> ||
    has_overload<Plugin, Answer, Event&&> || has_overload<Plugin, Answer, const Event&&>;

template <class Plugin, class Answer, class Event>
concept mentions = takes_by_reference<Plugin, Answer, Event> || has_overload<Plugin, Answer, Event>;

template <class Plugin, class Event, class... Answers>
inline constexpr bool mentions_any = (mentions<Plugin, Answers, Event> || ...);

template <class Answer, event_kind Kind>
inline constexpr bool answers = false;
template <class Answer>
inline constexpr bool answers<Answer, event_kind::decision> =
    std::is_void_v<Answer> || std::is_same_v<Answer, verdict> || std::is_same_v<Answer, task<verdict>> ||
    std::is_same_v<Answer, pending>;
template <class Answer>
inline constexpr bool answers<Answer, event_kind::notification> = std::is_void_v<Answer>;
template <class Answer>
inline constexpr bool answers<Answer, event_kind::delivery> =
    std::is_same_v<Answer, delivery_report> || std::is_same_v<Answer, delivery_result> ||
    std::is_same_v<Answer, task<delivery_report>> || std::is_same_v<Answer, pending>;
template <class Answer>
inline constexpr bool answers<Answer, event_kind::request> = std::is_void_v<Answer>;

template <class Answer>
inline constexpr bool answers<Answer, event_kind::command> =
    std::is_same_v<Answer, reply> || std::is_same_v<Answer, task<reply>> || answers<Answer, event_kind::decision>;
template <class Answer>
inline constexpr bool answers<Answer, event_kind::parameter> =
    std::is_same_v<Answer, param_reply> || std::is_same_v<Answer, task<param_reply>> || std::is_same_v<Answer, verdict> ||
    std::is_same_v<Answer, task<verdict>> || std::is_same_v<Answer, pending>;
template <class Answer>
inline constexpr bool answers<Answer, event_kind::offer> =
    std::is_same_v<Answer, offers> || std::is_same_v<Answer, task<offers>> || std::is_same_v<Answer, pending>;
template <class Answer>
inline constexpr bool answers<Answer, event_kind::health> =
    std::is_same_v<Answer, health_report> || std::is_same_v<Answer, pending>;
template <class Answer, class Own>
inline constexpr bool answers_with =
    std::is_same_v<Answer, Own> || std::is_same_v<Answer, task<Own>> || std::is_same_v<Answer, verdict> ||
    std::is_same_v<Answer, task<verdict>> || std::is_same_v<Answer, pending>;
template <class Answer>
inline constexpr bool answers<Answer, event_kind::tls_policy> = std::is_void_v<Answer> || answers_with<Answer, tls_reply>;
template <class Answer>
inline constexpr bool answers<Answer, event_kind::peer_offers> = std::is_void_v<Answer> || answers_with<Answer, peer_reply>;
template <class Answer>
inline constexpr bool answers<Answer, event_kind::dsn_make> = std::is_void_v<Answer> || answers_with<Answer, dsn_reply>;
template <class Answer>
inline constexpr bool answers<Answer, event_kind::queue_policy> = std::is_void_v<Answer> || answers_with<Answer, policy_reply>;
template <class Answer>
inline constexpr bool answers<Answer, event_kind::waiting> = std::is_void_v<Answer> || answers_with<Answer, wait_reply>;
template <class Answer>
inline constexpr bool answers<Answer, event_kind::source> = std::is_void_v<Answer> || answers_with<Answer, source_reply>;
template <class Answer>
inline constexpr bool answers<Answer, event_kind::connecting> = std::is_void_v<Answer> || answers_with<Answer, connect_reply>;
template <class Answer>
inline constexpr bool answers<Answer, event_kind::client_lines> = answers_with<Answer, client_lines>;
template <class Answer>
inline constexpr bool answers<Answer, event_kind::login> = answers_with<Answer, login_reply>;
template <class Answer>
inline constexpr bool answers<Answer, event_kind::mechanisms> =
    std::is_same_v<Answer, mechanism_list> || std::is_same_v<Answer, task<mechanism_list>> || std::is_same_v<Answer, pending>;

template <class Answer>
inline constexpr bool answers<Answer, event_kind::preparation> =
    std::is_void_v<Answer> || std::is_same_v<Answer, readiness> || std::is_same_v<Answer, task<readiness>> ||
    std::is_same_v<Answer, pending>;

template <class Answer>
inline constexpr bool answers<Answer, event_kind::admin> =
    std::is_same_v<Answer, admin_reply> || std::is_same_v<Answer, task<admin_reply>> || std::is_same_v<Answer, pending>;

template <class Answer>
inline constexpr bool is_task = false;
template <class T>
inline constexpr bool is_task<task<T>> = true;

} // namespace postern::sdk
