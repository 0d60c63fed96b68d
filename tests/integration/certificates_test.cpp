// Certificates of a running server: by name, replaced under load, asked of clients; and sessions that come again.

#include "tests/support/next_hop.hpp"
#include "tests/support/server.hpp"
#include "tests/support/tls_peer.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace postern::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr exit_status success{0, 0};
constexpr exit_status failure{1, 0};

/// cert.pem and key.pem of `name` in a folder of their own; signed by `authority`, a folder with the same files, or by itself.
class pair_of_files {
public:
    explicit pair_of_files(const std::string& name, const std::filesystem::path& authority = {})
    {
        const auto key = (folder_ / "key.pem").string();
        const auto cert = (folder_ / "cert.pem").string();
        const std::string names = fmt::format("subjectAltName=DNS:{0},DNS:*.{0},DNS:localhost", name);
        must(run({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
                  "-subj", "/CN=" + name, "-addext", names, "-keyout", key, "-out", cert}));
        if (authority.empty())
            return;
        const auto request = (folder_ / "request.pem").string();
        must(run({"openssl", "req", "-new", "-key", key, "-subj", "/CN=" + name, "-out", request}));
        must(run({"openssl", "x509", "-req", "-in", request, "-days", "30", "-CA", (authority / "cert.pem").string(), "-CAkey",
                  (authority / "key.pem").string(), "-CAcreateserial", "-out", cert}));
    }
    [[nodiscard]] std::filesystem::path operator/(std::string_view name) const { return folder_ / name; }
    [[nodiscard]] const std::filesystem::path& path() const { return folder_.path(); }
    /// As a tool for renewals does it: beside the old one, then renamed over it.
    void replace(const std::filesystem::path& to, std::string_view name) const
    {
        std::filesystem::copy_file(folder_ / name, to / "next.pem", std::filesystem::copy_options::overwrite_existing);
        std::filesystem::rename(to / "next.pem", to / name);
    }

private:
    static void must(const outcome& done)
    {
        if (done.status != success)
            throw std::runtime_error{done.errors};
    }
    temporary_folder folder_;
};

/// What OpenSSL's client says of a connection to `port`, under TLS from the first octet or, as `more` may say, behind STARTTLS.
[[nodiscard]] outcome visit(std::uint16_t port, const std::vector<std::string>& more = {})
{
    std::vector<std::string> command{"openssl", "s_client", "-connect", fmt::format("127.0.0.1:{}", port)};
    command.insert(command.end(), more.begin(), more.end());
    return run(std::move(command), "QUIT\r\n");
}

class a_server_with_certificates : public ::testing::Test {
protected:
    a_server_with_certificates() : gateway_{rules(next_)} {}

    [[nodiscard]] static configuration rules(const next_hop& next)
    {
        auto out = configuration::relay(next.address(), "starttls");
        out.listener("implicit", {"relay-domains"}, "implicit")
            .section("tls", "cert = \"cert.pem\"\nkey = \"key.pem\"")
            .section("[tls.certificate]",
                     fmt::format("names = [\"second.example\", \"*.second.example\"]\ncert = \"{0}/cert.pem\"\n"
                                 "key = \"{0}/key.pem\"",
                                 second().path().string()));
        return out;
    }
    static const pair_of_files& second()
    {
        static const pair_of_files made{"second.example"};
        return made;
    }
    void TearDown() override { EXPECT_EQ(gateway_.stop(), success) << gateway_.log(); }

    [[nodiscard]] bool serves(std::string_view name, const std::vector<std::string>& more = {}) const
    {
        return visit(gateway_.port("implicit"), more).output.find(fmt::format("subject=CN = {}", name)) != std::string::npos;
    }

    next_hop next_;
    server gateway_;
};

TEST_F(a_server_with_certificates, shows_the_one_of_the_name_that_is_asked_for)
{
    EXPECT_TRUE(serves("second.example", {"-servername", "second.example"}));
    EXPECT_TRUE(serves("second.example", {"-servername", "MX.Second.Example"}));
    EXPECT_TRUE(serves("mx.example.org", {"-servername", "other.example"}));
    EXPECT_TRUE(serves("mx.example.org", {"-noservername"}));
    const auto later = visit(gateway_.port(), {"-starttls", "smtp", "-servername", "second.example"});
    EXPECT_THAT(later.output, HasSubstr("subject=CN = second.example"));
}

