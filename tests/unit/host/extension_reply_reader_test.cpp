#include "core/host/reply_reader.hpp"

#include "core/hooks/reply_rules.hpp"

#include <postern/abi/ehlo.h>

#include <gtest/gtest.h>

#include <vector>

namespace postern::daemon {
namespace {

using hooks::hook_point;

template <class Record>
Record fresh()
{
    Record record{};
    record.base.size = sizeof record;
    return record;
}

postern_list list_of(const std::vector<postern_str>& texts)
{
    return {texts.data(), static_cast<std::uint32_t>(texts.size()), sizeof(postern_str)};
}

TEST(extension_reply, of_a_command_is_read_with_its_lines_and_what_follows)
{
    const std::vector<postern_str> lines{borrowed("one"), borrowed("two")};
    auto record = fresh<postern_command_reply>();
    record.base.smtp_code = 354;
    record.lines = list_of(lines);
    record.then = POSTERN_THEN_OCTETS;
    record.octets = 12;
    hooks::plugin_reply reply;
    ASSERT_EQ(read_reply(hook_point::verb, record.base, reply), nullptr);
    EXPECT_EQ(reply.smtp_code, 354);
    ASSERT_TRUE(reply.more);
    EXPECT_EQ(reply.more->lines, (std::vector<std::string>{"one", "two"}));
    EXPECT_EQ(reply.more->then, hooks::follow_up::octets);
    EXPECT_EQ(reply.more->octets, 12U);
}

TEST(extension_reply, may_be_a_bare_reply)
{
    postern_reply bare{};
    bare.size = sizeof bare;
    for (const auto hook : {hook_point::verb, hook_point::param, hook_point::ehlo_caps, hook_point::cmd_noop}) {
        hooks::plugin_reply reply;
        EXPECT_EQ(read_reply(hook, bare, reply), nullptr);
        EXPECT_FALSE(reply.more);
    }
}

TEST(extension_reply, is_no_shorter_than_its_first_release_and_may_be_longer)
{
    struct {
        postern_command_reply reply;
        std::uint64_t more;
    } longer{};
    longer.reply.base.size = sizeof longer;
    longer.more = ~std::uint64_t{0};
    longer.reply.then = POSTERN_THEN_RESTART;
    hooks::plugin_reply reply;
    ASSERT_EQ(read_reply(hook_point::verb, longer.reply.base, reply), nullptr);
    ASSERT_TRUE(reply.more);
    EXPECT_EQ(reply.more->then, hooks::follow_up::restart);
    longer.reply.base.size = sizeof(postern_command_reply) - 1;
    EXPECT_NE(read_reply(hook_point::verb, longer.reply.base, reply), nullptr);
    EXPECT_EQ(read_reply(hook_point::cmd_mail, longer.reply.base, reply), nullptr) << "elsewhere only the first part counts";
    EXPECT_FALSE(reply.more);
}

TEST(extension_reply, of_a_command_is_sound)
{
    const auto is_refused = [](auto change) {
        auto record = fresh<postern_command_reply>();
        change(record);
        hooks::plugin_reply reply;
        return read_reply(hook_point::verb, record.base, reply) != nullptr;
    };
    const std::vector<postern_str> many(hooks::most_reply_lines + 1, borrowed("x"));
    const std::vector<postern_str> broken{{nullptr, 4}};
    EXPECT_TRUE(is_refused([](auto& r) { r.then = POSTERN_THEN_RESTART + 1; }));
    EXPECT_TRUE(is_refused([](auto& r) { r.lines = {nullptr, 1, sizeof(postern_str)}; }));
    EXPECT_TRUE(is_refused([&](auto& r) { r.lines = {many.data(), 1, sizeof(postern_str) - 1}; }));
    EXPECT_TRUE(is_refused([&](auto& r) { r.lines = list_of(many); }));
    EXPECT_TRUE(is_refused([&](auto& r) { r.lines = list_of(broken); }));
    EXPECT_FALSE(is_refused([&](auto& r) { r.lines = {many.data(), hooks::most_reply_lines, sizeof(postern_str)}; }));
}

TEST(extension_reply, of_a_parameter_keeps_a_value_and_a_rule)
{
    auto record = fresh<postern_param_reply>();
    record.value = borrowed("kept");
    record.set_relay = 1;
    record.relay = POSTERN_RELAY_REQUIRED;
    hooks::plugin_reply reply;
    ASSERT_EQ(read_reply(hook_point::param, record.base, reply), nullptr);
    ASSERT_TRUE(reply.more);
    EXPECT_EQ(reply.more->value, "kept");
    EXPECT_EQ(reply.more->relay, message::relay_rule::required);
    record.set_relay = 0;
    ASSERT_EQ(read_reply(hook_point::param, record.base, reply), nullptr);
    EXPECT_FALSE(reply.more->relay) << "as declared";
    record.set_relay = 1;
    record.relay = POSTERN_RELAY_REQUIRED + 1;
    EXPECT_NE(read_reply(hook_point::param, record.base, reply), nullptr);
    record.relay = POSTERN_RELAY_NEVER;
    record.value = {nullptr, 1};
    EXPECT_NE(read_reply(hook_point::param, record.base, reply), nullptr);
}

TEST(extension_reply, of_ehlo_offers_lines)
{
    const postern_keyword lines[] = {{sizeof(postern_keyword), 0, borrowed("XONE"), borrowed("1 2")},
                                     {sizeof(postern_keyword), 0, borrowed("XTWO"), {}}};
    auto record = fresh<postern_caps_reply>();
    record.lines = {lines, 2, sizeof lines[0]};
    hooks::plugin_reply reply;
    ASSERT_EQ(read_reply(hook_point::ehlo_caps, record.base, reply), nullptr);
    ASSERT_TRUE(reply.more);
    EXPECT_EQ(reply.more->lines, (std::vector<std::string>{"XONE 1 2", "XTWO"}));
    record.lines.count = 0;
    ASSERT_EQ(read_reply(hook_point::ehlo_caps, record.base, reply), nullptr);
    EXPECT_TRUE(reply.more) << "an empty list offers nothing, which is not to say nothing";
    record.lines = {lines, 2, sizeof lines[0] - 1};
    EXPECT_NE(read_reply(hook_point::ehlo_caps, record.base, reply), nullptr);
}

} // namespace
} // namespace postern::daemon
