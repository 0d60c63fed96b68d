#include "scheme.hpp"

#include "local_part.hpp"

#include <postern/kit/ascii.hpp>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

namespace srs {
namespace {

using postern::kit::lowered;

constexpr std::string_view base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"; // RFC 4648 6
constexpr day days_in_cycle = 1024;                                     // two characters

[[nodiscard]] std::string text_of(day today)
{
    return {base32[static_cast<std::size_t>(today >> 5) % 32], base32[static_cast<std::size_t>(today) % 32]};
}

/// Days from `text` until `today`, of the cycle; nothing: it is no day.
[[nodiscard]] std::optional<day> age_of(std::string_view text, day today)
{
    if (text.size() != 2)
        return std::nullopt;
    day then = 0;
    for (const char c : text) {
        const auto digit = base32.find(c >= 'a' && c <= 'z' ? static_cast<char>(c - ('a' - 'A')) : c);
        if (digit == std::string_view::npos)
            return std::nullopt;
        then = then * 32 + static_cast<day>(digit);
    }
    return (today % days_in_cycle - then + days_in_cycle) % days_in_cycle;
}

/// What stands behind "SRS0" or "SRS1", its separator in front; nothing: it is no such address.
[[nodiscard]] std::optional<std::string_view> behind(std::string_view tag, std::string_view words)
{
    constexpr std::string_view separators = "=-+";
    if (words.size() <= tag.size() || lowered(words.substr(0, tag.size())) != tag ||
        separators.find(words[tag.size()]) == std::string_view::npos)
        return std::nullopt;
    return words.substr(tag.size());
}

/// Up to the next "=", which is left out; nothing: there is none.
[[nodiscard]] std::optional<std::string_view> take_word(std::string_view& from)
{
    const auto end = from.find('=');
    if (end == std::string_view::npos)
        return std::nullopt;
    const auto word = from.substr(0, end);
    from.remove_prefix(end + 1);
    return word;
}

/// RFC 5321 4.5.3.1.1, 4.5.3.1.3
[[nodiscard]] std::optional<std::string> address_of(std::string_view words, std::string_view domain)
{
    constexpr std::size_t longest_address = 254;
    auto local = quoted(words);
    if (local.size() > longest_local_part || local.size() + 1 + domain.size() > longest_address)
        return std::nullopt;
    return std::move(local) + "@" + std::string{domain};
}

} // namespace

scheme::scheme(settings how) : how_{std::move(how)}
{
    how_.domain = lowered(how_.domain);
}

scheme::~scheme()
{
    for (auto& secret : how_.secrets)
        OPENSSL_cleanse(secret.data(), secret.size());
}

std::optional<std::string> scheme::forward(std::string_view sender, day today) const
{
    const auto from = split(sender);
    if (!from)
        return std::nullopt;
    const auto words = unquoted(from->local);
    const auto tagged = [&](std::string_view tag) { return std::string{tag} + how_.separator; };

    // Who has rewritten before us keeps the way back: of a chain only its first and its last link are named.
    if (auto others = behind("srs1", words)) {
        others->remove_prefix(1);
        const auto old_hash = take_word(*others);
        const auto host = take_word(*others);
        if (old_hash && host && is_domain(*host) && !others->empty())
            return address_of(tagged("SRS1") + new_hash({*host, *others}) + "=" + std::string{*host} + "=" + std::string{*others},
                              how_.domain);
    }
    if (const auto others = behind("srs0", words))
        return address_of(tagged("SRS1") + new_hash({from->domain, *others}) + "=" + std::string{from->domain} + "=" +
                              std::string{*others},
                          how_.domain);
    const auto now = text_of(today);
    return address_of(tagged("SRS0") + new_hash({now, from->domain, words}) + "=" + now + "=" + std::string{from->domain} + "=" +
                          words,
                      how_.domain);
}

/// What two of our servers, or one twice, have rewritten leads to us again.
scheme::taken_back scheme::reverse(std::string_view recipient, day today) const
{
    constexpr int most_links = 3;
    auto found = reverse_once(recipient, today);
    for (int link = 1; link < most_links && found.what == taken_back::kind::good; ++link) {
        auto next = reverse_once(found.address, today);
        if (next.what == taken_back::kind::not_rewritten)
            break;
        found = std::move(next);
    }
    return found;
}

scheme::taken_back scheme::reverse_once(std::string_view recipient, day today) const
{
    using kind = taken_back::kind;
    const auto to = split(recipient);
    if (!to || lowered(to->domain) != how_.domain)
        return {};
    const auto words = unquoted(to->local);
    const auto good = [](std::string_view local, std::string_view domain) {
        auto address = is_domain(domain) ? address_of(local, domain) : std::nullopt;
        return address ? taken_back{kind::good, std::move(*address)} : taken_back{kind::forged};
    };
    if (auto rest = behind("srs1", words)) {
        rest->remove_prefix(1);
        const auto given = take_word(*rest);
        const auto host = take_word(*rest);
        if (!given || !host || rest->empty() || !is_hash(*given, {*host, *rest}))
            return {kind::forged};
        return good("SRS0" + std::string{*rest}, *host);
    }
    auto rest = behind("srs0", words);
    if (!rest)
        return {};
    rest->remove_prefix(1);
    const auto given = take_word(*rest);
    const auto then = take_word(*rest);
    const auto domain = take_word(*rest);
    if (!given || !then || !domain || !is_hash(*given, {*then, *domain, *rest}))
        return {kind::forged};
    const auto age = age_of(*then, today);
    if (!age)
        return {kind::forged};
    if (*age > how_.max_age)
        return {kind::expired};
    return good(*rest, *domain);
}

/// Its first 20 characters of base64, more than anybody uses. Upper and lower case of words does not matter, whoever changes it
/// on the way.
std::string scheme::hash(std::string_view secret, const std::vector<std::string_view>& words) const
{
    std::string data;
    for (const auto word : words)
        data += lowered(word);
    std::array<unsigned char, EVP_MAX_MD_SIZE> octets{};
    unsigned length = 0;
    const auto* const by = how_.digest == digest::sha1 ? EVP_sha1() : EVP_sha256();
    if (HMAC(by, secret.data(), static_cast<int>(secret.size()), reinterpret_cast<const unsigned char*>(data.data()), data.size(),
             octets.data(), &length) == nullptr)
        throw std::runtime_error{"no HMAC can be made"};
    std::array<unsigned char, (EVP_MAX_MD_SIZE + 2) / 3 * 4 + 1> text{};
    EVP_EncodeBlock(text.data(), octets.data(), static_cast<int>(length));
    return {reinterpret_cast<const char*>(text.data()), longest_hash};
}

std::string scheme::new_hash(const std::vector<std::string_view>& words) const
{
    return hash(how_.secrets.front(), words).substr(0, how_.hash_length);
}

/// However many secrets there are, and wherever it differs: in the same time.
bool scheme::is_hash(std::string_view given, const std::vector<std::string_view>& words) const
{
    if (given.size() < how_.hash_min || given.size() > longest_hash)
        return false;
    int differences = 1;
    for (const auto& secret : how_.secrets) {
        auto made = hash(secret, words).substr(0, given.size());
        auto said = std::string{given};
        if (how_.fold_case) {
            made = lowered(made);
            said = lowered(said);
        }
        differences &= static_cast<int>(CRYPTO_memcmp(made.data(), said.data(), said.size()) != 0);
    }
    return differences == 0;
}

} // namespace srs
