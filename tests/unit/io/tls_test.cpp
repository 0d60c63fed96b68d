// What our TLS agrees to and what it refuses, seen by a peer of plain OpenSSL whose own rules a test may loosen.

#include "core/io/stream.hpp"
#include "core/io/tls.hpp"
#include "tests/support/memory_log.hpp"
#include "tests/unit/io/tls_in_memory.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <array>
#include <csignal>
#include <string>
#include <string_view>
#include <thread>

#include <sys/socket.h>
#include <unistd.h>

namespace postern::io {
namespace {

using namespace std::chrono_literals;
using namespace std::string_view_literals;
using namespace testing_tls;

[[nodiscard]] std::shared_ptr<tls_context> server_context(const pem_files& files)
{
    std::string why;
    auto made = tls_context::server(files.cert(), files.key(), why);
    must(made != nullptr, why.c_str());
    // What is refused is to be refused by our rules, not by this system's level of security.
    SSL_CTX_set_security_level(made->native(), 0);
    return made;
}

[[nodiscard]] std::shared_ptr<tls_context> client_context()
{
    std::string why;
    auto made = tls_context::client(false, {}, why);
    must(made != nullptr, why.c_str());
    SSL_CTX_set_security_level(made->native(), 0);
    return made;
}

class tls_contexts : public testing::Test {
protected:
    pem_files files_;
};

TEST_F(tls_contexts, take_tls_1_2_and_1_3_and_nothing_below) // RFC 8996
{
    const auto server = server_context(files_);
    for (const int version : {TLS1_VERSION, TLS1_1_VERSION}) {
        const auto client = loose_context(TLS_client_method(), version);
        face_to_face both{server->native(), client.get()};
        EXPECT_FALSE(both.shake_hands()) << version;
        EXPECT_EQ(both.failure(), SSL_R_UNSUPPORTED_PROTOCOL) << "the server's, which is the first to fail";
    }
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        const auto client = loose_context(TLS_client_method(), version);
        face_to_face both{server->native(), client.get()};
        EXPECT_TRUE(both.shake_hands()) << version;
        EXPECT_EQ(SSL_version(both.server()), version);
    }
}

TEST_F(tls_contexts, of_a_client_take_tls_1_2_and_1_3_and_nothing_below)
{
    const auto client = client_context();
    for (const int version : {TLS1_VERSION, TLS1_1_VERSION, TLS1_2_VERSION, TLS1_3_VERSION}) {
        const auto server = loose_context(TLS_server_method(), version);
        must(SSL_CTX_use_certificate_file(server.get(), files_.cert().c_str(), SSL_FILETYPE_PEM) == 1, "cert.pem");
        must(SSL_CTX_use_PrivateKey_file(server.get(), files_.key().c_str(), SSL_FILETYPE_PEM) == 1, "key.pem");
        face_to_face both{server.get(), client->native()};
        EXPECT_EQ(both.shake_hands(), version >= TLS1_2_VERSION) << version;
    }
}

TEST_F(tls_contexts, refuse_a_renegotiation_that_the_client_asks_for)
{
    const auto server = server_context(files_);
    SSL_CTX_set_options(server->native(), SSL_OP_ALLOW_CLIENT_RENEGOTIATION); // OpenSSL 3's own default would refuse too
    const auto client = loose_context(TLS_client_method(), TLS1_2_VERSION);   // TLS 1.3 has none
    face_to_face both{server->native(), client.get()};
    ASSERT_TRUE(both.shake_hands());
    ASSERT_EQ(SSL_renegotiate(both.client()), 1);
    (void)SSL_do_handshake(both.client()); // a second ClientHello
    EXPECT_EQ(both.read(both.server()), "");
    EXPECT_EQ(both.failure(), 0) << "a warning is enough: RFC 5246 7.2.2, no_renegotiation";
    (void)both.read(both.client());
    EXPECT_EQ(both.failure(), SSL_R_NO_RENEGOTIATION) << "what the client was told";
    EXPECT_TRUE(SSL_is_init_finished(both.server())) << "no handshake has begun";
}

TEST_F(tls_contexts, refuse_a_renegotiation_that_the_server_asks_for)
{
    const auto client = client_context();
    const auto server = loose_context(TLS_server_method(), TLS1_2_VERSION);
    must(SSL_CTX_use_certificate_file(server.get(), files_.cert().c_str(), SSL_FILETYPE_PEM) == 1, "cert.pem");
    must(SSL_CTX_use_PrivateKey_file(server.get(), files_.key().c_str(), SSL_FILETYPE_PEM) == 1, "key.pem");
    face_to_face both{server.get(), client->native()};
    ASSERT_TRUE(both.shake_hands());
    ASSERT_EQ(SSL_renegotiate(both.server()), 1);
    (void)SSL_do_handshake(both.server()); // a HelloRequest
    (void)both.read(both.client());
    EXPECT_TRUE(SSL_is_init_finished(both.client())) << "no handshake has begun";
}

/// A TLS 1.2 ClientHello that a client without scruples would send: it asks for DEFLATE first (RFC 3749), "none" last.
[[nodiscard]] std::string hello_that_asks_for_compression()
{
    constexpr auto before_random = "\x03\x03"sv;
    constexpr auto behind_random = "\x00"                             // no session
                                   "\x00\x04\xC0\x2B\x00\xFF"         // ECDHE-ECDSA-AES128-GCM-SHA256; secure renegotiation
                                   "\x02\x01\x00"                     // DEFLATE, null
                                   "\x00\x18"                         // extensions
                                   "\x00\x0A\x00\x04\x00\x02\x00\x17" // groups: P-256
                                   "\x00\x0B\x00\x02\x01\x00"         // points: uncompressed
                                   "\x00\x0D\x00\x06\x00\x04\x04\x03\x05\x03"sv; // signatures: ECDSA with SHA-256, SHA-384
    const auto body = std::string{before_random} + std::string(32, 'r') + std::string{behind_random};
    const auto size = static_cast<char>(body.size());
    const auto handshake = std::string{"\x01\x00\x00"sv} + size + body;
    return std::string{"\x16\x03\x01\x00"sv} + static_cast<char>(handshake.size()) + handshake;
}

TEST_F(tls_contexts, never_agree_to_compression)
{
    const auto server = server_context(files_);
    const ssl one{SSL_new(server->native())};
    BIO* const from_client = BIO_new(BIO_s_mem());
    BIO* const to_client = BIO_new(BIO_s_mem());
    SSL_set_bio(one.get(), from_client, to_client);
    SSL_set_accept_state(one.get());
    const auto hello = hello_that_asks_for_compression();
    must(BIO_write(from_client, hello.data(), static_cast<int>(hello.size())) == static_cast<int>(hello.size()), "BIO_write");
    (void)SSL_do_handshake(one.get());
    std::string answer(4096, '\0');
    const int got = BIO_read(to_client, answer.data(), static_cast<int>(answer.size()));
    ASSERT_GT(got, 80);
    // RFC 5246 7.4.1.3: record header 5, handshake header 4, version 2, random 32, session, cipher 2, compression.
    ASSERT_EQ(answer.substr(0, 1), "\x16");
    ASSERT_EQ(answer.substr(5, 1), "\x02") << "a ServerHello";
    const auto session = static_cast<std::size_t>(static_cast<unsigned char>(answer[43]));
    EXPECT_EQ(answer.substr(44 + session, 2), "\xC0\x2B");
    EXPECT_EQ(answer[46 + session], '\0') << "the method null";
}

TEST_F(tls_contexts, do_not_take_each_others_session_tickets)
{
    const auto mail = server_context(files_);
    const auto another = server_context(files_); // of the same certificate, as after a reload
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        const auto client = loose_context(TLS_client_method(), version);
        face_to_face first{mail->native(), client.get()};
        ASSERT_TRUE(first.shake_hands());
        const auto session = first.session();
        ASSERT_TRUE(SSL_SESSION_has_ticket(session.get())) << version;

        face_to_face again{mail->native(), client.get(), session.get()};
        ASSERT_TRUE(again.shake_hands());
        EXPECT_TRUE(SSL_session_reused(again.server())) << version << ": its own is good, else this test proves nothing";

        face_to_face elsewhere{another->native(), client.get(), session.get()};
        ASSERT_TRUE(elsewhere.shake_hands()) << "a full handshake instead";
        EXPECT_FALSE(SSL_session_reused(elsewhere.server())) << version;
        EXPECT_FALSE(SSL_session_reused(elsewhere.client())) << version;
    }
}

