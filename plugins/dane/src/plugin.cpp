// Glue: a host in, its TLSA records asked for, a TLS policy out.
// STANDARDS: RFC 7672 2.1, 2.2, 3.2.3, RFC 7671 7. SECURITY: whoever keeps an answer away, or forges one, puts mail off; a host
// counts as one without records where its zone has none, or is signed by nobody.

#include "tlsa_policy.hpp"

#include <postern/kit/ascii.hpp>
#include <postern/plugin.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <arpa/inet.h>

namespace {

/// What the records of a host came to.
struct finding {
    enum class kind {
        none,    ///< no records, or nobody vouches for them
        records, ///< one at least can be used
        useless, ///< there are some, none of which can be used
        unknown, ///< it cannot be told
    };
    kind what = kind::none;
    bool is_bogus = false;
    std::string base;                        ///< the name that they were found under
    std::string sought = "the TLSA records"; ///< unknown: what cannot be told
    std::string cause;
    std::vector<dane::record> all;
};

/// Whether there is a name to ask for: a Unix socket has none, nor has an address.
[[nodiscard]] bool has_name(const std::string& host) noexcept
{
    in_addr four{};
    in6_addr six{};
    return !host.starts_with('/') && ::inet_pton(AF_INET, host.c_str(), &four) != 1 &&
           ::inet_pton(AF_INET6, host.c_str(), &six) != 1;
}

/// RFC 7672 2.1.1: whoever can keep an answer away must not get the mail for it.
template <class Record>
[[nodiscard]] finding unknown(std::string base, std::string sought, const postern::dns_found<Record>& answer)
{
    return {finding::kind::unknown, answer.is_bogus, std::move(base), std::move(sought), answer.cause, {}};
}

class dane_plugin {
public:
    static constexpr const char* requires_[] = {"postern.dns/1", "postern.metrics/1"};

    explicit dane_plugin(const postern::host& host)
        : host_{host}, relays_{host.config("relays", true)}, required_{host.list("required")},
          secured_{count_of(host, "secured")}, unsecured_{count_of(host, "none")}, unknown_{count_of(host, "unknown")}
    {
        for (auto& each : required_)
            each = postern::kit::lowered(each);
    }

    // By value: the task goes on after the call.
    postern::task<postern::tls_reply> on(postern::tls_policy event) const
    {
        const auto found = co_await look_up(event);
        co_return rule(event, found);
    }

private:
    [[nodiscard]] static postern::counter count_of(const postern::host& host, const char* result)
    {
        return host.metrics().counter("hosts_total", "Hosts that were asked about, by what their TLSA records came to",
                                      {{"result", result}});
    }
    [[nodiscard]] postern::task<finding> look_up(postern::tls_policy event) const
    {
        const std::string host{event.host()};
        const bool is_relay = !event.is_by_mx();
        if ((is_relay && !relays_) || !has_name(host))
            co_return finding{};
        std::string canonical{event.canonical()};
        bool is_secure = event.is_address_secure();
        if (is_relay) {
            // RFC 7672 2.2.1: the configuration is beyond doubt, the host's addresses are not.
            const auto [six, four] = co_await postern::all(host_.dns().aaaa(host), host_.dns().a(host));
            const bool is_insecure = (six && !six.is_secure) || (four && !four.is_secure); // which nobody can forge
            if (!is_insecure && six.is_unknown())
                co_return unknown(host, "the addresses", six);
            if (!is_insecure && four.is_unknown())
                co_return unknown(host, "the addresses", four);
            is_secure = (six || four) && !is_insecure;
            canonical = four ? four.canonical : six.canonical;
        } else if (!event.is_mx_secure()) {
            co_return finding{};
        }
        if (!is_secure) {
            auto alias = co_await ask_alias(host, std::move(canonical), event.port());
            co_return alias;
        }
        // RFC 7671 7: where aliases lead comes first.
        if (!canonical.empty()) {
            auto there = co_await ask(canonical, event.port());
            if (there.what != finding::kind::none)
                co_return there;
        }
        auto here = co_await ask(host, event.port());
        co_return here;
    }

    /// RFC 7672 2.2.2: with addresses that nobody signed, servers may not even answer a question for TLSA. A signed alias,
    /// though, is of a zone that may have records for its name.
    [[nodiscard]] postern::task<finding> ask_alias(std::string host, std::string canonical, std::uint32_t port) const
    {
        if (canonical.empty())
            co_return finding{};
        const auto alias = co_await host_.dns().query(host, POSTERN_DNS_CNAME);
        if (alias.is_unknown())
            co_return unknown(std::move(host), "the alias", alias);
        if (!alias || !alias.is_secure)
            co_return finding{};
        auto here = co_await ask(std::move(host), port);
        co_return here;
    }

