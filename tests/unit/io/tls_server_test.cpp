// What a server's context does for those who ask for a name, show a certificate, offer groups or come again with a ticket.

#include "core/io/tls.hpp"
#include "core/io/tls_rules.hpp"
#include "tests/unit/io/tls_in_memory.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <utility>

namespace postern::io {
namespace {

using namespace std::string_literals;
using namespace testing_tls;
using ::testing::HasSubstr;
using ::testing::StartsWith;

[[nodiscard]] std::shared_ptr<const certificate> loaded(const pem_files& files, bool with_ocsp = false)
{
    std::string why;
    auto made = certificate::load({files.cert(), files.key(), with_ocsp ? files.ocsp() : std::string{}}, why);
    must(made != nullptr, why.c_str());
    return made;
}

[[nodiscard]] server_tls_options options_of(const pem_files& files)
{
    server_tls_options out;
    out.standard = loaded(files);
    return out;
}

[[nodiscard]] std::shared_ptr<tls_context> made(const server_tls_options& options)
{
    std::string why;
    auto out = tls_context::server(options, why);
    must(out != nullptr, why.c_str());
    return out;
}

[[nodiscard]] std::string refusal(const server_tls_options& options)
{
    std::string why;
    EXPECT_EQ(tls_context::server(options, why), nullptr);
    return why;
}

/// A client of one version that asks `server` for `name`, as service `service`.
class visit {
public:
    visit(const tls_context& server, int version, const std::string& name, std::string service = "in",
          SSL_SESSION* earlier = nullptr)
        : service_{std::move(service)}, client_{loose_context(TLS_client_method(), version)}, both_{server.native(),
                                                                                                    client_.get(), earlier}
    {
        server.bind(both_.server(), service_);
        if (!name.empty())
            SSL_set_tlsext_host_name(both_.client(), name.c_str());
    }
    /// The common name of the certificate that it was shown; empty: no handshake.
    [[nodiscard]] std::string shown()
    {
        if (!both_.shake_hands())
            return {};
        const x509 shown{SSL_get1_peer_certificate(both_.client())};
        std::string out(256, '\0');
        out.resize(static_cast<std::size_t>(X509_NAME_get_text_by_NID(X509_get_subject_name(shown.get()), NID_commonName,
                                                                      out.data(), static_cast<int>(out.size()))));
        return out;
    }
    [[nodiscard]] bool is_resumed()
    {
        const bool is_done = both_.shake_hands();
        SSL_set_shutdown(both_.client(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN); // else its session goes out of use
        return is_done && SSL_session_reused(both_.server()) == 1;
    }
    [[nodiscard]] ssl_session session()
    {
        must(both_.shake_hands(), "no handshake");
        return both_.session();
    }
    [[nodiscard]] face_to_face& both() noexcept { return both_; }

private:
    std::string service_;
    ssl_context client_;
    face_to_face both_;
};

constexpr int both_versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

class a_server_context : public testing::Test {
protected:
    pem_files files_;
    pem_files mail_{{.name = "mail.example.net"}};
    pem_files any_{{.name = "any.example.net"}};

