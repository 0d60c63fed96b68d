#include "core/io/certificate.hpp"

#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <array>
#include <cstdio>
#include <limits>

namespace postern::io {

namespace {

constexpr std::size_t largest_ocsp = 64U << 10U;

template <auto free_it>
struct freed_by {
    template <class T>
    void operator()(T* it) const noexcept
    {
        free_it(it);
    }
};
using ocsp_response = std::unique_ptr<OCSP_RESPONSE, freed_by<OCSP_RESPONSE_free>>;
using ocsp_basic = std::unique_ptr<OCSP_BASICRESP, freed_by<OCSP_BASICRESP_free>>;
using ocsp_id = std::unique_ptr<OCSP_CERTID, freed_by<OCSP_CERTID_free>>;

/// OpenSSL would ask for it at the terminal.
int no_passphrase(char* /*to*/, int /*size*/, int /*is_writing*/, void* /*user*/)
{
    return -1;
}

std::string date_text(const ASN1_TIME* when)
{
    std::tm parts{};
    std::array<char, 32> text{};
    if (ASN1_TIME_to_tm(when, &parts) != 1 || std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts) == 0)
        return "an unknown date";
    return text.data();
}

std::time_t seconds_of(base::wall_time when) noexcept
{
    return std::chrono::system_clock::to_time_t(when);
}

/// A name that "*.example.org" stands for; others as they are.
std::string host_of(const std::string& name)
{
    return name.starts_with("*.") ? "any" + name.substr(1) : name;
}

std::string contents_of(const std::string& file, bool& is_read)
{
    std::string out;
    const std::unique_ptr<std::FILE, freed_by<std::fclose>> from{std::fopen(file.c_str(), "rbe")};
    is_read = from != nullptr;
    if (!is_read)
        return out;
    out.resize(largest_ocsp + 1);
    out.resize(std::fread(out.data(), 1, out.size(), from.get()));
    return out;
}

/// The first of the chain that made `leaf`; null: it is not there.
X509* issuer_of(X509* leaf, SSL_CTX* owner)
{
    STACK_OF(X509)* chain = nullptr;
    SSL_CTX_get0_chain_certs(owner, &chain);
    for (int i = 0; i < sk_X509_num(chain); ++i)
        if (auto* const one = sk_X509_value(chain, i); X509_check_issued(one, leaf) == X509_V_OK)
            return one;
    return X509_check_issued(leaf, leaf) == X509_V_OK ? leaf : nullptr;
}

} // namespace

std::string openssl_reason()
{
    std::array<char, 256> text{};
    const auto code = ERR_peek_last_error();
    if (code == 0)
        return "unknown reason";
    ERR_error_string_n(code, text.data(), text.size());
    return text.data();
}

certificate::~certificate()
{
    SSL_CTX_free(owner_);
}

std::shared_ptr<const certificate> certificate::load(const certificate_files& from, std::string& why)
{
    ERR_clear_error();
    std::shared_ptr<certificate> made{new certificate{from, SSL_CTX_new(TLS_server_method())}};
    auto* const owner = made->owner_;
    if (owner == nullptr) {
        why = openssl_reason();
        return nullptr;
    }
    SSL_CTX_set_default_passwd_cb(owner, no_passphrase);
    if (SSL_CTX_use_certificate_chain_file(owner, from.certificate.c_str()) != 1) {
        why = from.certificate + ": " + openssl_reason();
        return nullptr;
    }
    ERR_clear_error();
    if (SSL_CTX_use_PrivateKey_file(owner, from.key.c_str(), SSL_FILETYPE_PEM) != 1) {
        const bool is_anothers = ERR_GET_REASON(ERR_peek_last_error()) == X509_R_KEY_VALUES_MISMATCH ||
                                 ERR_GET_REASON(ERR_peek_last_error()) == X509_R_KEY_TYPE_MISMATCH;
        why = from.key + ": " + (is_anothers ? "does not belong to " + from.certificate : openssl_reason());
        return nullptr;
    }
    if (SSL_CTX_check_private_key(owner) != 1) {
        why = from.key + ": does not belong to " + from.certificate;
        return nullptr;
    }
    if (!from.ocsp.empty() && !made->read_ocsp(why))
        return nullptr;
    ERR_clear_error();
    return made;
}

