#include "core/host/control_commands.hpp"
#include "tests/support/memory_log.hpp"
#include "tests/support/memory_store.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postern::daemon {
namespace {

using ::testing::HasSubstr;

/// A running server without listeners over an empty queue.
class the_control_commands : public ::testing::Test {
protected:
    the_control_commands()
    {
        auto first = std::make_shared<runtime::generation>();
        first->delivery_chain = std::make_shared<const hooks::chain>();
        server_ = std::make_unique<runtime::server>(std::vector<runtime::listener_address>{}, first, store_, base::log{log_}, 1);
        std::string why;
        EXPECT_TRUE(server_->bind(why)) << why;
        EXPECT_TRUE(server_->start());
    }
    std::string answer(std::string_view request)
    {
        return control_commands{*server_, [this] { return wrong_; }}.answer(request);
    }

    postern::test::memory_log log_;
    postern::test::memory_store store_;
    std::unique_ptr<runtime::server> server_;
    problems wrong_;
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
    }
}

TEST_F(the_control_commands, count)
{
    EXPECT_EQ(answer(R"({"command":"status"})"),
              R"({"ok":true,"status":{"connections":0,"accepted":0,"queued":0,"delivered":0,"deferred":0,"failed":0}})");
}

TEST_F(the_control_commands, reload_or_say_why_not)
{
    EXPECT_EQ(answer(R"({"command":"reload"})"), R"({"ok":true})");
    wrong_.push_back({{"postern.toml", 3}, "x: unknown key"});
    EXPECT_EQ(answer(R"({"command":"reload"})"), R"({"ok":false,"problems":["postern.toml:3: x: unknown key"]})");
}

} // namespace
} // namespace postern::daemon
