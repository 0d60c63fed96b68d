#include "core/io/peer_certificate.hpp"

#include <algorithm>

#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

namespace postern::io {

namespace {

/// RFC 7672 3.1.3: no others are of use in SMTP.
[[nodiscard]] bool is_of_use(const base::tlsa_record& record) noexcept
{
    constexpr std::uint8_t dane_ta = 2;
    constexpr std::uint8_t dane_ee = 3;
    return record.usage == dane_ta || record.usage == dane_ee;
}

constexpr std::string_view no_memory = "out of memory";

[[nodiscard]] std::string_view expect_dane(SSL* session, const std::string& name, const peer_expectation& what) noexcept
{
    if (SSL_dane_enable(session, name.c_str()) != 1)
        return no_memory;
    // RFC 7671 5.1: with DANE-EE neither names nor times count, for the record says that it is this one.
    SSL_dane_set_flags(session, DANE_FLAG_NO_DANE_EE_NAMECHECKS);
    bool any = false;
    for (const auto& each : what.tlsa) {
        if (!is_of_use(each))
            continue;
        const auto* const data = reinterpret_cast<const unsigned char*>(each.data.data());
        const int added = SSL_dane_tlsa_add(session, each.usage, each.selector, each.matching, data, each.data.size());
        if (added < 0) // nothing is left out but for what is wrong with it
            return no_memory;
        any = any || added == 1;
    }
    // RFC 7672 3.1.3 leaves it to whoever looked at the records to do without; here somebody wants one to match.
    if (!any && !what.is_only_noted)
        return "none of the TLSA records can be used";
    SSL_set_verify(session, what.is_only_noted ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, nullptr);
    return {};
}

[[nodiscard]] std::string_view expect_authority(SSL* session, const std::string& name, const peer_expectation& what) noexcept
{
    // RFC 8461 4.2, RFC 6125 6.4.4: a DNS-ID, and no common name in its place.
    SSL_set_hostflags(session, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    if (SSL_set1_host(session, name.c_str()) != 1)
        return no_memory;
    if (what.is_only_noted)
        SSL_set_verify(session, SSL_VERIFY_NONE, nullptr);
    return {};
}

} // namespace

std::string_view expect(ssl_st* session, const std::string& name, const peer_expectation& what) noexcept
{
    SSL_set_hostflags(session, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    const bool by_context = SSL_get_verify_mode(session) != SSL_VERIFY_NONE;
    if (!by_context && what.is_plain())
        return {};
    if (name.empty()) // any would do
        return "there is no name that its certificate could be for";
    const auto why = what.tlsa.empty() ? expect_authority(session, name, what) : expect_dane(session, name, what);
    if (!why.empty())
        return why;
    const bool done = std::all_of(what.names.begin(), what.names.end(),
                                  [&](const std::string& each) { return SSL_add1_host(session, each.c_str()) == 1; });
    return done ? std::string_view{} : no_memory;
}

certificate_fault fault_of(const ssl_st* session) noexcept
{
    switch (SSL_get_verify_result(session)) {
    case X509_V_OK:
        return certificate_fault::none;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        return certificate_fault::wrong_name;
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return certificate_fault::expired;
    case X509_V_ERR_DANE_NO_MATCH:
        return certificate_fault::no_match;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_CERT_UNTRUSTED:
    case X509_V_ERR_CERT_REJECTED:
        return certificate_fault::untrusted;
    default:
        return certificate_fault::other;
    }
}

std::string_view fault_text(const ssl_st* session) noexcept
{
    const auto found = SSL_get_verify_result(session);
    return found == X509_V_OK ? std::string_view{} : std::string_view{X509_verify_cert_error_string(found)};
}

} // namespace postern::io