/// A client refuses a connection with a response that is not about its server's certificate: such a one is an error here.
bool certificate::read_ocsp(std::string& why)
{
    bool is_read = false;
    ocsp_ = contents_of(files_.ocsp, is_read);
    const auto* at = reinterpret_cast<const unsigned char*>(ocsp_.data());
    const auto* const end = at + ocsp_.size();
    const ocsp_response whole{ocsp_.size() > largest_ocsp ? nullptr
                                                          : d2i_OCSP_RESPONSE(nullptr, &at, static_cast<long>(ocsp_.size()))};
    why = files_.ocsp + ": ";
    if (!is_read || whole == nullptr || at != end) {
        why += is_read ? "is no OCSP response in DER" : "cannot be read";
        return false;
    }
    const ocsp_basic basic{OCSP_response_get1_basic(whole.get())};
    if (OCSP_response_status(whole.get()) != OCSP_RESPONSE_STATUS_SUCCESSFUL || basic == nullptr) {
        why += "is an OCSP responder's refusal";
        return false;
    }
    auto* const leaf = SSL_CTX_get0_certificate(owner_);
    auto* const issuer = issuer_of(leaf, owner_);
    OCSP_SINGLERESP* single = nullptr;
    for (int i = 0; i < OCSP_resp_count(basic.get()) && single == nullptr; ++i) {
        auto* const one = OCSP_resp_get0(basic.get(), i);
        const auto* const about = OCSP_SINGLERESP_get0_id(one);
        ASN1_OBJECT* digest = nullptr;
        ASN1_INTEGER* serial = nullptr;
        OCSP_id_get0_info(nullptr, &digest, nullptr, &serial, const_cast<OCSP_CERTID*>(about));
        if (issuer == nullptr) { // not in the chain: its number must do
            single = ASN1_INTEGER_cmp(serial, X509_get0_serialNumber(leaf)) == 0 ? one : nullptr;
            continue;
        }
        const ocsp_id ours{OCSP_cert_to_id(EVP_get_digestbyobj(digest), leaf, issuer)};
        single = ours != nullptr && OCSP_id_cmp(ours.get(), about) == 0 ? one : nullptr;
    }
    ASN1_GENERALIZEDTIME* next = nullptr;
    if (single == nullptr || OCSP_single_get0_status(single, nullptr, nullptr, nullptr, &next) != V_OCSP_CERTSTATUS_GOOD) {
        why += single == nullptr ? "is not about " + files_.certificate : "says that " + files_.certificate + " is revoked";
        return false;
    }
    why.clear();
    ocsp_until_ = std::numeric_limits<std::time_t>::max(); // RFC 6960 4.2.2.1: without nextUpdate newer ones are always there
    std::tm parts{};
    if (next != nullptr && ASN1_TIME_to_tm(next, &parts) == 1)
        ocsp_until_ = ::timegm(&parts);
    return true;
}

std::vector<std::string> certificate::remarks(const std::vector<std::string>& names, base::wall_time now) const
{
    std::vector<std::string> out;
    auto* const leaf = SSL_CTX_get0_certificate(owner_);
    auto at = seconds_of(now);
    if (X509_cmp_time(X509_get0_notAfter(leaf), &at) < 0)
        out.push_back(files_.certificate + ": has expired, at " + date_text(X509_get0_notAfter(leaf)));
    if (X509_cmp_time(X509_get0_notBefore(leaf), &at) > 0)
        out.push_back(files_.certificate + ": is not valid before " + date_text(X509_get0_notBefore(leaf)));
    for (const auto& name : names) {
        const auto host = host_of(name);
        if (X509_check_host(leaf, host.data(), host.size(), X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS, nullptr) != 1)
            out.push_back(files_.certificate + ": is not for \"" + name + "\"");
    }
    if (!files_.ocsp.empty() && at >= ocsp_until_)
        out.push_back(files_.ocsp + ": is out of date and not stapled any more");
    return out;
}

std::string certificate::key_digest() const
{
    unsigned char* der = nullptr;
    const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(SSL_CTX_get0_certificate(owner_)), &der);
    std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
    if (size > 0)
        SHA256(der, static_cast<std::size_t>(size), digest.data());
    OPENSSL_free(der);
    std::string text;
    constexpr std::string_view digits = "0123456789abcdef";
    for (const auto each : digest) {
        text += digits[each >> 4U];
        text += digits[each & 15U];
    }
    return text;
}

bool certificate::apply(ssl_ctx_st* to) const
{
    STACK_OF(X509)* chain = nullptr;
    SSL_CTX_get0_chain_certs(owner_, &chain);
    return SSL_CTX_use_cert_and_key(to, SSL_CTX_get0_certificate(owner_), SSL_CTX_get0_privatekey(owner_), chain, 1) == 1;
}

} // namespace postern::io
