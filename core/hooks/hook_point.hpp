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
};
inline constexpr unsigned hook_point_count = 16;

/// A notification reaches everybody and nobody's answer counts.
[[nodiscard]] constexpr bool is_notification(hook_point hook) noexcept
{
    return hook == hook_point::txn_committed || hook == hook_point::txn_aborted || hook == hook_point::conn_close ||
           hook == hook_point::delivery_done;
}

/// "cmd.mail": as in configuration, logs and documentation.
[[nodiscard]] std::string_view name_of(hook_point hook) noexcept;

} // namespace postern::hooks
