#include "core/io/peer_certificate.hpp"
#include "core/io/tls.hpp"
#include "tests/unit/io/tls_in_memory.hpp"

#include <gtest/gtest.h>

#include <openssl/sha.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace postern::io {
namespace {

using namespace testing_tls;

constexpr std::uint8_t dane_ta = 2;
constexpr std::uint8_t dane_ee = 3;

[[nodiscard]] std::string der_of(X509* what, bool only_key)
{
    unsigned char* der = nullptr;
    const int size = only_key ? i2d_X509_PUBKEY(X509_get_X509_PUBKEY(what), &der) : i2d_X509(what, &der);
    must(size > 0, "i2d");
    std::string octets{reinterpret_cast<const char*>(der), static_cast<std::size_t>(size)};
    OPENSSL_free(der);
    return octets;
}

/// A record that matches that certificate.
[[nodiscard]] base::tlsa_record record_of(const pem_files& files, std::uint8_t usage, std::uint8_t selector,
                                          std::uint8_t matching)
{
    auto octets = der_of(files.native(), selector == 1);
    if (matching == 1 || matching == 2) {
        std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
        unsigned size = 0;
        EVP_Digest(octets.data(), octets.size(), digest.data(), &size, matching == 1 ? EVP_sha256() : EVP_sha512(), nullptr);
        octets.assign(reinterpret_cast<const char*>(digest.data()), size);
    }
    return {usage, selector, matching, octets};
}

/// The server has a certificate by an authority that the client trusts, or does not.
class a_servers_certificate : public testing::Test {
protected:
    struct outcome {
        bool is_taken = false;
        certificate_fault fault = certificate_fault::none;
        std::string text;
        std::string sni;
    };
    [[nodiscard]] outcome meets(const peer_expectation& what, bool verifies = true, const std::string& name = "mx.example.org")
    {
        std::string why;
        server_tls_options options;
        options.standard = certificate::load({shown_->cert(), shown_->key(), {}}, why);
        const auto server = tls_context::server(options, why);
        must(server != nullptr, why.c_str());
        must(X509_up_ref(authority_.native()) == 1 && SSL_CTX_add_extra_chain_cert(server->native(), authority_.native()) == 1,
             "chain");
        const auto client = tls_context::client(verifies, trusted_->cert(), why);
        must(client != nullptr, why.c_str());
        face_to_face both{server->native(), client->native()};
        must(expect(both.client(), name, what).empty(), "expect");
        outcome came;
        came.is_taken = both.shake_hands();
        came.fault = fault_of(both.client());
        came.text = fault_text(both.client());
        return came;
    }
    /// Why the handshake does not even begin; empty: it may.
    [[nodiscard]] std::string objection(const peer_expectation& what)
    {
        std::string why;
        const auto client = tls_context::client(true, trusted_->cert(), why);
        const ssl session{SSL_new(client->native())};
        return std::string{expect(session.get(), "mx.example.org", what)};
    }
    /// Without DANE, then with it: as if the client trusted nobody.
    void nobody_is_trusted() { trusted_ = &stranger_; }

