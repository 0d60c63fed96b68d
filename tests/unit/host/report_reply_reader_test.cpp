#include "core/host/reply_reader.hpp"

#include "core/hooks/report.hpp"

#include <postern/abi/report.h>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace postern::daemon {
namespace {

using hooks::hook_point;

postern_dsn_make_reply fresh()
{
    postern_dsn_make_reply record{};
    record.base.size = sizeof record;
    return record;
}

const char* read(const postern_reply& from)
{
    hooks::plugin_reply reply;
    return read_reply(hook_point::dsn_make, from, reply);
}

TEST(report_reply_reader, reads_a_wording)
{
    const std::vector<postern_header> fields{{borrowed("X-One"), borrowed("1")}, {borrowed("X-Two"), {}}};
    auto record = fresh();
    record.recipient = borrowed("b@example.org");
    record.text = borrowed("back\nagain");
    record.from_name = borrowed("Post");
    record.fields = {fields.data(), 2, sizeof(postern_header)};
    hooks::plugin_reply reply;
    ASSERT_EQ(read_reply(hook_point::dsn_make, record.base, reply), nullptr);
    ASSERT_TRUE(reply.dsn);
    EXPECT_EQ(static_cast<const message::dsn_wording&>(*reply.dsn),
              (message::dsn_wording{"b@example.org", "back\nagain", "Post", {{"X-One", "1"}, {"X-Two", ""}}}));
}

TEST(report_reply_reader, takes_a_bare_reply_an_empty_one_and_what_will_be_longer_one_day)
{
    hooks::plugin_reply reply;
    reply.dsn = std::make_shared<const hooks::dsn_reply>();
    postern_reply bare{};
    bare.size = sizeof bare;
    bare.verdict = POSTERN_DISCARD;
    ASSERT_EQ(read_reply(hook_point::dsn_make, bare, reply), nullptr);
    EXPECT_FALSE(reply.dsn) << "that of another answer";
    EXPECT_EQ(reply.verdict, hooks::verdict_kind::discard);
    ASSERT_EQ(read_reply(hook_point::dsn_make, fresh().base, reply), nullptr);
    EXPECT_FALSE(reply.dsn) << "so that it needs no grant";
    struct {
        postern_dsn_make_reply reply;
        std::uint64_t more;
    } longer{};
    longer.reply.base.size = sizeof longer;
    EXPECT_EQ(read(longer.reply.base), nullptr);
    longer.reply.base.size = sizeof longer.reply - 1;
    EXPECT_NE(read(longer.reply.base), nullptr);
}

TEST(report_reply_reader, follows_no_bad_pointer_and_reads_nothing_without_end)
{
    const auto is_refused = [](const auto& spoil) {
        auto record = fresh();
        spoil(record);
        return read(record.base) != nullptr;
    };
    const postern_str null_text{nullptr, 3};
    const std::string longest(message::longest_dsn_text + 1, 'x');
    const postern_header bad{{nullptr, 1}, {}};
    const std::vector<postern_header> many(message::most_dsn_fields + 1);
    EXPECT_TRUE(is_refused([&](auto& r) { r.recipient = null_text; }));
    EXPECT_TRUE(is_refused([&](auto& r) { r.text = null_text; }));
    EXPECT_TRUE(is_refused([&](auto& r) { r.from_name = null_text; }));
    EXPECT_TRUE(is_refused([&](auto& r) { r.recipient = borrowed(longest); }));
    EXPECT_TRUE(is_refused([&](auto& r) { r.from_name = borrowed(longest); }));
    EXPECT_TRUE(is_refused([&](auto& r) { r.text = borrowed(longest); }));
    EXPECT_FALSE(is_refused([&](auto& r) { r.text = borrowed(std::string_view{longest}.substr(1)); }));
    EXPECT_TRUE(is_refused([&](auto& r) { r.fields = {nullptr, 1, sizeof(postern_header)}; }));
    EXPECT_TRUE(is_refused([&](auto& r) { r.fields = {&bad, 1, sizeof(postern_header)}; }));
    EXPECT_TRUE(is_refused([&](auto& r) { r.fields = {&bad, 1, sizeof(postern_header) - 1}; }));
    EXPECT_TRUE(is_refused([&](auto& r) {
        r.fields = {many.data(), static_cast<std::uint32_t>(many.size()), sizeof(postern_header)};
    }));
}

} // namespace
} // namespace postern::daemon
