// From where and by which way a delivery goes, as a plugin in C++ says it, on the fake host.

#include <postern/plugin.hpp>
#include <postern/testing/fake_host.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <stdexcept>
#include <string>

using namespace postern::testing;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

namespace {

class scripted {
public:
    explicit scripted(const postern::host& host) : host_{host} {}
    postern::source_reply on(const postern::delivery_source& event) { return source(event); }
    postern::pending on(const postern::delivery_connect& event)
    {
        is_taken = host_.answer(event.ticket(), connect(event));
        return {};
    }

    static inline std::function<postern::source_reply(const postern::delivery_source&)> source;
    static inline std::function<postern::connect_reply(const postern::delivery_connect&)> connect;
    static inline bool is_taken = false;

private:
    postern::host host_;
};

constexpr postern_plugin table = postern::sdk::describe<scripted>("org.example.scripted", "1", "test");

class a_way : public ::testing::Test {
protected:
    void start(std::initializer_list<std::string_view> may = {})
    {
        host.may(may);
        ASSERT_EQ(host.create(), POSTERN_PASS);
    }
    fake_host host{table};
    fake_delivery delivery{host};
};

bool is_open(int fd)
{
    return ::fcntl(fd, F_GETFD) >= 0;
}

TEST_F(a_way, begins_at_no_pool_that_the_configuration_does_not_have)
{
    start();
    delivery.pools = {"bulk"};
    scripted::source = [](const auto&) { return postern::use_pool("bulk"); };
    EXPECT_TRUE(delivery.delivery_source().proceeds());
    EXPECT_THAT(host.complaints(), IsEmpty());
    scripted::source = [](const auto&) { return postern::use_pool("nowhere"); };
    EXPECT_TRUE(delivery.delivery_source().is_failed());
    EXPECT_EQ(delivery.pool, "bulk");
    EXPECT_THAT(host.complaints(), ElementsAre(HasSubstr("\"nowhere\", which the configuration does not have")));
}

TEST_F(a_way, begins_at_a_pool)
{
    start();
    delivery.pool = "usual";
    scripted::source = [](const postern::delivery_source& event) {
        EXPECT_EQ(event.pool(), "usual");
        EXPECT_EQ(event.sender(), "sender@client.example");
        EXPECT_EQ(event.next_hop(), "mx.example.com:25");
        EXPECT_EQ(event.recipients().size(), 1u);
        EXPECT_EQ(event.attempt(), 0u);
        return postern::use_pool("bulk");
    };
    EXPECT_TRUE(delivery.delivery_source().proceeds());
    EXPECT_EQ(delivery.pool, "bulk");
    scripted::source = [](const auto&) { return postern::proceed(); };
    EXPECT_EQ(delivery.delivery_source().came, answer::how::passed);
    EXPECT_EQ(delivery.pool, "bulk");
    scripted::source = [](const auto&) { return postern::hold("look at it"); };
    EXPECT_TRUE(delivery.delivery_source().holds());
    EXPECT_THAT(host.complaints(), IsEmpty());
}

TEST_F(a_way, begins_at_no_pool_that_cannot_be_called_so)
{
    for (const auto& bad : {std::string{}, std::string{"two words"}, std::string(256, 'x'), std::string{"b\xc3\xa4"}})
        EXPECT_THROW((void)postern::use_pool(bad), std::invalid_argument) << bad;
    EXPECT_NO_THROW((void)postern::use_pool(std::string(255, 'x')));
}

TEST_F(a_way, may_be_a_socket_which_is_the_servers_then)
{
    start({"route"});
    const int given = ::socket(AF_INET, SOCK_STREAM, 0);
    scripted::connect = [&](const postern::delivery_connect& event) {
        EXPECT_EQ(event.host(), "mx.example.com");
        EXPECT_EQ(event.address(), "192.0.2.25");
        EXPECT_EQ(event.port(), 25u);
        EXPECT_EQ(event.source(), "");
        return postern::use_socket(given);
    };
    {
        const answer said = delivery.delivery_connect();
        EXPECT_TRUE(said.proceeds());
        ASSERT_TRUE(said.out.socket);
        EXPECT_EQ(said.out.socket->get(), given);
        EXPECT_TRUE(scripted::is_taken);
        EXPECT_TRUE(is_open(given));
        EXPECT_THAT(host.complaints(), IsEmpty());
    }
}

TEST_F(a_way, by_a_socket_takes_a_grant_and_the_plugin_hears_nothing_of_it)
{
    start();
    const int given = ::socket(AF_INET, SOCK_STREAM, 0);
    scripted::connect = [&](const auto&) { return postern::use_socket(given); };
    EXPECT_EQ(delivery.delivery_connect().came, answer::how::failed);
    EXPECT_TRUE(scripted::is_taken);
    EXPECT_THAT(host.complaints(), ElementsAre(HasSubstr("\"route\"")));
}

TEST_F(a_way, that_comes_too_late_is_closed_by_its_answer)
{
    start({"route"});
    const int given = ::socket(AF_INET, SOCK_STREAM, 0);
    {
        const auto said = postern::use_socket(given);
        const auto copy = said;
        EXPECT_FALSE(said.is_pass());
        EXPECT_TRUE(is_open(given));
    }
    EXPECT_FALSE(is_open(given)) << "with the last copy, once";
    EXPECT_THROW((void)postern::use_socket(-1), std::invalid_argument);
}

TEST_F(a_way, whose_answer_is_refused_leaves_the_socket_to_the_answer)
{
    start({"route"});
    const int given = ::socket(AF_INET, SOCK_STREAM, 0);
    scripted::connect = [&](const auto&) {
        return postern::connect_reply{postern::reject(550, "5.7.1", "no"), given}; // nonsense
    };
    EXPECT_EQ(delivery.delivery_connect().came, answer::how::failed);
    EXPECT_FALSE(scripted::is_taken);
    EXPECT_FALSE(is_open(given)) << "which has closed it";
    const int next = ::socket(AF_INET, SOCK_STREAM, 0);
    EXPECT_EQ(next, given);
    host.destroy();
    EXPECT_TRUE(is_open(next)) << "and nobody closes it again";
    ::close(next);
}

TEST_F(a_way, to_another_address_is_asked_for_by_who_puts_off)
{
    start();
    scripted::connect = [](const auto&) {
        return postern::connect_reply{postern::defer(451, "4.7.1", "not this one")}.try_next_host();
    };
    const answer said = delivery.delivery_connect();
    EXPECT_TRUE(said.defers());
    EXPECT_TRUE(said.out.next_host);
    EXPECT_THROW((void)postern::connect_reply{postern::proceed()}.try_next_host(), std::invalid_argument);
    EXPECT_THAT(host.complaints(), IsEmpty());
}

TEST_F(a_way, that_leads_to_nobody_is_told_so)
{
    start();
    scripted::connect = [](const auto&) { return postern::unreachable("the tunnel is down"); };
    {
        const answer said = delivery.delivery_connect();
        EXPECT_TRUE(said.defers());
        EXPECT_EQ(said.enhanced, "4.4.1") << "by which a server knows it";
        EXPECT_EQ(said.text, "the tunnel is down");
        EXPECT_FALSE(said.out.next_host);
    }
    scripted::connect = [](const auto&) { return postern::unreachable("nobody is there").try_next_host(); };
    EXPECT_TRUE(delivery.delivery_connect().out.next_host);
    EXPECT_THAT(host.complaints(), IsEmpty());
}

} // namespace
