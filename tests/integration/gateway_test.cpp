// examples/gateway.toml, the configuration that `./dev run` starts: what it promises, on a port of the kernel's choice.

#include "tests/support/server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <string>

namespace postern::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

/// The example as it is, but for its fixed port. It finds the plugins by itself.
[[nodiscard]] configuration example()
{
    auto text = read_file(source_folder() / "examples/gateway.toml");
    constexpr std::string_view fixed = "127.0.0.1:2525";
    text.replace(text.find(fixed), fixed.size(), "127.0.0.1:0");
    return configuration::of_text(std::move(text));
}

TEST(the_example_gateway, shows_a_sent_message_in_its_maildir_with_the_fields_of_its_plugins)
{
    server gateway{example()};
    const auto sent = run({postern_program().string(), "send", "--server", gateway.address("inbound"), "--from", "me@example.org",
                           "--to", "you@example.com", "--tls", "starttls"},
                          "Subject: Hello\n\nIt works.\n");
    ASSERT_EQ(sent.status, (exit_status{0, 0})) << sent.errors << gateway.log();
    const auto folder = gateway.folder() / "maildir" / "new";
    ASSERT_TRUE(eventually([&] { return std::filesystem::exists(folder) && !std::filesystem::is_empty(folder); }))
        << gateway.log();
    const auto message = read_file(std::filesystem::directory_iterator { folder } -> path());
    EXPECT_THAT(message,
                AllOf(HasSubstr("Subject: Hello"), HasSubstr("It works."), HasSubstr("X-Hello: "), HasSubstr("X-Gateway: ")));
}

TEST(the_example_gateway, takes_mail_for_its_own_domain_only)
{
    server gateway{example()};
    const auto sent = run({postern_program().string(), "send", "--server", gateway.address("inbound"), "--from", "me@example.org",
                           "--to", "you@elsewhere.example"},
                          "Subject: no\n\n");
    EXPECT_EQ(sent.status, (exit_status{1, 0})) << sent.errors;
}

} // namespace
} // namespace postern::test
