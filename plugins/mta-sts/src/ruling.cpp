#include "ruling.hpp"

#include <postern/kit/ascii.hpp>

#include <utility>

namespace mta_sts {

namespace {

[[nodiscard]] postern::tls_finding finding_of(trouble what) noexcept
{
    switch (what) {
    case trouble::none:
        break;
    case trouble::fetch_error:
        return postern::tls_finding::sts_policy_fetch_error;
    case trouble::webpki_invalid:
        return postern::tls_finding::sts_webpki_invalid;
    case trouble::policy_invalid:
        return postern::tls_finding::sts_policy_invalid;
    }
    return postern::tls_finding::ok;
}

constexpr std::size_t most_lines = 200;

[[nodiscard]] postern::policy_origin origin_of(const std::string& domain, const policy& what)
{
    postern::policy_origin origin{"sts", domain, lines_of(what.text, most_lines), what.mx};
    if (origin.hosts.size() > most_lines)
        origin.hosts.resize(most_lines);
    return origin;
}

/// RFC 8460 4.5: as the domain declares it, with what is wrong in it.
[[nodiscard]] postern::policy_origin origin_of_none(const std::string& domain, const standing& known)
{
    return {"sts", domain, known.bad ? lines_of(*known.bad, most_lines) : std::vector<std::string>{}, {}};
}

/// A certificate for the host, unless somebody before demands one for another name: that is not for this plugin to change.
[[nodiscard]] postern::tls_reply verified(const question& about)
{
    if (about.need == postern::tls_need::verified && postern::kit::lowered(about.name) != postern::kit::lowered(about.host))
        return postern::proceed();
    return postern::use_tls(postern::tls_need::verified, about.host);
}

[[nodiscard]] std::string unlisted(const question& about)
{
    return about.host + " is no mail exchanger that the policy of " + about.domain + " lists";
}

} // namespace

bool refuses(const question& about, const standing& known) noexcept
{
    return known.in_force && known.in_force->how == mode::enforce && !lists(*known.in_force, about.host);
}

ruling rule(const question& about, const standing& known)
{
    if (!known.in_force) {
        // One that is kept holds whatever became of its record and its web server: whoever can keep these away must not have to
        // wait for the store to fail too. As any plugin that fails: later.
        if (known.is_untold)
            return {postern::tls_reply{
                        postern::defer(451, "4.3.0", "whether " + about.domain + " has a policy (MTA-STS) cannot be told now")},
                    outcome::unknown};
        if (known.found == trouble::none)
            return {postern::proceed(), outcome::no_policy};
        // RFC 8461 3.3: as if there were none; but its owner hears of it.
        return {postern::tls_reply{postern::proceed()}
                    .by(origin_of_none(about.domain, known))
                    .found(finding_of(known.found), known.why),
                outcome::unavailable};
    }
    const auto& what = *known.in_force;
    auto origin = origin_of(about.domain, what);
    const bool is_listed = lists(what, about.host);
    if (what.how == mode::testing) { // RFC 8461 5: delivered whatever it comes to
        auto reply = postern::tls_reply{postern::proceed()}.by(std::move(origin));
        if (is_listed)
            return {std::move(reply).test(), outcome::tested};
        return {std::move(reply).found(postern::tls_finding::validation_failure, unlisted(about)), outcome::test_failed};
    }
    if (is_listed)
        return {verified(about).by(std::move(origin)), outcome::enforced};
    auto reply = postern::tls_reply{postern::defer(451, "4.7.5", unlisted(about) + " (MTA-STS)")}
                     .try_next_host()
                     .by(std::move(origin))
                     .found(postern::tls_finding::validation_failure);
    return {std::move(reply), outcome::refused};
}

} // namespace mta_sts
