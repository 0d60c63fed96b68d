// The service tables that every plugin gets: core, config, blob, ehlo, auth, metrics, log, timers, notes, dns, kv, spool,
// submit. Thin:
// each function finds the instance behind the postern_host and lets it decide. None throws; a NULL host is E_INVALID.

#include "core/host/plugin_instance.hpp"

#include <postern/abi/auth.h>
#include <postern/abi/blob.h>
#include <postern/abi/config.h>
#include <postern/abi/core.h>
#include <postern/abi/dns.h>
#include <postern/abi/ehlo.h>
#include <postern/abi/kv.h>
#include <postern/abi/log.h>
#include <postern/abi/metrics.h>
#include <postern/abi/notes.h>
#include <postern/abi/timers.h>
#include <postern/abi/spool.h>
#include <postern/abi/submit.h>

namespace postern::daemon {
namespace {

extern "C" {

postern_status core_subscribe(postern_host* host, uint32_t hook, uint32_t flags) noexcept
{
    return host == nullptr ? POSTERN_E_INVALID : host->instance->subscribe(hook, flags);
}

postern_status core_reply(postern_host* host, uint64_t ticket, const postern_reply* reply) noexcept
{
    return host == nullptr ? POSTERN_E_INVALID : host->instance->reply(ticket, reply);
}

postern_status core_set_cookie(postern_host* host, uint64_t session, uint64_t cookie) noexcept
{
    return host == nullptr ? POSTERN_E_INVALID : host->instance->set_cookie(session, cookie);
}

postern_status core_wake(postern_host* host, uint64_t session, uint64_t token, uint64_t delay_ns) noexcept
{
    return host == nullptr ? POSTERN_E_INVALID : host->instance->wake(session, token, delay_ns);
}

void core_log(postern_host* host, uint32_t level, postern_str text) noexcept
{
    if (host != nullptr)
        host->instance->say(level, text);
}

postern_list config_options(postern_host* host) noexcept
{
    return host == nullptr ? postern_list{} : host->instance->options();
}

void config_refuse(postern_host* host, postern_str key, postern_str text) noexcept
{
    if (host != nullptr)
        host->instance->refuse(key, text);
}

int64_t blob_size(postern_host* host, uint64_t blob) noexcept
{
    return host == nullptr ? POSTERN_E_INVALID : host->instance->tickets().blob_size(blob);
}

int64_t blob_read(postern_host* host, uint64_t blob, uint64_t offset, char* to, size_t len) noexcept
{
    return host == nullptr ? POSTERN_E_INVALID : host->instance->tickets().blob_read(blob, offset, to, len);
}

postern_status ehlo_keyword(postern_host* host, const postern_keyword* what) noexcept
{
    return host == nullptr ? POSTERN_E_INVALID : host->instance->declare(what);
}

postern_status ehlo_verb(postern_host* host, const postern_verb* what) noexcept
{
    return host == nullptr ? POSTERN_E_INVALID : host->instance->declare(what);
}

postern_status ehlo_param(postern_host* host, const postern_param_kind* what) noexcept
{
    return host == nullptr ? POSTERN_E_INVALID : host->instance->declare(what);
}

postern_status auth_mechanism(postern_host* host, const postern_mechanism* what) noexcept
{
    return host == nullptr ? POSTERN_E_INVALID : host->instance->declare(what);
}

postern_status auth_verifies(postern_host* host, uint32_t kinds) noexcept
{
    return host == nullptr ? POSTERN_E_INVALID : host->instance->declare_verified(kinds);
}

int64_t metrics_declare(postern_host* host, const postern_metric* what) noexcept
{
    return host == nullptr ? POSTERN_E_INVALID : host->instance->declare_metric(what);
}

postern_status metrics_add(postern_host* host, uint64_t metric, int64_t n) noexcept
{
    return host == nullptr ? POSTERN_E_INVALID : host->instance->metrics().add(metric, n);
}

postern_status metrics_set(postern_host* host, uint64_t metric, int64_t value) noexcept
{
    return host == nullptr ? POSTERN_E_INVALID : host->instance->metrics().set(metric, value);
}

postern_status metrics_observe(postern_host* host, uint64_t metric, int64_t value) noexcept
{
    return host == nullptr ? POSTERN_E_INVALID : host->instance->metrics().observe(metric, value);
}

uint32_t log_level(postern_host* host) noexcept
{
    return host == nullptr ? POSTERN_LOG_ERROR : host->instance->log_level();
}

postern_status log_write(postern_host* host, const postern_log_event* what) noexcept
{
    return host == nullptr ? POSTERN_E_INVALID : host->instance->log_event(what);
}

postern_status timers_start(postern_host* host, uint64_t token, uint64_t delay_ns, uint64_t period_ns) noexcept
{
    return host == nullptr ? POSTERN_E_INVALID : host->instance->start_timer(token, delay_ns, period_ns);
}

postern_status timers_cancel(postern_host* host, uint64_t token) noexcept
{
    return host == nullptr ? POSTERN_E_INVALID : host->instance->cancel_timer(token);
}

postern_status notes_want(postern_host* host, postern_str pattern) noexcept
{
    return host == nullptr ? POSTERN_E_INVALID : host->instance->want_notes(pattern);
}

postern_status notes_set(postern_host* host, const postern_note* what) noexcept
{
    return host == nullptr ? POSTERN_E_INVALID : host->instance->set_note(what);
}

int64_t notes_get(postern_host* host, uint64_t session, postern_str name, char* to, size_t len) noexcept
{
    return host == nullptr ? POSTERN_E_INVALID : host->instance->get_note(session, name, to, len);
}

postern_status dns_query(postern_host* host, uint64_t session, uint64_t token, postern_str name, uint32_t type) noexcept
{
    return host == nullptr ? POSTERN_E_INVALID : host->instance->dns_query(session, token, name, type);
}

postern_status kv_request(postern_host* host, const postern_kv_request* what) noexcept
{
    return host == nullptr ? POSTERN_E_INVALID : host->instance->kv_request(what);
}

postern_status kv_scan(postern_host* host, const postern_kv_scan* what) noexcept
{
    return host == nullptr ? POSTERN_E_INVALID : host->instance->kv_scan(what);
}

postern_status spool_start(postern_host* host, postern_str domain, uint32_t flags) noexcept
{
    return host == nullptr ? POSTERN_E_INVALID : host->instance->start_spool(domain, flags);
}

postern_status submit_submit(postern_host* host, const postern_submission* what) noexcept
{
    return host == nullptr ? POSTERN_E_INVALID : host->instance->submit(what);
}

} // extern "C"

constexpr postern_core_1 core_table{core_subscribe, core_reply, core_set_cookie, core_wake, core_log};
constexpr postern_config_1 config_table{config_options, config_refuse};
constexpr postern_blob_1 blob_table{blob_size, blob_read};
constexpr postern_ehlo_1 ehlo_table{ehlo_keyword, ehlo_verb, ehlo_param};
constexpr postern_auth_1 auth_table{auth_mechanism, auth_verifies};
constexpr postern_metrics_1 metrics_table{metrics_declare, metrics_add, metrics_set, metrics_observe};
constexpr postern_log_1 log_table{log_level, log_write};
constexpr postern_timers_1 timers_table{timers_start, timers_cancel};
constexpr postern_notes_1 notes_table{notes_want, notes_set, notes_get};
constexpr postern_dns_1 dns_table{dns_query};
constexpr postern_kv_1 kv_table{kv_request, kv_scan};
constexpr postern_spool_1 spool_table{spool_start};
constexpr postern_submit_1 submit_table{submit_submit};

} // namespace

const void* service_table(std::string_view id) noexcept
{
    if (id == POSTERN_CORE_1)
        return &core_table;
    if (id == POSTERN_CONFIG_1)
        return &config_table;
    if (id == POSTERN_BLOB_1)
        return &blob_table;
    if (id == POSTERN_EHLO_1)
        return &ehlo_table;
    if (id == POSTERN_AUTH_1)
        return &auth_table;
    if (id == POSTERN_METRICS_1)
        return &metrics_table;
    if (id == POSTERN_LOG_1)
        return &log_table;
    if (id == POSTERN_TIMERS_1)
        return &timers_table;
    if (id == POSTERN_NOTES_1)
        return &notes_table;
    if (id == POSTERN_DNS_1)
        return &dns_table;
    if (id == POSTERN_KV_1)
        return &kv_table;
    if (id == POSTERN_SPOOL_1)
        return &spool_table;
    if (id == POSTERN_SUBMIT_1)
        return &submit_table;
    return nullptr;
}

} // namespace postern::daemon
