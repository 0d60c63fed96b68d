// What is about addresses, time and the end; web servers of all kinds are in tests/integration/mta_sts_test.cpp.

#include "../src/curl_fetcher.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <stdexcept>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace mta_sts;
using testing::AnyOf;
using testing::HasSubstr;

namespace {

/// Takes connections and says nothing; or, closed, takes none.
class silence {
public:
    silence() : socket_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)}
    {
        sockaddr_in where{};
        where.sin_family = AF_INET;
        where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof where;
        auto* const at = reinterpret_cast<sockaddr*>(&where);
        if (::bind(socket_, at, size) != 0 || ::listen(socket_, 64) != 0 || ::getsockname(socket_, at, &size) != 0)
            throw std::runtime_error{"no listener"};
        port_ = ntohs(where.sin_port);
    }
    silence(const silence&) = delete;
    silence& operator=(const silence&) = delete;
    ~silence() { ::close(socket_); }
    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

private:
    int socket_;
    std::uint16_t port_ = 0;
};

class results {
public:
    [[nodiscard]] fetcher::done taker()
    {
        return [this](const std::string& /*domain*/, const fetch_result& what) {
            const std::lock_guard lock{mutex_};
            all_.push_back(what);
            came_.notify_all();
        };
    }
    [[nodiscard]] std::vector<fetch_result> wait_for(std::size_t count)
    {
        std::unique_lock lock{mutex_};
        came_.wait(lock, [&] { return all_.size() >= count; });
        return all_;
    }

private:
    std::mutex mutex_;
    std::condition_variable came_;
    std::vector<fetch_result> all_;
};

[[nodiscard]] curl_settings settings_for(const silence& server)
{
    curl_settings how;
    how.port = server.port();
    how.https.timeout = std::chrono::milliseconds{100};
    how.https.takes_private = true;
    return how;
}

TEST(a_fetch, ends_when_its_time_is_up)
{
    const silence server;
    results came;
    const auto fetching = make_curl_fetcher(settings_for(server), came.taker());
    fetching->fetch("example.org", {"127.0.0.1"});
    const auto all = came.wait_for(1);
    EXPECT_EQ(all[0].what, trouble::fetch_error);
    EXPECT_THAT(all[0].why, HasSubstr("timed out"));
}

TEST(a_fetch, goes_to_no_private_address_whoever_said_it)
{
    const silence server;
    results came;
    auto how = settings_for(server);
    how.https.takes_private = false;
    const auto fetching = make_curl_fetcher(how, came.taker());
    fetching->fetch("example.org", {"127.0.0.1"});
    EXPECT_THAT(came.wait_for(1)[0].why, HasSubstr("not public"));
    fetching->fetch("example.net", {"::1", "10.0.0.1"});
    EXPECT_THAT(came.wait_for(2)[1].why, HasSubstr("not public"));
}

TEST(a_fetch, waits_for_others_where_there_are_many)
{
    const silence server;
    results came;
    auto how = settings_for(server);
    how.https.at_once = 2;
    how.https.timeout = std::chrono::milliseconds{20};
    const auto fetching = make_curl_fetcher(how, came.taker());
    for (int i = 0; i < 7; ++i)
        fetching->fetch("d" + std::to_string(i) + ".example", {"127.0.0.1"});
    EXPECT_EQ(came.wait_for(7).size(), 7U);
}

TEST(a_fetch, of_a_server_that_takes_no_connections_fails)
{
    auto how = [] {
        const silence gone;
        return settings_for(gone);
    }();
    results came;
    const auto fetching = make_curl_fetcher(how, came.taker());
    fetching->fetch("example.org", {"127.0.0.1"});
    EXPECT_EQ(came.wait_for(1)[0].what, trouble::fetch_error);
}

TEST(a_fetcher, ends_without_waiting_for_what_it_is_about)
{
    const silence server;
    results came;
    auto how = settings_for(server);
    how.https.timeout = std::chrono::hours{1};
    auto fetching = make_curl_fetcher(how, came.taker());
    for (int i = 0; i < 50; ++i)
        fetching->fetch("d" + std::to_string(i) + ".example", {"127.0.0.1"});
    fetching.reset();
}

} // namespace
