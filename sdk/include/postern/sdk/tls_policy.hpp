#pragma once
// How a connection to a next hop has to be secured, and what came of it: delivery.tls_policy and delivery.tls_result of
// <postern/abi/outgoing.h>.
// STANDARDS: RFC 6698 2.1, RFC 7672, RFC 8460 4.3, 4.4. SECURITY: names, records and policies come from whoever owns a domain.

#include <postern/sdk/outgoing.hpp>

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postern {

/// What came of securing a connection, in the terms of RFC 8460 4.3.
enum class tls_finding : std::uint32_t {
    ok = POSTERN_TLS_RESULT_OK,
    starttls_not_supported = POSTERN_TLS_RESULT_STARTTLS_NOT_SUPPORTED,
    certificate_host_mismatch = POSTERN_TLS_RESULT_CERTIFICATE_HOST_MISMATCH,
    certificate_expired = POSTERN_TLS_RESULT_CERTIFICATE_EXPIRED,
    certificate_not_trusted = POSTERN_TLS_RESULT_CERTIFICATE_NOT_TRUSTED,
    validation_failure = POSTERN_TLS_RESULT_VALIDATION_FAILURE, ///< any other
    tlsa_invalid = POSTERN_TLS_RESULT_TLSA_INVALID,
    dnssec_invalid = POSTERN_TLS_RESULT_DNSSEC_INVALID,
    dane_required = POSTERN_TLS_RESULT_DANE_REQUIRED,
    sts_policy_fetch_error = POSTERN_TLS_RESULT_STS_POLICY_FETCH_ERROR,
    sts_policy_invalid = POSTERN_TLS_RESULT_STS_POLICY_INVALID,
    sts_webpki_invalid = POSTERN_TLS_RESULT_STS_WEBPKI_INVALID,
};

/// What a certificate is compared with (RFC 6698 2.1). Of use are the usages 2, DANE-TA, and 3, DANE-EE.
struct tlsa_record {
    std::uint8_t usage = 0;
    std::uint8_t selector = 0; ///< 0: the certificate, 1: its public key
    std::uint8_t matching = 0; ///< 0: all of that, 1: its SHA-256, 2: its SHA-512
    std::string data;          ///< octets

    bool operator==(const tlsa_record&) const = default;
};

/// Whose policy it is, for reports about it.
struct policy_origin {
    std::string type;                 ///< "sts" or "tlsa"
    std::string domain;               ///< that it is about
    std::vector<std::string> strings; ///< as it was published: printable ASCII, at most 200 of up to 1,024 octets
    std::vector<std::string> hosts;   ///< likewise: the patterns of its mail exchangers
};

namespace sdk {

/// What both events say of the host.
template <class Record, std::uint32_t Hook, event_kind Kind>
class host_event : public outgoing_event<Record, Hook, Kind> {
public:
    using outgoing_event<Record, Hook, Kind>::outgoing_event;
    /// A name, or the text of an address.
    [[nodiscard]] std::string_view host() const noexcept { return view(this->record().host); }
    [[nodiscard]] std::uint32_t port() const noexcept { return this->record().port; }
    /// An MX record of the domain next_hop() names the host, or the domain has none and is its own.
    [[nodiscard]] bool is_by_mx() const noexcept { return this->has_flag(POSTERN_HOST_BY_MX); }
    /// DNSSEC vouches for that, and for the host's addresses. Of hosts that are not by MX nobody looked.
    [[nodiscard]] bool is_mx_secure() const noexcept { return this->has_flag(POSTERN_HOST_MX_SECURE); }
    [[nodiscard]] bool is_address_secure() const noexcept { return this->has_flag(POSTERN_HOST_ADDRESS_SECURE); }
};

} // namespace sdk

/// delivery.tls_policy: how the connection to a host has to be secured.
class tls_policy final : public sdk::host_event<postern_ev_tls_policy, POSTERN_HOOK_TLS_POLICY, event_kind::tls_policy> {
public:
    using host_event::host_event;
    [[nodiscard]] std::string_view sender() const noexcept { return sdk::view(record().sender); }
    /// Where aliases of host() lead; empty: there are none.
    [[nodiscard]] std::string_view canonical() const noexcept { return sdk::view(record().canonical); }
    /// Of the recipients, in lower case.
    [[nodiscard]] addresses domains() const noexcept { return addresses{record().domains}; }
    [[nodiscard]] stored_params params() const noexcept { return stored_params{record().params}; }
    /// What the configuration says.
    [[nodiscard]] tls_need configured() const noexcept { return static_cast<tls_need>(record().configured); }
    /// What holds, after what other plugins said; and the name that `verified` and `dane` check.
    [[nodiscard]] tls_need need() const noexcept { return static_cast<tls_need>(record().tls); }
    [[nodiscard]] std::string_view name() const noexcept { return sdk::view(record().name); }
};

/// delivery.tls_result: whether and how a connection was secured; a host that a plugin left out is told of too.
class tls_result final : public sdk::host_event<postern_ev_tls_result, POSTERN_HOOK_TLS_RESULT, event_kind::notification> {
public:
    using host_event::host_event;
    /// Of the peer, and our end's; empty: nobody connected.
    [[nodiscard]] std::string_view address() const noexcept { return sdk::view(record().address); }
    [[nodiscard]] std::string_view source() const noexcept { return sdk::view(record().source); }
    /// "sts", "tlsa"; empty: no policy was found.
    [[nodiscard]] std::string_view policy_type() const noexcept { return sdk::view(record().policy_type); }
    [[nodiscard]] std::string_view policy_domain() const noexcept { return sdk::view(record().policy_domain); }
    [[nodiscard]] addresses policy_strings() const noexcept { return addresses{record().policy_strings}; }
    [[nodiscard]] addresses policy_hosts() const noexcept { return addresses{record().policy_hosts}; }
    [[nodiscard]] tls_finding finding() const noexcept { return static_cast<tls_finding>(record().result); }
    /// What was wrong, in words.
    [[nodiscard]] std::string_view text() const noexcept { return sdk::view(record().text); }
    [[nodiscard]] tls_need policy() const noexcept { return static_cast<tls_need>(record().tls); }
    /// The message did not go out on it for that.
    [[nodiscard]] bool is_refused() const noexcept { return has_flag(POSTERN_TLS_REFUSED); }
};

/// The answer to tls_policy: a verdict, proceed() among them, or use_tls() or use_dane(), and what is to be reported.
class tls_reply {
public:
    // NOLINTNEXTLINE(google-explicit-constructor): what refuses is an answer already
    tls_reply(verdict what) : what_{std::move(what)} {}
    tls_reply(tls_need need, std::string name) : what_{proceed()}, name_{std::move(name)}, need_{need} {}

    /// A certificate for that one will do as well, at most ten. Throws std::invalid_argument for what is no name of a host.
    tls_reply& or_name(std::string name) &
    {
        if (!sdk::is_host_name(name) || names_.size() >= sdk::most_names)
            throw std::invalid_argument("\"" + name + "\" is no name of a host, or one too many");
        names_.push_back(std::move(name));
        return *this;
    }
    tls_reply or_name(std::string name) && { return std::move(or_name(std::move(name))); }
    /// A record that one of has to match, of use_dane() alone.
    tls_reply& or_record(tlsa_record record) &
    {
        if (need_ != tls_need::dane || tlsa_.size() >= sdk::most_tlsa || record.data.size() > sdk::longest_tlsa)
            throw std::invalid_argument("a TLSA record that is too long, one too many, or without use_dane()");
        tlsa_.push_back(std::move(record));
        return *this;
    }
    /// What a certificate for the name comes to is told by tls_result, and does not count: a policy on trial.
    tls_reply& test() & noexcept
    {
        is_tested_ = true;
        return *this;
    }
    tls_reply test() && noexcept { return std::move(test()); }
    /// Whose policy it is, and what was found wrong before anybody connects: for tls_result.
    tls_reply& by(policy_origin origin) &
    {
        origin_ = std::move(origin);
        return *this;
    }
    tls_reply by(policy_origin origin) && { return std::move(by(std::move(origin))); }
    /// `why`: in words, one line; empty with defer() and the like: those of the verdict.
    tls_reply& found(tls_finding what, std::string why = {}) &
    {
        finding_ = what;
        why_ = sdk::as_reply_text(std::move(why));
        return *this;
    }
    tls_reply found(tls_finding what, std::string why = {}) && { return std::move(found(what, std::move(why))); }
    /// With defer(): this host is left out, and the next one asked about. Throws std::invalid_argument with another verdict.
    tls_reply& try_next_host() &
    {
        if (what_.kind() != POSTERN_TEMPFAIL)
            throw std::invalid_argument("only what defers can ask for the next host");
        next_host_ = true;
        return *this;
    }
    tls_reply try_next_host() && { return std::move(try_next_host()); }

    [[nodiscard]] const verdict& what() const noexcept { return what_; }
    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    [[nodiscard]] std::optional<tls_need> need() const noexcept { return need_; }
    [[nodiscard]] const std::vector<std::string>& names() const noexcept { return names_; }
    [[nodiscard]] const std::vector<tlsa_record>& tlsa() const noexcept { return tlsa_; }
    [[nodiscard]] const std::optional<policy_origin>& origin() const noexcept { return origin_; }
    [[nodiscard]] tls_finding finding() const noexcept { return finding_; }
    [[nodiscard]] const std::string& why() const noexcept { return why_; }
    [[nodiscard]] bool is_tested() const noexcept { return is_tested_; }
    [[nodiscard]] bool wants_next_host() const noexcept { return next_host_; }
    [[nodiscard]] bool is_pass() const noexcept
    {
        return what_.is_pass() && !need_ && name_.empty() && names_.empty() && !origin_ && finding_ == tls_finding::ok &&
               !is_tested_;
    }

private:
    verdict what_;
    std::string name_;
    std::optional<tls_need> need_;
    std::vector<std::string> names_;
    std::vector<tlsa_record> tlsa_;
    std::optional<policy_origin> origin_;
    tls_finding finding_ = tls_finding::ok;
    std::string why_;
    bool is_tested_ = false;
    bool next_host_ = false;
};

/// A weaker need than holds takes may = ["tls"]. `name`: of the host, for `verified`; empty: the one in the event. Throws
/// std::invalid_argument for what is no name.
[[nodiscard]] inline tls_reply use_tls(tls_need need, std::string name = {})
{
    if (!name.empty() && !sdk::is_host_name(name))
        throw std::invalid_argument("\"" + name + "\" is no name of a host");
    return {need, std::move(name)};
}

/// A certificate that one of the records names, and, of an authority, for `name` (empty: the one in the event). Throws
/// std::invalid_argument without a record, and for what is no name.
[[nodiscard]] inline tls_reply use_dane(std::vector<tlsa_record> records, std::string name = {})
{
    if (records.empty())
        throw std::invalid_argument("DANE takes a TLSA record at least");
    tls_reply made = use_tls(tls_need::dane, std::move(name));
    for (tlsa_record& each : records)
        made.or_record(std::move(each));
    return made;
}

namespace sdk {

inline postern_status send(const services& to, std::uint64_t ticket, const tls_reply& what)
{
    return with_base<postern_tls_policy_reply>(what.what(), [&](postern_tls_policy_reply& record) {
        const auto texts_of = [](const std::vector<std::string>& from) {
            std::vector<postern_str> records;
            for (const auto& each : from)
                records.push_back(str(each));
            return records;
        };
        const auto names = texts_of(what.names());
        std::vector<postern_tlsa> tlsa;
        for (const auto& each : what.tlsa())
            tlsa.push_back({each.usage, each.selector, each.matching, 0, str(each.data)});
        const policy_origin origin = what.origin().value_or(policy_origin{});
        const auto strings = texts_of(origin.strings);
        const auto hosts = texts_of(origin.hosts);
        record.name = str(what.name());
        record.tls = what.need() ? static_cast<std::uint32_t>(*what.need()) : 0;
        record.names = list_over(names.data(), names.size());
        record.tlsa = list_over(tlsa.data(), tlsa.size());
        record.policy_type = str(origin.type);
        record.policy_domain = str(origin.domain);
        record.policy_strings = list_over(strings.data(), strings.size());
        record.policy_hosts = list_over(hosts.data(), hosts.size());
        record.finding = static_cast<std::uint32_t>(what.finding());
        if (record.base.text.len == 0)
            record.base.text = str(what.why());
        record.flags = what.is_tested() ? POSTERN_TLS_TESTED : 0;
        record.next_host = what.wants_next_host() ? 1 : 0;
        return to.core->reply(to.host, ticket, &record.base);
    });
}

} // namespace sdk
} // namespace postern
