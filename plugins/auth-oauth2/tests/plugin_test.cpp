#include "tests/issuer.hpp"

#include <postern/testing/plugin_manifest.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

using namespace postern::testing;
using namespace std::chrono_literals;
using auth_oauth2::test::asked;
using auth_oauth2::test::certificate;
using auth_oauth2::test::issuer;
using auth_oauth2::test::ok;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

namespace {

const std::string alice = R"({"active":true,"username":"alice"})";

class auth_oauth2_plugin : public testing::Test {
protected:
    auth_oauth2_plugin()
    {
        std::string name = (std::filesystem::temp_directory_path() / "postern-auth-oauth2-XXXXXX").string();
        folder_ = ::mkdtemp(name.data());
        const auto file = folder_ / "secret";
        std::ofstream{file} << "s3cret:&\n";
        std::filesystem::permissions(file, std::filesystem::perms{0600});
        host_.option("client_id", "mx");
        host_.option("client_secret_file", file.string());
    }
    ~auth_oauth2_plugin() override
    {
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }
    void start(const std::string& endpoint)
    {
        host_.option("endpoint", endpoint);
        ASSERT_THAT(use_manifest(host_, POSTERN_PLUGIN_MANIFEST), IsEmpty());
        ASSERT_EQ(host_.create(), POSTERN_PASS);
    }
    void TearDown() override { EXPECT_THAT(host_.complaints(), IsEmpty()); }

    answer token(std::string_view given, std::string_view user = {}, std::string_view act_for = {})
    {
        return session_.auth_verify(POSTERN_AUTH_TOKEN, user, given, act_for);
    }

    std::filesystem::path folder_;
    fake_host host_{postern_plugin_v1};
    fake_session session_{host_};
};

TEST_F(auth_oauth2_plugin, asks_the_issuer_as_the_standard_says)
{
    const issuer peer{[](const asked&) { return ok(alice); }};
    start("http://" + peer.address() + "/introspect");
    EXPECT_EQ(token("mF_9.B5f-4.1JqM+/=").identity(), "alice");
    ASSERT_EQ(peer.requests().size(), 1u);
    const auto request = peer.requests()[0];
    EXPECT_THAT(request.head, HasSubstr("POST /introspect HTTP/1.1\r\n")); // RFC 7662 2.1
    EXPECT_THAT(request.head, HasSubstr("\r\nContent-Type: application/x-www-form-urlencoded"));
    EXPECT_THAT(request.head, HasSubstr("\r\nAccept: application/json"));
    EXPECT_THAT(request.head, HasSubstr("\r\nAuthorization: Basic bXg6czNjcmV0JTNBJTI2")); // "mx:s3cret%3A%26"
    EXPECT_EQ(request.body, "token_type_hint=access_token&token=mF_9.B5f-4.1JqM%2B%2F%3D");
}

TEST_F(auth_oauth2_plugin, takes_a_token_for_its_own_user_alone)
{
    const issuer peer{[](const asked&) { return ok(alice); }};
    start("http://" + peer.address());
    EXPECT_EQ(token("t", "alice").identity(), "alice");
    EXPECT_EQ(token("t", "alice", "alice").identity(), "alice");
    EXPECT_TRUE(token("t", "bob").rejects());
    EXPECT_TRUE(token("t", "Alice").rejects());
    EXPECT_TRUE(token("t", "", "bob").rejects());
}

TEST_F(auth_oauth2_plugin, refuses_what_is_not_active_and_asks_again)
{
    const issuer peer{[](const asked&) { return ok(R"({"active":false})"); }};
    start("http://" + peer.address());
    EXPECT_TRUE(token("t").rejects());
    EXPECT_TRUE(token("t").rejects());
    EXPECT_EQ(peer.requests().size(), 2u);
    EXPECT_THAT(host_.log_lines(), IsEmpty());
}

TEST_F(auth_oauth2_plugin, asks_once_for_what_it_knows_and_on_one_connection)
{
    const issuer peer{[](const asked& what) {
        return ok(what.body.ends_with("short") ? R"({"active":true,"username":"bob","exp":4102444800})" : alice);
    }};
    start("http://" + peer.address());
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(token("long").identity(), "alice");
        EXPECT_EQ(token("short").identity(), "bob");
    }
    EXPECT_EQ(peer.requests().size(), 2u);
    EXPECT_EQ(peer.connections(), 1u);
}

TEST_F(auth_oauth2_plugin, asks_each_time_where_nothing_is_to_be_kept)
{
    const issuer peer{[](const asked&) { return ok(alice); }};
    host_.option("cache", 0ns);
    start("http://" + peer.address());
    EXPECT_EQ(token("t").identity(), "alice");
    EXPECT_EQ(token("t").identity(), "alice");
    EXPECT_EQ(peer.requests().size(), 2u);
}

TEST_F(auth_oauth2_plugin, wants_scope_audience_and_claim_that_are_configured)
{
    const issuer peer{[](const asked& what) {
        return ok(what.body.ends_with("good") ? R"({"active":true,"sub":"7","scope":"mail","aud":"smtp"})"
                                              : R"({"active":true,"sub":"7","scope":"web","aud":"smtp"})");
    }};
    host_.option("scope", "mail");
    host_.option("audience", "smtp");
    host_.option("identity_claim", "sub");
    start("http://" + peer.address());
    EXPECT_EQ(token("good").identity(), "7");
    EXPECT_TRUE(token("bad").rejects());
}

