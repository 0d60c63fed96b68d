// Two streams of ours under TLS with each other.

#include "core/io/stream.hpp"
#include "core/io/tls.hpp"
#include "tests/support/memory_log.hpp"
#include "tests/unit/io/tls_in_memory.hpp"

#include <gtest/gtest.h>

#include <array>
#include <csignal>
#include <memory>
#include <string>

#include <sys/socket.h>

namespace postern::io {
namespace {

using namespace std::chrono_literals;
using namespace testing_tls;

/// A client and a server on one loop.
class both_ends : public testing::Test {
protected:
    both_ends() { std::signal(SIGPIPE, SIG_IGN); }

    struct outcome {
        base::error_code failure;
        std::string why;
        std::string binding;
        tls_summary summary;
        std::string heard;
    };

    task<void> shake(stream& one, std::shared_ptr<tls_context> context, tls_side side, std::string name, outcome& to)
    {
        EXPECT_EQ(one.channel_binding(), "") << "in clear";
        to.failure = co_await one.handshake(std::move(context), side, std::move(name), to.why);
        if (to.failure) {
            one.close();
            co_return;
        }
        to.binding = one.channel_binding();
        to.summary = one.tls();
        // RFC 8446 4.6.1: tickets come behind the handshake, with what is read first.
        if (side == tls_side::server) {
            const auto written = co_await one.write(says_);
            EXPECT_FALSE(written);
        }
        std::array<char, 4096> octets{};
        while (true) {
            const auto got = one.try_read(octets.data(), octets.size());
            if (got.what == read_result::kind::octets) {
                to.heard.append(octets.data(), got.size);
                if (to.heard.size() >= wants_)
                    break;
                continue;
            }
            if (got.what != read_result::kind::would_block)
                break;
            const auto ec = co_await one.wait_readable();
            if (ec)
                break;
        }
        one.close();
    }
    void meet(const std::shared_ptr<tls_context>& server, const std::shared_ptr<tls_context>& client,
              const std::string& name = "mx.example.org")
    {
        loop home{base::log{lines_}};
        std::array<int, 2> ends{};
        must(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0, "socketpair");
        std::array<std::unique_ptr<stream>, 2> streams;
        for (std::size_t i = 0; i < 2; ++i) {
            socket connected{home.context().get_executor()};
            connected.assign(asio::generic::stream_protocol{AF_UNIX, 0}, ends.at(i));
            if (send_buffer_ != 0)
                must(::setsockopt(ends.at(i), SOL_SOCKET, SO_SNDBUF, &send_buffer_, sizeof send_buffer_) == 0, "SO_SNDBUF");
            streams.at(i) = std::make_unique<stream>(home, std::move(connected));
            streams.at(i)->expires_after(60s);
        }
        ours_ = theirs_ = {};
        home.spawn("server", shake(*streams[0], server, tls_side::server, "in", ours_));
        home.spawn("client", shake(*streams[1], client, tls_side::client, name, theirs_));
        home.context().run();
        EXPECT_FALSE(lines_.contains("task_failed"));
    }
    [[nodiscard]] std::shared_ptr<tls_context> server(const server_tls_options& rules = {}) const
    {
        auto options = rules;
        std::string why;
        options.standard = certificate::load({files_.cert(), files_.key(), {}}, why);
        auto made = tls_context::server(options, why);
        must(made != nullptr, why.c_str());
        return made;
    }
    [[nodiscard]] static std::shared_ptr<tls_context> client(const client_tls_options& options = {}, int version = TLS1_3_VERSION)
    {
        std::string why;
        auto made = tls_context::client(options, why);
        must(made != nullptr, why.c_str());
        SSL_CTX_set_max_proto_version(made->native(), version);
        return made;
    }

