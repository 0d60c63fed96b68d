#include "core/host/reply_reader.hpp"

#include "core/hooks/login.hpp"

#include <postern/abi/auth.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace postern::daemon {
namespace {

using hooks::hook_point;
using ::testing::ElementsAre;

template <class Record>
Record fresh()
{
    Record record{};
    record.base.size = sizeof record;
    return record;
}

TEST(login_reply, says_who_that_is_and_what_was_wanted)
{
    auto record = fresh<postern_auth_reply>();
    record.identity = borrowed("alice");
    record.salt = borrowed("salt");
    record.stored_key = borrowed("stored");
    record.server_key = borrowed("server");
    record.password = borrowed("pencil");
    record.iterations = 4096;
    hooks::plugin_reply reply;
    ASSERT_EQ(read_reply(hook_point::auth_verify, record.base, reply), nullptr);
    ASSERT_TRUE(reply.login);
    EXPECT_EQ(reply.login->identity, "alice");
    EXPECT_EQ(reply.login->salt, "salt");
    EXPECT_EQ(reply.login->stored_key, "stored");
    EXPECT_EQ(reply.login->server_key, "server");
    EXPECT_EQ(reply.login->password, "pencil");
    EXPECT_EQ(reply.login->iterations, 4096U);
    EXPECT_FALSE(reply.login->is_challenge);
}

TEST(login_reply, may_be_a_challenge_and_an_empty_one)
{
    auto record = fresh<postern_auth_reply>();
    record.then = POSTERN_AUTH_CHALLENGE;
    hooks::plugin_reply reply;
    ASSERT_EQ(read_reply(hook_point::auth_step, record.base, reply), nullptr);
    ASSERT_TRUE(reply.login);
    EXPECT_TRUE(reply.login->is_challenge);
    EXPECT_EQ(reply.login->challenge, "");
}

TEST(login_reply, with_a_secret_and_without_an_identity_is_not_nothing)
{
    for (auto member : {&postern_auth_reply::salt, &postern_auth_reply::stored_key, &postern_auth_reply::server_key,
                        &postern_auth_reply::password}) {
        auto record = fresh<postern_auth_reply>();
        record.*member = borrowed("octets");
        hooks::plugin_reply reply;
        ASSERT_EQ(read_reply(hook_point::auth_verify, record.base, reply), nullptr);
        EXPECT_TRUE(reply.login) << "the rules refuse it: nobody is told that there is no such user";
    }
}

TEST(login_reply, that_refuses_or_says_nothing_has_no_login)
{
    auto record = fresh<postern_auth_reply>();
    hooks::plugin_reply nothing;
    EXPECT_EQ(read_reply(hook_point::auth_verify, record.base, nothing), nullptr);
    EXPECT_FALSE(nothing.login);
    record.identity = borrowed("alice");
    record.base.verdict = POSTERN_REJECT;
    hooks::plugin_reply refusal;
    EXPECT_EQ(read_reply(hook_point::auth_verify, record.base, refusal), nullptr);
    EXPECT_FALSE(refusal.login) << "nobody is logged in by a refusal";
    postern_reply bare{};
    bare.size = sizeof bare;
    hooks::plugin_reply short_one;
    EXPECT_EQ(read_reply(hook_point::auth_verify, bare, short_one), nullptr);
    EXPECT_FALSE(short_one.login);
}

TEST(login_reply, keeps_the_mechanisms_that_it_names_and_none_for_an_empty_list)
{
    const std::vector<postern_str> names{borrowed("PLAIN"), borrowed("XTEST")};
    auto record = fresh<postern_mechanisms_reply>();
    record.names = {names.data(), 2, sizeof(postern_str)};
    hooks::plugin_reply reply;
    ASSERT_EQ(read_reply(hook_point::auth_mechanisms, record.base, reply), nullptr);
    ASSERT_TRUE(reply.login);
    EXPECT_THAT(reply.login->names, ElementsAre("PLAIN", "XTEST"));
    record.names = {};
    hooks::plugin_reply none;
    ASSERT_EQ(read_reply(hook_point::auth_mechanisms, record.base, none), nullptr);
    ASSERT_TRUE(none.login);
    EXPECT_TRUE(none.login->names.empty());
}

TEST(login_reply, that_is_wrong_is_a_failure)
{
    const auto is_wrong = [](hook_point hook, const postern_reply& base) {
        hooks::plugin_reply reply;
        return read_reply(hook, base, reply) != nullptr;
    };
    auto record = fresh<postern_auth_reply>();
    record.base.size = sizeof record - 1;
    EXPECT_TRUE(is_wrong(hook_point::auth_verify, record.base));
    for (auto member : {&postern_auth_reply::identity, &postern_auth_reply::challenge, &postern_auth_reply::salt,
                        &postern_auth_reply::stored_key, &postern_auth_reply::server_key, &postern_auth_reply::password}) {
        record = fresh<postern_auth_reply>();
        record.*member = {nullptr, 1};
        EXPECT_TRUE(is_wrong(hook_point::auth_verify, record.base));
        const std::string long_one(8193, 'x');
        record.*member = borrowed(long_one);
        EXPECT_TRUE(is_wrong(hook_point::auth_verify, record.base));
    }
    record = fresh<postern_auth_reply>();
    record.then = POSTERN_AUTH_CHALLENGE + 1;
    EXPECT_TRUE(is_wrong(hook_point::auth_step, record.base));

    auto list = fresh<postern_mechanisms_reply>();
    const std::vector<postern_str> names(65, borrowed("X"));
    list.names = {names.data(), 64, sizeof(postern_str)};
    EXPECT_FALSE(is_wrong(hook_point::auth_mechanisms, list.base));
    list.names.count = 65;
    EXPECT_TRUE(is_wrong(hook_point::auth_mechanisms, list.base));
    list.names = {nullptr, 1, sizeof(postern_str)};
    EXPECT_TRUE(is_wrong(hook_point::auth_mechanisms, list.base));
    list.names = {names.data(), 1, sizeof(postern_str) - 1};
    EXPECT_TRUE(is_wrong(hook_point::auth_mechanisms, list.base));
}

} // namespace
} // namespace postern::daemon
