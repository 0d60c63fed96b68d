#include "core/sasl/scram.hpp"

#include "core/sasl/errc.hpp"

#include <algorithm>

namespace postern::sasl {

digest digest_of(scram_hash hash) noexcept
{
    return hash == scram_hash::sha_1 ? digest::sha_1 : digest::sha_256;
}

scram_keys::~scram_keys()
{
    wipe(client_key);
    wipe(stored_key);
    wipe(server_key);
}

base::result<scram_keys> derive_scram_keys(scram_hash hash, std::string_view password, std::string_view salt,
                                           std::uint32_t iterations)
{
    const auto kind = digest_of(hash);
    auto salted = pbkdf2(kind, password, salt, iterations);
    scram_keys keys;
    keys.client_key = hmac(kind, salted, "Client Key");
    keys.stored_key = sasl::hash(kind, keys.client_key);
    keys.server_key = hmac(kind, salted, "Server Key");
    const bool is_made = !salted.empty() && !keys.client_key.empty() && !keys.stored_key.empty() && !keys.server_key.empty();
    wipe(salted);
    if (!is_made)
        return errc::no_cryptography;
    return keys;
}

std::string exclusive_or(std::string_view a, std::string_view b)
{
    std::string made;
    if (a.size() != b.size())
        return made;
    made.resize(a.size());
    std::transform(a.begin(), a.end(), b.begin(), made.begin(), [](char x, char y) { return static_cast<char>(x ^ y); });
    return made;
}

std::string escape_saslname(std::string_view name)
{
    std::string made;
    for (const char c : name) {
        if (c == ',')
            made += "=2C";
        else if (c == '=')
            made += "=3D";
        else
            made += c;
    }
    return made;
}

std::optional<std::string> unescape_saslname(std::string_view text)
{
    std::string made;
    while (!text.empty()) {
        if (text.front() == ',' || text.front() == '\0')
            return std::nullopt;
        const bool is_escape = text.front() == '=';
        if (is_escape && !text.starts_with("=2C") && !text.starts_with("=3D"))
            return std::nullopt;
        made += !is_escape ? text.front() : text[1] == '2' ? ',' : '=';
        text.remove_prefix(is_escape ? 3 : 1);
    }
    return made;
}

std::optional<std::string_view> take_attribute(std::string_view& rest, char key) noexcept
{
    if (rest.size() < 2 || rest[0] != key || rest[1] != '=')
        return std::nullopt;
    const auto end = std::min(rest.find(','), rest.size());
    const auto value = rest.substr(2, end - 2);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return value;
}

} // namespace postern::sasl
