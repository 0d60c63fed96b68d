#include "core/sasl/crypto.hpp"

#include "core/base/base64.hpp"

#include <array>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

namespace postern::sasl {

namespace {

[[nodiscard]] const EVP_MD* implementation(digest kind) noexcept
{
    switch (kind) {
    case digest::md5:
        return EVP_md5();
    case digest::sha_1:
        return EVP_sha1();
    case digest::sha_256:
        return EVP_sha256();
    }
    return nullptr;
}

[[nodiscard]] const unsigned char* octets(std::string_view text) noexcept
{
    return reinterpret_cast<const unsigned char*>(text.data());
}

[[nodiscard]] unsigned char* octets(std::string& text) noexcept
{
    return reinterpret_cast<unsigned char*>(text.data());
}

} // namespace

std::size_t digest_octets(digest kind) noexcept
{
    return static_cast<std::size_t>(EVP_MD_get_size(implementation(kind)));
}

std::string hash(digest kind, std::string_view data)
{
    std::string made(digest_octets(kind), '\0');
    unsigned size = 0;
    if (EVP_Digest(data.data(), data.size(), octets(made), &size, implementation(kind), nullptr) != 1 || size != made.size())
        made.clear();
    return made;
}

std::string hmac(digest kind, std::string_view key, std::string_view data)
{
    std::string made(digest_octets(kind), '\0');
    unsigned size = 0;
    if (HMAC(implementation(kind), key.data(), static_cast<int>(key.size()), octets(data), data.size(), octets(made), &size) ==
            nullptr ||
        size != made.size())
        made.clear();
    return made;
}

std::string pbkdf2(digest kind, std::string_view password, std::string_view salt, std::uint32_t iterations)
{
    std::string made(digest_octets(kind), '\0');
    if (iterations > INT32_MAX ||
        PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()), octets(salt), static_cast<int>(salt.size()),
                          static_cast<int>(iterations), implementation(kind), static_cast<int>(made.size()), octets(made)) != 1)
        made.clear();
    return made;
}

bool equals_in_constant_time(std::string_view a, std::string_view b) noexcept
{
    return !a.empty() && a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string to_hex(std::string_view octets)
{
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (const char c : octets) {
        const auto octet = static_cast<unsigned char>(c);
        text += digits[octet >> 4U];
        text += digits[octet & 15U];
    }
    return text;
}

std::string make_nonce()
{
    std::string random(24, '\0');
    return RAND_bytes(octets(random), static_cast<int>(random.size())) == 1 ? base::to_base64(random) : std::string{};
}

} // namespace postern::sasl
