#pragma once
// Where plugins are asked. The numbers are those of the plugin ABI (sdk/include/postern/abi/hooks.h); host/ asserts it.

#include <cstdint>
#include <string_view>

namespace postern::hooks {

enum class hook_point : std::uint8_t {
    conn_open = 1,
    tls_established = 2,
    cmd_helo = 3,
    cmd_mail = 4,
    cmd_rcpt = 5,
    cmd_data = 6,
    msg_headers = 7,
    msg_body = 8,
    msg_end = 9,
    txn_commit_before = 10,
    txn_committed = 11,
    txn_aborted = 12,
    conn_close = 13,
    queue_route = 14,
    delivery_done = 15,
    ehlo_caps = 16, ///< what of their keyword lines plugins offer this client
    verb = 17,      ///< a verb that a plugin declared; so verb_data and param: only its owner is asked
    verb_data = 18,
    param = 19,
    cmd_rset = 20, ///< the core's commands that change little
    cmd_noop = 21,
    cmd_help = 22,
    cmd_vrfy = 23,
    cmd_expn = 24,
    cmd_unknown = 25,
    cmd_quit = 26,
    delivery_begin = 27,      ///< of a transaction with a next hop
    delivery_tls_policy = 28, ///< how its connection has to be secured
    delivery_peer = 29,       ///< of a connection: who is there, and what is used of what it offers
    client_verb = 30,         ///< lines of a plugin before MAIL; so client_params: only owners are asked
    client_params = 31,
    auth_mechanisms = 32, ///< what of AUTH this client is offered
    auth_step = 33,       ///< in a mechanism of a plugin: only its owner is asked
    auth_verify = 34,
    auth_result = 35,
    msg_end_rcpt = 36,        ///< at LMTP listeners: one recipient
    delivery_tls_result = 37, ///< how a connection came to be secured, or did not
    queue_policy = 38,        ///< by what rules a next hop is delivered to
    queue_admit = 39,         ///< whether a message may stand in line for one
    queue_retry = 40,         ///< when those who are left are tried again
    delivery_source = 41,     ///< of a transaction: from which of our addresses
    delivery_connect = 42,    ///< of a connection: whether, and by which socket
    delivery_content = 43,    ///< of a transaction: what it is sent
    delivery_sign = 44,       ///< and what stands in front of that
    delivery_reply = 45,      ///< what a next hop said of recipients who did not get it
    dsn_make = 46,            ///< before a delivery status notification is stored
    report_in = 47,           ///< one that came in is durable
};
inline constexpr unsigned hook_point_count = 48; // of numbers, some of which no hook has

/// A notification reaches everybody and nobody's answer counts.
[[nodiscard]] constexpr bool is_notification(hook_point hook) noexcept
{
    return hook == hook_point::txn_committed || hook == hook_point::txn_aborted || hook == hook_point::conn_close ||
           hook == hook_point::delivery_done || hook == hook_point::delivery_tls_result || hook == hook_point::report_in;
}

/// Of a delivery on its way out (outgoing.hpp): nobody waits for a reply, and what is unclear is put off.
[[nodiscard]] constexpr bool is_outgoing(hook_point hook) noexcept
{
    return (hook >= hook_point::delivery_begin && hook <= hook_point::client_params) ||
           (hook >= hook_point::delivery_source && hook <= hook_point::delivery_sign);
}

/// When and how fast mail leaves (shaping.hpp): who fails there has said nothing.
[[nodiscard]] constexpr bool is_shaping(hook_point hook) noexcept
{
    return (hook >= hook_point::queue_policy && hook <= hook_point::queue_retry) || hook == hook_point::delivery_reply;
}

/// Asked or told for a message in the queue, where there is no listener: of the plugins of all of them.
[[nodiscard]] constexpr bool is_of_the_queue(hook_point hook) noexcept
{
    return hook == hook_point::queue_route || hook == hook_point::delivery_done || hook == hook_point::delivery_tls_result ||
           hook == hook_point::dsn_make || is_outgoing(hook) || is_shaping(hook);
}

/// Of a transaction from its first recipient on: where the chain may be that of a domain.
[[nodiscard]] constexpr bool is_of_recipients(hook_point hook) noexcept
{
    return (hook >= hook_point::cmd_rcpt && hook <= hook_point::txn_aborted) || hook == hook_point::msg_end_rcpt ||
           hook == hook_point::report_in;
}

/// Of a login: AUTH.
[[nodiscard]] constexpr bool is_of_login(hook_point hook) noexcept
{
    return hook >= hook_point::auth_mechanisms && hook <= hook_point::auth_result;
}

/// At these a plugin may say the reply of a command, not only refuse it.
[[nodiscard]] constexpr bool is_command(hook_point hook) noexcept
{
    return hook == hook_point::verb || hook == hook_point::verb_data ||
           (hook >= hook_point::cmd_rset && hook <= hook_point::cmd_quit);
}

/// "cmd.mail": as in configuration, logs and documentation. "unknown": a number that no hook has.
[[nodiscard]] std::string_view name_of(hook_point hook) noexcept;
/// Whether a hook has that number.
[[nodiscard]] bool is_hook(unsigned number) noexcept;

} // namespace postern::hooks
