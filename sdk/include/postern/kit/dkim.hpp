#pragma once
// A signature that says which domain answers for a message: rsa-sha256 and ed25519-sha256. It signs alone, and it must not know
// where keys are kept. It stands on OpenSSL 3: link OpenSSL::Crypto.
//
//     const postern::kit::dkim_signer signer{"example.org", "s1", postern::kit::dkim_key{pem}};
//     message = signer.sign(head, body, now_s) + message;
//
// Of a body that is not at hand at once dkim_body_hash makes what value() takes.
//
// STANDARDS: RFC 6376 3.5, 3.7, RFC 8301 3, RFC 8463 3. SECURITY: header sections and bodies may be a peer's; work
// is linear in them. Never l=: who can append to a body would speak for the domain.

#include <postern/kit/dkim_form.hpp>

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
    [[nodiscard]] int bits() const noexcept { return EVP_PKEY_get_bits(key_.get()); }
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

/// How it is signed.
struct dkim_manner {
    dkim_fields fields = {};
    dkim_canon head = dkim_canon::relaxed;
    dkim_canon body = dkim_canon::relaxed;
    std::int64_t valid_s = 0; ///< seconds from the signature on; 0: for good
};

/// The hash of a body that comes in portions of any size. Threads: one at a time. Throws std::runtime_error where OpenSSL fails.
class dkim_body_hash {
public:
    explicit dkim_body_hash(dkim_canon how) : form_{how}, digest_{EVP_MD_CTX_new(), &EVP_MD_CTX_free}
    {
        if (!digest_ || EVP_DigestInit_ex(digest_.get(), EVP_sha256(), nullptr) != 1)
            throw std::runtime_error("SHA-256 failed");
    }
    void add(std::string_view octets)
    {
        form_.take(octets, [this](std::string_view part) { put(part); });
    }
    /// Base64, as in bh=. Once.
    [[nodiscard]] std::string text()
    {
        form_.finish([this](std::string_view part) { put(part); });
        flush();
        std::string digest(EVP_MAX_MD_SIZE, '\0');
        unsigned size = 0;
        if (EVP_DigestFinal_ex(digest_.get(), reinterpret_cast<unsigned char*>(digest.data()), &size) != 1)
            throw std::runtime_error("SHA-256 failed");
        return dkim_form::base64_of(std::string_view{digest}.substr(0, size));
    }

private:
    static constexpr std::size_t portion = 8'192; // words are short, and each call costs
    void put(std::string_view part)
    {
        if (waiting_.size() + part.size() > portion)
            flush();
        if (part.size() > portion)
            digest(part);
        else
            waiting_ += part;
    }
    void flush()
    {
        digest(waiting_);
        waiting_.clear();
    }
    void digest(std::string_view part)
    {
        if (EVP_DigestUpdate(digest_.get(), part.data(), part.size()) != 1)
            throw std::runtime_error("SHA-256 failed");
    }

    dkim_form::body_form form_;
    std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> digest_;
    std::string waiting_;
};

/// Threads: any.
class dkim_signer {
public:
    /// Throws std::invalid_argument for a domain or selector that is no name in ASCII, and for fields among which From is not, or
    /// that are for good alone.
    dkim_signer(std::string domain, std::string selector, dkim_key key, dkim_manner how = {})
        : domain_{std::move(domain)}, selector_{std::move(selector)}, key_{std::move(key)}, how_{std::move(how)}
    {
        if (!is_name(domain_) || !is_name(selector_))
            throw std::invalid_argument("a domain or a selector that is no name");
        const auto& all = how_.fields.if_present;
        const auto is_signed = [&all](const std::string& name) { return std::find(all.begin(), all.end(), name) != all.end(); };
        if (!is_signed("from")) // RFC 6376 5.4
            throw std::invalid_argument("signed fields without From");
        for (const auto& name : how_.fields.for_good)
            if (!is_signed(name))
                throw std::invalid_argument("\"" + name + "\" is no signed field, and cannot be one for good");
    }

    /// The field "DKIM-Signature" with its CRLF, to be put before the header section. `head`: fields with their CRLF, without the
    /// empty line; `now_s`: seconds since 1970. Throws std::invalid_argument where there is not one From alone (RFC 6376 5.4).
    [[nodiscard]] std::string sign(std::string_view head, std::string_view body, std::int64_t now_s) const
    {
        dkim_body_hash hash{how_.body};
        hash.add(body);
        return std::string{field_name} + ": " + value(head, hash.text(), now_s) + "\r\n";
    }
    /// That field's value, with folds; `body_hash` is of body_form().
    [[nodiscard]] std::string value(std::string_view head, std::string_view body_hash, std::int64_t now_s) const
    {
        const auto fields = dkim_form::fields_of(head);
        std::string names;
        std::string data;
        for (const std::string& name : how_.fields.if_present)
            add(name, fields, names, data);
        for (const std::string& name : how_.fields.for_good)
            append_name(names, name);
        const auto word = [](dkim_canon which) { return which == dkim_canon::relaxed ? "relaxed" : "simple"; };
        std::string made = "v=1; a=" + std::string{key_.algorithm()} + "; c=" + word(how_.head) + '/' + word(how_.body) +
                           ";\r\n\td=" + domain_ + "; s=" + selector_ + ";\r\n\tt=" + std::to_string(now_s) + "; ";
        if (how_.valid_s != 0)
            made += "x=" + std::to_string(now_s + how_.valid_s) + "; ";
        made.append("h=").append(names).append(";\r\n\tbh=").append(body_hash).append(";\r\n\tb=");
        std::string own = as_signed(std::string{field_name} + ": " + made);
        if (own.ends_with("\r\n"))
            own.resize(own.size() - 2); // RFC 6376 3.7: without its CRLF
        constexpr std::size_t width = 72;
        return made + dkim_form::folded(dkim_form::base64_of(key_.sign(data + own)), width);
    }
    [[nodiscard]] dkim_canon body_form() const noexcept { return how_.body; }

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
    static constexpr std::string_view field_name = "DKIM-Signature";

    [[nodiscard]] std::string as_signed(std::string_view field) const
    {
        return how_.head == dkim_canon::relaxed ? dkim_form::relaxed_field(field) : std::string{field};
    }
    /// All instances. RFC 6376 5.4.2: the last one first.
    void add(const std::string& name, const std::vector<std::string_view>& fields, std::string& names, std::string& data) const
    {
        std::size_t count = 0;
        for (auto field = fields.rbegin(); field != fields.rend(); ++field) {
            if (lowered(trimmed(field->substr(0, field->find(':')))) != name)
                continue;
            data += as_signed(*field);
            append_name(names, name);
            ++count;
        }
        if (name == "from" && count != 1)
            throw std::invalid_argument("a message without one From");
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
    dkim_manner how_;
};

} // namespace postern::kit
