#include "../src/dialer.hpp"
#include "scarce_memory.hpp"
#include "scripted_proxy.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>

#include <atomic>
#include <functional>
#include <future>
#include <limits>
#include <utility>

using namespace std::string_literals;
using namespace std::chrono_literals;

namespace socks {
namespace {

using test::scripted_proxy;

const auto connected = "\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00"s; // NOLINT(cert-err58-cpp)

class dialing : public ::testing::Test {
protected:
    std::future<dialed> begin(const std::string& proxy_text, std::chrono::milliseconds within = 60s, std::optional<login> as = {})
    {
        auto promise = std::make_shared<std::promise<dialed>>();
        auto future = promise->get_future();
        dialer_.dial({std::make_shared<const proxy>(read_proxy(proxy_text)),
                      {"192.0.2.1", 25},
                      std::move(as),
                      std::chrono::steady_clock::now() + within,
                      [promise](dialed came) { promise->set_value(std::move(came)); }});
        return future;
    }
    dialed dial(const std::string& proxy_text, std::chrono::milliseconds within = 60s, std::optional<login> as = {})
    {
        return begin(proxy_text, within, std::move(as)).get();
    }
    dialer dialer_;
};

TEST_F(dialing, gives_a_connection_whose_next_octets_are_the_hosts)
{
    scripted_proxy proxy{{{3, "\x05\x00"s}, {10, connected + "220 mx\r\n"}}};
    const auto came = dial(proxy.text());
    ASSERT_GE(came.socket, 0) << came.fault;
    std::string greeting(8, '\0');
    (void)::fcntl(came.socket, F_SETFL, 0); // to wait for it
    EXPECT_EQ(::recv(came.socket, greeting.data(), greeting.size(), MSG_WAITALL), 8);
    EXPECT_EQ(greeting, "220 mx\r\n");
    ::close(came.socket);
    EXPECT_EQ(proxy.heard(), "\x05\x01\x00\x05\x01\x00\x01\xc0\x00\x02\x01\x00\x19"s);
}

TEST_F(dialing, logs_in)
{
    scripted_proxy proxy{{{3, "\x05\x02"s}, {9, "\x01\x00"s}, {10, connected}}};
    const auto came = dial(proxy.text(), 60s, login{"user", "pw"});
    ASSERT_GE(came.socket, 0) << came.fault;
    ::close(came.socket);
    EXPECT_EQ(proxy.heard().substr(3, 9), "\x01\x04user\x02pw"s);
}

TEST_F(dialing, fails_where_nobody_is)
{
    std::string gone;
    {
        scripted_proxy proxy{{}};
        gone = proxy.text();
        (void)dial(gone, 1ms); // so that its thread ends
    }
    const auto came = dial(gone);
    EXPECT_EQ(came.socket, -1);
    EXPECT_EQ(came.fault, "Connection refused");
    EXPECT_FALSE(came.is_of_target);
    EXPECT_EQ(dial("unix:/nonexistent/socks").fault, "No such file or directory");
}

TEST_F(dialing, tells_of_a_host_that_the_proxy_does_not_reach)
{
    scripted_proxy proxy{{{3, "\x05\x00"s}, {10, "\x05\x05\x00\x01\x00\x00\x00\x00\x00\x00"s}}};
    const auto came = dial(proxy.text());
    EXPECT_EQ(came.fault, "the connection was refused");
    EXPECT_TRUE(came.is_of_target);
}

TEST_F(dialing, waits_for_a_silent_proxy_no_longer_than_it_may)
{
    scripted_proxy silent{{{3, ""}}};
    EXPECT_EQ(dial(silent.text(), 50ms).fault, "it did not answer in time");
    scripted_proxy slow{{{3, "\x05\x00"s}, {10, "\x05\x00\x00"s}}};
    EXPECT_EQ(dial(slow.text(), 50ms).fault, "it did not answer in time");
}

TEST_F(dialing, ends_with_a_proxy_that_ends_it)
{
    scripted_proxy early{{}, true};
    const auto at_once = dial(early.text());
    EXPECT_TRUE(at_once.fault == "it closed the connection" || at_once.fault == "Connection reset by peer") << at_once.fault;
    scripted_proxy late{{{3, "\x05\x00"s}, {10, "\x05\x00\x00\x03\xff"s}}, true};
    EXPECT_EQ(dial(late.text()).fault, "it closed the connection");
}

TEST_F(dialing, believes_no_nonsense)
{
    scripted_proxy web{{{3, "HTTP/1.0 400 Bad Request\r\n\r\n"}}};
    EXPECT_EQ(dial(web.text()).fault, "what is there speaks no SOCKS5");
    scripted_proxy mail{{{0, "220 mx ESMTP\r\n"}}};
    EXPECT_EQ(dial(mail.text()).fault, "what is there speaks no SOCKS5");
}

TEST_F(dialing, waits_for_many_at_the_same_time)
{
    scripted_proxy silent{{{3, ""}}};
    auto waits = begin(silent.text(), 10min);
    scripted_proxy good{{{3, "\x05\x00"s}, {10, connected}}};
    const auto came = dial(good.text());
    ASSERT_GE(came.socket, 0) << came.fault;
    ::close(came.socket);
    EXPECT_EQ(waits.wait_for(0s), std::future_status::timeout);
} // and its end ends what is under way

/// A proxy and what is said to it, longer than a text may be that needs no memory.
struct wordy_dial {
    std::string name = std::string(64, 'x');
    login as{std::string(40, 'u'), std::string(40, 'p')};
    scripted_proxy by{{{3, "\x05\x02"s},
                       {1 + 1 + 40 + 1 + 40, "\x01\x00"s},
                       {4 + 1 + name.size() + 2, "\x05\x00\x00\x03\x40"s + name + "\x00\x19"s}}};
    std::promise<dialed> told{};

