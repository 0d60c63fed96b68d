#pragma once
// What a real host refuses in an answer about a login. Part of the rules of fake_host.

#include <postern/abi/auth.h>
#include <postern/testing/answer.hpp>
#include <postern/testing/extension_rules.hpp>
#include <postern/testing/question.hpp>

#include <algorithm>
#include <string>
#include <string_view>

namespace postern::testing {

[[nodiscard]] constexpr bool is_login(std::uint32_t hook) noexcept
{
    return hook >= POSTERN_HOOK_AUTH_MECHANISMS && hook <= POSTERN_HOOK_AUTH_RESULT;
}

namespace rules {

[[nodiscard]] inline bool has_secret(const login_reply& said) noexcept
{
    return !said.salt.empty() || !said.stored_key.empty() || !said.server_key.empty() || said.iterations != 0;
}

[[nodiscard]] inline std::string read_names(const postern_mechanisms_reply& from, login_reply& to)
{
    if (!is_sound(from.names, sizeof(postern_str)) || from.names.count > 64)
        return "a list of mechanisms without records, with a stride smaller than a text, or too long";
    for (std::uint32_t i = 0; i < from.names.count; ++i) {
        const auto name = sdk::record_at<postern_str>(from.names, i);
        if (!is_sound(name))
            return "a NULL text that has a length";
        to.names.emplace_back(sdk::view(name));
    }
    return {};
}

[[nodiscard]] inline std::string read_who(const postern_auth_reply& from, login_reply& to)
{
    for (const postern_str* text :
         {&from.identity, &from.challenge, &from.salt, &from.stored_key, &from.server_key, &from.password})
        if (!is_sound(*text) || text->len > 8192)
            return "a text that is NULL with a length, or too long";
    if (from.then > POSTERN_AUTH_CHALLENGE)
        return "something to follow that no host knows";
    to = {std::string{sdk::view(from.identity)},
          std::string{sdk::view(from.challenge)},
          std::string{sdk::view(from.salt)},
          std::string{sdk::view(from.stored_key)},
          std::string{sdk::view(from.server_key)},
          std::string{sdk::view(from.password)},
          from.iterations,
          from.then == POSTERN_AUTH_CHALLENGE,
          {}};
    return {};
}

/// Copies what an answer says beyond its base, if it does; what is wrong with its record, empty: nothing.
[[nodiscard]] inline std::string read_login(const postern_reply& reply, std::uint32_t hook, answer& to)
{
    if (!is_login(hook) || hook == POSTERN_HOOK_AUTH_RESULT || reply.size == sizeof(postern_reply))
        return {};
    const bool is_list = hook == POSTERN_HOOK_AUTH_MECHANISMS;
    if (reply.size < (is_list ? sizeof(postern_mechanisms_reply) : sizeof(postern_auth_reply)))
        return "a reply record smaller than version 1 of this hook's";
    login_reply said;
    std::string fault =
        is_list ? read_names(whole<postern_mechanisms_reply>(reply), said) : read_who(whole<postern_auth_reply>(reply), said);
    if (is_list || (to.verdict == POSTERN_CONTINUE &&
                    (said.is_challenge || !said.identity.empty() || has_secret(said) || !said.password.empty())))
        to.login = std::move(said);
    return fault;
}

[[nodiscard]] inline bool is_identity(std::string_view text) noexcept
{
    return !text.empty() && text.size() <= 255 &&
           std::none_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; });
}

/// Why an answer does not fit a question of auth.verify, as it is declared; empty: it does.
[[nodiscard]] inline std::string misfit_of(std::uint32_t proof, const login_reply& said)
{
    const bool has_password = !said.password.empty();
    if (proof == POSTERN_AUTH_PLAIN_TEXT) {
        if (has_secret(said))
            return "a secret in the answer to a question for a password";
        return has_password ? "" : "no password in the answer";
    }
    if (proof != POSTERN_AUTH_SECRET && proof != POSTERN_AUTH_SECRET_SHA_1)
        return has_secret(said) || has_password ? "a secret or a password in the answer to a question with a proof" : "";
    if (has_password)
        return "a password in the answer to a question for a secret";
    if (!has_secret(said))
        return "no secret in the answer";
    return said.stored_key.size() == (proof == POSTERN_AUTH_SECRET ? 32 : 20)
               ? ""
               : "keys of another hash than the one that was asked for";
}

[[nodiscard]] inline std::string fault_of_login(const answer& what, const question& asked)
{
    const login_reply& said = *what.login;
    const std::uint32_t hook = asked.hook;
    if (hook == POSTERN_HOOK_AUTH_MECHANISMS)
        return {};
    if (said.is_challenge)
        return hook == POSTERN_HOOK_AUTH_STEP ? "" : "a challenge at a hook that knows none";
    if (!said.challenge.empty())
        return "a challenge with an identity";
    if (!is_identity(said.identity))
        return "no identity, or one that is too long or has control characters";
    if (hook == POSTERN_HOOK_AUTH_STEP)
        return has_secret(said) || !said.password.empty() ? "a secret at a hook that knows none" : "";
    const bool is_key = said.stored_key.size() == 20 || said.stored_key.size() == 32;
    if (has_secret(said) && (said.salt.empty() || !is_key || said.server_key.size() != said.stored_key.size() ||
                             said.iterations < 4096 || said.iterations > 10'000'000))
        return "a secret without a salt, with keys of a wrong size, or with fewer than 4096 iterations, or more than 10 million";
    return said.salt.size() > 1024 || said.password.size() > 1024 ? "a secret that is too long" : misfit_of(asked.proof, said);
}

} // namespace rules
} // namespace postern::testing
