#include "tlsa_policy.hpp"

#include <algorithm>
#include <memory>

#include <openssl/err.h>
#include <openssl/x509.h>

namespace dane {

namespace {

constexpr std::uint8_t dane_ta = 2;
constexpr std::uint8_t dane_ee = 3;
constexpr std::uint8_t whole = 0;
constexpr std::uint8_t sha_256 = 1;
constexpr std::uint8_t sha_512 = 2;

[[nodiscard]] std::uint8_t octet(std::string_view from, std::size_t at) noexcept
{
    return static_cast<std::uint8_t>(from[at]);
}

template <auto free_it>
struct freed_by {
    template <class T>
    void operator()(T* it) const noexcept
    {
        free_it(it);
    }
};

/// As SSL_dane_tlsa_add() wants it: DER to the last octet, with a key that OpenSSL knows. What it refuses would be no record of
/// the connection's, and a host that has no other one would be anybody.
[[nodiscard]] bool is_whole(std::uint8_t selector, std::string_view der) noexcept
{
    const auto* at = reinterpret_cast<const unsigned char*>(der.data());
    const auto* const end = at + der.size();
    const auto size = static_cast<long>(der.size());
    bool is_read = false;
    if (selector == 0) {
        const std::unique_ptr<X509, freed_by<X509_free>> made{d2i_X509(nullptr, &at, size)};
        is_read = made && X509_get0_pubkey(made.get()) != nullptr;
    } else {
        const std::unique_ptr<EVP_PKEY, freed_by<EVP_PKEY_free>> made{d2i_PUBKEY(nullptr, &at, size)};
        is_read = made != nullptr;
    }
    ERR_clear_error(); // of this thread, which is the host's
    return is_read && at == end;
}

} // namespace

std::optional<record> read(std::string_view octets)
{
    constexpr std::size_t numbers = 3;
    if (octets.size() < numbers)
        return std::nullopt;
    return record{octet(octets, 0), octet(octets, 1), octet(octets, 2), std::string{octets.substr(numbers)}};
}

bool is_usable(const record& one) noexcept
{
    if ((one.usage != dane_ta && one.usage != dane_ee) || one.selector > 1 || one.data.size() > longest_data)
        return false;
    switch (one.matching) {
    case whole:
        return is_whole(one.selector, one.data);
    case sha_256:
        return one.data.size() == 32;
    case sha_512:
        return one.data.size() == 64;
    default:
        return false;
    }
}

std::string text_of(const record& one, std::size_t most)
{
    constexpr std::string_view digits = "0123456789abcdef";
    auto text = std::to_string(one.usage) + ' ' + std::to_string(one.selector) + ' ' + std::to_string(one.matching) + ' ';
    for (const char each : one.data) {
        if (text.size() + 2 > most)
            break;
        const auto value = static_cast<std::uint8_t>(each);
        text += digits[value >> 4U];
        text += digits[value & 15U];
    }
    return text;
}

std::string name_of(std::string_view host, std::uint32_t port)
{
    return '_' + std::to_string(port) + "._tcp." + std::string{host};
}

bool is_listed(std::string_view domain, const std::vector<std::string>& all) noexcept
{
    return std::any_of(all.begin(), all.end(), [&](const std::string& each) {
        return each.starts_with('.') ? domain.size() > each.size() && domain.ends_with(each) : domain == each;
    });
}

} // namespace dane