    dialer::job job(std::function<void()> before = [] {})
    {
        return {std::make_shared<const proxy>(read_proxy(by.text())),
                {name, 25},
                as,
                std::chrono::steady_clock::now() + 60s,
                [this, first = std::move(before)](dialed came) {
                    first();
                    told.set_value(std::move(came));
                }};
    }
    /// Whether it came to something; else it failed for want of memory.
    bool is_connected()
    {
        const auto came = told.get_future().get();
        EXPECT_TRUE(came.socket >= 0 || came.fault == "no memory") << came.fault;
        EXPECT_FALSE(came.is_of_target) << "which nobody has tried";
        if (came.socket >= 0)
            ::close(came.socket);
        return came.socket >= 0;
    }
};

TEST(a_dialer_without_memory, fails_at_whatever_step_that_is_and_goes_on_when_there_is_some)
{
    constexpr auto enough = std::numeric_limits<std::size_t>::max();
    std::size_t allowed = 0;
    for (bool are_connected = false; !are_connected; ++allowed) {
        ASSERT_LT(allowed, 1000U);
        wordy_dial one;
        wordy_dial other;
        wordy_dial last;
        dialer mine;
        std::atomic<int> left = 2;
        const auto done = [&] {
            if (--left == 0)
                test::allocations_left = enough;
        };
        // The scarcity is one of its thread, and begins with two that come together, for which there is no room yet.
        mine.dial({std::make_shared<const proxy>(read_proxy("unix:/nonexistent/socks")),
                   {"192.0.2.1", 25},
                   {},
                   std::chrono::steady_clock::now() + 60s,
                   [&](const dialed&) {
                       mine.dial(one.job(done));
                       mine.dial(other.job(done));
                       test::allocations_left = allowed;
                   }});
        const bool is_one = one.is_connected();
        const bool is_other = other.is_connected();
        are_connected = is_one && is_other;
        mine.dial(last.job());
        EXPECT_TRUE(last.is_connected());
    }
    EXPECT_GT(allowed, 6U) << "it needs some";
}

} // namespace
} // namespace socks
