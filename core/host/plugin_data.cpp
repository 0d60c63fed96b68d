// What the tables of postern.dns/1 and postern.kv/1 call in an instance: a call is checked, promised an answer, and asked on.

#include "core/host/plugin_instance.hpp"

#include "core/host/kv_desk.hpp"
#include "core/host/kv_rules.hpp"
#include "core/host/record_sizes.hpp"
#include "core/host/reply_reader.hpp"
#include "core/io/resolver_thread.hpp"

#include <postern/abi/dns.h>

#include <exception>
#include <utility>

namespace postern::daemon {
namespace {

static_assert(POSTERN_DNS_OK == static_cast<unsigned>(io::dns_status::ok));
static_assert(POSTERN_DNS_NXDOMAIN == static_cast<unsigned>(io::dns_status::nxdomain));
static_assert(POSTERN_DNS_NODATA == static_cast<unsigned>(io::dns_status::nodata));
static_assert(POSTERN_DNS_SERVFAIL == static_cast<unsigned>(io::dns_status::servfail));
static_assert(POSTERN_DNS_TIMEOUT == static_cast<unsigned>(io::dns_status::timeout));
static_assert(POSTERN_DNS_REFUSED == static_cast<unsigned>(io::dns_status::refused));
static_assert(POSTERN_DNS_TLSA == static_cast<unsigned>(io::dns_type::tlsa));

owned_event record_of(const io::dns_answer& from, std::string_view name, std::uint32_t type)
{
    std::vector<postern_dns_record> records;
    records.reserve(from.records.size());
    for (const auto& each : from.records)
        records.push_back({borrowed(each.name), borrowed(each.data), each.number, 0});
    postern_ev_dns_answer out{};
    out.ev.size = sizeof out;
    out.ev.hook = POSTERN_HOOK_DNS_ANSWER;
    out.status = static_cast<std::uint32_t>(from.status);
    out.flags = (from.is_secure ? POSTERN_DNS_SECURE : 0U) | (from.is_bogus ? POSTERN_DNS_BOGUS : 0U) |
                (from.is_truncated ? POSTERN_DNS_TRUNCATED : 0U);
    out.type = type;
    out.ttl_s = from.ttl_s;
    out.name = borrowed(name);
    out.canonical = borrowed(from.canonical);
    out.records = {records.data(), static_cast<std::uint32_t>(records.size()), sizeof(postern_dns_record)};
    out.cause = borrowed(from.cause);
    return owned_event{out.ev};
}

} // namespace

/// What speaks against a call whose answer is an event; PASS: nothing.
postern_status plugin_instance::may_ask(std::uint64_t session) const noexcept
{
    if (creating_ != nullptr) // there is no object yet that could be told
        return POSTERN_E_DENIED;
    return session == 0 || sessions_.port(session) != nullptr ? POSTERN_PASS : POSTERN_E_STALE;
}

postern_status plugin_instance::dns_query(std::uint64_t session, std::uint64_t token, postern_str name,
                                          std::uint32_t type) noexcept
{
    if (!is_sound(name))
        return POSTERN_E_INVALID;
    try {
        auto question = io::dns_question(view(name), type);
        if (!question)
            return POSTERN_E_INVALID;
        const auto resolver = settings_.services.dns;
        if (resolver == nullptr)
            return POSTERN_E_DENIED;
        if (const auto status = may_ask(session); status < 0)
            return status;
        const auto number = answers_.promise(promised_answers::kind::dns, session, token);
        if (number == 0)
            return POSTERN_E_AGAIN;
        const auto asked = resolver->ask(
            std::move(*question), static_cast<std::uint16_t>(type),
            [instance = weak_from_this(), number, type, asked_name = std::string{view(name)}](const io::dns_answer& answer) {
                if (const auto still = instance.lock())
                    still->answers_.keep(number, record_of(answer, asked_name, type));
            });
        if (asked == 0)
            return answers_.withdraw(number) ? POSTERN_E_AGAIN : POSTERN_PASS;
        answers_.attach(number, [resolver, asked] { resolver->cancel(asked); });
        if (!answers_.is_over(number, session))
            return POSTERN_PASS;
        resolver->cancel(asked);
        return POSTERN_E_STALE;
    } catch (const std::exception&) { // no memory
        return POSTERN_E_AGAIN;
    }
}

postern_status plugin_instance::ask_kv(postern_ev_kv_store what, std::uint32_t hook, std::uint64_t session,
                                       std::uint64_t token) noexcept
{
    try {
        const auto desk = settings_.services.kv;
        // Who does not say that it needs one would have it only where somebody else does.
        if (desk == nullptr || &desk->store() == this || !library_->needs(POSTERN_KV_1))
            return POSTERN_E_DENIED;
        if (const auto status = may_ask(session); status < 0)
            return status;
        const auto number = answers_.promise(promised_answers::kind::kv, session, token);
        if (number == 0)
            return POSTERN_E_AGAIN;
        what.space = borrowed(settings_.kv_namespace.empty() ? settings_.name : settings_.kv_namespace);
        desk->ask(what, hook, [instance = weak_from_this(), number](owned_event answer) {
            if (const auto still = instance.lock())
                still->answers_.keep(number, std::move(answer));
        });
        return answers_.is_over(number, session) ? POSTERN_E_STALE : POSTERN_PASS;
    } catch (const std::exception&) { // no memory
        return POSTERN_E_AGAIN;
    }
}

postern_status plugin_instance::kv_request(const postern_kv_request* what) noexcept
{
    if (what == nullptr || what->size < first_size<postern_kv_request>)
        return POSTERN_E_INVALID;
    const auto from = read_record<postern_kv_request>(what, what->size);
    if (!is_sound(from))
        return POSTERN_E_INVALID;
    postern_ev_kv_store event{};
    event.items = from.items;
    event.flags = from.flags;
    return ask_kv(event, POSTERN_HOOK_KV_STORE_REQUEST, from.session, from.token);
}

postern_status plugin_instance::kv_scan(const postern_kv_scan* what) noexcept
{
    if (what == nullptr || what->size < first_size<postern_kv_scan>)
        return POSTERN_E_INVALID;
    const auto from = read_record<postern_kv_scan>(what, what->size);
    if (!is_sound(from))
        return POSTERN_E_INVALID;
    postern_ev_kv_store event{};
    event.prefix = from.prefix;
    event.after = from.after;
    event.limit = from.limit;
    return ask_kv(event, POSTERN_HOOK_KV_STORE_SCAN, from.session, from.token);
}

} // namespace postern::daemon
