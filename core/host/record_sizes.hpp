#pragma once
// Sizes of the records that plugins hand over, as of the release that brought each. A record may grow: this host's sizeof says
// what it can read, these say what an older plugin may send. APPEND ONLY, like tests/abi/abi_golden_*_test.cpp.

#include <postern/abi/admin.h>
#include <postern/abi/auth.h>
#include <postern/abi/core.h>
#include <postern/abi/delivery.h>
#include <postern/abi/ehlo.h>
#include <postern/abi/health.h>
#include <postern/abi/kv_store.h>
#include <postern/abi/lifecycle.h>
#include <postern/abi/log.h>
#include <postern/abi/metrics.h>
#include <postern/abi/notes.h>
#include <postern/abi/outgoing.h>
#include <postern/abi/queue.h>
#include <postern/abi/report.h>
#include <postern/abi/shaping.h>
#include <postern/abi/submit.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <type_traits>

namespace postern::daemon {

/// Octets of a record when it was first released: nothing shorter is sound.
template <class Record>
inline constexpr std::size_t first_size = 0;
template <>
inline constexpr std::size_t first_size<postern_plugin> = 72;
template <>
inline constexpr std::size_t first_size<postern_reply> = 72;
template <>
inline constexpr std::size_t first_size<postern_edit> = 40;
template <>
inline constexpr std::size_t first_size<postern_deliver_reply> = 88;
template <>
inline constexpr std::size_t first_size<postern_delivery_result> = 40;
template <>
inline constexpr std::size_t first_size<postern_command_reply> = 104;
template <>
inline constexpr std::size_t first_size<postern_caps_reply> = 88;
template <>
inline constexpr std::size_t first_size<postern_param_reply> = 96;
template <>
inline constexpr std::size_t first_size<postern_keyword> = 40;
template <>
inline constexpr std::size_t first_size<postern_verb> = 56;
template <>
inline constexpr std::size_t first_size<postern_param_kind> = 64;
template <>
inline constexpr std::size_t first_size<postern_tls_policy_reply> = 96;
template <>
inline constexpr std::size_t first_size<postern_tlsa> = 32;
template <>
inline constexpr std::size_t first_size<postern_delivery_peer_reply> = 96;
template <>
inline constexpr std::size_t first_size<postern_client_verb_reply> = 96;
template <>
inline constexpr std::size_t first_size<postern_client_line> = 24;
template <>
inline constexpr std::size_t first_size<postern_dsn_make_reply> = 136;
template <>
inline constexpr std::size_t first_size<postern_queue_policy_reply> = 112;
template <>
inline constexpr std::size_t first_size<postern_wait_reply> = 80;
template <>
inline constexpr std::size_t first_size<postern_delivery_source_reply> = 88;
template <>
inline constexpr std::size_t first_size<postern_delivery_connect_reply> = 88;
template <>
inline constexpr std::size_t first_size<postern_queue_reply> = 120;
template <>
inline constexpr std::size_t first_size<postern_queue_message> = 48;
template <>
inline constexpr std::size_t first_size<postern_metric> = 64;
template <>
inline constexpr std::size_t first_size<postern_label> = 32;
template <>
inline constexpr std::size_t first_size<postern_log_event> = 48;
template <>
inline constexpr std::size_t first_size<postern_log_field> = 48;
template <>
inline constexpr std::size_t first_size<postern_note> = 56;
template <>
inline constexpr std::size_t first_size<postern_health_reply> = 80;
template <>
inline constexpr std::size_t first_size<postern_prepare_reply> = 88;
template <>
inline constexpr std::size_t first_size<postern_kv_item> = 72;
template <>
inline constexpr std::size_t first_size<postern_kv_request> = 40;
template <>
inline constexpr std::size_t first_size<postern_kv_scan> = 56;
template <>
inline constexpr std::size_t first_size<postern_kv_result> = 56;
template <>
inline constexpr std::size_t first_size<postern_kv_store_reply> = 96;
template <>
inline constexpr std::size_t first_size<postern_admin_reply> = 88;
template <>
inline constexpr std::size_t first_size<postern_mechanism> = 24;
template <>
inline constexpr std::size_t first_size<postern_mechanisms_reply> = 88;
template <>
inline constexpr std::size_t first_size<postern_auth_reply> = 176;
template <>
inline constexpr std::size_t first_size<postern_submission> = 88;
template <>
inline constexpr std::size_t first_size<postern_submit_param> = 32;

/// A record of which a plugin gave `size` octets, at least first_size; need not be aligned. What it did not give is zero.
template <class Record>
[[nodiscard]] Record read_record(const void* at, std::size_t size) noexcept
{
    static_assert(std::is_trivially_copyable_v<Record> && first_size<Record> != 0 && sizeof(Record) >= first_size<Record>);
    Record record{};
    std::memcpy(&record, at, std::min(size, sizeof record));
    return record;
}

} // namespace postern::daemon
