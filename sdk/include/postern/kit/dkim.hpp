#pragma once
// A signature that says which domain answers for a message: rsa-sha256 and ed25519-sha256, relaxed/relaxed. It signs alone, and
// it must not know where keys are kept. It stands on OpenSSL 3: link OpenSSL::Crypto.
//
//     const postern::kit::dkim_signer signer{"example.org", "s1", postern::kit::dkim_key{pem}};
//     message = signer.sign(head, body, now_s) + message;
//
// STANDARDS: RFC 6376 3.4.2, 3.4.4, 3.5, 3.7, RFC 8301 3, RFC 8463 3. SECURITY: header sections and bodies may be a peer's; work
// is linear in them. Never l=: who can append to a body would speak for the domain.

#include <postern/kit/ascii.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

namespace postern::kit {

namespace dkim_form {

/// A space or a tab.
[[nodiscard]] constexpr bool is_blank(char c) noexcept
{
    return c == ' ' || c == '\t';
}

/// Appends `text` with each run of blanks, folds among them, as one space, and none at the end. `may_begin`: one at the front
/// stays.
inline void append_reduced(std::string& to, std::string_view text, bool may_begin)
{
    bool is_open = false;
    bool has_begun = may_begin;
    for (const char c : text) {
        if (is_blank(c) || c == '\r' || c == '\n') {
            is_open = true;
            continue;
        }
        if (is_open && has_begun)
            to += ' ';
        is_open = false;
        has_begun = true;
        to += c;
    }
}

/// RFC 4648 4.
[[nodiscard]] inline std::string base64_of(std::string_view octets)
{
    std::string text(4 * ((octets.size() + 2) / 3) + 1, '\0'); // and a NUL
    const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                     reinterpret_cast<const unsigned char*>(octets.data()), static_cast<int>(octets.size()));
    text.resize(static_cast<std::size_t>(size));
    return text;
}

/// Octets; throws std::runtime_error where OpenSSL fails.
[[nodiscard]] inline std::string sha256_of(std::string_view octets)
{
    std::string digest(EVP_MAX_MD_SIZE, '\0');
    unsigned size = 0;
    if (EVP_Digest(octets.data(), octets.size(), reinterpret_cast<unsigned char*>(digest.data()), &size, EVP_sha256(), nullptr) !=
        1)
        throw std::runtime_error("SHA-256 failed");
    digest.resize(size);
    return digest;
}

/// A field with its CRLF, as it is signed (RFC 6376 3.4.2).
[[nodiscard]] inline std::string relaxed_field(std::string_view field)
{
    const std::size_t colon = field.find(':');
    std::string_view name = field.substr(0, colon);
    while (!name.empty() && is_blank(name.back()))
        name.remove_suffix(1);
    std::string to = lowered(name) + ':';
    append_reduced(to, field.substr(colon + 1), false);
    return to += "\r\n";
}

/// A body as it is signed (RFC 6376 3.4.4).
[[nodiscard]] inline std::string relaxed_body(std::string_view body)
{
    std::string to;
    to.reserve(body.size());
    std::size_t content_end = 0;
    while (!body.empty()) {
        const std::size_t end = body.find("\r\n");
        const std::size_t before = to.size();
        append_reduced(to, body.substr(0, end), true);
        const bool is_empty = to.size() == before;
        to += "\r\n";
        if (!is_empty)
            content_end = to.size();
        body.remove_prefix(end == std::string_view::npos ? body.size() : end + 2);
    }
    to.resize(content_end);
    return to;
}

/// Fields with their CRLF, in their order. What is no field ends the list.
[[nodiscard]] inline std::vector<std::string_view> fields_of(std::string_view head)
{
    std::vector<std::string_view> fields;
    while (!head.empty()) {
        std::size_t end = head.find("\r\n");
        while (end != std::string_view::npos && end + 2 < head.size() && is_blank(head[end + 2]))
            end = head.find("\r\n", end + 2);
        const std::size_t size = end == std::string_view::npos ? head.size() : end + 2;
        const std::string_view field = head.substr(0, size);
        if (field.find(':') == std::string_view::npos)
            break;
        fields.push_back(field);
        head.remove_prefix(size);
    }
    return fields;
}

/// `text` cut after `width` octets each, with a fold between.
[[nodiscard]] inline std::string folded(std::string_view text, std::size_t width)
{
    std::string to;
    for (std::size_t at = 0; at < text.size(); at += width)
        to.append(at == 0 ? "" : "\r\n\t").append(text.substr(at, width));
    return to;
}

} // namespace dkim_form

