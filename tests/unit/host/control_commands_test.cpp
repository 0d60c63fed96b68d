#include "core/host/control_commands.hpp"
#include "tests/support/memory_log.hpp"
#include "tests/support/memory_store.hpp"
#include "tests/support/temporary_folder.hpp"

#include "core/queue/record.hpp"

#include <boost/json.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

namespace postern::daemon {
namespace {

using ::testing::HasSubstr;

namespace json = boost::json;
using namespace std::chrono_literals;

const base::message_id waiting{0x1234};
const base::message_id held{0x1235};
constexpr base::wall_time came_in{1'700'000'000'123ms};
// No later than a schedule would have it: else the clock must have been set back, and it is due.
const auto tried_next = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()) + 1h;

/// A running server without listeners over an empty queue.
class the_control_commands : public ::testing::Test {
protected:
    the_control_commands() { start(); }
    void start()
    {
        server_.reset();
        auto first = std::make_shared<runtime::generation>();
        first->delivery_chain = std::make_shared<const hooks::chain>();
        server_ = std::make_unique<runtime::server>(std::vector<runtime::listener_address>{}, first, store_, base::log{log_}, 1);
        std::string why;
        EXPECT_TRUE(server_->bind(why)) << why;
        EXPECT_TRUE(server_->start());
    }
    plugin_desk desk_;
    std::string answer(std::string_view request)
    {
        return control_commands{*server_,
                                [this] { return wrong_; },
                                [this] { return server_->metrics_text(); },
                                [this] { return health_; },
                                desk_,
                                nullptr,
                                book_.get()}
            .answer(request);
    }
    json::object ask(std::string_view command, base::message_id id)
    {
        return json::parse(answer(json::serialize(json::object{{"command", command}, {"id", base::to_text(id)}}))).as_object();
    }
    /// A message of two recipients, one of them delivered, that was tried once.
    void keep(base::message_id id, std::optional<std::string> reason = {})
    {
        queue::stored_envelope envelope;
        envelope.envelope.from.address = "author@client.example";
        envelope.envelope.to.resize(2);
        envelope.envelope.to[0].address = "one@example.com";
        envelope.envelope.to[1].address = "two@example.com";
        envelope.received = came_in;
        envelope.size = 4;
        auto state = queue::fresh_state(2, std::move(reason));
        state.attempts = 1;
        state.next_attempt = tried_next;
        state.recipients[0].status = queue::recipient_status::delivered;
        state.recipients[0].text = "taken";
        state.recipients[1].attempts = 1;
        state.recipients[1].smtp_code = 451;
        state.recipients[1].enhanced = "4.3.0";
        state.recipients[1].text = "come back \"tomorrow\"";
        store_.commit(id, queue::encode(envelope), queue::encode(state), "hi\r\n", "",
                      [](base::result<void> kept) { EXPECT_TRUE(kept); });
    }