    [[nodiscard]] server_tls_options with_names() const
    {
        auto out = options_of(files_);
        out.named = {{{"mail.example.net", "Post.Example.NET"}, loaded(mail_)}, {{"*.example.net"}, loaded(any_)}};
        return out;
    }
};

TEST_F(a_server_context, shows_the_certificate_of_the_name_that_is_asked_for) // RFC 6066 3
{
    const auto server = made(with_names());
    for (const int version : both_versions) {
        EXPECT_EQ(visit(*server, version, "mail.example.net").shown(), "mail.example.net") << version;
        EXPECT_EQ(visit(*server, version, "MAIL.example.NET").shown(), "mail.example.net");
        EXPECT_EQ(visit(*server, version, "post.example.net").shown(), "mail.example.net");
        EXPECT_EQ(visit(*server, version, "other.example.net").shown(), "any.example.net");
    }
}

TEST_F(a_server_context, shows_its_standard_certificate_for_all_other_names)
{
    const auto server = made(with_names());
    for (const int version : both_versions)
        for (const auto* name : {"", "example.net", "a.b.example.net", "mail.example.net.", "*.example.net", ".example.net",
                                 "mail.example.org", "netexample", "."})
            EXPECT_EQ(visit(*server, version, name).shown(),
                      std::string_view{name} == "*.example.net" ? "any.example.net" : "mx.example.org")
                << name;
}

TEST_F(a_server_context, takes_no_ticket_that_was_given_for_another_name)
{
    const auto server = made(with_names());
    for (const int version : both_versions) {
        const auto session = visit(*server, version, "mail.example.net").session();
        EXPECT_TRUE(visit(*server, version, "mail.example.net", "in", session.get()).is_resumed()) << version;
        EXPECT_TRUE(visit(*server, version, "post.example.net", "in", session.get()).is_resumed()) << "the same certificate";
        EXPECT_FALSE(visit(*server, version, "other.example.net", "in", session.get()).is_resumed()) << version;
        EXPECT_FALSE(visit(*server, version, "", "in", session.get()).is_resumed()) << version;
    }
}

TEST_F(a_server_context, takes_tickets_of_an_earlier_one_of_the_same_keys)
{
    auto options = with_names();
    options.tickets = std::make_shared<ticket_keys>();
    const auto before = made(options);
    options.standard = loaded(any_); // another certificate
    const auto after = made(options);
    options.tickets = std::make_shared<ticket_keys>();
    const auto stranger = made(options);
    for (const int version : both_versions) {
        const auto session = visit(*before, version, "").session();
        EXPECT_TRUE(visit(*after, version, "", "in", session.get()).is_resumed()) << version;
        EXPECT_FALSE(visit(*after, version, "", "submission", session.get()).is_resumed()) << "another service's";
        EXPECT_FALSE(visit(*stranger, version, "", "in", session.get()).is_resumed());
        const auto named = visit(*before, version, "mail.example.net").session();
        EXPECT_TRUE(visit(*after, version, "mail.example.net", "in", named.get()).is_resumed()) << version;
    }
}

/// What it shows to whom, and so who can tell that it comes again.
[[nodiscard]] std::string ticket_of(SSL_SESSION* session)
{
    const unsigned char* octets = nullptr;
    std::size_t size = 0;
    SSL_SESSION_get0_ticket(session, &octets, &size);
    return {reinterpret_cast<const char*>(octets), size};
}

/// Its tickets are sealed with keys of its own, or with some that outlast it.
[[nodiscard]] std::array<server_tls_options, 2> of_both_keys(const server_tls_options& options)
{
    std::array<server_tls_options, 2> out{options, options};
    out[1].tickets = std::make_shared<ticket_keys>();
    return out;
}

TEST_F(a_server_context, resumes_every_connection_of_a_client_that_shows_each_ticket_once) // RFC 8446 C.4
{
    for (const auto& options : of_both_keys(options_of(files_))) {
        const auto server = made(options);
        auto session = visit(*server, TLS1_3_VERSION, "").session();
        for (int again = 0; again < 5; ++again) {
            const auto shown = ticket_of(session.get());
            visit one{*server, TLS1_3_VERSION, "", "in", session.get()};
            session = one.session();
            EXPECT_EQ(SSL_session_reused(one.both().server()), 1) << again;
            EXPECT_NE(ticket_of(session.get()), shown) << again;
        }
    }
}

TEST_F(a_server_context, gives_no_new_ticket_to_a_client_of_tls_1_2_that_may_show_its_own_again) // RFC 5077 3.1
{
    for (const auto& options : of_both_keys(options_of(files_))) {
        const auto server = made(options);
        const auto first = visit(*server, TLS1_2_VERSION, "").session();
        for (int again = 0; again < 5; ++again) {
            visit one{*server, TLS1_2_VERSION, "", "in", first.get()};
            const auto session = one.session();
            EXPECT_EQ(SSL_session_reused(one.both().server()), 1) << again;
            EXPECT_EQ(ticket_of(session.get()), ticket_of(first.get())) << again;
        }
    }
}

TEST_F(a_server_context, gives_tickets_that_are_good_for_no_longer_than_the_first_one_of_the_row) // RFC 8446 4.6.1
{
    for (const auto& options : of_both_keys(options_of(files_))) {
        const auto server = made(options);
        SSL_CTX_set_timeout(server->native(), 1000); // seconds
        auto session = visit(*server, TLS1_3_VERSION, "").session();
        SSL_CTX_set_timeout(server->native(), 5000);
        auto lifetime = SSL_SESSION_get_ticket_lifetime_hint(session.get());
        EXPECT_EQ(lifetime, 1000U);
        for (int again = 0; again < 3; ++again) {
            session = visit(*server, TLS1_3_VERSION, "", "in", session.get()).session();
            EXPECT_LE(SSL_SESSION_get_ticket_lifetime_hint(session.get()), lifetime);
            lifetime = SSL_SESSION_get_ticket_lifetime_hint(session.get());
        }
        EXPECT_GT(lifetime, 0U);
    }
}

TEST(a_session_that_is_resumed, has_what_was_left_of_its_time) // RFC 8446 4.6.1
{
    const ssl_session session{SSL_SESSION_new()};
    SSL_SESSION_set_time(session.get(), 1'000'000);
    SSL_SESSION_set_timeout(session.get(), 7200);
    EXPECT_TRUE(count_time_from(session.get(), 1'003'000));
    EXPECT_EQ(SSL_SESSION_get_time(session.get()), 1'003'000);
    EXPECT_EQ(SSL_SESSION_get_timeout(session.get()), 4200);
    EXPECT_TRUE(count_time_from(session.get(), 1'007'200));
    EXPECT_EQ(SSL_SESSION_get_timeout(session.get()), 0);
    EXPECT_FALSE(count_time_from(session.get(), 1'007'201)) << "its time is over";
}

TEST(a_session_that_is_resumed, gains_no_time_by_a_clock_that_was_set_back)
{
    const ssl_session session{SSL_SESSION_new()};
    SSL_SESSION_set_time(session.get(), 1'000'000);
    SSL_SESSION_set_timeout(session.get(), 7200);
    EXPECT_TRUE(count_time_from(session.get(), 990'000));
    EXPECT_EQ(SSL_SESSION_get_timeout(session.get()), 7200);
}

TEST_F(a_server_context, staples_the_ocsp_response_of_the_certificate_that_it_shows)
{
    mail_.write_ocsp(3600);
    any_.write_ocsp(-60);
    auto options = with_names();
    options.named[0].what = loaded(mail_, true);
    options.named[1].what = loaded(any_, true);
    const auto server = made(options);
    for (const int version : both_versions)
        for (const auto& [name, size] :
             {std::pair{"mail.example.net", static_cast<long>(std::filesystem::file_size(mail_.ocsp()))},
              {"other.example.net", -1L},
              {"", -1L}}) {
            visit one{*server, version, name};
            SSL_set_tlsext_status_type(one.both().client(), TLSEXT_STATUSTYPE_ocsp);
            EXPECT_TRUE(one.both().shake_hands()) << name;
            const unsigned char* response = nullptr;
            EXPECT_EQ(SSL_get_tlsext_status_ocsp_resp(one.both().client(), &response), size) << name << version;
        }
}

TEST_F(a_server_context, takes_part_in_the_groups_that_it_is_given_and_this_openssl_has)
{
    auto options = options_of(files_);
    options.groups = {"X25519MLKEM768", "X25519", "P-256"};
    const auto server = made(options);
    EXPECT_THAT(server->groups(), testing::AnyOf("X25519:P-256", "X25519MLKEM768:X25519:P-256"));
    for (const int version : both_versions)
        for (const auto& [offered, agreed] :
             {std::pair{"P-384:P-256", NID_X9_62_prime256v1}, {"P-256:X25519", 0}, {"P-384", -1}}) {
            visit one{*server, version, ""};
            SSL_set1_groups_list(one.both().client(), offered);
            EXPECT_EQ(one.both().shake_hands(), agreed >= 0) << offered << version;
            if (agreed > 0) {
                EXPECT_EQ(SSL_get_negotiated_group(one.both().server()), agreed);
            }
        }
    options.groups = {"X25519MLKEM768", "SecP256r1MLKEM768"};
    if (server->groups() == "X25519:P-256") {
        EXPECT_EQ(refusal(options), "groups: this OpenSSL has none of them");
    }
    options.groups.clear();
    EXPECT_EQ(made(options)->groups(), "");
}

/// Two octets of length, then the octets.
[[nodiscard]] std::string counted(const std::string& octets)
{
    return std::string{static_cast<char>(octets.size() >> 8U), static_cast<char>(octets.size() & 0xffU)} + octets;
}

/// What a client says that would rather have X25519MLKEM768 (0x11EC), and has made a key for that and for X25519.
[[nodiscard]] std::string hybrid_hello()
{
    const auto extension = [](char type, const std::string& octets) { return std::string{'\0', type} + counted(octets); };
    constexpr std::size_t hybrid_key = 1216; // of ML-KEM-768 and X25519
    const auto shares = "\x11\xEC"s + counted(std::string(hybrid_key, 'h')) + "\x00\x1D"s + counted(std::string(32, 'x'));
    const auto extensions = extension(43, "\x02\x03\x04"s) + extension(10, counted("\x11\xEC\x00\x1D\x00\x17"s)) +
                            extension(13, counted("\x04\x03"s)) + extension(51, counted(shares));
    const auto body = "\x03\x03"s + std::string(32, 'r') + '\x20' + std::string(32, 's') + counted("\x13\x01"s) + "\x01\x00"s +
                      counted(extensions);
    return "\x16\x03\x01"s + counted("\x01\x00"s + counted(body));
}

TEST_F(a_server_context, answers_a_client_that_offers_a_hybrid_group_first)
{
    auto options = options_of(files_);
    options.groups = {"X25519MLKEM768", "X25519", "P-256"};
    const auto server = made(options);
    if (server->groups() != "X25519:P-256")
        GTEST_SKIP() << "this OpenSSL has the hybrid group itself, and would look at the key";
    const ssl one{SSL_new(server->native())};
    BIO* const from_client = BIO_new(BIO_s_mem());
    BIO* const to_client = BIO_new(BIO_s_mem());
    SSL_set_bio(one.get(), from_client, to_client);
    SSL_set_accept_state(one.get());
    const auto hello = hybrid_hello();
    must(BIO_write(from_client, hello.data(), static_cast<int>(hello.size())) == static_cast<int>(hello.size()), "BIO_write");
    (void)SSL_do_handshake(one.get());
    std::string answer(8192, '\0');
    answer.resize(static_cast<std::size_t>(std::max(BIO_read(to_client, answer.data(), static_cast<int>(answer.size())), 0)));
    EXPECT_EQ(answer.substr(5, 1), "\x02") << "a ServerHello";
    EXPECT_THAT(answer, HasSubstr("\x00\x33\x00\x24\x00\x1D\x00\x20"s)) << "its key share: X25519, without another round trip";
}

TEST_F(a_server_context, knows_every_name_of_a_group_that_openssl_has)
{
    for (const auto name : known_groups()) {
        auto options = options_of(files_);
        options.groups = {std::string{name}, "P-256"};
        const auto context = made(options);
        if (name.find("MLKEM") == std::string_view::npos && name != "P-256") {
            EXPECT_EQ(context->groups(), std::string{name} + ":P-256");
        }
    }
}

TEST_F(a_server_context, takes_the_versions_and_ciphers_that_it_is_given)
{
    auto options = options_of(files_);
    options.lowest = tls_version::v1_3;
    EXPECT_EQ(visit(*made(options), TLS1_2_VERSION, "").shown(), "");
    EXPECT_EQ(visit(*made(options), TLS1_3_VERSION, "").shown(), "mx.example.org");
    options = options_of(files_);
    options.ciphers = "ECDHE-ECDSA-AES256-GCM-SHA384";
    visit one{*made(options), TLS1_2_VERSION, ""};
    ASSERT_TRUE(one.both().shake_hands());
    EXPECT_STREQ(SSL_get_cipher_name(one.both().server()), "ECDHE-ECDSA-AES256-GCM-SHA384");
    options.ciphers = "NOTHING";
    EXPECT_EQ(refusal(options), "ciphers: this OpenSSL has none of \"NOTHING\"");
}

TEST_F(a_server_context, shows_the_chain_of_its_file_and_nothing_that_it_finds_elsewhere)
{
    const pem_files authority{{.name = "authority", .is_authority = true}};
    const pem_files issued{{.name = "mx.example.org"}, &authority};
    auto options = options_of(issued);
    options.clients = client_certificates::request;
    options.client_ca = authority.cert();
    const auto server = made(options);
    for (const int version : both_versions) {
        visit one{*server, version, ""};
        ASSERT_TRUE(one.both().shake_hands());
        EXPECT_EQ(sk_X509_num(SSL_get_peer_cert_chain(one.both().client())), 1) << version;
    }
}

/// An authority, a client of it, a client of nobody, and one whose time is over.
class client_certificates_of : public a_server_context {
protected:
    [[nodiscard]] std::shared_ptr<tls_context> server(client_certificates rule,
                                                      std::shared_ptr<ticket_keys> tickets = nullptr) const
    {
        auto options = with_names();
        options.clients = rule;
        options.client_ca = authority_.cert();
        options.tickets = std::move(tickets);
        return made(options);
    }
    static void show(visit& by, const pem_files& what)
    {
        must(SSL_use_certificate_file(by.both().client(), what.cert().c_str(), SSL_FILETYPE_PEM) == 1, "cert.pem");
        must(SSL_use_PrivateKey_file(by.both().client(), what.key().c_str(), SSL_FILETYPE_PEM) == 1, "key.pem");
    }
    /// Whose certificate the server has verified; "": nobody's; "refused".
    static std::string seen(visit& by)
    {
        if (!by.both().shake_hands() || (SSL_write(by.both().server(), "x", 1) == 1 && by.both().read(by.both().client()) != "x"))
            return "refused";
        auto* const peer = SSL_get0_peer_certificate(by.both().server());
        if (peer == nullptr || SSL_get_verify_result(by.both().server()) != X509_V_OK)
            return {};
        std::string text(256, '\0');
        X509_NAME_oneline(X509_get_subject_name(peer), text.data(), static_cast<int>(text.size()));
        return text.c_str();
    }

    pem_files authority_{{.name = "authority", .is_authority = true}};
    pem_files client_{{.name = "client"}, &authority_};
    pem_files late_{{.name = "late", .until_s = -60}, &authority_};
    pem_files nobodys_{{.name = "authority"}};
};

TEST_F(client_certificates_of, whom_the_authority_vouches_for_are_told)
{
    for (const auto rule : {client_certificates::request, client_certificates::require})
        for (const int version : both_versions)
            for (const auto* name : {"", "mail.example.net"}) {
                const auto context = server(rule);
                visit one{*context, version, name};
                show(one, client_);
                EXPECT_EQ(seen(one), "/CN=client") << version;
            }
}

TEST_F(client_certificates_of, others_count_as_none_where_they_are_requested)
{
    for (const int version : both_versions) {
        const auto context = server(client_certificates::request);
        visit without{*context, version, ""};
        EXPECT_EQ(seen(without), "");
        for (const auto* files : {&late_, &nobodys_}) {
            visit one{*context, version, "mail.example.net"};
            show(one, *files);
            EXPECT_EQ(seen(one), "") << version;
            const auto session = one.both().session();
            visit again{*context, version, "mail.example.net", "in", session.get()};
            EXPECT_EQ(seen(again), "") << "nor when they come again";
        }
    }
}

TEST_F(client_certificates_of, others_get_no_handshake_where_they_are_required)
{
    for (const int version : both_versions) {
        const auto context = server(client_certificates::require);
        visit without{*context, version, ""};
        EXPECT_EQ(seen(without), "refused");
        for (const auto* files : {&late_, &nobodys_}) {
            visit one{*context, version, "mail.example.net"};
            show(one, *files);
            EXPECT_EQ(seen(one), "refused") << version;
        }
    }
}

TEST_F(client_certificates_of, tickets_are_worth_nothing_under_another_rule)
{
    const auto keys = std::make_shared<ticket_keys>();
    const auto loose = server(client_certificates::none, keys);
    const auto strict = server(client_certificates::require, keys);
    for (const int version : both_versions) {
        const auto session = visit(*loose, version, "").session();
        visit again{*strict, version, "", "in", session.get()};
        EXPECT_EQ(seen(again), "refused") << version;
        visit proper{*strict, version, ""};
        show(proper, client_);
        ASSERT_EQ(seen(proper), "/CN=client");
        const auto good = proper.both().session();
        visit resumed{*strict, version, "", "in", good.get()};
        EXPECT_EQ(seen(resumed), "/CN=client") << "and a resumed session still knows who it is";
        EXPECT_TRUE(SSL_session_reused(resumed.both().server())) << version;
    }
}

TEST_F(client_certificates_of, an_authority_that_cannot_be_read_is_named)
{
    auto options = options_of(files_);
    options.clients = client_certificates::request;
    options.client_ca = authority_.cert() + ".absent";
    EXPECT_THAT(refusal(options), StartsWith(options.client_ca + ": "));
    options.client_ca = authority_.key();
    EXPECT_THAT(refusal(options), StartsWith(options.client_ca + ": "));
}

} // namespace
} // namespace postern::io
