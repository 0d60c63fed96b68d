#include <postern/testing/fake_dns.hpp>

#include <postern/sdk/records.hpp>

#include <algorithm>
#include <array>

#include <arpa/inet.h>

namespace postern::testing {
namespace dns_form {
namespace {

/// RFC 1035 3.1: labels with their lengths.
std::string wire_of(std::string_view name)
{
    std::string wire;
    for (std::size_t at = 0; at < name.size();) {
        const std::size_t end = std::min(name.find('.', at), name.size());
        wire += static_cast<char>(end - at);
        wire += name.substr(at, end - at);
        at = end + 1;
    }
    return wire + '\0';
}

/// RFC 1035 2.3.4.
bool is_name(std::string_view name)
{
    if (name.ends_with('.'))
        name.remove_suffix(1);
    for (std::size_t at = 0; at <= name.size() && !name.empty();) {
        const std::size_t end = std::min(name.find('.', at), name.size());
        if (end == at || end - at > 63)
            return false;
        at = end + 1;
    }
    return !name.empty() && name.size() <= 253 &&
           std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c <= '~' && c != '\\' && c != '"'; });
}

/// QTYPEs that stand for several types, and what lies outside of the numbers (RFC 6895 3.1).
bool is_type(std::uint32_t type) noexcept
{
    return type >= 1 && type <= 65279 && type != 41 && (type < 128 || type > 255);
}

/// Octets of an address; none.
std::string octets_of(std::string_view address)
{
    const std::string text{address};
    std::array<char, 16> octets{};
    if (::inet_pton(AF_INET, text.c_str(), octets.data()) == 1)
        return {octets.data(), 4};
    return ::inet_pton(AF_INET6, text.c_str(), octets.data()) == 1 ? std::string{octets.data(), 16} : std::string{};
}

/// As it is looked up: of an address its name under in-addr.arpa or ip6.arpa (RFC 1035 3.5, RFC 3596 2.5); lower case, no dot at
/// the end.
std::string key_of(std::string_view name, std::uint32_t type)
{
    std::string key;
    if (const std::string octets = type == POSTERN_DNS_PTR ? octets_of(name) : std::string{}; !octets.empty()) {
        for (auto at = octets.rbegin(); at != octets.rend(); ++at) {
            const auto octet = static_cast<unsigned char>(*at);
            if (octets.size() == 4)
                key += std::to_string(octet) + '.';
            else
                for (const int half : {octet & 15, octet >> 4})
                    key += std::string{"0123456789abcdef"[half], '.'};
        }
        return key + (octets.size() == 4 ? "in-addr.arpa" : "ip6.arpa");
    }
    for (const char c : name.ends_with('.') ? name.substr(0, name.size() - 1) : name)
        key += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    return key;
}

} // namespace
} // namespace dns_form

dns_reply& fake_dns::a(std::string_view name, const std::vector<std::string>& addresses)
{
    return hosts(name, POSTERN_DNS_A, addresses);
}

dns_reply& fake_dns::aaaa(std::string_view name, const std::vector<std::string>& addresses)
{
    return hosts(name, POSTERN_DNS_AAAA, addresses);
}

dns_reply& fake_dns::ptr(std::string_view address, const std::vector<std::string>& names)
{
    return hosts(address, POSTERN_DNS_PTR, names);
}

dns_reply& fake_dns::mx(std::string_view name, const std::vector<mx_host>& exchanges)
{
    dns_reply& reply = write(name, POSTERN_DNS_MX);
    for (const mx_host& one : exchanges)
        reply.records.push_back({one.host,
                                 std::string{static_cast<char>(one.preference >> 8u), static_cast<char>(one.preference & 255u)} +
                                     dns_form::wire_of(one.host),
                                 one.preference});
    return reply;
}

dns_reply& fake_dns::txt(std::string_view name, const std::vector<std::string>& texts)
{
    dns_reply& reply = write(name, POSTERN_DNS_TXT);
    for (const std::string& text : texts)
        reply.records.push_back({"", text, 0});
    return reply;
}

dns_reply& fake_dns::records(std::string_view name, std::uint32_t type, std::vector<dns_row> all)
{
    dns_reply& reply = write(name, type);
    reply.records = std::move(all);
    return reply;
}

dns_reply& fake_dns::fails(std::string_view name, std::uint32_t type, std::uint32_t status)
{
    dns_reply& reply = write(name, type);
    reply.status = status;
    reply.cause = "scripted";
    return reply;
}

bool fake_dns::is_question(std::string_view name, std::uint32_t type)
{
    const bool is_address = type == POSTERN_DNS_PTR && !dns_form::octets_of(name).empty();
    return dns_form::is_type(type) && (is_address || dns_form::is_name(name));
}

dns_reply fake_dns::answer_to(std::string_view name, std::uint32_t type)
{
    asked_.emplace_back(name, type);
    const std::string key = dns_form::key_of(name, type);
    dns_reply reply;
    if (const auto found = replies_.find({key, type}); found != replies_.end()) {
        reply = found->second;
        if (reply.status == POSTERN_DNS_OK && reply.records.empty())
            reply.status = POSTERN_DNS_NODATA;
    } else {
        const auto next = replies_.lower_bound({key, 0});
        reply.status = next != replies_.end() && next->first.first == key ? POSTERN_DNS_NODATA : POSTERN_DNS_NXDOMAIN;
    }
    if (reply.delay.count() == 0)
        reply.delay = delay;
    return reply;
}

dns_reply& fake_dns::write(std::string_view name, std::uint32_t type)
{
    return replies_.insert_or_assign({dns_form::key_of(name, type), type}, dns_reply{}).first->second;
}

dns_reply& fake_dns::hosts(std::string_view name, std::uint32_t type, const std::vector<std::string>& all)
{
    dns_reply& reply = write(name, type);
    for (const std::string& one : all)
        reply.records.push_back({one, type == POSTERN_DNS_PTR ? dns_form::wire_of(one) : dns_form::octets_of(one), 0});
    return reply;
}

} // namespace postern::testing
