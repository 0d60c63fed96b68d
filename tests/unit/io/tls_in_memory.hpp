#pragma once
// TLS without sockets for tests: certificates as files, and a client and a server face to face in memory.

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <stdlib.h> // NOLINT(modernize-deprecated-headers): mkdtemp() is of POSIX

namespace postern::io::testing_tls {

template <auto free_it>
struct freed_by {
    template <class T>
    void operator()(T* it) const noexcept
    {
        free_it(it);
    }
};
using ssl = std::unique_ptr<SSL, freed_by<SSL_free>>;
using ssl_context = std::unique_ptr<SSL_CTX, freed_by<SSL_CTX_free>>;
using ssl_session = std::unique_ptr<SSL_SESSION, freed_by<SSL_SESSION_free>>;
using key_pair = std::unique_ptr<EVP_PKEY, freed_by<EVP_PKEY_free>>;
using x509 = std::unique_ptr<X509, freed_by<X509_free>>;
using file = std::unique_ptr<std::FILE, freed_by<std::fclose>>;

/// Throws what a test cannot go on without.
inline void must(bool done, const char* what)
{
    if (!done)
        throw std::runtime_error{what};
}

struct pem_wish {
    std::string name = "mx.example.org"; ///< its common name
    std::vector<std::string> dns = {};   ///< its names, if they are others
    bool has_dns = true;                 ///< false: none but its common name
    long from_s = -3600;                 ///< from now on
    long until_s = 86400;
    bool is_authority = false;
};

/// A certificate and its key as files, in a folder that goes with it: self-signed, or by `issuer`, who can be an anchor.
class pem_files {
public:
    explicit pem_files(const pem_wish& wish = {}, const pem_files* issuer = nullptr)
    {
        auto pattern = (std::filesystem::temp_directory_path() / "postern-tls-XXXXXX").string();
        must(::mkdtemp(pattern.data()) != nullptr, "mkdtemp");
        folder_ = pattern;
        key_.reset(EVP_EC_gen("P-256"));
        made_.reset(X509_new());
        must(key_ && made_, "no key");
        static long serial = 0;
        X509_set_version(made_.get(), X509_VERSION_3);
        ASN1_INTEGER_set(X509_get_serialNumber(made_.get()), ++serial);
        X509_gmtime_adj(X509_getm_notBefore(made_.get()), wish.from_s);
        X509_gmtime_adj(X509_getm_notAfter(made_.get()), wish.until_s);
        X509_set_pubkey(made_.get(), key_.get());
        auto* const name = X509_get_subject_name(made_.get());
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(wish.name.data()),
                                   static_cast<int>(wish.name.size()), -1, 0);
        const auto* const by = issuer == nullptr ? this : issuer;
        X509_set_issuer_name(made_.get(), X509_get_subject_name(by->made_.get()));
        std::string names;
        for (const auto& each : wish.dns.empty() ? std::vector{wish.name} : wish.dns)
            names += (names.empty() ? "DNS:" : ",DNS:") + each;
        if (wish.has_dns)
            extend(NID_subject_alt_name, names);
        if (wish.is_authority)
            extend(NID_basic_constraints, "critical,CA:TRUE");
        must(X509_sign(made_.get(), by->key_.get(), EVP_sha256()) != 0, "X509_sign");
        write();
    }
    ~pem_files()
    {
        std::error_code ignored; // nothing can be done about it
        std::filesystem::remove_all(folder_, ignored);
    }
    pem_files(const pem_files&) = delete;
    pem_files& operator=(const pem_files&) = delete;

    [[nodiscard]] std::string cert() const { return folder_ / "cert.pem"; }
    [[nodiscard]] std::string key() const { return folder_ / "key.pem"; }
    [[nodiscard]] std::string ocsp() const { return folder_ / "ocsp.der"; }
    [[nodiscard]] X509* native() const { return made_.get(); }

    /// An OCSP response about it, as of an hour ago, by itself (it is self-signed).
    void write_ocsp(long until_s, int status = V_OCSP_CERTSTATUS_GOOD) const
    {
        const std::unique_ptr<OCSP_BASICRESP, freed_by<OCSP_BASICRESP_free>> basic{OCSP_BASICRESP_new()};
        const std::unique_ptr<ASN1_TIME, freed_by<ASN1_TIME_free>> since{X509_gmtime_adj(nullptr, -7200)};
        const std::unique_ptr<ASN1_TIME, freed_by<ASN1_TIME_free>> until{X509_gmtime_adj(nullptr, until_s)};
        const std::unique_ptr<OCSP_CERTID, freed_by<OCSP_CERTID_free>> id{OCSP_cert_to_id(EVP_sha1(), made_.get(), made_.get())};
        auto* const revoked = status == V_OCSP_CERTSTATUS_REVOKED ? since.get() : nullptr;
        must(OCSP_basic_add1_status(basic.get(), id.get(), status, 0, revoked, since.get(), until.get()) != nullptr, "status");
        must(OCSP_basic_sign(basic.get(), made_.get(), key_.get(), EVP_sha256(), nullptr, 0) == 1, "OCSP_basic_sign");
        const std::unique_ptr<OCSP_RESPONSE, freed_by<OCSP_RESPONSE_free>> whole{
            OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic.get())};
        unsigned char* der = nullptr;
        const int size = i2d_OCSP_RESPONSE(whole.get(), &der);
        const file to{std::fopen(ocsp().c_str(), "w")};
        must(size > 0 && std::fwrite(der, 1, static_cast<std::size_t>(size), to.get()) == static_cast<std::size_t>(size), "ocsp");
        OPENSSL_free(der);
    }