/// A private key: RSA of 1,024 bits at least, or Ed25519. Copies share it. Threads: any.
class dkim_key {
public:
    /// PEM, without a passphrase. Throws std::invalid_argument for any other key, and what is none.
    explicit dkim_key(std::string_view pem)
    {
        const std::unique_ptr<BIO, decltype(&BIO_free)> from{BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())),
                                                             &BIO_free};
        const auto no_passphrase = [](char*, int, int, void*) { return -1; };
        EVP_PKEY* const read = from ? PEM_read_bio_PrivateKey(from.get(), nullptr, no_passphrase, nullptr) : nullptr;
        if (read == nullptr)
            throw std::invalid_argument("no private key in PEM without a passphrase");
        key_ = {read, &EVP_PKEY_free};
        constexpr int least_bits = 1'024; // RFC 8301 3.2
        const int kind = EVP_PKEY_get_base_id(read);
        if (kind != EVP_PKEY_ED25519 && (kind != EVP_PKEY_RSA || EVP_PKEY_get_bits(read) < least_bits))
            throw std::invalid_argument("a key that is neither RSA of 1,024 bits at least nor Ed25519");
    }

    [[nodiscard]] bool is_ed25519() const noexcept { return EVP_PKEY_get_base_id(key_.get()) == EVP_PKEY_ED25519; }
    [[nodiscard]] std::string_view algorithm() const noexcept { return is_ed25519() ? "ed25519-sha256" : "rsa-sha256"; }

    /// Octets. Throws std::runtime_error where OpenSSL fails.
    [[nodiscard]] std::string sign(std::string_view data) const
    {
        const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> made{EVP_MD_CTX_new(), &EVP_MD_CTX_free};
        const std::string digest = is_ed25519() ? dkim_form::sha256_of(data) : std::string{}; // RFC 8463 3: of the hash
        const std::string_view signed_data = is_ed25519() ? std::string_view{digest} : data;
        const auto* const octets = reinterpret_cast<const unsigned char*>(signed_data.data());
        std::size_t size = 0;
        if (!made || EVP_DigestSignInit(made.get(), nullptr, is_ed25519() ? nullptr : EVP_sha256(), nullptr, key_.get()) != 1 ||
            EVP_DigestSign(made.get(), nullptr, &size, octets, signed_data.size()) != 1)
            throw std::runtime_error("a signature cannot be made");
        std::string signature(size, '\0');
        if (EVP_DigestSign(made.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, octets, signed_data.size()) !=
            1)
            throw std::runtime_error("a signature cannot be made");
        signature.resize(size);
        return signature;
    }

    /// What stands at SELECTOR._domainkey.DOMAIN (RFC 6376 3.6.1). `service`: s=, such as "tlsrpt"; empty: for all.
    [[nodiscard]] std::string record(std::string_view service = {}) const
    {
        std::string text = is_ed25519() ? "v=DKIM1; k=ed25519; " : "v=DKIM1; k=rsa; ";
        if (!service.empty())
            text.append("s=").append(service).append("; ");
        return text.append("p=").append(dkim_form::base64_of(public_octets()));
    }

private:
    [[nodiscard]] std::string public_octets() const
    {
        if (is_ed25519()) { // RFC 8463 4: the key alone
            std::string octets(32, '\0');
            std::size_t size = octets.size();
            if (EVP_PKEY_get_raw_public_key(key_.get(), reinterpret_cast<unsigned char*>(octets.data()), &size) != 1 ||
                size != 32)
                throw std::runtime_error("a public key cannot be written");
            return octets;
        }
        unsigned char* made = nullptr;
        const int size = i2d_PUBKEY(key_.get(), &made);
        if (size <= 0)
            throw std::runtime_error("a public key cannot be written");
        std::string octets{reinterpret_cast<const char*>(made), static_cast<std::size_t>(size)};
        OPENSSL_free(made);
        return octets;
    }

    std::shared_ptr<EVP_PKEY> key_;
};

/// A TXT record as zone files have it: strings of at most 255 octets, in quotes.
[[nodiscard]] inline std::string txt_strings(std::string_view record)
{
    constexpr std::size_t longest = 255;
    std::string text;
    for (std::size_t at = 0; at == 0 || at < record.size(); at += longest)
        text.append(at == 0 ? "\"" : " \"").append(record.substr(at, longest)).append("\"");
    return text;
}