TEST_F(a_server_with_certificates, serves_new_ones_when_their_files_change_and_ends_no_session)
{
    auto open = tls_peer::starttls(gateway_.port());
    ASSERT_TRUE(open.shakes_hands());
    ASSERT_EQ(open.says("EHLO client.example").code, 250);
    const pair_of_files renewed{"renewed.example"};
    renewed.replace(gateway_.folder(), "cert.pem");
    ASSERT_TRUE(gateway_.logs("certificate.kept", {"key.pem: does not belong to"})) << gateway_.log();
    EXPECT_TRUE(serves("mx.example.org")) << "the old pair, until the new one is whole";
    renewed.replace(gateway_.folder(), "key.pem");
    ASSERT_TRUE(gateway_.logs("certificate.reloaded", {"certificates=2"})) << gateway_.log();
    EXPECT_TRUE(serves("renewed.example"));
    EXPECT_TRUE(serves("second.example", {"-servername", "second.example"}));
    EXPECT_EQ(open.says("NOOP").code, 250) << "with the certificate that it began with";
    EXPECT_EQ(open.says("QUIT").code, 221);
    EXPECT_EQ(gateway_.command({"reload"}).status, success) << "a reload goes on from there";
    EXPECT_TRUE(serves("renewed.example"));
}

TEST_F(a_server_with_certificates, takes_sessions_up_again_also_after_a_new_certificate)
{
    const temporary_folder place;
    const auto file = [&](const char* version) { return (place / version).string(); };
    for (const auto* version : {"-tls1_2", "-tls1_3"}) {
        // RFC 8446 4.6.1: a ticket comes after the handshake, and the client may be gone before it has read it.
        const auto has_ticket = [&] {
            EXPECT_THAT(visit(gateway_.port(), {"-starttls", "smtp", version, "-sess_out", file(version)}).output,
                        HasSubstr("New, TLS"));
            return std::filesystem::exists(place / version);
        };
        ASSERT_TRUE(eventually(has_ticket)) << version;
        EXPECT_THAT(visit(gateway_.port(), {"-starttls", "smtp", version, "-sess_in", file(version)}).output,
                    HasSubstr("Reused, TLS"));
        EXPECT_THAT(visit(gateway_.port("implicit"), {version, "-sess_in", file(version)}).output, HasSubstr("New, TLS"))
            << "another listener's";
    }
    const pair_of_files renewed{"renewed.example"};
    for (const auto* name : {"cert.pem", "key.pem"})
        renewed.replace(gateway_.folder(), name);
    ASSERT_TRUE(eventually([&] { return serves("renewed.example"); })) << gateway_.log();
    for (const auto* version : {"-tls1_2", "-tls1_3"})
        EXPECT_THAT(visit(gateway_.port(), {"-starttls", "smtp", version, "-sess_in", file(version)}).output,
                    HasSubstr("Reused, TLS"))
            << version;
    const auto again = visit(gateway_.port("implicit"), {"-tls1_2", "-reconnect"}).output;
    EXPECT_THAT(again, AllOf(HasSubstr("New, TLSv1.2"), HasSubstr("Reused, TLSv1.2")));
}

TEST_F(a_server_with_certificates, replaces_them_under_load_without_one_message_refused)
{
    std::atomic<bool> is_over{false};
    std::string report;
    std::thread load{[&] { // many short sessions, so that there is a handshake at any time
        report = run({postern_program().string(), "load", "--server", gateway_.address(), "--messages", "1500", "--size", "200",
                      "--sessions", "8", "--tls", "starttls", "--to", "user@example.com"})
                     .output;
        is_over = true;
    }};
    const pair_of_files a{"a.example"};
    const pair_of_files b{"b.example"};
    std::size_t swaps = 0;
    for (const auto* next = &a; !is_over || swaps < 4; next = next == &a ? &b : &a, ++swaps) {
        next->replace(gateway_.folder(), swaps % 4 < 2 ? "cert.pem" : "key.pem"); // either may come first
        next->replace(gateway_.folder(), swaps % 4 < 2 ? "key.pem" : "cert.pem");
        const std::string wanted = next == &a ? "a.example" : "b.example";
        EXPECT_TRUE(eventually([&] { return serves(wanted); })) << swaps << gateway_.log();
    }
    load.join();
    EXPECT_THAT(report, AllOf(HasSubstr(R"("accepted":1500)"), HasSubstr(R"("refused":0)"))) << gateway_.log();
    EXPECT_THAT(gateway_.log(), AllOf(HasSubstr("certificate.reloaded"), Not(HasSubstr("tls_failed"))));
    EXPECT_TRUE(next_.wait_for(1500));
}

