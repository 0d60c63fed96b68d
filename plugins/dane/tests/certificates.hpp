#pragma once
// A certificate and its key as octets, for records that hold them whole.

#include <memory>
#include <stdexcept>
#include <string>

#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

namespace dane::test {

/// Throws what a test cannot go on without.
inline void must(bool done, const char* what)
{
    if (!done)
        throw std::runtime_error{what};
}

template <class Thing>
[[nodiscard]] std::string der_of(int (*write)(const Thing*, unsigned char**), const Thing* what)
{
    unsigned char* der = nullptr;
    const int size = write(what, &der);
    must(size > 0, "i2d");
    std::string octets{reinterpret_cast<const char*>(der), static_cast<std::size_t>(size)};
    OPENSSL_free(der);
    return octets;
}

struct self_signed {
    std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key{EVP_EC_gen("P-256"), &EVP_PKEY_free};
    std::unique_ptr<X509, decltype(&X509_free)> made{X509_new(), &X509_free};

    explicit self_signed(const std::string& comment)
    {
        must(key && made, "no key");
        X509_set_version(made.get(), X509_VERSION_3);
        ASN1_INTEGER_set(X509_get_serialNumber(made.get()), 1);
        X509_gmtime_adj(X509_getm_notBefore(made.get()), 0);
        X509_gmtime_adj(X509_getm_notAfter(made.get()), 3600);
        X509_set_pubkey(made.get(), key.get());
        auto* const said = X509V3_EXT_conf_nid(nullptr, nullptr, NID_netscape_comment, comment.c_str());
        must(said != nullptr && X509_add_ext(made.get(), said, -1) == 1, "a comment");
        X509_EXTENSION_free(said);
        // RSA's and EdDSA's signatures have one size; those of ECDSA have several.
        const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> by{EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"),
                                                                     &EVP_PKEY_free};
        must(by && X509_sign(made.get(), by.get(), nullptr) != 0, "X509_sign");
    }
};

/// Of `size` octets; 0: of as many as it takes.
[[nodiscard]] inline std::string certificate(std::size_t size = 0)
{
    static const self_signed small{"x"};
    if (size == 0)
        return der_of(&i2d_X509, small.made.get());
    for (std::size_t comment = size - 600; comment < size; ++comment) {
        const self_signed one{std::string(comment, 'x')};
        if (auto der = der_of(&i2d_X509, one.made.get()); der.size() == size)
            return der;
    }
    throw std::runtime_error{"no certificate of that size"};
}
[[nodiscard]] inline std::string key()
{
    static const self_signed one{"x"};
    return der_of(&i2d_PUBKEY, one.key.get());
}

} // namespace dane::test
