// The service tables that every plugin gets: postern.core/1, postern.config/1, postern.blob/1,
// postern.ehlo/1. Thin: each function finds the
// instance behind the postern_host and lets it decide. None throws; a NULL host is E_INVALID.

#include "core/host/plugin_instance.hpp"

#include <postern/abi/blob.h>
#include <postern/abi/config.h>
#include <postern/abi/core.h>
#include <postern/abi/ehlo.h>

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

} // extern "C"

constexpr postern_core_1 core_table{core_subscribe, core_reply, core_set_cookie, core_wake, core_log};
constexpr postern_config_1 config_table{config_options, config_refuse};
constexpr postern_blob_1 blob_table{blob_size, blob_read};
constexpr postern_ehlo_1 ehlo_table{ehlo_keyword, ehlo_verb, ehlo_param};

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
    return nullptr;
}

} // namespace postern::daemon
