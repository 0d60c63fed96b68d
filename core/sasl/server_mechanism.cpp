#include "core/sasl/server_mechanism.hpp"

#include "core/base/ascii.hpp"
#include "core/sasl/crypto.hpp"
#include "core/sasl/server_steps.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace postern::sasl {

namespace {

constexpr std::array<mechanism_kind, 11> kinds{{
    {.name = "EXTERNAL", .needs = proof_kind::certificate, .needs_certificate = true},
    {.name = "SCRAM-SHA-256-PLUS", .needs = proof_kind::secret, .needs_binding = true},
    {.name = "SCRAM-SHA-1-PLUS", .needs = proof_kind::secret, .needs_binding = true},
    {.name = "SCRAM-SHA-256", .needs = proof_kind::secret},
    {.name = "SCRAM-SHA-1", .needs = proof_kind::secret},
    {.name = "OAUTHBEARER", .needs = proof_kind::token},
    {.name = "XOAUTH2", .needs = proof_kind::token},
    {.name = "CRAM-MD5", .needs = proof_kind::plain_text, .only_if_listed = true},
    {.name = "PLAIN", .needs = proof_kind::password},
    {.name = "LOGIN", .needs = proof_kind::password},
    {.name = "ANONYMOUS", .needs = proof_kind::anonymous, .only_if_listed = true},
}};

} // namespace

std::span<const mechanism_kind> server_mechanisms() noexcept
{
    return kinds;
}

const mechanism_kind* find_server_mechanism(std::string_view name) noexcept
{
    const auto found = std::find_if(kinds.begin(), kinds.end(),
                                    [&](const mechanism_kind& each) { return base::equals_ignoring_case(each.name, name); });
    return found == kinds.end() ? nullptr : &*found;
}

std::unique_ptr<server_mechanism> make_server_mechanism(const mechanism_kind& kind, surroundings where)
{
    switch (kind.needs) {
    case proof_kind::password:
        return kind.name == "PLAIN" ? make_server_plain() : make_server_login();
    case proof_kind::secret:
        return make_server_scram(kind.name.starts_with("SCRAM-SHA-256") ? scram_hash::sha_256 : scram_hash::sha_1,
                                 kind.needs_binding, std::move(where));
    case proof_kind::plain_text:
        return make_server_cram(std::move(where));
    case proof_kind::token:
        return kind.name == "OAUTHBEARER" ? make_server_oauthbearer() : make_server_xoauth2();
    case proof_kind::certificate:
        return make_server_external(std::move(where));
    case proof_kind::anonymous:
        return make_server_anonymous();
    }
    return nullptr;
}

progress challenge(std::string octets)
{
    return {progress::kind::challenge, std::move(octets)};
}

progress ask()
{
    return {progress::kind::ask, {}};
}

progress failed(std::string why)
{
    return {progress::kind::failed, std::move(why)};
}

progress malformed(std::string why)
{
    return {progress::kind::malformed, std::move(why)};
}

progress unavailable(std::string why)
{
    return {progress::kind::unavailable, std::move(why)};
}

progress finish(const question& asked, const answer& what)
{
    if (!what.identity.empty())
        return {progress::kind::done, what.identity};
    if (asked.user.empty())
        return failed("nobody said who that is");
    if (!asked.act_for.empty() && asked.act_for != asked.user)
        return failed("nobody said that one may act for the other");
    return {progress::kind::done, asked.user};
}

asking_mechanism::~asking_mechanism()
{
    wipe(asked_.proof);
}

} // namespace postern::sasl
