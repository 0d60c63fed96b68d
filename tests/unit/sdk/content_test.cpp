// What a next hop is sent, as a plugin in C++ sees and changes it, on the fake host.

#include <postern/plugin.hpp>
#include <postern/testing/fake_host.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>

using namespace postern::testing;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;
using testing::Pair;

namespace {

/// Answers as the test wants.
class scripted {
public:
    explicit scripted(const postern::host& host) : host_{host} {}
    postern::verdict on(const postern::delivery_content& event) { return content(event, host_); }
    postern::task<postern::verdict> on(postern::delivery_sign event) { co_return sign(event, host_); }

    static inline std::function<postern::verdict(const postern::delivery_content&, const postern::host&)> content;
    static inline std::function<postern::verdict(const postern::delivery_sign&, const postern::host&)> sign;

private:
    postern::host host_;
};

constexpr postern_plugin table = postern::sdk::describe<scripted>("org.example.scripted", "1", "test");

class a_content_on_its_way : public ::testing::Test {
protected:
    a_content_on_its_way()
    {
        scripted::content = [](const auto&, const auto&) { return postern::proceed(); };
        scripted::sign = [](const auto&, const auto&) { return postern::proceed(); };
        EXPECT_EQ(host.create(), POSTERN_PASS);
        host.may({"headers", "body"});
        delivery.to = {"a@one.example", "b@two.example"};
        delivery.fields = {{"From", "a@client.example"}, {"Subject", "hi"}};
        delivery.body = "hello\r\n";
    }

    fake_host host{table};
    fake_delivery delivery{host};
};

TEST_F(a_content_on_its_way, is_edited_by_a_task_when_that_is_done)
{
    scripted::sign = [](const auto&, const auto&) { return postern::proceed().insert_header(0, "X-Sign", "s"); };
    const answer asked = delivery.delivery_sign();
    EXPECT_TRUE(delivery.finish(asked).proceeds());
    EXPECT_THAT(delivery.fields, ElementsAre(Pair("X-Sign", "s"), Pair("From", "a@client.example"), Pair("Subject", "hi")));
}

TEST_F(a_content_on_its_way, is_shown_with_the_transaction_that_it_belongs_to)
{
    delivery.offers = {{"8BITMIME", ""}};
    delivery.params = {{"XP", "1"}};
    delivery.attempt = 2;
    delivery.has_tls = true;
    bool is_seen = false;
    scripted::content = [&](const postern::delivery_content& event, const postern::host& own) {
        is_seen = true;
        EXPECT_EQ(event.message(), "4F1A");
        EXPECT_EQ(event.sender(), "sender@client.example");
        EXPECT_EQ(event.next_hop(), "mx.example.com:25");
        EXPECT_EQ(event.recipients().size(), 2u);
        EXPECT_EQ(event.params()[0].value, "1");
        EXPECT_TRUE(event.offer_of("8BITMIME"));
        EXPECT_FALSE(event.offer_of("CHUNKING"));
        EXPECT_EQ(event.fields().size(), 2u);
        EXPECT_EQ(event.fields()[1].name, "Subject");
        EXPECT_EQ(event.fields()[1].value, "hi");
        EXPECT_EQ(event.received(), std::chrono::system_clock::from_time_t(1'700'000'000));
        EXPECT_EQ(event.attempt(), 2u);
        EXPECT_TRUE(event.has_tls());
        const std::string all = "From: a@client.example\r\nSubject: hi\r\n\r\nhello\r\n";
        EXPECT_EQ(event.size_octets(), all.size());
        EXPECT_EQ(own.blob(event).text(1'000), all);
        return postern::proceed();
    };
    EXPECT_TRUE(delivery.delivery_content().proceeds());
    EXPECT_TRUE(is_seen);
    EXPECT_THAT(host.complaints(), IsEmpty());
}

TEST_F(a_content_on_its_way, is_sent_as_the_plugin_wants_it)
{
    scripted::content = [](const auto&, const auto&) {
        return postern::proceed().replace_header(1, "ho").remove_header(0).add_header("X", "1").replace_body("other\r\n");
    };
    EXPECT_TRUE(delivery.delivery_content().proceeds());
    EXPECT_THAT(delivery.fields, ElementsAre(Pair("Subject", "ho"), Pair("X", "1")));
    EXPECT_EQ(delivery.body, "other\r\n");
    EXPECT_THAT(host.complaints(), IsEmpty());
}

TEST_F(a_content_on_its_way, is_signed_in_front)
{
    for (const auto* name : {"One", "Two"}) {
        scripted::sign = [name](const postern::delivery_sign& event, const postern::host& own) {
            return postern::proceed().insert_header(0, name, std::to_string(own.blob(event).text(1'000)->size()));
        };
        EXPECT_TRUE(delivery.delivery_sign().proceeds());
    }
    EXPECT_THAT(delivery.fields,
                ElementsAre(Pair("Two", "55"), Pair("One", "46"), Pair("From", "a@client.example"), Pair("Subject", "hi")));
    EXPECT_THAT(host.complaints(), IsEmpty());
}

TEST_F(a_content_on_its_way, is_not_sent_when_the_plugin_says_so)
{
    scripted::content = [](const auto&, const auto&) { return postern::reject(550, "5.7.1", "no"); };
    EXPECT_TRUE(delivery.delivery_content().rejects());
    scripted::sign = [](const auto&, const auto&) { return postern::defer(451, "4.7.1", "later"); };
    EXPECT_TRUE(delivery.delivery_sign().defers());
    EXPECT_THAT(host.complaints(), IsEmpty());
}

TEST_F(a_content_on_its_way, is_not_changed_where_it_is_signed)
{
    for (const auto& wrong : {postern::proceed().insert_header(1, "S", "1"), postern::proceed().add_header("S", "1"),
                              postern::proceed().replace_body("x\r\n"), postern::proceed().remove_header(0)}) {
        scripted::sign = [&](const auto&, const auto&) { return wrong; };
        EXPECT_FALSE(delivery.delivery_sign().proceeds());
    }
    EXPECT_EQ(delivery.fields.size(), 2u);
    EXPECT_EQ(delivery.body, "hello\r\n");
    EXPECT_THAT(host.complaints(), Not(IsEmpty()));
}

} // namespace
