#pragma once
// Questions and records of the domain name system as values: names are checked before anybody is asked, and what comes back is
// taken apart here. Knows no resolver, no sockets, no plugins.
// STANDARDS: RFC 1035, RFC 2181 11, RFC 3596, RFC 6895 3.1, RFC 7505.
// SECURITY: names come from peers, records from whoever owns a name: any octets.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postern::io {

enum class dns_type : std::uint16_t { a = 1, ns = 2, cname = 5, soa = 6, ptr = 12, mx = 15, txt = 16, aaaa = 28, tlsa = 52 };

enum class dns_status : std::uint8_t {
    ok,       ///< there are records
    nxdomain, ///< there is no such name
    nodata,   ///< the name has no records of that type
    servfail, ///< no server could say, or DNSSEC contradicts what came
    timeout,  ///< nobody said anything in time
    refused,  ///< a server does not want to say
};

/// A record of the type that was asked for.
struct dns_record {
    std::string name;         ///< MX, PTR, CNAME, NS, SOA: the host, without a dot at its end; A, AAAA: the address as text
    std::string data;         ///< TXT: its strings, joined; any other: the octets, names not compressed
    std::uint32_t number = 0; ///< MX: preference; SOA: the serial
};

struct dns_answer {
    dns_status status = dns_status::timeout;
    bool is_secure = false;    ///< DNSSEC vouches for it, or for the absence
    bool is_bogus = false;     ///< servfail: DNSSEC contradicts what came
    bool is_truncated = false; ///< there were more records than are here
    std::uint32_t ttl_s = 0;
    std::string canonical; ///< where aliases led; empty: there are none
    std::string cause;     ///< of a failure
    std::vector<dns_record> records;
};

// What an answer holds at most.
inline constexpr std::size_t most_dns_records = 1000;
inline constexpr std::size_t most_dns_octets = 65'536;

/// What is asked for `name`: without a dot at its end; of an address, for PTR, its name in the tree of reverse names. Nothing:
/// it is no name that can be asked for, or the type stands for none or for several.
[[nodiscard]] std::optional<std::string> dns_question(std::string_view name, std::uint32_t type);

/// A record out of its octets, whose names are not compressed. Nothing: they are not what that type has.
[[nodiscard]] std::optional<dns_record> read_dns_record(std::uint16_t type, std::string_view octets);

} // namespace postern::io
