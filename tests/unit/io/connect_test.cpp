#include "core/io/connect.hpp"

#include "tests/support/memory_log.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

} // namespace
} // namespace postern::io
