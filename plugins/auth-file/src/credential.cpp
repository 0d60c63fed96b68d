#include "credential.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <memory>

#include <crypt.h>

namespace auth_file {
namespace {

constexpr std::uint32_t least_iterations = 4096; // RFC 7677 4
constexpr std::uint32_t most_iterations = 10'000'000;
constexpr std::size_t most_salt = 1024;
constexpr std::size_t longest_subject = 1024;

/// All but the last `dropped` parts between dollar signs.
std::string_view without_last_parts(std::string_view text, int dropped)
{
    for (; dropped > 0 && !text.empty(); --dropped)
        text = text.substr(0, std::min(text.rfind('$'), text.size()));
    return text;
}

std::optional<credential> argon2id(std::string_view text, std::string& why)
{
    credential made{credential_kind::argon2id, secret_text{text}, {}, std::string{without_last_parts(text, 2)}};
    // It says -1 of what cannot be decoded, but takes a digest that was cut.
    constexpr std::size_t least_digest = 43; // 32 octets in base64
    if (text.size() >= crypto_pwhash_STRBYTES || text.size() - text.rfind('$') - 1 < least_digest ||
        crypto_pwhash_str_needs_rehash(made.text.c_str(), crypto_pwhash_OPSLIMIT_INTERACTIVE,
                                       crypto_pwhash_MEMLIMIT_INTERACTIVE) < 0) {
        why = "is no argon2id hash as libsodium writes them";
        return std::nullopt;
    }
    return made;
}

struct crypt_form {
    std::string_view prefix;
    std::size_t digest; ///< characters at the end
    int last_parts;     ///< that are not parameters
};

std::optional<credential> crypt_hash(std::string_view text, const crypt_form& form, std::string& why)
{
    credential made{credential_kind::crypt, secret_text{text}, {}, std::string{without_last_parts(text, form.last_parts)}};
    const auto last = text.substr(text.rfind('$') + 1);
    const bool is_written_so =
        text.size() < CRYPT_OUTPUT_SIZE && last.size() == form.digest &&
        std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~' && c != ':' && c != '!' && c != '*'; });
    const int salt = is_written_so ? ::crypt_checksalt(made.text.c_str()) : CRYPT_SALT_INVALID;
    if (salt == CRYPT_SALT_INVALID || salt == CRYPT_SALT_METHOD_DISABLED) {
        why = "is no whole hash of its kind";
        return std::nullopt;
    }
    return made;
}

/// Base64 with its padding. Empty: it is none.
std::string octets_of(std::string_view base64)
{
    std::string octets(base64.size() / 4 * 3, '\0');
    std::size_t length = 0;
    if (sodium_base642bin(reinterpret_cast<unsigned char*>(octets.data()), octets.size(), base64.data(), base64.size(), nullptr,
                          &length, nullptr, sodium_base64_VARIANT_ORIGINAL) != 0)
        length = 0;
    octets.resize(length);
    return octets;
}

/// RFC 5803 2: ITERATIONS:SALT$STOREDKEY:SERVERKEY
std::optional<credential> scram(std::string_view text, credential_kind kind, std::string& why)
{
    const auto dollar = std::min(text.find('$'), text.size());
    const auto first = text.substr(0, dollar);
    const auto second = text.substr(std::min(dollar + 1, text.size()));
    const auto colon_of_first = std::min(first.find(':'), first.size());
    const auto colon_of_second = std::min(second.find(':'), second.size());

    credential made{kind, secret_text{}, {}, {}};
    const auto iterations = first.substr(0, colon_of_first);
    const auto [end, failed] = std::from_chars(iterations.data(), iterations.data() + iterations.size(), made.scram.iterations);
    if (failed != std::errc{} || end != iterations.data() + iterations.size() || made.scram.iterations < least_iterations ||
        made.scram.iterations > most_iterations) {
        why = "has to have 4096 to 10000000 iterations";
        return std::nullopt;
    }
    made.scram.salt = octets_of(first.substr(std::min(colon_of_first + 1, first.size())));
    std::string stored = octets_of(second.substr(0, colon_of_second));
    std::string server = octets_of(second.substr(std::min(colon_of_second + 1, second.size())));
    const wipes_at_end wipes_stored{stored};
    const wipes_at_end wipes_server{server};
    const std::size_t length = kind == credential_kind::scram_sha_1 ? 20 : 32;
    if (made.scram.salt.empty() || made.scram.salt.size() > most_salt || stored.size() != length || server.size() != length) {
        why = "is not ITERATIONS:SALT$STOREDKEY:SERVERKEY in base64, with keys of that hash";
        return std::nullopt;
    }
    made.scram.stored_key = secret_text{stored};
    made.scram.server_key = secret_text{server};
    return made;
}

std::optional<credential> named(std::string_view text, credential_kind kind, std::string& why)
{
    const bool has_controls =
        std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; });
    if (text.empty() || text.size() > longest_subject || has_controls) {
        why = "has to have 1 to 1024 octets behind the brace, and no control characters";
        return std::nullopt;
    }
    return credential{kind, secret_text{text}, {}, {}};
}

} // namespace

std::optional<credential> parse_credential(std::string_view text, std::string& why)
{
    constexpr std::array forms{crypt_form{"$2b$", 53, 1}, crypt_form{"$2y$", 53, 1}, crypt_form{"$6$", 86, 2},
                               crypt_form{"$y$", 43, 2}};
    constexpr std::string_view scram_sha_1 = "SCRAM-SHA-1$";
    constexpr std::string_view scram_sha_256 = "SCRAM-SHA-256$";
    constexpr std::string_view plain = "{PLAIN}";
    constexpr std::string_view certificate = "{CERTIFICATE}";

    if (text.starts_with("$argon2id$"))
        return argon2id(text, why);
    for (const auto& form : forms)
        if (text.starts_with(form.prefix))
            return crypt_hash(text, form, why);
    if (text.starts_with(scram_sha_1))
        return scram(text.substr(scram_sha_1.size()), credential_kind::scram_sha_1, why);
    if (text.starts_with(scram_sha_256))
        return scram(text.substr(scram_sha_256.size()), credential_kind::scram_sha_256, why);
    if (text.starts_with(plain))
        return named(text.substr(plain.size()), credential_kind::plain, why);
    if (text.starts_with(certificate))
        return named(text.substr(certificate.size()), credential_kind::certificate, why);
    why = "begins with none of $argon2id$, $2b$, $2y$, $6$, $y$, SCRAM-SHA-256$, SCRAM-SHA-1$, {PLAIN}, {CERTIFICATE}";
    return std::nullopt;
}

finding verify(const credential& hash, std::string_view password)
{
    const secret_text given{password};
    if (hash.kind == credential_kind::argon2id) {
        errno = 0;
        if (crypto_pwhash_str_verify(hash.text.c_str(), password.data(), password.size()) == 0)
            return finding::right;
        return errno == ENOMEM ? finding::unable : finding::wrong;
    }
    if (password.find('\0') != std::string_view::npos)
        return finding::wrong;                        // crypt would read as far as that
    const auto room = std::make_unique<crypt_data>(); // 32 KiB
    const char* const made = ::crypt_r(given.c_str(), hash.text.c_str(), room.get());
    const bool is_right = made != nullptr && is_same(made, hash.text.view());
    const bool is_unable = made == nullptr && errno == ENOMEM;
    sodium_memzero(room.get(), sizeof *room);
    return is_right ? finding::right : is_unable ? finding::unable : finding::wrong;
}

} // namespace auth_file