private:
    void extend(int what, const std::string& value)
    {
        auto* const extension = X509V3_EXT_conf_nid(nullptr, nullptr, what, value.c_str());
        must(extension != nullptr && X509_add_ext(made_.get(), extension, -1) == 1, value.c_str());
        X509_EXTENSION_free(extension);
    }
    void write() const
    {
        const file cert_file{std::fopen(cert().c_str(), "w")};
        const file key_file{std::fopen(key().c_str(), "w")};
        must(cert_file && PEM_write_X509(cert_file.get(), made_.get()) == 1, "cert.pem");
        must(key_file && PEM_write_PrivateKey(key_file.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1, "key.pem");
    }

    std::filesystem::path folder_;
    key_pair key_;
    x509 made_;
};

/// Of a peer that speaks just this version, and has no rules.
[[nodiscard]] inline ssl_context loose_context(const SSL_METHOD* method, int version)
{
    ssl_context made{SSL_CTX_new(method)};
    SSL_CTX_set_security_level(made.get(), 0);
    SSL_CTX_clear_options(made.get(), SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_min_proto_version(made.get(), version);
    SSL_CTX_set_max_proto_version(made.get(), version);
    return made;
}

/// A client and a server face to face in memory, each moved on in turn.
class face_to_face {
public:
    face_to_face(SSL_CTX* server, SSL_CTX* client, SSL_SESSION* earlier = nullptr)
        : server_{SSL_new(server)}, client_{SSL_new(client)}
    {
        BIO* of_server = nullptr;
        BIO* of_client = nullptr;
        must(BIO_new_bio_pair(&of_server, 0, &of_client, 0) == 1, "BIO_new_bio_pair");
        SSL_set_bio(server_.get(), of_server, of_server);
        SSL_set_bio(client_.get(), of_client, of_client);
        SSL_set_accept_state(server_.get());
        SSL_set_connect_state(client_.get());
        if (earlier != nullptr)
            SSL_set_session(client_.get(), earlier);
    }

    /// Whether both sides come to an end of the handshake; an error of either ends it.
    [[nodiscard]] bool shake_hands()
    {
        constexpr int most_turns = 20;
        for (int turn = 0; turn < most_turns; ++turn) {
            const bool client_done = step(client_.get());
            const bool server_done = step(server_.get());
            if (client_done && server_done)
                return true;
            if (failure_ != 0)
                return false;
        }
        return false;
    }
    /// What `to` reads now; empty: nothing, or it failed.
    [[nodiscard]] std::string read(SSL* to)
    {
        std::array<char, 256> octets{};
        const int got = SSL_read(to, octets.data(), static_cast<int>(octets.size()));
        note(to, got);
        return {octets.data(), got > 0 ? static_cast<std::size_t>(got) : 0};
    }
    /// The session that a later connection may offer again. RFC 8446 4.6.1: in TLS 1.3 its ticket comes behind the handshake.
    [[nodiscard]] ssl_session session()
    {
        must(SSL_write(server_.get(), "220", 3) == 3 && read(client_.get()) == "220", "no octets pass");
        // A connection that just goes takes its session out of use.
        SSL_set_shutdown(client_.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
        return ssl_session{SSL_get1_session(client_.get())};
    }
    [[nodiscard]] SSL* server() noexcept { return server_.get(); }
    [[nodiscard]] SSL* client() noexcept { return client_.get(); }
    /// OpenSSL's reason (SSL_R_...) of the first failure; 0: there was none.
    [[nodiscard]] int failure() const noexcept { return failure_; }

private:
    [[nodiscard]] bool step(SSL* one)
    {
        const int done = SSL_do_handshake(one);
        note(one, done);
        return done == 1;
    }
    void note(SSL* one, int result)
    {
        if (result <= 0 && SSL_get_error(one, result) == SSL_ERROR_SSL && failure_ == 0)
            failure_ = ERR_GET_REASON(ERR_peek_error());
        ERR_clear_error();
    }

    ssl server_;
    ssl client_;
    int failure_ = 0;
};

} // namespace postern::io::testing_tls
