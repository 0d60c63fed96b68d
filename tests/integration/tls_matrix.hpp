#pragma once
// What becomes of a message for a domain with these policies and such a mail exchanger, and what is told of its connection: one
// table, for whoever delivers and for whoever reports.
// STANDARDS: RFC 7435; RFC 7671 5.1, 5.2; RFC 7672 2.2, 3.1; RFC 8460 1.1, 4.2 to 4.5; RFC 8461 2, 3.3, 4.1, 5.

#include <cstdint>
#include <string>
#include <string_view>

namespace postern::test {

/// TLSA records of the mail exchanger. All are signed, but for `bogus`.
enum class dane_side : std::uint8_t {
    absent,
    key,       ///< 3 1 1: a key
    authority, ///< 2 1 1: the key of an authority
    useless,   ///< of no usage that counts with SMTP
    bogus,     ///< signed by somebody else, as is the whole zone
};

/// The MTA-STS policy of the domain.
enum class sts_side : std::uint8_t {
    absent,
    none,
    testing,
    enforce,
    testing_others, ///< which lists other hosts
    enforce_others,
    bad_certificate, ///< that of the web server
    not_found,
    nonsense,
};

/// What the mail exchanger shows.
enum class peer_side : std::uint8_t {
    valid,    ///< a certificate by the authority for its name, with the key that a TLSA record names
    wrong,    ///< by the authority, for another name, with another key
    expired,  ///< by the authority for its name, with that key, and over
    stranger, ///< by another authority for its name, with that key
    rekeyed,  ///< by the authority for its name, with another key
    clear,    ///< no STARTTLS
    broken,   ///< STARTTLS, and no handshake
};

enum class tls_fate : std::uint8_t { by_tls, in_clear, deferred };

struct tls_cell {
    dane_side dane;
    sts_side sts;
    peer_side peer;
    tls_fate fate;
    std::string_view policy;  ///< as reports have it; empty: none was found
    std::string_view finding; ///< RFC 8460 4.3, "ok" for a success; empty: nothing is told
};

namespace tls_cells {

using enum dane_side;
using enum peer_side;
using enum tls_fate;
using sts = sts_side;
constexpr auto no_dane = dane_side::absent;

inline constexpr tls_cell all[] = {
    // RFC 7435: encrypted where that can be had, whoever is there.
    {no_dane, sts::absent, valid, by_tls, "", "ok"},
    {no_dane, sts::absent, wrong, by_tls, "", "ok"},
    {no_dane, sts::absent, expired, by_tls, "", "ok"},
    {no_dane, sts::absent, stranger, by_tls, "", "ok"},
    {no_dane, sts::absent, clear, in_clear, "", "starttls-not-supported"},
    {no_dane, sts::absent, broken, in_clear, "", "validation-failure"},

    // RFC 8461 5: a policy of mode none is as if there were none.
    {no_dane, sts::none, valid, by_tls, "", "ok"},
    {no_dane, sts::none, wrong, by_tls, "", "ok"},
    {no_dane, sts::none, expired, by_tls, "", "ok"},
    {no_dane, sts::none, stranger, by_tls, "", "ok"},
    {no_dane, sts::none, clear, in_clear, "", "starttls-not-supported"},
    {no_dane, sts::none, broken, in_clear, "", "validation-failure"},

    // RFC 8461 5: told, and delivered whatever it is.
    {no_dane, sts::testing, valid, by_tls, "sts", "ok"},
    {no_dane, sts::testing, wrong, by_tls, "sts", "certificate-host-mismatch"},
    {no_dane, sts::testing, expired, by_tls, "sts", "certificate-expired"},
    {no_dane, sts::testing, stranger, by_tls, "sts", "certificate-not-trusted"},
    {no_dane, sts::testing, clear, in_clear, "sts", "starttls-not-supported"},
    {no_dane, sts::testing, broken, in_clear, "sts", "validation-failure"},
    {no_dane, sts::testing_others, valid, by_tls, "sts", "validation-failure"},
    {no_dane, sts::testing_others, clear, in_clear, "sts", "starttls-not-supported"},

    // RFC 8461 4.1, 4.2, 5
    {no_dane, sts::enforce, valid, by_tls, "sts", "ok"},
    {no_dane, sts::enforce, wrong, deferred, "sts", "certificate-host-mismatch"},
    {no_dane, sts::enforce, expired, deferred, "sts", "certificate-expired"},
    {no_dane, sts::enforce, stranger, deferred, "sts", "certificate-not-trusted"},
    {no_dane, sts::enforce, clear, deferred, "sts", "starttls-not-supported"},
    {no_dane, sts::enforce, broken, deferred, "sts", "validation-failure"},
    {no_dane, sts::enforce_others, valid, deferred, "sts", "validation-failure"},

    // RFC 8461 3.3: who cannot get the policy delivers as if there were none, and tells of it.
    {no_dane, sts::bad_certificate, valid, by_tls, "sts", "sts-webpki-invalid"},
    {no_dane, sts::bad_certificate, stranger, by_tls, "sts", "sts-webpki-invalid"},
    {no_dane, sts::bad_certificate, clear, in_clear, "sts", "starttls-not-supported"},
    {no_dane, sts::not_found, valid, by_tls, "sts", "sts-policy-fetch-error"},
    {no_dane, sts::nonsense, valid, by_tls, "sts", "sts-policy-invalid"},

    // RFC 7671 5.1: the key is all that counts, not the name, the time or the authority.
    {key, sts::absent, valid, by_tls, "tlsa", "ok"},
    {key, sts::absent, wrong, deferred, "tlsa", "validation-failure"},
    {key, sts::absent, expired, by_tls, "tlsa", "ok"},
    {key, sts::absent, stranger, by_tls, "tlsa", "ok"},
    {key, sts::absent, rekeyed, deferred, "tlsa", "validation-failure"},
    {key, sts::absent, clear, deferred, "tlsa", "starttls-not-supported"},
    {key, sts::absent, broken, deferred, "tlsa", "validation-failure"},

    // RFC 7671 5.2: name and time count too.
    {authority, sts::absent, valid, by_tls, "tlsa", "ok"},
    {authority, sts::absent, wrong, deferred, "tlsa", "certificate-host-mismatch"},
    {authority, sts::absent, expired, deferred, "tlsa", "certificate-expired"},
    {authority, sts::absent, stranger, deferred, "tlsa", "validation-failure"},
    {authority, sts::absent, rekeyed, by_tls, "tlsa", "ok"},
    {authority, sts::absent, clear, deferred, "tlsa", "starttls-not-supported"},
    {authority, sts::absent, broken, deferred, "tlsa", "validation-failure"},

    // RFC 7672 2.2: records none of which can be used want TLS, whoever is there.
    {useless, sts::absent, valid, by_tls, "tlsa", "tlsa-invalid"},
    {useless, sts::absent, stranger, by_tls, "tlsa", "tlsa-invalid"},
    {useless, sts::absent, clear, deferred, "tlsa", "starttls-not-supported"},

    // RFC 7672 2.1.1: who can forge answers must not get the mail.
    {bogus, sts::absent, valid, deferred, "", ""},
    {bogus, sts::enforce, valid, deferred, "", ""},

    // RFC 8461 2: DANE before MTA-STS, whichever of both would be content.
    {key, sts::none, valid, by_tls, "tlsa", "ok"},
    {key, sts::none, wrong, deferred, "tlsa", "validation-failure"},
    {key, sts::none, clear, deferred, "tlsa", "starttls-not-supported"},
    {key, sts::testing, valid, by_tls, "tlsa", "ok"},
    {key, sts::testing, wrong, deferred, "tlsa", "validation-failure"},
    {key, sts::testing, rekeyed, deferred, "tlsa", "validation-failure"},
    {key, sts::testing, clear, deferred, "tlsa", "starttls-not-supported"},
    {key, sts::enforce, valid, by_tls, "tlsa", "ok"},
    {key, sts::enforce, wrong, deferred, "tlsa", "validation-failure"},
    {key, sts::enforce, expired, by_tls, "tlsa", "ok"},
    {key, sts::enforce, stranger, by_tls, "tlsa", "ok"},
    {key, sts::enforce, rekeyed, deferred, "tlsa", "validation-failure"},
    {key, sts::enforce, clear, deferred, "tlsa", "starttls-not-supported"},
    {key, sts::enforce_others, valid, by_tls, "tlsa", "ok"},
    {key, sts::bad_certificate, valid, by_tls, "tlsa", "ok"},
    {authority, sts::enforce, valid, by_tls, "tlsa", "ok"},
    {authority, sts::enforce, expired, deferred, "tlsa", "certificate-expired"},
    // Records of no use demand no certificate: MTA-STS may.
    {useless, sts::enforce, valid, by_tls, "sts", "ok"},
    {useless, sts::enforce, stranger, deferred, "sts", "certificate-not-trusted"},
    {useless, sts::enforce, clear, deferred, "sts", "starttls-not-supported"},
};

} // namespace tls_cells

/// What a report on the one session has to say.
struct tls_account {
    std::string_view type;   ///< RFC 8460 4.4, of the policy
    std::string_view domain; ///< RFC 8460 1.1: of DANE, the base domain of the TLSA records
    std::int64_t successful = 0;
    std::int64_t failed = 0;
    bool has_strings = false;   ///< RFC 8460 4.5: what the domain publishes, be it wrong
    bool has_hosts = false;     ///< RFC 8460 4.4: with "sts" alone, and of a policy that can be read
    std::string_view result;    ///< empty: nothing was wrong
    bool has_reason = false;    ///< RFC 8460 4.3.1: these results SHOULD say more
    bool has_addresses = false; ///< somebody connected
};

/// Of a cell with a finding.
[[nodiscard]] constexpr tls_account account_of(const tls_cell& which)
{
    const bool is_ok = which.finding == "ok";
    const bool is_sts = which.policy == "sts";
    const bool is_read = which.sts != sts_side::bad_certificate && which.sts != sts_side::not_found;
    const bool has_strings = which.policy == "tlsa" || (is_sts && is_read);
    tls_account made;
    made.type = which.policy.empty() ? "no-policy-found" : which.policy;
    made.domain = which.policy == "tlsa" ? "mx.example.test" : "example.test";
    made.successful = is_ok ? 1 : 0;
    made.failed = is_ok ? 0 : 1;
    made.has_strings = has_strings;
    made.has_hosts = is_sts && is_read && which.sts != sts_side::nonsense;
    made.result = is_ok ? std::string_view{} : which.finding;
    made.has_reason = which.finding == "validation-failure" || which.finding == "certificate-not-trusted";
    // RFC 8461 5: a host that is not listed is left out before anybody connects.
    made.has_addresses = !is_ok && !(which.sts == sts_side::enforce_others && is_sts);
    return made;
}

/// "key_enforce_expired".
[[nodiscard]] inline std::string name_of(const tls_cell& which)
{
    constexpr std::string_view danes[] = {"no_dane", "key", "authority", "useless", "bogus"};
    constexpr std::string_view policies[] = {
        "no_sts", "none", "testing", "enforce", "testing_others", "enforce_others", "bad_certificate", "not_found", "nonsense"};
    constexpr std::string_view peers[] = {"valid", "wrong", "expired", "stranger", "rekeyed", "clear", "broken"};
    return std::string{danes[static_cast<std::size_t>(which.dane)]}
        .append("_")
        .append(policies[static_cast<std::size_t>(which.sts)])
        .append("_")
        .append(peers[static_cast<std::size_t>(which.peer)]);
}

} // namespace postern::test