    postern::test::memory_log log_;
    postern::test::memory_store store_;
    std::unique_ptr<runtime::server> server_;
    postern::test::temporary_folder folder_;
    std::unique_ptr<suspension_book> book_ = std::make_unique<suspension_book>(folder_ / suspension_file);
    problems wrong_;
    std::vector<plugin_health> health_;
};

TEST_F(the_control_commands, refuse_what_is_no_request)
{
    for (const auto* wrong : {"", "{", "[]", "1", "\"status\"", "{}{}", "\x80"})
        EXPECT_THAT(answer(wrong), HasSubstr(R"({"ok":false,"error":"a request is one JSON object a line"})")) << wrong;
    EXPECT_THAT(answer("{}"), HasSubstr("\"ok\":false"));
    EXPECT_THAT(answer(R"({"command":5})"), HasSubstr("\"ok\":false"));
    EXPECT_THAT(answer(R"({"command":"queue.eat","id":"0000000000001"})"), HasSubstr("unknown command"));
    const std::string deep(60'000, '[');
    EXPECT_THAT(answer(deep), HasSubstr("\"ok\":false"));
}

TEST_F(the_control_commands, tell_of_an_empty_queue)
{
    EXPECT_EQ(answer(R"({"command":"queue.list"})"), R"({"ok":true,"items":[]})");
    EXPECT_EQ(answer(R"({"command":"queue.list","after":"nonsense","limit":-5})"), R"({"ok":true,"items":[]})");
    EXPECT_EQ(answer(R"({"command":"queue.flush"})"), R"({"ok":true,"count":0})");
}

TEST_F(the_control_commands, name_a_message_that_is_not_there)
{
    for (const auto* command : {"show", "retry", "hold", "release", "delete"}) {
        const std::string named = std::string{R"({"command":"queue.)"} + command + R"(","id":")";
        EXPECT_THAT(answer(named + "0000000000001\"}"), HasSubstr("there is no such message"));
        EXPECT_THAT(answer(named + "1\"}"), HasSubstr("the id is not one"));
        EXPECT_THAT(answer(named + "../../etc/pas\"}"), HasSubstr("the id is not one"));
        EXPECT_THAT(answer(named + "0000000000000\"}"), HasSubstr("the id is not one")) << "which all records have of no message";
    }
}

TEST_F(the_control_commands, list_a_message_with_each_member_as_what_it_is)
{
    keep(waiting);
    start();
    const auto reply = json::parse(answer(R"({"command":"queue.list"})")).as_object();
    EXPECT_TRUE(reply.at("ok").as_bool());
    EXPECT_FALSE(reply.contains("next"));
    const auto& items = reply.at("items").as_array();
    ASSERT_EQ(items.size(), 1U);
    const json::value expected{{"id", base::to_text(waiting)},
                               {"state", "deferred"},
                               {"sender", "author@client.example"},
                               {"recipients", json::array{"two@example.com"}},
                               {"size", 4U},
                               {"attempts", 1U},
                               {"received_ms", 1'700'000'000'123},
                               {"next_attempt_ms", tried_next.time_since_epoch().count()},
                               {"last_reply", "come back \"tomorrow\""}};
    EXPECT_EQ(items[0], expected) << items[0];
}

TEST_F(the_control_commands, show_a_message_with_what_became_of_each_recipient)
{
    keep(waiting);
    keep(held, "looks odd");
    start();
    const auto reply = ask("queue.show", waiting);
    EXPECT_TRUE(reply.at("ok").as_bool());
    const auto& item = reply.at("item").as_object();
    EXPECT_EQ(item.at("received_ms"), 1'700'000'000'123);
    EXPECT_EQ(item.at("next_attempt_ms"), tried_next.time_since_epoch().count());
    EXPECT_EQ(item.at("results"),
              (json::array{"one@example.com: delivered taken", "two@example.com: open, 451 4.3.0 come back \"tomorrow\""}));

    const auto kept = ask("queue.show", held).at("item").as_object();
    EXPECT_EQ(kept.at("state"), "held");
    EXPECT_EQ(kept.at("received_ms"), 1'700'000'000'123);
    EXPECT_TRUE(kept.at("next_attempt_ms").is_null()) << "it waits for an operator";
    EXPECT_EQ(kept.at("last_reply"), "held: looks odd");
}

TEST_F(the_control_commands, list_in_pages)
{
    keep(waiting);
    keep(held, "looks odd");
    start();
    const auto first = json::parse(answer(R"({"command":"queue.list","limit":1})")).as_object();
    ASSERT_EQ(first.at("items").as_array().size(), 1U);
    EXPECT_EQ(json::value_to<std::string>(first.at("next")), base::to_text(waiting));
    const auto second =
        json::parse(answer(json::serialize(json::object{{"command", "queue.list"}, {"after", first.at("next")}}))).as_object();
    ASSERT_EQ(second.at("items").as_array().size(), 1U);
    EXPECT_EQ(json::value_to<std::string>(second.at("items").at(0).at("id")), base::to_text(held));
    EXPECT_FALSE(second.contains("next"));
}

TEST_F(the_control_commands, retry_no_message_that_is_held)
{
    keep(held, "looks odd");
    start();
    EXPECT_EQ(ask("queue.retry", held), (json::object{{"ok", false}, {"error", "the message is held; release it first"}}));
    EXPECT_EQ(ask("queue.show", held).at("item").at("state"), "held");
    EXPECT_EQ(ask("queue.hold", held), (json::object{{"ok", true}})) << "it is what it should be";
    EXPECT_EQ(ask("queue.delete", held), (json::object{{"ok", true}}));
    EXPECT_EQ(ask("queue.delete", held), (json::object{{"ok", false}, {"error", "there is no such message"}}));
}

TEST_F(the_control_commands, suspend_destinations_and_resume_them)
{
    EXPECT_EQ(answer(R"({"command":"queue.destinations"})"), R"({"ok":true,"items":[]})");
    EXPECT_EQ(answer(R"({"command":"queue.suspend","next_hop":"Example.COM","why":"they mend it","for_ms":3600000})"),
              R"({"ok":true,"next_hop":"example.com"})");
    EXPECT_EQ(answer(R"({"command":"queue.suspend","next_hop":"mx.example.org:25"})"),
              R"({"ok":true,"next_hop":"mx.example.org:25"})");
    const auto first = json::parse(answer(R"({"command":"queue.destinations","limit":1})")).as_object();
    const auto& item = first.at("items").at(0).as_object();
    EXPECT_EQ(item.at("next_hop"), "example.com");
    EXPECT_EQ(item.at("waiting"), 0U);
    const auto& how = item.at("suspended").as_object();
    EXPECT_EQ(how.at("by"), "operator");
    EXPECT_EQ(how.at("why"), "they mend it");
    EXPECT_EQ(how.at("until_ms").as_int64() - how.at("since_ms").as_int64(), 3'600'000);
    EXPECT_EQ(first.at("next"), "example.com");
    const auto second = json::parse(answer(R"({"command":"queue.destinations","after":"example.com"})")).as_object();
    EXPECT_EQ(second.at("items").at(0).at("next_hop"), "mx.example.org:25");
    EXPECT_TRUE(second.at("items").at(0).at("suspended").at("until_ms").is_null());
    EXPECT_FALSE(second.contains("next"));

    EXPECT_EQ(answer(R"({"command":"queue.resume","next_hop":"example.com"})"), R"({"ok":true,"next_hop":"example.com"})");
    EXPECT_THAT(answer(R"({"command":"queue.resume","next_hop":"example.com"})"), HasSubstr("is not suspended by an operator"));
    EXPECT_EQ(json::parse(answer(R"({"command":"queue.destinations"})")).at("items").as_array().size(), 1U);
}

TEST_F(the_control_commands, suspend_nothing_for_what_is_no_request)
{
    for (const auto* wrong :
         {R"({"command":"queue.suspend"})", R"({"command":"queue.suspend","next_hop":7})",
          R"({"command":"queue.suspend","next_hop":"a b"})",
          R"({"command":"queue.suspend","next_hop":"a.example","for_ms":"1h"})",
          R"({"command":"queue.suspend","next_hop":"a.example","for_ms":0})",
          R"({"command":"queue.suspend","next_hop":"a.example","why":"a\nb"})", R"({"command":"queue.resume"})"})
        EXPECT_THAT(answer(wrong), HasSubstr(R"("ok":false,"error":)")) << wrong;
    EXPECT_EQ(answer(R"({"command":"queue.destinations"})"), R"({"ok":true,"items":[]})");
    book_.reset();
    EXPECT_THAT(answer(R"({"command":"queue.suspend","next_hop":"a.example"})"), HasSubstr("keeps no suspensions"));
}

TEST_F(the_control_commands, count)
{
    EXPECT_THAT(answer(R"({"command":"metrics"})"), HasSubstr(R"({"ok":true,"text":"# HELP postern_connections )"));
    EXPECT_EQ(answer(R"({"command":"status"})"),
              R"({"ok":true,"status":{"connections":0,"accepted":0,"queued":0,"delivered":0,"deferred":0,"failed":0}})");
    health_ = {{"spam", plugin_health::state::degraded, "no \"dictionary\""}, {"geo", plugin_health::state::ok, ""}};
    EXPECT_THAT(answer(R"({"command":"status"})"),
                HasSubstr(R"("failed":0,"plugins":[{"name":"spam","health":"degraded","text":"no \"dictionary\""},)"
                          R"({"name":"geo","health":"ok","text":""}]}})"));
}

TEST_F(the_control_commands, reload_or_say_why_not)
{
    EXPECT_EQ(answer(R"({"command":"reload"})"), R"({"ok":true})");
    wrong_.push_back({{"postern.toml", 3}, "x: unknown key"});
    EXPECT_EQ(answer(R"({"command":"reload"})"), R"({"ok":false,"problems":["postern.toml:3: x: unknown key"]})");
}

} // namespace
} // namespace postern::daemon