    pem_files files_;
    test::memory_log lines_;
    stream::pieces says_{"220"}; // the server, behind the handshake
    std::size_t wants_ = 1;      // octets that the client waits for
    int send_buffer_ = 0;        // octets; 0: the system's
    outcome ours_;
    outcome theirs_;
};

TEST_F(both_ends, have_the_same_channel_binding_which_no_other_connection_has) // RFC 9266
{
    std::string before;
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        const auto with = server();
        for (int i = 0; i < 2; ++i) {
            meet(with, client({.resumes = true}, version));
            EXPECT_EQ(ours_.summary.version, version == TLS1_2_VERSION ? "TLSv1.2" : "TLSv1.3");
            EXPECT_EQ(ours_.binding.size(), 32U);
            EXPECT_EQ(ours_.binding, theirs_.binding);
            EXPECT_NE(ours_.binding, before);
            before = ours_.binding;
        }
    }
}

TEST_F(both_ends, have_no_channel_binding_where_it_would_not_be_unique) // RFC 9266 3
{
    const auto old = client({}, TLS1_2_VERSION);
    SSL_CTX_set_options(old->native(), SSL_OP_NO_EXTENDED_MASTER_SECRET);
    meet(server(), old);
    EXPECT_FALSE(ours_.failure);
    EXPECT_EQ(ours_.binding, "");
    EXPECT_EQ(theirs_.binding, "");
}

TEST_F(both_ends, know_each_other_when_the_client_shows_a_certificate_that_is_verified)
{
    const pem_files authority{{.name = "authority", .is_authority = true}};
    const pem_files mine{{.name = "relay.example.org"}, &authority};
    server_tls_options rules;
    rules.clients = client_certificates::require;
    rules.client_ca = authority.cert();
    const auto strict = server(rules);
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        meet(strict, client({.certificate = mine.cert(), .key = mine.key()}, version));
        EXPECT_FALSE(ours_.failure);
        EXPECT_EQ(ours_.summary.peer_subject, "CN=relay.example.org");
        meet(strict, client({}, version));
        EXPECT_TRUE(ours_.failure);
        EXPECT_NE(ours_.why, "");
    }
}

TEST_F(both_ends, do_not_meet_when_the_clients_certificate_cannot_be_read)
{
    std::string why;
    EXPECT_EQ(tls_context::client({.certificate = files_.cert(), .key = files_.key() + ".absent"}, why), nullptr);
    EXPECT_EQ(why.find(files_.key()), 0U) << why;
}

TEST_F(both_ends, hear_as_one_what_lies_in_several_places)
{
    // More than the socket takes at once, and around the size of a record.
    for (const std::size_t size : {1U, 16383U, 16384U, 16385U, 50000U, 1000000U}) {
        const std::string much(size, 'x');
        const auto whole = "BDAT\r\n" + much + ".\r\n";
        says_ = {"BDAT\r\n", much, ".\r\n"};
        wants_ = whole.size();
        meet(server(), client());
        EXPECT_TRUE(theirs_.heard == whole) << size;
    }
}

// A record in parts: whoever has a part waits for the rest, and holds up nobody meanwhile.
TEST_F(both_ends, hear_as_one_what_goes_out_in_many_attempts)
{
    send_buffer_ = 1; // the kernel makes it its least, which takes less than a record
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        const std::string head(20'000, 'h');
        const std::string much(20'000, 'x');
        says_ = {head, much, "\r\n.\r\n"};
        wants_ = head.size() + much.size() + 5;
        meet(server(), client({}, version));
        EXPECT_TRUE(theirs_.heard == head + much + "\r\n.\r\n") << version;
    }
}

TEST_F(both_ends, resume_where_the_client_keeps_sessions)
{
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        const auto with = server();
        const auto keeps = client({.verify = true, .trust_file = files_.cert(), .resumes = true}, version);
        for (int i = 0; i < 4; ++i)
            meet(with, keeps);
        EXPECT_FALSE(ours_.failure);
        EXPECT_EQ(SSL_CTX_sess_hits(with->native()), 3) << version << ": all but the first";
        meet(with, keeps, "other.example.org");
        EXPECT_TRUE(theirs_.failure) << "nobody else's session is taken for him";
        const auto forgets = client({}, version);
        const auto hits = SSL_CTX_sess_hits(with->native());
        meet(with, forgets);
        meet(with, forgets);
        EXPECT_EQ(SSL_CTX_sess_hits(with->native()), hits);
    }
}

TEST_F(both_ends, offer_no_session_again_with_which_a_handshake_failed)
{
    const pem_files authority{{.name = "authority", .is_authority = true}};
    auto rules = server_tls_options{};
    rules.tickets = std::make_shared<ticket_keys>();
    const auto loose = server(rules);
    const auto keeps = client({.resumes = true}, TLS1_2_VERSION);
    meet(loose, keeps);
    rules.clients = client_certificates::require;
    rules.client_ca = authority.cert();
    meet(server(rules), keeps);
    EXPECT_TRUE(theirs_.failure);
    const auto hits = SSL_CTX_sess_hits(loose->native());
    meet(loose, keeps);
    EXPECT_FALSE(theirs_.failure);
    EXPECT_EQ(SSL_CTX_sess_hits(loose->native()), hits);
}

} // namespace
} // namespace postern::io