    [[nodiscard]] postern::task<finding> ask(std::string base, std::uint32_t port) const
    {
        finding came;
        came.base = std::move(base);
        const auto name = dane::name_of(came.base, port);
        const auto answer = co_await host_.dns().query(name, POSTERN_DNS_TLSA);
        if (answer.is_unknown())
            co_return unknown(std::move(came.base), std::move(came.sought), answer);
        if (answer && answer.is_secure) {
            for (const auto& each : answer.records)
                if (const auto one = dane::read(each.data))
                    came.all.push_back(*one);
            const bool any = std::ranges::any_of(came.all, dane::is_usable);
            came.what = any ? finding::kind::records : finding::kind::useless;
        }
        co_return came;
    }

    [[nodiscard]] postern::tls_reply rule(const postern::tls_policy& event, const finding& found) const
    {
        const std::string domain{event.is_by_mx() ? event.next_hop() : event.host()};
        // RFC 8460 1.1: of DANE, the Policy Domain is the base domain of the TLSA records (RFC 7672 2.2.3).
        postern::policy_origin origin{"tlsa", found.base.empty() ? std::string{event.host()} : found.base, {}, {}};
        for (const auto& each : found.all)
            if (origin.strings.size() < most_records)
                origin.strings.push_back(dane::text_of(each));
        const bool is_required = is_wanted(event, domain);
        switch (found.what) {
        case finding::kind::unknown:
            unknown_.add();
            return not_here(found.is_bogus ? "DNSSEC contradicts " + found.sought + " of " + found.base
                                           : found.sought + " of " + found.base + " cannot be looked up: " + found.cause)
                .by(std::move(origin))
                .found(postern::tls_finding::dnssec_invalid);
        case finding::kind::records:
            secured_.add();
            return with_records(found, event, domain).by(std::move(origin));
        case finding::kind::useless:
            unsecured_.add();
            if (!is_required) // RFC 7672 2.2: encrypted, whoever is there
                return at_least(event, postern::tls_need::required)
                    .by(std::move(origin))
                    .found(postern::tls_finding::tlsa_invalid, "none of the TLSA records of " + found.base + " can be used");
            break;
        case finding::kind::none:
            unsecured_.add();
            if (!is_required)
                return postern::proceed();
            break;
        }
        return not_here(domain + " gets mail by DANE alone, and " + std::string{event.host()} + " has no TLSA record that counts")
            .by(std::move(origin))
            .found(postern::tls_finding::dane_required);
    }

    [[nodiscard]] static postern::tls_reply not_here(std::string why)
    {
        return postern::tls_reply{postern::defer(451, "4.7.5", std::move(why))}.try_next_host();
    }
    [[nodiscard]] static postern::tls_reply at_least(const postern::tls_policy& event, postern::tls_need need)
    {
        return event.need() < need ? postern::use_tls(need) : postern::tls_reply{postern::proceed()};
    }
    /// RFC 7672 3.2.3: for an authority's certificate, any of the names.
    [[nodiscard]] static postern::tls_reply with_records(const finding& found, const postern::tls_policy& event,
                                                         const std::string& domain)
    {
        std::vector<postern::tlsa_record> records;
        for (const auto& each : found.all)
            if (dane::is_usable(each) && records.size() < most_records)
                records.push_back({each.usage, each.selector, each.matching, each.data});
        auto reply = postern::use_dane(std::move(records), found.base);
        for (const auto& name : {std::string{event.host()}, domain})
            if (name != found.base)
                reply.or_name(name);
        return reply;
    }
    [[nodiscard]] bool is_wanted(const postern::tls_policy& event, const std::string& domain) const
    {
        if (dane::is_listed(domain, required_) || dane::is_listed(event.host(), required_))
            return true;
        return std::ranges::any_of(event.domains(), [this](std::string_view each) { return dane::is_listed(each, required_); });
    }

    static constexpr std::size_t most_records = 100; // a policy has no more

    postern::host host_;
    bool relays_;
    std::vector<std::string> required_;
    postern::counter secured_;
    postern::counter unsecured_;
    postern::counter unknown_;
};

} // namespace

POSTERN_PLUGIN(dane_plugin, "org.postern.dane", "1.0");
