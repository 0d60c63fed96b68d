#include "new_credential.hpp"

#include <algorithm>
#include <array>

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stringprep.h>

namespace auth_file {
namespace {

constexpr std::size_t most_text = 1024;       // octets, as the host has it
constexpr int usual_iterations = 4096;        // what the host pretends of unknown names
constexpr std::size_t usual_salt_octets = 16; // likewise

using octets = std::array<unsigned char, EVP_MAX_MD_SIZE>;

std::string base64(const unsigned char* from, std::size_t length)
{
    std::string text(sodium_base64_encoded_len(length, sodium_base64_VARIANT_ORIGINAL), '\0');
    sodium_bin2base64(text.data(), text.size(), from, length, sodium_base64_VARIANT_ORIGINAL);
    text.pop_back(); // its NUL
    return text;
}

bool hmac(const EVP_MD* hash, const octets& key, std::size_t key_length, std::string_view data, octets& to)
{
    return HMAC(hash, key.data(), static_cast<int>(key_length), reinterpret_cast<const unsigned char*>(data.data()), data.size(),
                to.data(), nullptr) != nullptr;
}

} // namespace

std::optional<std::string> saslprep(std::string_view text, text_use use)
{
    if (text.empty() || text.size() > most_text || text.find('\0') != std::string_view::npos)
        return std::nullopt;
    if (std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; }))
        return std::string{text};
    std::string prepared{text};
    prepared.resize(most_text * 4 + 1); // NFKC makes some longer; what does not fit is an error
    const auto flags = use == text_use::stored ? STRINGPREP_NO_UNASSIGNED : Stringprep_profile_flags{};
    const int code = stringprep(prepared.data(), prepared.size(), flags, stringprep_saslprep);
    prepared.resize(code == STRINGPREP_OK ? prepared.find('\0') : 0);
    if (prepared.empty())
        return std::nullopt;
    return prepared;
}

std::string make_argon2id(std::string_view password, const hash_limits& limits)
{
    std::array<char, crypto_pwhash_STRBYTES> made{};
    if (crypto_pwhash_str_alg(made.data(), password.data(), password.size(), limits.operations, limits.memory,
                              crypto_pwhash_ALG_ARGON2ID13) != 0)
        return {};
    return made.data();
}

std::string make_scram(std::string_view password, credential_kind kind)
{
    const EVP_MD* const hash = kind == credential_kind::scram_sha_1 ? EVP_sha1() : EVP_sha256();
    const auto length = static_cast<std::size_t>(EVP_MD_get_size(hash));
    std::array<unsigned char, usual_salt_octets> salt{};
    randombytes_buf(salt.data(), salt.size());
    octets salted{};
    octets client_key{};
    octets stored_key{};
    octets server_key{};
    const wipes_at_end wipes_salted{salted};
    const wipes_at_end wipes_client_key{client_key};
    if (PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()), salt.data(), static_cast<int>(salt.size()),
                          usual_iterations, hash, static_cast<int>(length), salted.data()) != 1 ||
        !hmac(hash, salted, length, "Client Key", client_key) || !hmac(hash, salted, length, "Server Key", server_key) ||
        EVP_Digest(client_key.data(), length, stored_key.data(), nullptr, hash, nullptr) != 1)
        return {};
    const std::string name = kind == credential_kind::scram_sha_1 ? "SCRAM-SHA-1$" : "SCRAM-SHA-256$";
    return name + std::to_string(usual_iterations) + ":" + base64(salt.data(), salt.size()) + "$" +
           base64(stored_key.data(), length) + ":" + base64(server_key.data(), length);
}

} // namespace auth_file