TEST_F(auth_oauth2_plugin, defers_when_it_gets_no_answer_and_says_so_once)
{
    std::atomic<bool> answers = false;
    const std::vector<std::string> failures{"",
                                            "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n",
                                            "HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n",
                                            "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
                                            ok("<html>"),
                                            ok(std::string(65537, ' ')),
                                            "nonsense\r\n\r\n"};
    std::atomic<std::size_t> turn = 0;
    const issuer peer{[&](const asked&) { return answers ? ok(alice) : failures[turn]; }};
    start("http://" + peer.address());
    for (turn = 0; turn < failures.size(); ++turn) {
        const auto said = token("t");
        EXPECT_TRUE(said.defers()) << turn;
        EXPECT_EQ(said.smtp_code, 454u);
    }
    EXPECT_EQ(host_.log_lines().size(), 1u);
    answers = true;
    EXPECT_EQ(token("t").identity(), "alice");
    EXPECT_EQ(host_.log_lines().size(), 2u);
    for (const auto& line : host_.log_lines())
        EXPECT_THAT(line.second, testing::Not(HasSubstr("s3cret")));
}

TEST_F(auth_oauth2_plugin, defers_when_nobody_listens_or_nothing_comes_in_time)
{
    const issuer peer{[](const asked&) { return std::string{"..."}; }};
    host_.option("timeout", 100ms);
    start("http://" + peer.address());
    EXPECT_TRUE(token("t").defers());
    EXPECT_EQ(peer.requests().size(), 1u);
}

TEST_F(auth_oauth2_plugin, believes_a_certificate_that_is_signed_and_for_that_name)
{
    const certificate shown{"IP:127.0.0.1"};
    shown.write(folder_ / "ca.pem");
    const issuer peer{[](const asked&) { return ok(alice); }, &shown};
    host_.option("ca_file", (folder_ / "ca.pem").string());
    start("https://" + peer.address());
    EXPECT_EQ(token("t").identity(), "alice");
    EXPECT_EQ(token("u").identity(), "alice");
    EXPECT_EQ(peer.connections(), 1u);
}

TEST_F(auth_oauth2_plugin, sends_nothing_to_a_stranger)
{
    const certificate shown{"IP:127.0.0.1"};
    const issuer peer{[](const asked&) { return ok(alice); }, &shown};
    start("https://" + peer.address());
    EXPECT_TRUE(token("t").defers());
    EXPECT_THAT(peer.requests(), IsEmpty());
}

TEST_F(auth_oauth2_plugin, sends_nothing_to_somebody_of_another_name)
{
    const certificate shown{"DNS:id.example.org"};
    shown.write(folder_ / "ca.pem");
    const issuer peer{[](const asked&) { return ok(alice); }, &shown};
    host_.option("ca_file", (folder_ / "ca.pem").string());
    start("https://" + peer.address());
    EXPECT_TRUE(token("t").defers());
    EXPECT_THAT(peer.requests(), IsEmpty());
}

TEST_F(auth_oauth2_plugin, knows_tokens_alone_and_bounded_ones)
{
    const issuer peer{[](const asked&) { return ok(alice); }};
    start("http://" + peer.address());
    EXPECT_EQ(session_.auth_verify(POSTERN_AUTH_PASSWORD, "alice", "t").came, answer::how::passed);
    EXPECT_TRUE(token("").rejects());
    EXPECT_TRUE(token(std::string(65537, 'x')).rejects());
    EXPECT_THAT(peer.requests(), IsEmpty());
    EXPECT_EQ(host_.declared().verified(), POSTERN_AUTH_TOKEN);
}

TEST_F(auth_oauth2_plugin, takes_no_endpoint_to_which_a_token_would_go_in_the_clear)
{
    for (const char* bad : {"http://id.example.org/", "http://192.0.2.1/", "http://127.0.0.1.example.org/", "ftp://127.0.0.1/",
                            "id.example", "https://me:secret@id.example.org/", "", "http://[2001:db8::1]/"}) {
        fake_host host{postern_plugin_v1};
        host.option("client_id", "mx");
        host.option("client_secret_file", (folder_ / "secret").string());
        host.option("endpoint", bad);
        EXPECT_EQ(host.create(), POSTERN_E_INVALID) << bad;
        EXPECT_THAT(host.refusals(), ElementsAre(Pair("endpoint", testing::_))) << bad;
    }
    for (const char* good : {"https://id.example.org/x", "http://localhost:1/", "http://127.1.2.3/", "http://[::1]:80/"}) {
        fake_host host{postern_plugin_v1};
        host.option("client_id", "mx");
        host.option("client_secret_file", (folder_ / "secret").string());
        host.option("endpoint", good);
        EXPECT_EQ(host.create(), POSTERN_PASS) << good;
    }
}

TEST_F(auth_oauth2_plugin, wants_a_secret_that_nobody_else_can_write)
{
    const auto refused = [&](const std::string& file) {
        fake_host host{postern_plugin_v1};
        host.option("client_id", "mx");
        host.option("client_secret_file", file);
        host.option("endpoint", "https://id.example.org/");
        return host.create() == POSTERN_E_INVALID ? host.refusals().at(0).second : std::string{"taken"};
    };
    const auto file = folder_ / "secret";
    EXPECT_EQ(refused(file), "taken");
    EXPECT_THAT(refused(folder_ / "none"), HasSubstr("cannot be read: No such file"));
    std::filesystem::permissions(file, std::filesystem::perms{0602});
    EXPECT_THAT(refused(file), HasSubstr("can be written by anybody"));
    std::filesystem::permissions(file, std::filesystem::perms{0600});
    std::ofstream{file} << "\n";
    EXPECT_THAT(refused(file), HasSubstr("has no secret in it"));
}

} // namespace
