#include "options.hpp"

#include "octets.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <limits>
#include <optional>

#include <arpa/inet.h>

namespace spam_filter {
namespace {

std::optional<std::array<std::uint8_t, 16>> parse_address(std::string_view text, bool& is_v4)
{
    const std::string copy{text};
    std::array<std::uint8_t, 16> octets{};
    in_addr v4{};
    is_v4 = ::inet_pton(AF_INET, copy.c_str(), &v4) == 1;
    if (is_v4) {
        octets[10] = octets[11] = 0xff; // RFC 4291 2.5.5.2
        std::memcpy(&octets[12], &v4, sizeof v4);
        return octets;
    }
    if (::inet_pton(AF_INET6, copy.c_str(), octets.data()) == 1)
        return octets;
    return std::nullopt;
}

bool is_within(const std::array<std::uint8_t, 16>& address, const network& of) noexcept
{
    for (unsigned bit = 0; bit < of.bits; bit += 8) {
        const unsigned left = std::min(of.bits - bit, 8U);
        const auto mask = static_cast<std::uint8_t>(0xffU << (8 - left));
        if (((address[bit / 8] ^ of.first[bit / 8]) & mask) != 0)
            return false;
    }
    return true;
}

std::vector<dns_list> read_lists(const postern::host& host, const char* key)
{
    std::vector<dns_list> all;
    for (const std::string& entry : host.list(key)) {
        if (const char* problem = dns_list::parse(entry, all.emplace_back()); problem != nullptr)
            host.refuse(key, "\"" + entry + "\" " + problem);
    }
    return all;
}

std::string read_address(const postern::host& host, const char* key)
{
    std::string address = folded_address(host.config(key, ""));
    if (!address.empty() && (address.find('@') == std::string::npos || address.front() == '@' || address.back() == '@'))
        host.refuse(key, "is no address");
    return address;
}

} // namespace

bool network::parse(std::string_view text, network& to)
{
    bool is_v4 = false;
    const std::size_t slash = text.find('/');
    const auto first = parse_address(text.substr(0, slash), is_v4);
    if (!first)
        return false;
    unsigned bits = is_v4 ? 32 : 128;
    if (slash != std::string_view::npos) {
        const std::string_view length = text.substr(slash + 1);
        unsigned given = 0;
        const auto [end, failed] = std::from_chars(length.data(), length.data() + length.size(), given);
        if (length.empty() || failed != std::errc{} || end != length.data() + length.size() || given > bits)
            return false;
        bits = given;
    }
    to = {*first, is_v4 ? bits + 96 : bits};
    return true;
}

options::options(const postern::host& host)
    : at{host.config("tag", 5.0), host.config("quarantine", 0.0), host.config("reject", 0.0)}, subject_prefix{host.config(
                                                                                                   "subject_prefix", "")},
      scans_trusted{host.config("scan_trusted", false)}, address_lists{read_lists(host, "dns_lists")},
      link_lists{read_lists(host, "link_lists")}, dns_wait{host.config("dns_wait", std::chrono::nanoseconds{2'000'000'000})},
      spam_address{read_address(host, "spam_address")}, ham_address{read_address(host, "ham_address")},
      scan_size{host.config("scan_size", std::size_t{256} << 10U)}, features{host.config("features", std::size_t{4'000'000})},
      refresh{host.config("refresh", std::chrono::nanoseconds{std::chrono::minutes{5}})},
      bayes_spam{host.config("bayes_spam", 6.0)}, bayes_ham{host.config("bayes_ham", -3.0)}
{
    for (double* one : {&at.tag, &at.quarantine, &at.reject}) {
        if (*one == 0)
            *one = std::numeric_limits<double>::infinity(); // never
    }
    for (const std::string& text : host.list("networks")) {
        if (!network::parse(text, networks.emplace_back()))
            host.refuse("networks", "\"" + text + "\" is no network");
    }
    if (scan_size < 4096 || scan_size > std::size_t{16} << 20U)
        host.refuse("scan_size", "has to be 4KiB to 16MiB");
    if (features < 10'000 || features > 100'000'000)
        host.refuse("features", "has to be 10000 to 100000000");
    if (refresh < std::chrono::seconds{1})
        host.refuse("refresh", "has to be a second at least");
    if (bayes_spam < 0)
        host.refuse("bayes_spam", "cannot be negative");
    if (bayes_ham > 0)
        host.refuse("bayes_ham", "cannot be positive");
    if (std::any_of(subject_prefix.begin(), subject_prefix.end(), [](char c) { return c < ' ' || c > '~'; }) ||
        subject_prefix.size() > 80)
        host.refuse("subject_prefix", "has to be at most 80 printable ASCII characters");
    if (!spam_address.empty() && spam_address == ham_address)
        host.refuse("ham_address", "is the address for spam too");
}

bool options::trusts(const postern::peer& client) const
{
    if (!client.identity().empty())
        return true;
    bool is_v4 = false;
    const auto address = parse_address(client.address(), is_v4);
    return address && std::any_of(networks.begin(), networks.end(), [&](const network& one) { return is_within(*address, one); });
}

std::string folded_address(std::string_view address)
{
    std::string folded{address};
    std::transform(folded.begin(), folded.end(), folded.begin(), lower);
    return folded;
}

scan_limits limits_of(const options& from)
{
    scan_limits limits;
    limits.walk.decoded = from.scan_size;
    return limits;
}

} // namespace spam_filter
