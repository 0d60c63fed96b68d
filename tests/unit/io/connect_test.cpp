#include "core/io/connect.hpp"

#include "tests/support/memory_log.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <optional>
#include <string>
#include <utility>

namespace postern::io {
namespace {

using namespace std::chrono_literals;
using tcp = asio::ip::tcp;
using unix_socket = asio::local::stream_protocol;

task<void> keep_result(auto work, auto& result)
{
    auto got = co_await std::move(work);
    result.emplace(std::move(got));
}

class connecting : public ::testing::Test {
protected:
    /// What the task comes to.
    template <class T>
    base::result<T> run(task<base::result<T>> work)
    {
        std::optional<base::result<T>> result;
        home_.spawn("test", keep_result(std::move(work), result));
        home_.context().restart();
        home_.context().run();
        return std::move(result).value();
    }
    postern::test::memory_log lines_;
    loop home_{base::log{lines_}};
};

TEST_F(connecting, leads_to_where_somebody_listens)
{
    tcp::acceptor listener{home_.context(), {asio::ip::address_v4::loopback(), 0}};
    const auto port = listener.local_endpoint().port();
    const auto addresses = run(resolve(home_, "127.0.0.1", port));
    ASSERT_TRUE(addresses && addresses->size() == 1);
    const auto made = run(connect(home_, addresses->front(), 10s));
    ASSERT_TRUE(made) << made.error().message();
    EXPECT_EQ(made->peer.port, port);
    EXPECT_EQ(made->peer.address.text(), "127.0.0.1");
    listener.close();
    EXPECT_FALSE(run(connect(home_, addresses->front(), 10s))) << "nobody does any more";
}

TEST_F(connecting, to_a_unix_socket_wants_a_path_that_there_is)
{
    const auto path = std::filesystem::temp_directory_path() / ("postern-connect-" + std::to_string(::getpid()));
    {
        unix_socket::acceptor listener{home_.context(), unix_socket::endpoint{path.string()}};
        EXPECT_TRUE(run(connect_unix(home_, path.string(), 10s)));
    }
    EXPECT_EQ(run(connect_unix(home_, path.string(), 10s)).error(), boost::system::errc::connection_refused);
    std::filesystem::remove(path);
    EXPECT_EQ(run(connect_unix(home_, path.string(), 10s)).error(), boost::system::errc::no_such_file_or_directory);
    EXPECT_FALSE(run(connect_unix(home_, std::string(200, 'x'), 10s))) << "no address of a socket is as long";
}

TEST_F(connecting, ends_with_an_interruption_that_came_before)
{
    tcp::acceptor listener{home_.context(), {asio::ip::address_v4::loopback(), 0}};
    const auto to = run(resolve(home_, "127.0.0.1", listener.local_endpoint().port())).value().front();
    interruption stop;
    stop.interrupt();
    EXPECT_TRUE(stop.has_come());
    EXPECT_FALSE(run(connect(home_, to, 10s, &stop)));
    stop.clear();
    EXPECT_TRUE(run(connect(home_, to, 10s, &stop)));
}

TEST_F(connecting, finds_the_addresses_of_texts_in_both_forms)
{
    EXPECT_EQ(run(resolve(home_, "::1", 25)).value().front().address.text(), "::1");
    EXPECT_EQ(run(resolve(home_, "192.0.2.1", 25)).value().front().address.text(), "192.0.2.1");
}

/// A stream over loopback that nobody here has made ready, and its other end.
class an_adopted_stream : public connecting {
protected:
    an_adopted_stream()
    {
        const auto port = listener_.local_endpoint().port();
        fd_ = ::socket(AF_INET, SOCK_STREAM, 0);
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(port);
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        EXPECT_EQ(::connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to), 0);
    }
    /// Why it is not taken; and it is closed then.
    std::string fault(int fd)
    {
        base::descriptor made{fd};
        const auto taken = adopt(home_, made);
        EXPECT_LT(made.get(), 0);
        if (taken)
            return "";
        EXPECT_EQ(::fcntl(fd, F_GETFD), -1) << "closed";
        return taken.error().message();
    }
    tcp::acceptor listener_{home_.context(), {asio::ip::address_v4::loopback(), 0}};
    int fd_ = -1;
};

TEST_F(an_adopted_stream, blocks_nobody_and_is_inherited_by_nobody)
{
    base::descriptor made{fd_};
    auto taken = adopt(home_, made);
    ASSERT_TRUE(taken) << taken.error().message();
    EXPECT_LT(made.get(), 0) << "it has one owner";
    EXPECT_NE(::fcntl(taken->native_handle(), F_GETFL) & O_NONBLOCK, 0);
    EXPECT_NE(::fcntl(taken->native_handle(), F_GETFD) & FD_CLOEXEC, 0);
    auto other = listener_.accept();
    ASSERT_EQ(::send(other.native_handle(), "220 hi", 6, 0), 6);
    std::string heard(6, 0);
    std::size_t count = 0;
    taken->async_receive(asio::buffer(heard), [&](const base::error_code&, std::size_t n) { count = n; });
    home_.context().restart();
    home_.context().run();
    EXPECT_EQ(count, 6U);
    EXPECT_EQ(heard, "220 hi");
}

TEST_F(an_adopted_stream, may_be_a_unix_socket)
{
    int ends[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    EXPECT_EQ(fault(ends[0]), "");
    ::close(ends[1]);
    EXPECT_EQ(fault(fd_), "");
}

TEST_F(an_adopted_stream, is_a_stream_that_is_connected)
{
    int datagrams[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_DGRAM, 0, datagrams), 0);
    EXPECT_EQ(fault(datagrams[0]), "Socket type not supported");
    ::close(datagrams[1]);
    EXPECT_EQ(fault(::socket(AF_INET, SOCK_STREAM, 0)), "Transport endpoint is not connected");
    const int listening = ::socket(AF_INET, SOCK_STREAM, 0);
    ASSERT_EQ(::listen(listening, 1), 0);
    EXPECT_EQ(fault(listening), "Transport endpoint is not connected");
    int pipe[2];
    ASSERT_EQ(::pipe(pipe), 0);
    EXPECT_EQ(fault(pipe[0]), "Socket operation on non-socket");
    ::close(pipe[1]);
    ::close(fd_);
}

TEST_F(an_adopted_stream, that_does_not_exist_is_an_error)
{
    ::close(fd_);
    base::descriptor none{-1};
    EXPECT_FALSE(adopt(home_, none));
    base::descriptor stale{fd_};
    const auto taken = adopt(home_, stale);
    ASSERT_FALSE(taken);
    EXPECT_EQ(taken.error().message(), "Bad file descriptor");
}

TEST_F(an_adopted_stream, whose_peer_is_gone_already_says_so_when_it_is_read)
{
    auto other = listener_.accept();
    other.set_option(asio::socket_base::linger{true, 0});
    other.close(); // a reset
    pollfd gone{fd_, 0, 0};
    ASSERT_EQ(::poll(&gone, 1, -1), 1);
    EXPECT_NE(fault(fd_), "") << "or nobody would know before MAIL";
}

} // namespace
} // namespace postern::io
