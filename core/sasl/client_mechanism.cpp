#include "core/sasl/client_mechanism.hpp"

#include "core/base/ascii.hpp"
#include "core/sasl/client_steps.hpp"
#include "core/sasl/crypto.hpp"

#include <algorithm>
#include <array>

namespace postern::sasl {

namespace {

struct known_mechanism {
    std::string_view name;
    bool shows_secret; ///< to whoever listens
    client_secret proves_by = client_secret::password;
};

/// Best first.
constexpr std::array<known_mechanism, 11> known{{
    {"EXTERNAL", false, client_secret::none},
    {"OAUTHBEARER", true, client_secret::token},
    {"XOAUTH2", true, client_secret::token},
    {"SCRAM-SHA-256-PLUS", false},
    {"SCRAM-SHA-1-PLUS", false},
    {"SCRAM-SHA-256", false},
    {"SCRAM-SHA-1", false},
    {"CRAM-MD5", false},
    {"PLAIN", true},
    {"LOGIN", true},
    {"ANONYMOUS", false, client_secret::none},
}};

[[nodiscard]] std::unique_ptr<client_mechanism> make(std::string_view name, const credentials& with, const channel_facts& channel,
                                                     bool is_plus_offered)
{
    const auto is = [name](std::string_view other) { return base::equals_ignoring_case(name, other); };
    if (is("EXTERNAL"))
        return with.use_certificate ? make_client_external(with) : nullptr;
    if (is("ANONYMOUS"))
        return with.user.empty() && with.token.empty() ? make_client_anonymous() : nullptr;
    if (is("OAUTHBEARER"))
        return with.token.empty() ? nullptr : make_client_oauthbearer(with);
    if (with.user.empty())
        return nullptr;
    if (is("XOAUTH2"))
        return with.token.empty() ? nullptr : make_client_xoauth2(with);
    if (with.password.empty())
        return nullptr;
    if (is("PLAIN"))
        return make_client_plain(with);
    if (is("LOGIN"))
        return with.act_for.empty() ? make_client_login(with) : nullptr; // it has no room for another identity
    if (is("CRAM-MD5"))
        return with.act_for.empty() ? make_client_cram(with) : nullptr;
    const bool is_256 = is("SCRAM-SHA-256") || is("SCRAM-SHA-256-PLUS");
    if (!is_256 && !is("SCRAM-SHA-1") && !is("SCRAM-SHA-1-PLUS"))
        return nullptr;
    const bool is_plus = name.ends_with('S') || name.ends_with('s');
    auto nonce = make_nonce();
    if (nonce.empty() || (is_plus && channel.binding.empty()))
        return nullptr;
    const auto use = is_plus                                      ? binding_use::required
                     : channel.binding.empty() || is_plus_offered ? binding_use::none
                                                                  : binding_use::not_offered;
    return make_client_scram(is_256 ? scram_hash::sha_256 : scram_hash::sha_1, use, with,
                             is_plus ? channel.binding : std::string{}, std::move(nonce));
}

} // namespace

client_secret secret_of_client_mechanism(std::string_view name) noexcept
{
    const auto found = std::find_if(known.begin(), known.end(), [name](const auto& each) { return each.name == name; });
    return found == known.end() ? client_secret::unknown : found->proves_by;
}

std::unique_ptr<client_mechanism> make_client_mechanism(std::string_view name, const credentials& with,
                                                        const channel_facts& channel)
{
    return make(name, with, channel, true); // what the server offers is not known here: "y" could be a lie
}

std::unique_ptr<client_mechanism> choose_client_mechanism(std::span<const std::string> offered, const credentials& with,
                                                          const channel_facts& channel, bool in_clear)
{
    const auto is_offered = [&](std::string_view name) {
        return std::any_of(offered.begin(), offered.end(),
                           [&](const std::string& each) { return base::equals_ignoring_case(each, name); });
    };
    const bool is_plus_offered = is_offered("SCRAM-SHA-256-PLUS") || is_offered("SCRAM-SHA-1-PLUS");
    for (const auto& each : known) {
        if (!is_offered(each.name) || (each.shows_secret && !channel.is_tls && !in_clear) ||
            (each.name == "EXTERNAL" && !channel.is_tls))
            continue;
        if (auto made = make(each.name, with, channel, is_plus_offered))
            return made;
    }
    return nullptr;
}

} // namespace postern::sasl
