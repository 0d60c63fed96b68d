// The part of record_layout that knows the records of abi/outgoing.h, content.h, shaping.h and report.h.
#include "core/host/record_fields.hpp"

#include <postern/abi/content.h>
#include <postern/abi/outgoing.h>
#include <postern/abi/report.h>
#include <postern/abi/shaping.h>

namespace postern::daemon {
namespace {

constexpr field stored_fields[] = {str(offsetof(postern_stored_param, keyword)), str(offsetof(postern_stored_param, value))};
constexpr layout stored_layout{sizeof(postern_stored_param), stored_fields};
constexpr field offer_fields[] = {str(offsetof(postern_keyword, keyword)), str(offsetof(postern_keyword, parameters))};
constexpr layout offer_layout{sizeof(postern_keyword), offer_fields};
constexpr field said_fields[] = {str(offsetof(postern_client_said, text))};
constexpr layout said_layout{sizeof(postern_client_said), said_fields};
constexpr field begin_fields[] = {str(offsetof(postern_ev_delivery_begin, message)),
                                  str(offsetof(postern_ev_delivery_begin, sender)),
                                  str(offsetof(postern_ev_delivery_begin, next_hop)),
                                  {offsetof(postern_ev_delivery_begin, recipients), &text_layout},
                                  {offsetof(postern_ev_delivery_begin, params), &stored_layout}};
constexpr field policy_fields[] = {str(offsetof(postern_ev_tls_policy, message)),
                                   str(offsetof(postern_ev_tls_policy, sender)),
                                   str(offsetof(postern_ev_tls_policy, next_hop)),
                                   str(offsetof(postern_ev_tls_policy, host)),
                                   {offsetof(postern_ev_tls_policy, domains), &text_layout},
                                   {offsetof(postern_ev_tls_policy, params), &stored_layout},
                                   str(offsetof(postern_ev_tls_policy, name)),
                                   str(offsetof(postern_ev_tls_policy, canonical))};
constexpr field result_fields[] = {str(offsetof(postern_ev_tls_result, message)),
                                   str(offsetof(postern_ev_tls_result, next_hop)),
                                   str(offsetof(postern_ev_tls_result, host)),
                                   str(offsetof(postern_ev_tls_result, address)),
                                   str(offsetof(postern_ev_tls_result, source)),
                                   str(offsetof(postern_ev_tls_result, policy_type)),
                                   str(offsetof(postern_ev_tls_result, policy_domain)),
                                   {offsetof(postern_ev_tls_result, policy_strings), &text_layout},
                                   {offsetof(postern_ev_tls_result, policy_hosts), &text_layout},
                                   str(offsetof(postern_ev_tls_result, text))};
constexpr field reported_fields[] = {
    str(offsetof(postern_reported, recipient)),       str(offsetof(postern_reported, original)),
    str(offsetof(postern_reported, status)),          str(offsetof(postern_reported, remote_mta)),
    str(offsetof(postern_reported, diagnostic_type)), str(offsetof(postern_reported, diagnostic)),
    str(offsetof(postern_reported, last_attempt)),    str(offsetof(postern_reported, retry_until))};
constexpr layout reported_layout{sizeof(postern_reported), reported_fields};
constexpr field dsn_make_fields[] = {str(offsetof(postern_ev_dsn_make, message)),
                                     str(offsetof(postern_ev_dsn_make, sender)),
                                     str(offsetof(postern_ev_dsn_make, envid)),
                                     str(offsetof(postern_ev_dsn_make, recipient)),
                                     str(offsetof(postern_ev_dsn_make, text)),
                                     str(offsetof(postern_ev_dsn_make, from_name)),
                                     {offsetof(postern_ev_dsn_make, reported), &reported_layout}};
constexpr field report_in_fields[] = {{offsetof(postern_ev_report_in, peer), &peer_layout},
                                      str(offsetof(postern_ev_report_in, message)),
                                      str(offsetof(postern_ev_report_in, sender)),
                                      {offsetof(postern_ev_report_in, recipients), &text_layout},
                                      str(offsetof(postern_ev_report_in, reporting_mta)),
                                      str(offsetof(postern_ev_report_in, envid)),
                                      str(offsetof(postern_ev_report_in, arrival)),
                                      str(offsetof(postern_ev_report_in, message_id)),
                                      {offsetof(postern_ev_report_in, reported), &reported_layout}};
constexpr field next_peer_fields[] = {str(offsetof(postern_ev_delivery_peer, message)),
                                      str(offsetof(postern_ev_delivery_peer, next_hop)),
                                      str(offsetof(postern_ev_delivery_peer, address)),
                                      str(offsetof(postern_ev_delivery_peer, greeting)),
                                      {offsetof(postern_ev_delivery_peer, offers), &offer_layout},
                                      str(offsetof(postern_ev_delivery_peer, tls_version)),
                                      str(offsetof(postern_ev_delivery_peer, tls_cipher)),
                                      str(offsetof(postern_ev_delivery_peer, tls_group)),
                                      str(offsetof(postern_ev_delivery_peer, tls_subject))};
constexpr field client_verb_fields[] = {str(offsetof(postern_ev_client_verb, message)),
                                        str(offsetof(postern_ev_client_verb, sender)),
                                        str(offsetof(postern_ev_client_verb, next_hop)),
                                        {offsetof(postern_ev_client_verb, recipients), &text_layout},
                                        {offsetof(postern_ev_client_verb, params), &stored_layout},
                                        {offsetof(postern_ev_client_verb, offers), &offer_layout},
                                        {offsetof(postern_ev_client_verb, said), &said_layout}};
constexpr field client_params_fields[] = {str(offsetof(postern_ev_client_params, message)),
                                          str(offsetof(postern_ev_client_params, sender)),
                                          str(offsetof(postern_ev_client_params, next_hop)),
                                          {offsetof(postern_ev_client_params, recipients), &text_layout},
                                          {offsetof(postern_ev_client_params, params), &stored_layout},
                                          {offsetof(postern_ev_client_params, offers), &offer_layout}};
constexpr field source_fields[] = {str(offsetof(postern_ev_delivery_source, message)),
                                   str(offsetof(postern_ev_delivery_source, sender)),
                                   str(offsetof(postern_ev_delivery_source, next_hop)),
                                   {offsetof(postern_ev_delivery_source, recipients), &text_layout},
                                   {offsetof(postern_ev_delivery_source, params), &stored_layout},
                                   str(offsetof(postern_ev_delivery_source, pool))};
constexpr field connect_fields[] = {
    str(offsetof(postern_ev_delivery_connect, message)), str(offsetof(postern_ev_delivery_connect, next_hop)),
    str(offsetof(postern_ev_delivery_connect, host)),    str(offsetof(postern_ev_delivery_connect, address)),
    str(offsetof(postern_ev_delivery_connect, source)),  str(offsetof(postern_ev_delivery_connect, pool))};
constexpr field content_fields[] = {str(offsetof(postern_ev_content, message)),
                                    str(offsetof(postern_ev_content, sender)),
                                    str(offsetof(postern_ev_content, next_hop)),
                                    {offsetof(postern_ev_content, recipients), &text_layout},
                                    {offsetof(postern_ev_content, params), &stored_layout},
                                    {offsetof(postern_ev_content, offers), &offer_layout},
                                    {offsetof(postern_ev_content, headers), &header_layout}};
constexpr field queue_policy_fields[] = {str(offsetof(postern_ev_queue_policy, next_hop)),
                                         str(offsetof(postern_ev_queue_policy, pool))};
constexpr field admit_fields[] = {str(offsetof(postern_ev_queue_admit, message)),
                                  str(offsetof(postern_ev_queue_admit, sender)),
                                  str(offsetof(postern_ev_queue_admit, next_hop)),
                                  {offsetof(postern_ev_queue_admit, recipients), &text_layout}};
constexpr field reply_fields[] = {str(offsetof(postern_ev_delivery_reply, message)),
                                  str(offsetof(postern_ev_delivery_reply, sender)),
                                  str(offsetof(postern_ev_delivery_reply, next_hop)),
                                  str(offsetof(postern_ev_delivery_reply, address)),
                                  {offsetof(postern_ev_delivery_reply, recipients), &text_layout},
                                  str(offsetof(postern_ev_delivery_reply, enhanced)),
                                  str(offsetof(postern_ev_delivery_reply, text))};
constexpr field tried_fields[] = {str(offsetof(postern_tried, recipient)), str(offsetof(postern_tried, next_hop)),
                                  str(offsetof(postern_tried, enhanced)), str(offsetof(postern_tried, text))};
constexpr layout tried_layout{sizeof(postern_tried), tried_fields};
constexpr field retry_fields[] = {str(offsetof(postern_ev_queue_retry, message)),
                                  str(offsetof(postern_ev_queue_retry, sender)),
                                  {offsetof(postern_ev_queue_retry, tried), &tried_layout}};

} // namespace

std::optional<layout> delivery_layout_of(std::uint32_t hook) noexcept
{
    switch (hook) {
    case POSTERN_HOOK_DELIVERY_BEGIN:
        return layout{sizeof(postern_ev_delivery_begin), begin_fields};
    case POSTERN_HOOK_TLS_POLICY:
        return layout{sizeof(postern_ev_tls_policy), policy_fields};
    case POSTERN_HOOK_TLS_RESULT:
        return layout{sizeof(postern_ev_tls_result), result_fields};
    case POSTERN_HOOK_DSN_MAKE:
        return layout{sizeof(postern_ev_dsn_make), dsn_make_fields};
    case POSTERN_HOOK_REPORT_IN:
        return layout{sizeof(postern_ev_report_in), report_in_fields};
    case POSTERN_HOOK_DELIVERY_PEER:
        return layout{sizeof(postern_ev_delivery_peer), next_peer_fields};
    case POSTERN_HOOK_CLIENT_VERB:
        return layout{sizeof(postern_ev_client_verb), client_verb_fields};
    case POSTERN_HOOK_CLIENT_PARAMS:
        return layout{sizeof(postern_ev_client_params), client_params_fields};
    case POSTERN_HOOK_DELIVERY_SOURCE:
        return layout{sizeof(postern_ev_delivery_source), source_fields};
    case POSTERN_HOOK_DELIVERY_CONNECT:
        return layout{sizeof(postern_ev_delivery_connect), connect_fields};
    case POSTERN_HOOK_QUEUE_POLICY:
        return layout{sizeof(postern_ev_queue_policy), queue_policy_fields};
    case POSTERN_HOOK_QUEUE_ADMIT:
        return layout{sizeof(postern_ev_queue_admit), admit_fields};
    case POSTERN_HOOK_DELIVERY_REPLY:
        return layout{sizeof(postern_ev_delivery_reply), reply_fields};
    case POSTERN_HOOK_QUEUE_RETRY:
        return layout{sizeof(postern_ev_queue_retry), retry_fields};
    case POSTERN_HOOK_DELIVERY_CONTENT:
    case POSTERN_HOOK_DELIVERY_SIGN:
        return layout{sizeof(postern_ev_content), content_fields};
    default:
        return std::nullopt;
    }
}

} // namespace postern::daemon
