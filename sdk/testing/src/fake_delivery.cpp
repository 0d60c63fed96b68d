#include <postern/testing/fake_delivery.hpp>

#include <postern/testing/session_records.hpp>

#include <algorithm>
#include <ostream>
#include <utility>

namespace postern::testing {

std::ostream& operator<<(std::ostream& to, const outgoing_param& p)
{
    return to << p.name << '=' << p.value.value_or("(none)") << " of "
              << (p.recipient ? "recipient " + std::to_string(*p.recipient) : "MAIL") << ", relay " << p.relay;
}

fake_delivery::fake_delivery(fake_host& host, std::uint64_t id) : host_{host}, id_{id} {}
fake_delivery::~fake_delivery() = default;

void fake_delivery::end()
{
    host_.end_session(id_);
}

template <class Record>
fake_delivery::lists fake_delivery::begin(Record& record, std::uint32_t hook) const
{
    record.ev.size = sizeof record;
    record.ev.hook = hook;
    record.ev.session = id_;
    record.message = sdk::str(message);
    record.next_hop = sdk::str(next_hop);
    lists made{records_of(to), {}};
    for (const outgoing_param& each : params)
        made.params.push_back({sdk::str(each.name), each.value ? sdk::str(*each.value) : postern_str{}, each.value ? 1u : 0u,
                               each.recipient.value_or(POSTERN_OF_MAIL), each.relay, 0});
    if constexpr (requires { record.sender; })
        record.sender = sdk::str(from);
    if constexpr (requires { record.recipients; })
        record.recipients = list_of(made.recipients);
    if constexpr (requires { record.params; })
        record.params = list_of(made.params);
    if constexpr (requires { record.attempt; })
        record.attempt = attempt;
    if constexpr (requires { record.received_s; })
        record.received_s = received_s;
    return made;
}

answer fake_delivery::delivery_begin()
{
    postern_ev_delivery_begin record{};
    const auto kept = begin(record, POSTERN_HOOK_DELIVERY_BEGIN);
    record.size_octets = size_octets;
    record.is_smtp = is_smtp ? 1 : 0;
    return applied(POSTERN_HOOK_DELIVERY_BEGIN, host_.send(record));
}

answer fake_delivery::tls_policy()
{
    postern_ev_tls_policy record{};
    const auto kept = begin(record, POSTERN_HOOK_TLS_POLICY);
    std::vector<std::string> domains;
    for (const std::string& each : to)
        if (const auto domain = each.substr(each.rfind('@') + 1);
            std::find(domains.begin(), domains.end(), domain) == domains.end())
            domains.push_back(domain);
    const auto list = records_of(domains);
    record.domains = list_of(list);
    record.host = sdk::str(host_name);
    record.name = sdk::str(tls_name);
    record.configured = configured;
    record.tls = tls;
    record.canonical = sdk::str(canonical);
    record.port = port;
    record.flags = host_flags();
    return applied(POSTERN_HOOK_TLS_POLICY, host_.send(record));
}

answer fake_delivery::delivery_source()
{
    postern_ev_delivery_source record{};
    const auto kept = begin(record, POSTERN_HOOK_DELIVERY_SOURCE);
    record.pool = sdk::str(pool);
    return applied(POSTERN_HOOK_DELIVERY_SOURCE, host_.send(record));
}

answer fake_delivery::delivery_connect()
{
    postern_ev_delivery_connect record{};
    const auto kept = begin(record, POSTERN_HOOK_DELIVERY_CONNECT);
    record.host = sdk::str(host_name);
    record.address = sdk::str(address);
    record.pool = sdk::str(pool);
    record.port = port;
    record.flags = host_flags();
    return host_.send(record);
}

answer fake_delivery::tls_result(std::uint32_t result, std::string_view text, bool is_refused)
{
    postern_ev_tls_result record{};
    const auto kept = begin(record, POSTERN_HOOK_TLS_RESULT);
    const auto strings = records_of(policy_.policy_strings);
    const auto hosts = records_of(policy_.policy_hosts);
    record.host = sdk::str(host_name);
    record.address = sdk::str(address);
    record.source = sdk::str(std::string_view{"198.51.100.1"});
    record.policy_type = sdk::str(policy_.policy_type);
    record.policy_domain = sdk::str(policy_.policy_domain);
    record.policy_strings = list_of(strings);
    record.policy_hosts = list_of(hosts);
    record.text = sdk::str(text);
    record.port = port;
    record.result = result;
    record.tls = tls;
    record.flags = host_flags() | (is_refused ? POSTERN_TLS_REFUSED : 0u);
    return host_.send(record);
}

answer fake_delivery::peer_offers()
{
    postern_ev_delivery_peer record{};
    const auto kept = begin(record, POSTERN_HOOK_DELIVERY_PEER);
    const auto list = records_of_offers(false);
    record.offers = list_of(list);
    record.address = sdk::str(address);
    record.port = port;
    record.greeting = sdk::str(greeting);
    if (has_tls) {
        record.tls_version = sdk::str(std::string_view{"TLSv1.3"});
        record.tls_cipher = sdk::str(std::string_view{"TLS_AES_256_GCM_SHA384"});
        record.tls_group = sdk::str(std::string_view{"x25519"});
    }
    record.flags = flags();
    record.tls = tls;
    return applied(POSTERN_HOOK_DELIVERY_PEER, host_.send(record));
}

answer fake_delivery::client_verb(const std::vector<std::pair<std::uint32_t, std::string>>& said, std::uint32_t round)
{
    const auto list = records_of_offers(true);
    if (list.empty())
        return {};
    postern_ev_client_verb record{};
    const auto kept = begin(record, POSTERN_HOOK_CLIENT_VERB);
    record.offers = list_of(list);
    std::vector<postern_client_said> replies;
    for (const auto& [code, text] : said)
        replies.push_back({sdk::str(text), code, 0});
    record.said = list_of(replies);
    record.round = round;
    record.flags = flags();
    return host_.send(record);
}

answer fake_delivery::client_params()
{
    if (host_.declared().params().empty())
        return {};
    postern_ev_client_params record{};
    const auto kept = begin(record, POSTERN_HOOK_CLIENT_PARAMS);
    const auto list = records_of_offers(true);
    record.offers = list_of(list);
    record.flags = flags();
    return applied(POSTERN_HOOK_CLIENT_PARAMS, host_.send(record));
}

std::string fake_delivery::octets() const
{
    std::string all;
    for (const auto& [name, value] : fields)
        all += name + ": " + value + "\r\n";
    return all + "\r\n" + body;
}

answer fake_delivery::send_content(std::uint32_t hook)
{
    postern_ev_content record{};
    const auto kept = begin(record, hook);
    const auto list = records_of_offers(false);
    std::vector<postern_header> headers;
    for (const auto& [name, value] : fields)
        headers.push_back({sdk::str(name), sdk::str(value)});
    const std::string all = octets();
    record.offers = list_of(list);
    record.headers = list_of(headers);
    record.size_octets = all.size();
    record.flags = flags();
    return applied(hook, host_.send(record, all));
}

answer fake_delivery::delivery_content()
{
    return send_content(POSTERN_HOOK_DELIVERY_CONTENT);
}

answer fake_delivery::delivery_sign()
{
    return send_content(POSTERN_HOOK_DELIVERY_SIGN);
}

answer fake_delivery::queue_policy()
{
    postern_ev_queue_policy record{};
    record.ev.size = sizeof record;
    record.ev.hook = POSTERN_HOOK_QUEUE_POLICY;
    record.ev.session = id_;
    record.next_hop = sdk::str(next_hop);
    record.pool = sdk::str(pool);
    record.concurrency = concurrency;
    return applied(POSTERN_HOOK_QUEUE_POLICY, host_.send(record));
}

answer fake_delivery::queue_admit(std::uint32_t active, std::uint32_t waiting)
{
    postern_ev_queue_admit record{};
    const auto kept = begin(record, POSTERN_HOOK_QUEUE_ADMIT);
    record.size_octets = size_octets;
    record.priority = priority;
    record.active = record.active_all = active;
    record.waiting = waiting;
    return host_.send(record);
}

answer fake_delivery::delivery_reply(std::uint32_t code, std::string_view enhanced, std::string_view text, std::uint32_t stage)
{
    postern_ev_delivery_reply record{};
    const auto kept = begin(record, POSTERN_HOOK_DELIVERY_REPLY);
    record.address = sdk::str(address);
    record.enhanced = sdk::str(enhanced);
    record.text = sdk::str(text);
    record.smtp_code = code;
    record.stage = stage;
    record.result = code / 100 == 5 ? POSTERN_FAILED : POSTERN_DEFERRED;
    return host_.send(record);
}

answer fake_delivery::queue_retry(std::uint32_t code, std::string_view text, std::uint32_t attempts)
{
    constexpr std::uint64_t hour = 3600;
    constexpr std::uint64_t five_days = 5 * 24 * hour;
    postern_ev_queue_retry record{};
    record.ev.size = sizeof record;
    record.ev.hook = POSTERN_HOOK_QUEUE_RETRY;
    record.ev.session = id_;
    std::vector<postern_tried> tried;
    for (const std::string& each : to)
        tried.push_back({sdk::str(each), sdk::str(next_hop), {}, sdk::str(text), code, 0});
    record.message = sdk::str(message);
    record.sender = sdk::str(from);
    record.tried = list_of(tried);
    record.received_s = received_s;
    record.expires_s = received_s + five_days;
    record.next_s = received_s + hour;
    record.attempts = attempts;
    record.priority = priority;
    return host_.send(record);
}

answer fake_delivery::dsn_make(const std::vector<report_line>& about, std::uint32_t kind)
{
    postern_ev_dsn_make record{};
    record.ev.size = sizeof record;
    record.ev.hook = POSTERN_HOOK_DSN_MAKE;
    record.ev.session = id_;
    const auto list = testing::records_of(about);
    record.message = sdk::str(message);
    record.sender = sdk::str(from);
    record.envid = sdk::str(envid);
    record.recipient = sdk::str(from);
    record.reported = list_of(list);
    record.received_s = received_s;
    record.kind = kind;
    record.flags = returns_all ? POSTERN_DSN_RETURNS_ALL : 0u;
    return applied(POSTERN_HOOK_DSN_MAKE, host_.send(record));
}

std::vector<postern_str> fake_delivery::records_of(const std::vector<std::string>& texts)
{
    std::vector<postern_str> list;
    for (const std::string& text : texts)
        list.push_back(sdk::str(text));
    return list;
}

std::vector<postern_keyword> fake_delivery::records_of_offers(bool own_only) const
{
    std::vector<postern_keyword> list;
    for (const auto& [keyword, words] : offers)
        if (!own_only || host_.declared().keyword(keyword) != nullptr)
            list.push_back({sizeof(postern_keyword), 0, sdk::str(keyword), sdk::str(words)});
    return list;
}

std::uint32_t fake_delivery::flags() const noexcept
{
    return POSTERN_NEXT_HOP_EXTENDED | (has_tls ? POSTERN_NEXT_HOP_TLS : 0u) |
           (has_tls && tls >= POSTERN_TLS_VERIFIED ? POSTERN_NEXT_HOP_VERIFIED : 0u) |
           (has_other_hosts ? POSTERN_NEXT_HOP_HAS_OTHERS : 0u);
}

std::uint32_t fake_delivery::host_flags() const noexcept
{
    return (is_by_mx ? POSTERN_HOST_BY_MX : 0u) | (is_mx_secure ? POSTERN_HOST_MX_SECURE : 0u) |
           (is_address_secure ? POSTERN_HOST_ADDRESS_SECURE : 0u);
}

} // namespace postern::testing
