#include "core/runtime/login_choice.hpp"

#include "core/base/ascii.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace postern::runtime {

namespace {

[[nodiscard]] bool is_among(std::span<const std::string> all, std::string_view name)
{
    return std::any_of(all.begin(), all.end(), [name](const auto& each) { return base::equals_ignoring_case(each, name); });
}

/// "PLAIN, LOGIN": of what a server offers as much as a line takes.
[[nodiscard]] std::string listed(std::span<const std::string> names)
{
    constexpr std::size_t most = 12;
    std::string out;
    for (const auto& each : names.first(std::min(names.size(), most)))
        out += (out.empty() ? "" : ", ") + each;
    return names.size() > most ? out + ", ..." : out;
}

} // namespace

std::unique_ptr<sasl::client_mechanism> choose_login(const login_terms& terms, const sasl::credentials& with,
                                                     const sasl::channel_facts& channel, std::string& why)
{
    if (terms.offered.empty()) {
        why = terms.has_starttls_left ? "the server offers AUTH behind STARTTLS only, if at all; use TLS"
                                      : "the server offers no AUTH";
        return nullptr;
    }
    std::vector<std::string> fitting;
    std::copy_if(terms.offered.begin(), terms.offered.end(), std::back_inserter(fitting),
                 [&](const auto& each) { return terms.allowed.empty() || is_among(terms.allowed, each); });
    if (fitting.empty()) {
        why = "the server does not offer " + listed(terms.allowed) + ", but " + listed(terms.offered);
        if (terms.has_starttls_left)
            why += "; behind STARTTLS it may";
        return nullptr;
    }
    auto chosen = sasl::choose_client_mechanism(fitting, with, channel, terms.in_clear);
    if (chosen != nullptr) {
        // RFC 5802 6: who leaves out what is offered with a channel binding must not say that it is not offered.
        const bool has_binding = is_among(terms.offered, "SCRAM-SHA-256-PLUS") || is_among(terms.offered, "SCRAM-SHA-1-PLUS");
        const std::string name{chosen->name()};
        return has_binding ? sasl::make_client_mechanism(name, with, channel) : std::move(chosen);
    }
    const bool would_show = sasl::choose_client_mechanism(fitting, with, channel, true) != nullptr;
    why = would_show ? "outside TLS the server offers nothing that hides the password, but " + listed(fitting)
                     : "the credentials do not do for what the server offers: " + listed(fitting);
    return nullptr;
}

} // namespace postern::runtime
