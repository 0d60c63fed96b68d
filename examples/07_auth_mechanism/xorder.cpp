#include "xorder.hpp"

#include <stdexcept>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

namespace xorder {
namespace {

constexpr std::size_t octets_of_sha_256 = 32;

int digit_of(char c) noexcept
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

} // namespace

std::optional<std::string> key_of(std::string_view hex)
{
    if (hex.size() != 2 * key_octets)
        return std::nullopt;
    std::string key;
    for (std::size_t i = 0; i < hex.size(); i += 2) {
        const int high = digit_of(hex[i]);
        const int low = digit_of(hex[i + 1]);
        if (high < 0 || low < 0)
            return std::nullopt;
        key += static_cast<char>(high * 16 + low);
    }
    return key;
}

std::string random_octets()
{
    std::string made(32, '\0');
    if (RAND_bytes(reinterpret_cast<unsigned char*>(made.data()), static_cast<int>(made.size())) != 1)
        throw std::runtime_error("there is no randomness");
    return made;
}

std::string proof_of(std::string_view key, std::string_view binding, std::string_view challenge, std::string_view name)
{
    std::string text{"XORDER1"};
    text.append(binding).append(challenge).append(name); // the first three are of fixed length, so nothing can be moved between
    std::string made(octets_of_sha_256, '\0');
    if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(text.data()),
             text.size(), reinterpret_cast<unsigned char*>(made.data()), nullptr) == nullptr)
        throw std::runtime_error("there is no SHA-256");
    return made;
}

bool is_same(std::string_view a, std::string_view b) noexcept
{
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

} // namespace xorder
