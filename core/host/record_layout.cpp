#include "core/host/record_layout.hpp"

#include "core/host/record_fields.hpp"

#include "core/base/secret.hpp"

#include <postern/abi/admin.h>
#include <postern/abi/auth.h>
#include <postern/abi/delivery.h>
#include <postern/abi/dns.h>
#include <postern/abi/ehlo.h>
#include <postern/abi/hooks.h>
#include <postern/abi/kv_store.h>
#include <postern/abi/lifecycle.h>
#include <postern/abi/observe.h>
#include <postern/abi/queue.h>
#include <postern/abi/submit.h>

#include <algorithm>
#include <cstring>
#include <span>
#include <utility>

namespace postern::daemon {
namespace {

constexpr field conn_open_fields[] = {{offsetof(postern_ev_conn_open, peer), &peer_layout}};
constexpr field helo_fields[] = {{offsetof(postern_ev_helo, peer), &peer_layout}};
constexpr field tls_fields[] = {{offsetof(postern_ev_tls, peer), &peer_layout}, str(offsetof(postern_ev_tls, version)),
                                str(offsetof(postern_ev_tls, cipher)),          str(offsetof(postern_ev_tls, group)),
                                str(offsetof(postern_ev_tls, server_name)),     str(offsetof(postern_ev_tls, peer_subject))};
constexpr field mail_fields[] = {{offsetof(postern_ev_mail, peer), &peer_layout},
                                 str(offsetof(postern_ev_mail, sender)),
                                 {offsetof(postern_ev_mail, params), &param_layout}};
constexpr field rcpt_fields[] = {{offsetof(postern_ev_rcpt, peer), &peer_layout},
                                 str(offsetof(postern_ev_rcpt, sender)),
                                 str(offsetof(postern_ev_rcpt, recipient)),
                                 {offsetof(postern_ev_rcpt, params), &param_layout}};
constexpr field data_fields[] = {{offsetof(postern_ev_data, peer), &peer_layout},
                                 str(offsetof(postern_ev_data, sender)),
                                 {offsetof(postern_ev_data, recipients), &text_layout}};
constexpr field headers_fields[] = {{offsetof(postern_ev_headers, peer), &peer_layout},
                                    str(offsetof(postern_ev_headers, sender)),
                                    {offsetof(postern_ev_headers, recipients), &text_layout},
                                    {offsetof(postern_ev_headers, headers), &header_layout}};
constexpr field body_fields[] = {{offsetof(postern_ev_body, peer), &peer_layout}, str(offsetof(postern_ev_body, chunk))};
constexpr field end_fields[] = {{offsetof(postern_ev_end, peer), &peer_layout},
                                str(offsetof(postern_ev_end, sender)),
                                {offsetof(postern_ev_end, recipients), &text_layout},
                                {offsetof(postern_ev_end, headers), &header_layout}};
constexpr field txn_fields[] = {{offsetof(postern_ev_txn, peer), &peer_layout},
                                str(offsetof(postern_ev_txn, message)),
                                str(offsetof(postern_ev_txn, reason))};
constexpr field conn_close_fields[] = {{offsetof(postern_ev_conn_close, peer), &peer_layout},
                                       str(offsetof(postern_ev_conn_close, reason))};
constexpr field route_fields[] = {str(offsetof(postern_ev_route, message)),
                                  str(offsetof(postern_ev_route, sender)),
                                  str(offsetof(postern_ev_route, recipient)),
                                  {offsetof(postern_ev_route, params), &param_layout}};
constexpr field done_fields[] = {
    str(offsetof(postern_ev_delivery_done, message)),   str(offsetof(postern_ev_delivery_done, sender)),
    str(offsetof(postern_ev_delivery_done, recipient)), str(offsetof(postern_ev_delivery_done, enhanced)),
    str(offsetof(postern_ev_delivery_done, text)),      str(offsetof(postern_ev_delivery_done, next_hop))};
constexpr field command_fields[] = {{offsetof(postern_ev_command, peer), &peer_layout},
                                    str(offsetof(postern_ev_command, name)),
                                    str(offsetof(postern_ev_command, argument))};
constexpr field caps_fields[] = {{offsetof(postern_ev_caps, peer), &peer_layout}};
constexpr field verb_fields[] = {{offsetof(postern_ev_verb, peer), &peer_layout},
                                 str(offsetof(postern_ev_verb, name)),
                                 str(offsetof(postern_ev_verb, argument)),
                                 str(offsetof(postern_ev_verb, sender))};
constexpr field verb_data_fields[] = {{offsetof(postern_ev_verb_data, peer), &peer_layout},
                                      str(offsetof(postern_ev_verb_data, name)),
                                      str(offsetof(postern_ev_verb_data, chunk))};
constexpr field one_param_fields[] = {{offsetof(postern_ev_param, peer), &peer_layout},
                                      str(offsetof(postern_ev_param, name)),
                                      str(offsetof(postern_ev_param, value)),
                                      str(offsetof(postern_ev_param, sender)),
                                      str(offsetof(postern_ev_param, recipient))};
constexpr field end_rcpt_fields[] = {{offsetof(postern_ev_end_rcpt, peer), &peer_layout},
                                     str(offsetof(postern_ev_end_rcpt, sender)),
                                     str(offsetof(postern_ev_end_rcpt, recipient)),
                                     {offsetof(postern_ev_end_rcpt, params), &param_layout}};
constexpr field mechanisms_fields[] = {{offsetof(postern_ev_auth_mechanisms, peer), &peer_layout},
                                       {offsetof(postern_ev_auth_mechanisms, names), &text_layout}};
constexpr field auth_step_fields[] = {{offsetof(postern_ev_auth_step, peer), &peer_layout},
                                      str(offsetof(postern_ev_auth_step, mechanism)),
                                      str(offsetof(postern_ev_auth_step, response)),
                                      str(offsetof(postern_ev_auth_step, binding)),
                                      str(offsetof(postern_ev_auth_step, certificate))};
constexpr field auth_verify_fields[] = {{offsetof(postern_ev_auth_verify, peer), &peer_layout},
                                        str(offsetof(postern_ev_auth_verify, mechanism)),
                                        str(offsetof(postern_ev_auth_verify, user)),
                                        str(offsetof(postern_ev_auth_verify, act_for)),
                                        str(offsetof(postern_ev_auth_verify, proof))};
constexpr field auth_result_fields[] = {{offsetof(postern_ev_auth_result, peer), &peer_layout},
                                        str(offsetof(postern_ev_auth_result, mechanism)),
                                        str(offsetof(postern_ev_auth_result, user)),
                                        str(offsetof(postern_ev_auth_result, identity)),
                                        str(offsetof(postern_ev_auth_result, reason))};
constexpr field queue_fields[] = {str(offsetof(postern_ev_queue, envelope)), str(offsetof(postern_ev_queue, state)),
                                  str(offsetof(postern_ev_queue, data)), str(offsetof(postern_ev_queue, tail))};
constexpr field event_fields[] = {str(offsetof(postern_ev_event, message)),   str(offsetof(postern_ev_event, sender)),
                                  str(offsetof(postern_ev_event, recipient)), str(offsetof(postern_ev_event, peer)),
                                  str(offsetof(postern_ev_event, listener)),  str(offsetof(postern_ev_event, plugin)),
                                  str(offsetof(postern_ev_event, hook)),      str(offsetof(postern_ev_event, verdict)),
                                  str(offsetof(postern_ev_event, next_hop)),  str(offsetof(postern_ev_event, text))};
constexpr field deliver_fields[] = {str(offsetof(postern_ev_deliver, message)),
                                    str(offsetof(postern_ev_deliver, sender)),
                                    {offsetof(postern_ev_deliver, recipients), &text_layout}};
constexpr field dns_record_fields[] = {str(offsetof(postern_dns_record, name)), str(offsetof(postern_dns_record, data))};
constexpr layout dns_record_layout{sizeof(postern_dns_record), dns_record_fields};
constexpr field dns_answer_fields[] = {str(offsetof(postern_ev_dns_answer, name)),
                                       str(offsetof(postern_ev_dns_answer, canonical)),
                                       {offsetof(postern_ev_dns_answer, records), &dns_record_layout},
                                       str(offsetof(postern_ev_dns_answer, cause))};
constexpr field kv_result_fields[] = {str(offsetof(postern_kv_result, key)), str(offsetof(postern_kv_result, value))};
constexpr layout kv_result_layout{sizeof(postern_kv_result), kv_result_fields};
constexpr field kv_answer_fields[] = {{offsetof(postern_ev_kv_answer, results), &kv_result_layout}};
constexpr field submitted_fields[] = {str(offsetof(postern_ev_submitted, message))};
constexpr field kv_item_fields[] = {str(offsetof(postern_kv_item, key)), str(offsetof(postern_kv_item, value)),
                                    str(offsetof(postern_kv_item, expected))};
constexpr layout kv_item_layout{sizeof(postern_kv_item), kv_item_fields};
constexpr field kv_store_fields[] = {str(offsetof(postern_ev_kv_store, space)),
                                     {offsetof(postern_ev_kv_store, items), &kv_item_layout},
                                     str(offsetof(postern_ev_kv_store, prefix)),
                                     str(offsetof(postern_ev_kv_store, after))};

constexpr field option_fields[] = {str(offsetof(postern_option, key)), str(offsetof(postern_option, name)),
                                   str(offsetof(postern_option, text))};
constexpr layout option_layout{sizeof(postern_option), option_fields};
constexpr field config_fields[] = {{offsetof(postern_ev_config, before), &option_layout}};
constexpr field admin_fields[] = {{offsetof(postern_ev_admin, words), &text_layout}, str(offsetof(postern_ev_admin, input))};

layout layout_of(const postern_event& event) noexcept
{
    switch (event.hook) {
    case POSTERN_HOOK_CONN_OPEN:
        return {sizeof(postern_ev_conn_open), conn_open_fields};
    case POSTERN_HOOK_TLS_ESTABLISHED:
        return {sizeof(postern_ev_tls), tls_fields};
    case POSTERN_HOOK_HELO:
        return {sizeof(postern_ev_helo), helo_fields};
    case POSTERN_HOOK_MAIL:
        return {sizeof(postern_ev_mail), mail_fields};
    case POSTERN_HOOK_RCPT:
        return {sizeof(postern_ev_rcpt), rcpt_fields};
    case POSTERN_HOOK_DATA:
        return {sizeof(postern_ev_data), data_fields};
    case POSTERN_HOOK_HEADERS:
        return {sizeof(postern_ev_headers), headers_fields};
    case POSTERN_HOOK_BODY:
        return {sizeof(postern_ev_body), body_fields};
    case POSTERN_HOOK_END:
        return {sizeof(postern_ev_end), end_fields};
    case POSTERN_HOOK_COMMIT_BEFORE:
    case POSTERN_HOOK_COMMITTED:
    case POSTERN_HOOK_ABORTED:
        return {sizeof(postern_ev_txn), txn_fields};
    case POSTERN_HOOK_CONN_CLOSE:
        return {sizeof(postern_ev_conn_close), conn_close_fields};
    case POSTERN_HOOK_ROUTE:
        return {sizeof(postern_ev_route), route_fields};
    case POSTERN_HOOK_DELIVERY_DONE:
        return {sizeof(postern_ev_delivery_done), done_fields};
    case POSTERN_HOOK_CAPS:
        return {sizeof(postern_ev_caps), caps_fields};
    case POSTERN_HOOK_VERB:
        return {sizeof(postern_ev_verb), verb_fields};
    case POSTERN_HOOK_VERB_DATA:
        return {sizeof(postern_ev_verb_data), verb_data_fields};
    case POSTERN_HOOK_PARAM:
        return {sizeof(postern_ev_param), one_param_fields};
    case POSTERN_HOOK_RSET:
    case POSTERN_HOOK_NOOP:
    case POSTERN_HOOK_HELP:
    case POSTERN_HOOK_VRFY:
    case POSTERN_HOOK_EXPN:
    case POSTERN_HOOK_UNKNOWN:
    case POSTERN_HOOK_QUIT:
        return {sizeof(postern_ev_command), command_fields};
    case POSTERN_HOOK_ADMIN:
        return {sizeof(postern_ev_admin), admin_fields};
    case POSTERN_HOOK_AUTH_MECHANISMS:
        return {sizeof(postern_ev_auth_mechanisms), mechanisms_fields};
    case POSTERN_HOOK_AUTH_STEP:
        return {sizeof(postern_ev_auth_step), auth_step_fields};
    case POSTERN_HOOK_AUTH_VERIFY:
        return {sizeof(postern_ev_auth_verify), auth_verify_fields};
    case POSTERN_HOOK_AUTH_RESULT:
        return {sizeof(postern_ev_auth_result), auth_result_fields};
    case POSTERN_HOOK_END_RCPT:
        return {sizeof(postern_ev_end_rcpt), end_rcpt_fields};
    case POSTERN_HOOK_DELIVER:
        return {sizeof(postern_ev_deliver), deliver_fields};
    case POSTERN_HOOK_EVENT:
        return {sizeof(postern_ev_event), event_fields};
    case POSTERN_HOOK_CONFIG_PREPARE:
    case POSTERN_HOOK_CONFIG_COMMIT:
    case POSTERN_HOOK_CONFIG_ABORT:
        return {sizeof(postern_ev_config), config_fields};
    case POSTERN_HOOK_DNS_ANSWER:
        return {sizeof(postern_ev_dns_answer), dns_answer_fields};
    case POSTERN_HOOK_KV_ANSWER:
        return {sizeof(postern_ev_kv_answer), kv_answer_fields};
    case POSTERN_HOOK_SUBMITTED:
        return {sizeof(postern_ev_submitted), submitted_fields};
    case POSTERN_HOOK_KV_STORE_REQUEST:
    case POSTERN_HOOK_KV_STORE_SCAN:
        return {sizeof(postern_ev_kv_store), kv_store_fields};
    default:
        break;
    }
    if (event.hook >= POSTERN_HOOK_QUEUE_SCAN && event.hook <= POSTERN_HOOK_QUEUE_PEEK)
        return {sizeof(postern_ev_queue), queue_fields};
    if (const auto known = delivery_layout_of(event.hook))
        return *known;
    return {std::max<std::size_t>(event.size, sizeof event), {}};
}

/// The octets that it took.
std::size_t copy_fields(std::byte* record, std::span<const field> fields, std::pmr::memory_resource& memory)
{
    std::size_t taken = 0;
    for (const auto& each : fields) {
        if (each.records == nullptr) {
            postern_str text;
            std::memcpy(&text, record + each.offset, sizeof text);
            if (text.len == 0)
                continue;
            auto* copy = static_cast<char*>(memory.allocate(text.len, 1));
            taken += text.len;
            std::memcpy(copy, text.ptr, text.len);
            text.ptr = copy;
            std::memcpy(record + each.offset, &text, sizeof text);
            continue;
        }
        postern_list list;
        std::memcpy(&list, record + each.offset, sizeof list);
        if (list.count == 0)
            continue;
        const auto size = std::size_t{list.count} * list.stride;
        auto* copy = static_cast<std::byte*>(memory.allocate(size, alignof(std::max_align_t)));
        std::memcpy(copy, list.at, size);
        for (std::uint32_t i = 0; i < list.count; ++i)
            taken += copy_fields(copy + std::size_t{i} * list.stride, each.records->fields, memory);
        taken += size;
        list.at = copy;
        std::memcpy(record + each.offset, &list, sizeof list);
    }
    return taken;
}

/// What of an event only its plugin should know: passwords, responses, and what an operator types in.
postern_str secret_of(const postern_event& event) noexcept
{
    switch (event.hook) {
    case POSTERN_HOOK_AUTH_STEP:
        return reinterpret_cast<const postern_ev_auth_step&>(event).response;
    case POSTERN_HOOK_AUTH_VERIFY:
        return reinterpret_cast<const postern_ev_auth_verify&>(event).proof;
    case POSTERN_HOOK_ADMIN:
        return reinterpret_cast<const postern_ev_admin&>(event).input;
    default:
        return {};
    }
}

} // namespace

owned_event::owned_event(const postern_event& event) : memory_{std::make_unique<std::pmr::monotonic_buffer_resource>()}
{
    const auto shape = layout_of(event);
    auto* copy = static_cast<std::byte*>(memory_->allocate(shape.size, alignof(std::max_align_t)));
    std::memcpy(copy, &event, shape.size);
    octets_ = shape.size + copy_fields(copy, shape.fields, *memory_);
    event_ = reinterpret_cast<postern_event*>(copy);
}

owned_event& owned_event::operator=(owned_event&& other) noexcept
{
    std::swap(memory_, other.memory_); // the other wipes what was here
    std::swap(event_, other.event_);
    std::swap(octets_, other.octets_);
    return *this;
}

owned_event::~owned_event()
{
    if (memory_ == nullptr)
        return;
    const auto secret = secret_of(*event_);
    base::wipe(const_cast<char*>(secret.ptr), secret.len); // this copy's own
}

} // namespace postern::daemon