    pem_files authority_{{.name = "authority", .is_authority = true}};
    pem_files stranger_{{.name = "stranger", .is_authority = true}};
    pem_files good_{{.name = "mx", .dns = {"mx.example.org"}}, &authority_};
    pem_files expired_{{.name = "mx", .dns = {"mx.example.org"}, .until_s = -60}, &authority_};
    pem_files other_{{.name = "other", .dns = {"other.example.org"}}, &authority_};
    const pem_files* shown_ = &good_;
    const pem_files* trusted_ = &authority_;
};

TEST_F(a_servers_certificate, is_taken_as_the_context_says_where_nothing_more_is_expected)
{
    EXPECT_TRUE(meets({}).is_taken);
    EXPECT_FALSE(meets({}, true, "mx.example.com").is_taken);
    EXPECT_TRUE(meets({}, false, "mx.example.com").is_taken);
}

TEST_F(a_servers_certificate, may_be_for_any_of_the_names)
{
    shown_ = &other_;
    EXPECT_FALSE(meets({.names = {"third.example.org"}}).is_taken);
    EXPECT_TRUE(meets({.names = {"third.example.org", "other.example.org"}}).is_taken);
}

TEST_F(a_servers_certificate, that_only_is_looked_at_is_taken_and_what_is_wrong_with_it_can_be_told)
{
    using enum certificate_fault;
    const peer_expectation noted{.is_only_noted = true};
    EXPECT_EQ(meets(noted).fault, none);
    EXPECT_EQ(meets(noted).text, "");
    shown_ = &expired_;
    EXPECT_TRUE(meets(noted).is_taken);
    EXPECT_EQ(meets(noted).fault, expired);
    EXPECT_NE(meets(noted).text, "");
    shown_ = &other_;
    EXPECT_TRUE(meets(noted).is_taken);
    EXPECT_EQ(meets(noted).fault, wrong_name);
    shown_ = &good_;
    nobody_is_trusted();
    EXPECT_TRUE(meets(noted).is_taken);
    EXPECT_EQ(meets(noted).fault, untrusted);
}

TEST_F(a_servers_certificate, that_counts_says_what_is_wrong_with_it_too)
{
    shown_ = &expired_;
    const auto came = meets({});
    EXPECT_FALSE(came.is_taken);
    EXPECT_EQ(came.fault, certificate_fault::expired);
    EXPECT_EQ(came.text, "certificate has expired");
}

TEST_F(a_servers_certificate, that_a_tlsa_record_names_needs_no_authority_no_name_and_no_time) // RFC 7671 5.1
{
    nobody_is_trusted();
    for (const auto* shown : {&good_, &other_, &expired_})
        for (const std::uint8_t selector : {std::uint8_t{0}, std::uint8_t{1}})
            for (const std::uint8_t matching : {std::uint8_t{0}, std::uint8_t{1}, std::uint8_t{2}}) {
                shown_ = shown;
                const auto record = record_of(*shown, dane_ee, selector, matching);
                EXPECT_TRUE(meets({.tlsa = {record}}).is_taken) << int{selector} << int{matching};
                EXPECT_TRUE(meets({.tlsa = {record_of(authority_, dane_ee, 1, 1), record}}).is_taken)
                    << "RFC 7671 8: any of them";
                EXPECT_FALSE(meets({.tlsa = {record_of(stranger_, dane_ee, selector, matching)}}).is_taken);
            }
}

TEST_F(a_servers_certificate, by_an_authority_that_a_tlsa_record_names_has_to_be_for_a_name_and_in_time) // RFC 7672 3.1.2
{
    nobody_is_trusted();
    const peer_expectation by_authority{.tlsa = {record_of(authority_, dane_ta, 1, 1)}};
    EXPECT_TRUE(meets(by_authority).is_taken);
    shown_ = &expired_;
    EXPECT_FALSE(meets(by_authority).is_taken);
    shown_ = &other_;
    EXPECT_EQ(meets(by_authority).fault, certificate_fault::wrong_name);
    auto with_names = by_authority;
    with_names.names = {"other.example.org"}; // RFC 7672 3.2.3: that of the domain too
    EXPECT_TRUE(meets(with_names).is_taken);
}

TEST_F(a_servers_certificate, that_no_tlsa_record_names_is_not_taken_although_an_authority_vouches_for_it)
{
    const auto came = meets({.tlsa = {record_of(stranger_, dane_ee, 1, 1)}});
    EXPECT_FALSE(came.is_taken);
    EXPECT_EQ(came.fault, certificate_fault::no_match);
    const auto noted = meets({.tlsa = {record_of(stranger_, dane_ee, 1, 1)}, .is_only_noted = true});
    EXPECT_TRUE(noted.is_taken);
    EXPECT_EQ(noted.fault, certificate_fault::no_match);
}

// RFC 7672 3.1.3. Whoever asks for DANE has looked; what OpenSSL refuses nevertheless must not make it anybody's.
TEST_F(a_servers_certificate, cannot_be_expected_by_tlsa_records_none_of_which_can_be_used)
{
    auto cut = record_of(stranger_, dane_ee, 1, 1);
    cut.data.pop_back();
    for (const auto& each : {record_of(stranger_, 0, 1, 1), record_of(stranger_, 1, 0, 0), record_of(stranger_, dane_ee, 2, 1),
                             base::tlsa_record{dane_ee, 1, 3, "x"}, base::tlsa_record{dane_ta, 0, 0, "no certificate"},
                             base::tlsa_record{dane_ee, 0, 0, "\xde\xad\xbe\xef"}, base::tlsa_record{dane_ee, 1, 1, ""}, cut}) {
        EXPECT_EQ(objection({.tlsa = {each}}), "none of the TLSA records can be used")
            << int{each.usage} << int{each.selector} << int{each.matching};
        EXPECT_EQ(objection({.tlsa = {each}, .is_only_noted = true}), "") << "nothing counts there";
    }
    EXPECT_FALSE(meets({.tlsa = {cut, record_of(stranger_, dane_ee, 1, 1)}}).is_taken) << "one can be";
    EXPECT_TRUE(meets({.tlsa = {cut, record_of(good_, dane_ee, 1, 1)}}).is_taken);
}

// RFC 8461 4.2, RFC 6125 6.4.4
TEST_F(a_servers_certificate, has_its_name_as_a_dns_id_and_not_in_its_subject_alone)
{
    const pem_files old{{.name = "mx.example.org", .has_dns = false}, &authority_};
    shown_ = &old;
    EXPECT_FALSE(meets({}).is_taken);
    EXPECT_EQ(meets({}).fault, certificate_fault::wrong_name);
    EXPECT_FALSE(meets({.names = {"mx.example.org"}}, true, "other.example.org").is_taken);
    EXPECT_EQ(meets({.is_only_noted = true}).fault, certificate_fault::wrong_name);
    nobody_is_trusted();
    EXPECT_TRUE(meets({.tlsa = {record_of(authority_, dane_ta, 1, 1)}}).is_taken) << "RFC 7672 3.2.3: there a CN-ID will do";
}

TEST_F(a_servers_certificate, cannot_be_expected_of_nobody)
{
    std::string why;
    const auto client = tls_context::client(true, authority_.cert(), why);
    const ssl session{SSL_new(client->native())};
    EXPECT_NE(expect(session.get(), "", {}), "");
    EXPECT_NE(expect(session.get(), "", {.is_only_noted = true}), "");
}

} // namespace
} // namespace postern::io
