#include "core/host/reply_reader.hpp"

#include "core/hooks/outgoing.hpp"

#include <postern/abi/outgoing.h>

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

const char* read(hook_point hook, const postern_reply& from)
{
    hooks::plugin_reply reply;
    return read_reply(hook, from, reply);
}

TEST(outgoing_reply_reader, reads_a_policy)
{
    auto record = fresh<postern_tls_policy_reply>();
    record.tls = POSTERN_TLS_VERIFIED;
    record.name = borrowed("mx.example");
    hooks::plugin_reply reply;
    ASSERT_EQ(read_reply(hook_point::delivery_tls_policy, record.base, reply), nullptr);
    EXPECT_EQ(reply.out->tls, hooks::tls_need::verified);
    EXPECT_EQ(reply.out->name, "mx.example");
}

TEST(outgoing_reply_reader, reads_what_is_not_used_of_a_peer)
{
    const std::vector<postern_str> unused{borrowed("CHUNKING"), borrowed("DSN")};
    auto record = fresh<postern_delivery_peer_reply>();
    record.unused = {unused.data(), 2, sizeof(postern_str)};
    record.next_host = 1;
    hooks::plugin_reply reply;
    ASSERT_EQ(read_reply(hook_point::delivery_peer, record.base, reply), nullptr);
    EXPECT_EQ(reply.out->unused, (std::vector<std::string>{"CHUNKING", "DSN"}));
    EXPECT_TRUE(reply.out->next_host);
}

TEST(outgoing_reply_reader, reads_lines_and_their_rules)
{
    const std::vector<postern_client_line> lines{{borrowed("XA 1"), POSTERN_LINE_REQUIRED, 0},
                                                 {borrowed("XA 2"), POSTERN_LINE_OPTIONAL, 0}};
    auto record = fresh<postern_client_verb_reply>();
    record.lines = {lines.data(), 2, sizeof(postern_client_line)};
    record.flags = POSTERN_LINES_SHOW | POSTERN_LINES_RESTART;
    hooks::plugin_reply reply;
    ASSERT_EQ(read_reply(hook_point::client_verb, record.base, reply), nullptr);
    ASSERT_EQ(reply.out->lines.size(), 2U);
    EXPECT_EQ(reply.out->lines[0].text, "XA 1");
    EXPECT_TRUE(reply.out->lines[0].is_required);
    EXPECT_FALSE(reply.out->lines[1].is_required);
    EXPECT_TRUE(reply.out->shows);
    EXPECT_TRUE(reply.out->restarts);
}

TEST(outgoing_reply_reader, takes_a_bare_reply_and_what_will_be_longer_one_day)
{
    postern_reply bare{};
    bare.size = sizeof bare;
    for (const auto hook : {hook_point::delivery_begin, hook_point::delivery_tls_policy, hook_point::delivery_peer,
                            hook_point::client_verb, hook_point::client_params})
        EXPECT_EQ(read(hook, bare), nullptr);
    struct {
        postern_tls_policy_reply reply;
        char more[64];
    } longer{};
    longer.reply.base.size = sizeof longer;
    EXPECT_EQ(read(hook_point::delivery_tls_policy, longer.reply.base), nullptr);
    longer.reply.base.size = sizeof(postern_tls_policy_reply) - 1;
    EXPECT_NE(read(hook_point::delivery_tls_policy, longer.reply.base), nullptr);
}

TEST(outgoing_reply_reader, follows_no_bad_pointer)
{
    auto policy = fresh<postern_tls_policy_reply>();
    policy.name = {nullptr, 5};
    EXPECT_NE(read(hook_point::delivery_tls_policy, policy.base), nullptr);
    auto peer = fresh<postern_delivery_peer_reply>();
    peer.unused = {nullptr, 1, sizeof(postern_str)};
    EXPECT_NE(read(hook_point::delivery_peer, peer.base), nullptr);
    const postern_str keyword{nullptr, 4};
    peer.unused = {&keyword, 1, sizeof(postern_str)};
    EXPECT_NE(read(hook_point::delivery_peer, peer.base), nullptr);
    peer.unused = {&keyword, 1, sizeof(postern_str) - 1};
    EXPECT_NE(read(hook_point::delivery_peer, peer.base), nullptr);
    auto verb = fresh<postern_client_verb_reply>();
    verb.lines = {nullptr, 1, sizeof(postern_client_line)};
    EXPECT_NE(read(hook_point::client_verb, verb.base), nullptr);
    const postern_client_line line{{nullptr, 4}, 0, 0};
    verb.lines = {&line, 1, sizeof line};
    EXPECT_NE(read(hook_point::client_verb, verb.base), nullptr);
    verb.lines = {&line, 1, 8};
    EXPECT_NE(read(hook_point::client_verb, verb.base), nullptr);
}

TEST(outgoing_reply_reader, knows_no_numbers_but_its_own)
{
    auto policy = fresh<postern_tls_policy_reply>();
    policy.tls = POSTERN_TLS_VERIFIED + 1;
    EXPECT_NE(read(hook_point::delivery_tls_policy, policy.base), nullptr);
    auto verb = fresh<postern_client_verb_reply>();
    verb.flags = 4;
    EXPECT_NE(read(hook_point::client_verb, verb.base), nullptr);
    const postern_client_line line{borrowed("XA"), POSTERN_LINE_REQUIRED + 1, 0};
    verb = fresh<postern_client_verb_reply>();
    verb.lines = {&line, 1, sizeof line};
    EXPECT_NE(read(hook_point::client_verb, verb.base), nullptr);
    verb.lines.count = 17;
    EXPECT_NE(read(hook_point::client_verb, verb.base), nullptr);
}

} // namespace
} // namespace postern::daemon