/// Which fields are signed, in lower case.
struct dkim_fields {
    /// Wherever they are there, each instance (RFC 6376 5.4.1).
    std::vector<std::string> if_present{"from",       "to",           "cc",           "subject",
                                        "date",       "message-id",   "reply-to",     "in-reply-to",
                                        "references", "mime-version", "content-type", "content-transfer-encoding"};
    /// And once more, so that nobody can add one (RFC 6376 8.15).
    std::vector<std::string> for_good{"from",       "to",       "cc",           "subject",     "date",
                                      "message-id", "reply-to", "mime-version", "content-type"};
};

/// Threads: any.
class dkim_signer {
public:
    /// Throws std::invalid_argument for a domain or selector that is no name in ASCII.
    dkim_signer(std::string domain, std::string selector, dkim_key key, dkim_fields fields = {})
        : domain_{std::move(domain)}, selector_{std::move(selector)}, key_{std::move(key)}, fields_{std::move(fields)}
    {
        if (!is_name(domain_) || !is_name(selector_))
            throw std::invalid_argument("a domain or a selector that is no name");
    }

    /// The field "DKIM-Signature" with its CRLF, to be put before the header section. `head`: fields with their CRLF, without the
    /// empty line; `now_s`: seconds since 1970. Throws std::invalid_argument where there is not one From alone (RFC 6376 5.4).
    [[nodiscard]] std::string sign(std::string_view head, std::string_view body, std::int64_t now_s) const
    {
        const auto fields = dkim_form::fields_of(head);
        std::string names;
        std::string data;
        const auto add = [&](const std::string& name) {
            std::size_t count = 0;
            for (auto field = fields.rbegin(); field != fields.rend(); ++field) { // RFC 6376 5.4.2: the last one first
                const std::string one = dkim_form::relaxed_field(*field);
                if (one.size() <= name.size() || one[name.size()] != ':' || !one.starts_with(name))
                    continue;
                data += one;
                append_name(names, name);
                ++count;
            }
            if (name == "from" && count != 1)
                throw std::invalid_argument("a message without one From");
        };
        const auto& all = fields_.if_present;
        if (std::find(all.begin(), all.end(), "from") == all.end())
            throw std::invalid_argument("signed fields without From");
        for (const std::string& name : all)
            add(name);
        for (const std::string& name : fields_.for_good)
            append_name(names, name);
        std::string field = "DKIM-Signature: v=1; a=" + std::string{key_.algorithm()} + "; c=relaxed/relaxed;\r\n\td=" + domain_ +
                            "; s=" + selector_ + ";\r\n\tt=" + std::to_string(now_s) + "; h=" + names +
                            ";\r\n\tbh=" + dkim_form::base64_of(dkim_form::sha256_of(dkim_form::relaxed_body(body))) +
                            ";\r\n\tb=";
        std::string own = dkim_form::relaxed_field(field);
        own.resize(own.size() - 2); // RFC 6376 3.7: without its CRLF
        constexpr std::size_t width = 72;
        return field + dkim_form::folded(dkim_form::base64_of(key_.sign(data + own)), width) + "\r\n";
    }

    [[nodiscard]] const std::string& domain() const noexcept { return domain_; }
    [[nodiscard]] const dkim_key& key() const noexcept { return key_; }
    /// "s1._domainkey.example.org": where its record stands.
    [[nodiscard]] std::string record_name() const { return selector_ + "._domainkey." + domain_; }

private:
    [[nodiscard]] static bool is_name(std::string_view text) noexcept
    {
        const auto is_of_name = [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
        };
        return !text.empty() && text.size() <= 255 && text.front() != '.' && text.back() != '.' &&
               text.find("..") == std::string_view::npos && std::all_of(text.begin(), text.end(), is_of_name);
    }
    /// With a fold before lines become long.
    static void append_name(std::string& names, const std::string& name)
    {
        constexpr std::size_t width = 60;
        if (!names.empty())
            names += ':';
        const std::size_t line = names.rfind('\t');
        if (names.size() - (line == std::string::npos ? 0 : line + 1) + name.size() > width)
            names += "\r\n\t";
        names += name;
    }

    std::string domain_;
    std::string selector_;
    dkim_key key_;
    dkim_fields fields_;
};

} // namespace postern::kit
