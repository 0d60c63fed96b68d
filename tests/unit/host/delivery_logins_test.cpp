#include "core/host/delivery_logins.hpp"
#include "tests/support/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

namespace postern::daemon {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(logins_of_deliveries, have_their_secrets_from_files)
{
    const test::temporary_folder folder;
    for (const auto* name : {"password", "token"})
        fs::permissions(folder.write(name, std::string{name} + " of mine\n"), fs::perms{0600});
    config from;
    from.logins.push_back({{"p.toml", 3}, "smart.example.net:587", {.user = "alice"}, folder / "password", folder / "token"});
    delivery::settings made;
    problems found;
    load_logins(from, made, found);
    EXPECT_TRUE(found.empty());
    const auto login = made.login_at("smart.example.net:587");
    ASSERT_NE(login, nullptr);
    EXPECT_EQ(login->user, "alice");
    EXPECT_EQ(login->password.view(), "password of mine");
    EXPECT_EQ(login->token.view(), "token of mine");
    EXPECT_EQ(made.login_at("smart.example.net:25"), nullptr);
}

TEST(logins_of_deliveries, are_complained_of_at_their_table_when_a_file_is_of_no_use)
{
    const test::temporary_folder folder;
    fs::permissions(folder.write("password", "secret\n"), fs::perms{0644});
    config from;
    from.logins.push_back({{"p.toml", 3}, "a.example:25", {.user = "alice"}, folder / "password", {}});
    from.logins.push_back({{"p.toml", 7}, "b.example:25", {.user = "bob"}, {}, folder / "none"});
    delivery::settings made;
    problems found;
    load_logins(from, made, found);
    ASSERT_EQ(found.size(), 2U);
    EXPECT_THAT(found[0].text(), AllOf(HasSubstr("p.toml:3: delivery.login.password_file: "), HasSubstr("chmod 600")));
    EXPECT_THAT(found[1].text(), AllOf(HasSubstr("p.toml:7: delivery.login.token_file: "), HasSubstr("No such file")));
}

} // namespace
} // namespace postern::daemon
