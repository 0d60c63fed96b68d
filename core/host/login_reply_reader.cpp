// The replies of auth.mechanisms, auth.step and auth.verify -> hooks::plugin_reply. SECURITY: as reply_reader.

#include "core/host/record_sizes.hpp"
#include "core/host/reply_reader.hpp"

#include "core/hooks/login.hpp"

namespace postern::daemon {
namespace {

const char* read_names(const postern_list& from, std::vector<std::string>& to)
{
    constexpr std::uint32_t most = 64;
    if (!is_sound(from, sizeof(postern_str)) || from.count > most)
        return "a list of mechanisms without records, with a stride smaller than a text, or too long";
    const auto* at = static_cast<const char*>(from.at);
    for (std::uint32_t i = 0; i < from.count; ++i, at += from.stride) {
        postern_str name;
        std::memcpy(&name, at, sizeof name);
        if (!is_sound(name) || name.len > most_reply_text)
            return "a name that is NULL with a length, or too long";
        to.emplace_back(view(name));
    }
    return nullptr;
}

const char* read_login(const postern_auth_reply& from, hooks::login_reply& to)
{
    for (const auto* text : {&from.identity, &from.challenge, &from.salt, &from.stored_key, &from.server_key, &from.password})
        if (!is_sound(*text) || text->len > hooks::longest_challenge)
            return "a text that is NULL with a length, or too long";
    if (from.then > POSTERN_AUTH_CHALLENGE)
        return "something to follow that this host does not know";
    to.identity = view(from.identity);
    to.challenge = view(from.challenge);
    to.salt = view(from.salt);
    to.stored_key = view(from.stored_key);
    to.server_key = view(from.server_key);
    to.password = view(from.password);
    to.iterations = from.iterations;
    to.is_challenge = from.then == POSTERN_AUTH_CHALLENGE;
    return nullptr;
}

} // namespace

bool has_login_reply(hooks::hook_point hook) noexcept
{
    return hooks::is_of_login(hook) && hook != hooks::hook_point::auth_result;
}

const char* read_login_reply(hooks::hook_point hook, const postern_reply& from, hooks::plugin_reply& to)
{
    const bool is_list = hook == hooks::hook_point::auth_mechanisms;
    if (from.size == first_size<postern_reply>)
        return nullptr;
    if (from.size < (is_list ? first_size<postern_mechanisms_reply> : first_size<postern_auth_reply>))
        return "a reply record smaller than version 1 of this hook's";
    auto login = std::make_shared<hooks::login_reply>();
    const char* const wrong = is_list ? read_names(read_record<postern_mechanisms_reply>(&from, from.size).names, login->names)
                                      : read_login(read_record<postern_auth_reply>(&from, from.size), *login);
    // A refusal, or nothing to say, in the larger record. A secret without an identity is no such thing: it is broken.
    const bool has_secret = !login->salt.empty() || !login->stored_key.empty() || !login->server_key.empty() ||
                            !login->password.empty() || login->iterations != 0;
    const bool says_more = is_list || (to.verdict == hooks::verdict_kind::proceed &&
                                       (login->is_challenge || has_secret || !login->identity.empty()));
    if (says_more)
        to.login = std::move(login);
    return wrong;
}

} // namespace postern::daemon
