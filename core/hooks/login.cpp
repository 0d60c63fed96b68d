#include "core/hooks/login.hpp"

#include "core/message/address.hpp"
#include "core/message/unicode.hpp"

#include <algorithm>

namespace postern::hooks {

namespace {

constexpr std::uint32_t least_iterations = 4096; // RFC 5802 5.1
constexpr std::uint32_t most_iterations = 10'000'000;
constexpr std::size_t most_mechanisms = 64;

bool is_key(std::string_view octets) noexcept
{
    return octets.size() == 20 || octets.size() == 32; // SHA-1, SHA-256
}

bool has_scram_secret(const login_reply& answer) noexcept
{
    return !answer.salt.empty() || !answer.stored_key.empty() || !answer.server_key.empty() || answer.iterations != 0;
}

} // namespace

std::uint32_t declared_as(const login_question& what) noexcept
{
    const bool is_sha_1 = what.kind == secret_of_sha_256 && what.hash == 0;
    return is_sha_1 ? secret_of_sha_1 : what.kind;
}

bool is_identity(std::string_view text) noexcept
{
    const auto is_control = [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; };
    return !text.empty() && text.size() <= longest_identity && (message::is_ascii(text) || message::is_utf8(text)) &&
           std::none_of(text.begin(), text.end(), is_control);
}

std::string_view broken_rule_of(hook_point hook, const login_reply& answer) noexcept
{
    if (hook == hook_point::auth_mechanisms)
        return answer.names.size() > most_mechanisms ? "too many mechanisms" : "";
    if (hook != hook_point::auth_step && hook != hook_point::auth_verify)
        return "an identity or a challenge at a hook that knows none";
    if (answer.is_challenge) {
        if (hook != hook_point::auth_step)
            return "a challenge at a hook that knows none";
        return answer.challenge.size() > longest_challenge ? "a challenge that is too long" : "";
    }
    if (!answer.challenge.empty())
        return "a challenge with an identity";
    if (!is_identity(answer.identity))
        return "no identity, or one that is too long, no UTF-8, or has control characters";
    if (hook == hook_point::auth_step)
        return has_scram_secret(answer) || !answer.password.empty() ? "a secret at a hook that knows none" : "";
    if (answer.password.size() > longest_secret || answer.salt.size() > longest_secret)
        return "a secret that is too long";
    if (has_scram_secret(answer) &&
        (answer.salt.empty() || !is_key(answer.stored_key) || answer.server_key.size() != answer.stored_key.size() ||
         answer.iterations < least_iterations || answer.iterations > most_iterations))
        return "a secret without a salt, with keys of a wrong size, or with fewer than 4096 iterations, or more than 10 million";
    return "";
}

std::string_view misfit_of(std::uint32_t kind, const login_reply& answer) noexcept
{
    const bool has_secret = has_scram_secret(answer);
    const bool has_password = !answer.password.empty();
    if (kind == plain_password) {
        if (has_secret)
            return "a secret in the answer to a question for a password";
        return has_password ? "" : "no password in the answer";
    }
    if (kind != secret_of_sha_256 && kind != secret_of_sha_1)
        return has_secret || has_password ? "a secret or a password in the answer to a question with a proof" : "";
    if (has_password)
        return "a password in the answer to a question for a secret";
    if (!has_secret)
        return "no secret in the answer";
    const std::size_t key = kind == secret_of_sha_1 ? 20 : 32;
    return answer.stored_key.size() == key ? "" : "keys of another hash than the one that was asked for";
}

} // namespace postern::hooks
