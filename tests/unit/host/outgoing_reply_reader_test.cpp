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

TEST(outgoing_reply_reader, reads_a_policy_with_records_and_whose_it_is)
{
    const std::string octets{"\x00\x01", 2};
    const postern_tlsa tlsa{3, 1, 0, 0, borrowed(octets)};
    const postern_str name = borrowed("example");
    const std::vector<postern_str> lines{borrowed("3 1 0 0001"), borrowed("2 0 1 00")};
    auto record = fresh<postern_tls_policy_reply>();
    record.tls = POSTERN_TLS_DANE;
    record.tlsa = {&tlsa, 1, sizeof tlsa};
    record.names = {&name, 1, sizeof name};
    record.policy_type = borrowed("tlsa");
    record.policy_domain = borrowed("example");
    record.policy_strings = {lines.data(), 2, sizeof(postern_str)};
    record.policy_hosts = {&name, 1, sizeof name};
    record.finding = POSTERN_TLS_RESULT_TLSA_INVALID;
    record.flags = POSTERN_TLS_TESTED;
    record.next_host = 1;
    hooks::plugin_reply reply;
    ASSERT_EQ(read_reply(hook_point::delivery_tls_policy, record.base, reply), nullptr);
    EXPECT_EQ(reply.out->tls, hooks::tls_need::dane);
    EXPECT_EQ(reply.out->tlsa, (std::vector<base::tlsa_record>{{3, 1, 0, octets}}));
    EXPECT_EQ(reply.out->other_names, (std::vector<std::string>{"example"}));
    ASSERT_TRUE(reply.out->origin);
    EXPECT_EQ(reply.out->origin->type, "tlsa");
    EXPECT_EQ(reply.out->origin->strings.size(), 2U);
    EXPECT_EQ(reply.out->origin->hosts, (std::vector<std::string>{"example"}));
    EXPECT_EQ(reply.out->finding, hooks::tls_finding::tlsa_invalid);
    EXPECT_TRUE(reply.out->is_tested);
    EXPECT_TRUE(reply.out->next_host);
}

TEST(outgoing_reply_reader, reads_a_policy_as_it_was_before_it_grew)
{
    auto record = fresh<postern_tls_policy_reply>();
    record.base.size = 96;
    record.tls = POSTERN_TLS_REQUIRED;
    record.flags = 0xffffffffU; // beyond its end
    hooks::plugin_reply reply;
    ASSERT_EQ(read_reply(hook_point::delivery_tls_policy, record.base, reply), nullptr);
    EXPECT_EQ(reply.out->tls, hooks::tls_need::required);
    EXPECT_FALSE(reply.out->is_tested);
}

TEST(outgoing_reply_reader, follows_no_bad_pointer_of_a_policy)
{
    const auto is_refused = [](const auto& spoil) {
        auto record = fresh<postern_tls_policy_reply>();
        spoil(record);
        return read(hook_point::delivery_tls_policy, record.base) != nullptr;
    };
    const postern_str null_text{nullptr, 3};
    const postern_tlsa null_record{3, 1, 1, 0, {nullptr, 3}};
    const postern_tlsa wide{256, 0, 0, 0, {}};
    const std::string much(8193, 'x');
    const postern_tlsa longer{3, 0, 0, 0, borrowed(much)};
    EXPECT_TRUE(is_refused([&](auto& r) { r.names = {nullptr, 1, sizeof(postern_str)}; }));
    EXPECT_TRUE(is_refused([&](auto& r) { r.names = {&null_text, 1, sizeof(postern_str)}; }));
    EXPECT_TRUE(is_refused([&](auto& r) { r.names = {&null_text, 11, sizeof(postern_str)}; }));
    EXPECT_TRUE(is_refused([&](auto& r) { r.policy_type = null_text; }));
    EXPECT_TRUE(is_refused([&](auto& r) { r.policy_domain = null_text; }));
    EXPECT_TRUE(is_refused([&](auto& r) {
        r.policy_type = borrowed("sts");
        r.policy_hosts = {nullptr, 1, 16};
    }));
    EXPECT_TRUE(is_refused([&](auto& r) {
        r.policy_type = borrowed("sts");
        r.policy_strings = {&null_text, 1, 8};
    }));
    EXPECT_TRUE(is_refused([&](auto& r) { r.tlsa = {nullptr, 1, sizeof(postern_tlsa)}; }));
    EXPECT_TRUE(is_refused([&](auto& r) { r.tlsa = {&null_record, 1, sizeof(postern_tlsa)}; }));
    EXPECT_TRUE(is_refused([&](auto& r) { r.tlsa = {&wide, 1, sizeof(postern_tlsa)}; }));
    EXPECT_TRUE(is_refused([&](auto& r) { r.tlsa = {&longer, 1, sizeof(postern_tlsa)}; }));
    EXPECT_TRUE(is_refused([&](auto& r) { r.tlsa = {&wide, 101, sizeof(postern_tlsa)}; }));
    EXPECT_TRUE(is_refused([&](auto& r) { r.tls = POSTERN_TLS_DANE + 1; }));
    EXPECT_TRUE(is_refused([&](auto& r) { r.finding = POSTERN_TLS_RESULT_STS_WEBPKI_INVALID + 1; }));
    EXPECT_TRUE(is_refused([&](auto& r) { r.flags = 2; }));
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
    longer.reply.base.size = 96 - 1; // than it was at first
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
    policy.tls = POSTERN_TLS_DANE + 1;
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