TEST(a_server_with_groups, agrees_to_those_and_leaves_out_what_its_openssl_lacks)
{
    const next_hop next;
    auto rules = configuration::relay(next.address(), "implicit");
    server gateway{rules.section("tls", "cert = \"cert.pem\"\nkey = \"key.pem\"\ngroups = [\"X25519MLKEM768\", \"X25519\"]")};
    EXPECT_THAT(visit(gateway.port(), {"-groups", "P-256:X25519"}).output, HasSubstr("X25519"));
    EXPECT_THAT(visit(gateway.port(), {"-groups", "P-256"}).output, HasSubstr("no peer certificate available"));
    EXPECT_EQ(gateway.stop(), success);
}

TEST(a_server_that_wants_certificates, asks_for_them_where_it_should)
{
    const next_hop next;
    const pair_of_files authority{"authority.example"};
    const pair_of_files client{"client.example", authority.path()};
    const pair_of_files stranger{"stranger.example"};
    auto rules = configuration::relay(next.address(), "implicit");
    rules
        .section("tls",
                 fmt::format("cert = \"cert.pem\"\nkey = \"key.pem\"\nclient_ca = \"{}\"\nclient_certificates = \"request\"",
                             (authority / "cert.pem").string()))
        .listener("strict", {"relay-domains"}, "implicit", "client_certificates = \"require\"")
        .listener("open", {"relay-domains"}, "implicit", "client_certificates = \"none\"");
    server gateway{rules};
    const auto with = [](const pair_of_files& files) {
        return std::vector<std::string>{"-quiet", "-cert", (files / "cert.pem").string(), "-key", (files / "key.pem").string()};
    };
    for (const auto* listener : {"in", "strict", "open"}) {
        const bool is_strict = std::string_view{listener} == "strict";
        EXPECT_THAT(visit(gateway.port(listener), with(client)).output, HasSubstr("220 ")) << listener;
        EXPECT_EQ(visit(gateway.port(listener), with(stranger)).output.find("220 ") == std::string::npos, is_strict) << listener;
        EXPECT_EQ(visit(gateway.port(listener), {"-quiet"}).output.find("220 ") == std::string::npos, is_strict) << listener;
    }
    EXPECT_TRUE(gateway.logs("tls_failed", {"certificate"})) << gateway.log();
    EXPECT_EQ(gateway.stop(), success);
}

TEST(check, tells_of_certificates_that_do_not_fit)
{
    const temporary_folder place;
    make_certificate(place.path());
    const pair_of_files other{"other.example"};
    const auto check = [&](const std::string& names, const pair_of_files& key) {
        auto what = configuration::relay("127.0.0.1:25", "starttls");
        what.section("tls", "cert = \"cert.pem\"\nkey = \"key.pem\"")
            .section("[tls.certificate]", fmt::format("names = [{}]\ncert = \"{}\"\nkey = \"{}\"", names,
                                                      (other / "cert.pem").string(), (key / "key.pem").string()));
        const auto file = place.write("postern.toml", what.text());
        auto done = run({postern_program().string(), "check", "--config", file.string()});
        done.output = fmt::format("postern.toml:{}: tls: ", what.line_of("[[tls.certificate]]"));
        return done;
    };
    EXPECT_EQ(check("\"other.example\", \"*.other.example\"", other).status, success);
    const auto unfit = check("\"other.example\", \"another.example\"", other);
    EXPECT_EQ(unfit.status, failure);
    EXPECT_THAT(unfit.errors, AllOf(HasSubstr(unfit.output), HasSubstr("is not for \"another.example\"")));
    const pair_of_files strange{"other.example"};
    const auto mismatched = check("\"other.example\"", strange);
    EXPECT_EQ(mismatched.status, failure);
    EXPECT_THAT(mismatched.errors, AllOf(HasSubstr(mismatched.output), HasSubstr("key.pem: does not belong to")));
}

} // namespace
} // namespace postern::test