/// A stream as a server has it, and the other end of its socket in a thread with OpenSSL, or without.
class tls_stream : public testing::Test {
protected:
    tls_stream()
    {
        std::signal(SIGPIPE, SIG_IGN); // as runtime::server does: OpenSSL writes without MSG_NOSIGNAL
        std::array<int, 2> ends{};
        must(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0, "socketpair");
        peer_ = ends[1];
        const timeval patience{60, 0}; // a test that fails ends nevertheless
        ::setsockopt(peer_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        socket connected{home_.context().get_executor()};
        connected.assign(asio::generic::stream_protocol{AF_UNIX, 0}, ends[0]);
        ours_ = std::make_unique<stream>(home_, std::move(connected));
        ours_->expires_after(60s);
    }
    ~tls_stream() override
    {
        ours_.reset();
        close_peer();
    }

    void close_peer()
    {
        if (peer_ >= 0)
            ::close(std::exchange(peer_, -1));
    }

    /// Octets as they are.
    void send(std::string_view octets) const
    {
        must(::send(peer_, octets.data(), octets.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(octets.size()), "send");
    }

    /// A client behind its handshake.
    [[nodiscard]] ssl connect(const char* server_name = nullptr) const
    {
        const auto context = loose_context(TLS_client_method(), TLS1_3_VERSION);
        ssl one{SSL_new(context.get())};
        SSL_set_fd(one.get(), peer_);
        if (server_name != nullptr)
            SSL_set_tlsext_host_name(one.get(), server_name);
        must(SSL_connect(one.get()) == 1, "SSL_connect");
        return one;
    }

    static task<void> read_all(tls_stream& test)
    {
        std::array<char, 4096> part{};
        while (!test.failure_) {
            const auto got = test.ours_->try_read(part.data(), part.size());
            test.last_ = got.what;
            if (got.what == read_result::kind::octets) {
                test.got_.append(part.data(), got.size);
                ++test.reads_;
            } else if (got.what == read_result::kind::would_block) {
                test.failure_ = co_await test.ours_->wait_readable();
            } else {
                co_return;
            }
        }
    }
    static task<void> serve(tls_stream& test, std::shared_ptr<tls_context> context)
    {
        test.failure_ = co_await test.ours_->handshake(std::move(context), tls_side::server, {}, test.why_);
        if (!test.failure_) {
            test.summary_ = test.ours_->tls();
            co_await read_all(test);
        }
        test.ours_->close();
    }

    /// Serves until the stream ends, beside a peer that does `what`.
    template <class What>
    void beside(What what)
    {
        home_.spawn("test", serve(*this, server_context(files_)));
        std::thread peer{[&] {
            EXPECT_NO_THROW(what());
            ERR_clear_error();
        }};
        home_.context().run();
        peer.join();
        EXPECT_FALSE(lines_.contains("task_failed"));
    }

    pem_files files_;
    test::memory_log lines_;
    loop home_{base::log{lines_}};
    std::unique_ptr<stream> ours_;
    int peer_ = -1;

    base::error_code failure_;
    std::string why_;
    tls_summary summary_;
    std::string got_;
    std::size_t reads_ = 0;
    read_result::kind last_ = read_result::kind::would_block;
};

TEST_F(tls_stream, tells_which_server_the_client_asked_for)
{
    beside([&] {
        const auto client = connect("mail.example.org");
        SSL_shutdown(client.get());
    });
    EXPECT_EQ(summary_.server_name, "mail.example.org");
    EXPECT_EQ(summary_.version, "TLSv1.3");
    EXPECT_NE(summary_.cipher, "");
    EXPECT_EQ(summary_.peer_subject, "") << "nobody was asked for a certificate";
}

TEST_F(tls_stream, of_a_client_that_names_no_server_tells_none)
{
    beside([&] {
        const auto client = connect();
        SSL_shutdown(client.get());
    });
    EXPECT_EQ(summary_.version, "TLSv1.3");
    EXPECT_EQ(summary_.server_name, "");
}

TEST_F(tls_stream, takes_a_close_notify_for_the_end)
{
    beside([&] {
        const auto client = connect();
        must(SSL_write(client.get(), "QUIT", 4) == 4, "SSL_write");
        SSL_shutdown(client.get());
    });
    EXPECT_EQ(got_, "QUIT");
    EXPECT_EQ(last_, read_result::kind::end);
}

TEST_F(tls_stream, takes_an_end_without_close_notify_for_a_broken_connection)
{
    beside([&] {
        const auto client = connect();
        must(SSL_write(client.get(), "half", 4) == 4, "SSL_write");
        close_peer();
    });
    EXPECT_EQ(got_, "half");
    EXPECT_EQ(last_, read_result::kind::broken);
}

TEST_F(tls_stream, takes_a_record_that_is_no_ones_for_a_broken_connection)
{
    beside([&] {
        const auto client = connect();
        must(SSL_write(client.get(), "half", 4) == 4, "SSL_write");
        send("\x17\x03\x03\x00\x20"sv);
        send(std::string(32, 'x')); // a record that somebody on the way made
        close_peer();
    });
    EXPECT_EQ(got_, "half");
    EXPECT_EQ(last_, read_result::kind::broken);
}

TEST_F(tls_stream, reads_the_same_octets_however_they_are_split_over_records)
{
    const auto octets = "Subject: hi\r\n\r\n.\r\n\0.\r\r\n"sv;
    beside([&] {
        const auto client = connect();
        for (const char octet : octets)
            must(SSL_write(client.get(), &octet, 1) == 1, "SSL_write");
        SSL_shutdown(client.get());
    });
    EXPECT_EQ(got_, octets);
    EXPECT_EQ(reads_, octets.size()) << "a record each";
    EXPECT_EQ(last_, read_result::kind::end);
}

TEST_F(tls_stream, refuses_a_handshake_that_is_none)
{
    beside([&] { send("EHLO client.example\r\n"); });
    EXPECT_TRUE(failure_);
    EXPECT_NE(why_, "");
}

TEST_F(tls_stream, refuses_a_handshake_that_ends_before_it_has_begun_well)
{
    beside([&] {
        send(std::string_view{hello_that_asks_for_compression()}.substr(0, 40));
        close_peer();
    });
    EXPECT_TRUE(failure_);
    EXPECT_NE(why_, "");
}

TEST_F(tls_stream, waits_for_a_handshake_no_longer_than_it_may)
{
    ours_->expires_after(1ms);
    beside([&] { send(std::string_view{hello_that_asks_for_compression()}.substr(0, 40)); });
    EXPECT_TRUE(failure_);
    EXPECT_TRUE(ours_->timed_out());
    EXPECT_EQ(why_, "timed out");
}

} // namespace
} // namespace postern::io
