// What a stream under TLS reads of records that come together, and in parts.

#include "core/io/stream.hpp"
#include "core/io/tls.hpp"
#include "tests/support/memory_log.hpp"
#include "tests/unit/io/tls_in_memory.hpp"

#include <gtest/gtest.h>

#include <array>
#include <csignal>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <sys/socket.h>
#include <unistd.h>

namespace postern::io {
namespace {

using namespace std::chrono_literals;
using namespace testing_tls;

/// A client whose records leave when the test says so, and a stream of ours that reads them.
class records : public testing::Test {
protected:
    records()
    {
        std::signal(SIGPIPE, SIG_IGN);
        must(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends_.data()) == 0, "socketpair");
        socket connected{home_.context().get_executor()};
        connected.assign(asio::generic::stream_protocol{AF_UNIX, 0}, ends_[0]);
        ours_ = std::make_unique<stream>(home_, std::move(connected));
        ours_->expires_after(60s);
    }
    ~records() override { ::close(ends_[1]); }

    task<void> hear()
    {
        std::string why;
        auto context = tls_context::server(files_.cert(), files_.key(), why);
        const auto failure = co_await ours_->handshake(std::move(context), tls_side::server, "in", why);
        EXPECT_FALSE(failure) << why;
        std::array<char, 4096> octets{};
        for (;;) { // as a session does: it waits, then reads once
            const auto ec = co_await ours_->wait_readable();
            if (ec)
                co_return;
            const auto got = ours_->try_read(octets.data(), octets.size());
            if (got.what == read_result::kind::octets)
                heard_.append(octets.data(), got.size);
            else if (got.what != read_result::kind::would_block)
                co_return;
        }
    }
    void meet(int version)
    {
        context_ = loose_context(TLS_client_method(), version);
        client_.reset(SSL_new(context_.get()));
        SSL_set_bio(client_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem())); // which are OpenSSL's now
        SSL_set_connect_state(client_.get());
        home_.spawn("hear", hear());
        constexpr int most_turns = 20;
        for (int turn = 0; turn < most_turns && SSL_do_handshake(client_.get()) != 1; ++turn) {
            send(taken());
            home_.context().poll();
            home_.context().restart();
            receive();
        }
        must(SSL_is_init_finished(client_.get()) == 1, "no handshake");
    }
    /// As records say it, the last of the handshake too, if it has not left.
    [[nodiscard]] std::string record(std::string_view what)
    {
        must(SSL_write(client_.get(), what.data(), static_cast<int>(what.size())) == static_cast<int>(what.size()), "SSL_write");
        return taken();
    }
    void send(std::string_view octets)
    {
        must(::send(ends_[1], octets.data(), octets.size(), 0) == static_cast<ssize_t>(octets.size()), "send");
        home_.context().poll();
        home_.context().restart();
    }
    [[nodiscard]] const std::string& heard() const noexcept { return heard_; }
    /// The client is gone: what reads ends.
    void end()
    {
        ::shutdown(ends_[1], SHUT_WR);
        home_.context().poll();
        home_.context().restart();
        EXPECT_EQ(home_.running(), 0U);
        EXPECT_FALSE(lines_.contains("task_failed"));
    }

private:
    [[nodiscard]] std::string taken()
    {
        std::string out(std::size_t{64} << 10U, '\0');
        const int size = BIO_read(SSL_get_wbio(client_.get()), out.data(), static_cast<int>(out.size()));
        out.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
        return out;
    }
    void receive()
    {
        std::array<char, 16384> octets{};
        for (ssize_t size = 0; (size = ::recv(ends_[1], octets.data(), octets.size(), 0)) > 0;)
            must(BIO_write(SSL_get_rbio(client_.get()), octets.data(), static_cast<int>(size)) == size, "BIO_write");
    }

    pem_files files_;
    test::memory_log lines_;
    loop home_{base::log{lines_}};
    std::array<int, 2> ends_{};
    std::unique_ptr<stream> ours_;
    ssl_context context_;
    ssl client_;
    std::string heard_;
};

class records_of : public records, public testing::WithParamInterface<int> {};

INSTANTIATE_TEST_SUITE_P(each_version, records_of, testing::Values(TLS1_2_VERSION, TLS1_3_VERSION));

TEST_P(records_of, one_piece_are_all_read)
{
    meet(GetParam());
    auto all = record("EHLO client\r\n");
    all += record("MAIL FROM:<>\r\n");
    all += record("QUIT\r\n");
    send(all);
    EXPECT_EQ(heard(), "EHLO client\r\nMAIL FROM:<>\r\nQUIT\r\n");
    end();
}

TEST_P(records_of, which_the_last_is_not_whole_are_read_up_to_that_one)
{
    meet(GetParam());
    std::string said;
    for (const std::size_t cut : {1U, 4U, 5U, 6U}) { // in its head, behind that, and behind its first octet
        const auto whole = record("one");
        const auto part = record("two");
        send(whole + part.substr(0, cut));
        EXPECT_EQ(heard(), said += "one") << cut;
        send(part.substr(cut));
        EXPECT_EQ(heard(), said += "two") << cut;
    }
    end();
}

TEST_P(records_of, a_large_message_are_read_in_whatever_pieces_they_come)
{
    meet(GetParam());
    std::string all;
    std::string said;
    for (int i = 0; i < 20; ++i) {
        const std::string some(static_cast<std::size_t>(i) * 137, static_cast<char>('a' + i));
        said += some;
        if (!some.empty())
            all += record(some);
    }
    for (std::size_t at = 0; at < all.size(); at += 1000)
        send(std::string_view{all}.substr(at, 1000));
    EXPECT_EQ(heard(), said);
    end();
}

} // namespace
} // namespace postern::io
