// docs/architecture.md, "Who may include whom". A new edge in this graph needs an ADR first.

#include "tests/architecture/source_tree.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace postern::test {
namespace {

using ::testing::IsEmpty;
using ::testing::Not;

/// Room -> the rooms that it may include besides itself.
const std::map<std::string, std::set<std::string>, std::less<>>& allowed_rooms()
{
    static const std::map<std::string, std::set<std::string>, std::less<>> rooms{
        {"base", {}},
        {"message", {"base"}},
        {"protocol", {"base"}},
        {"sasl", {"base"}},
        {"hooks", {"message", "base"}},
        {"queue", {"message", "base"}},
        {"session", {"protocol", "message", "sasl", "hooks", "base"}},
        {"delivery", {"queue", "message", "base"}},
        {"io", {"base"}},
        {"runtime", {"io", "session", "protocol", "sasl", "hooks", "queue", "delivery", "message", "base"}},
        {"host", {"runtime", "io", "session", "protocol", "sasl", "hooks", "queue", "delivery", "message", "base"}},
    };
    return rooms;
}

/// The room of an include such as "core/base/ids.hpp"; empty: not one of a room.
[[nodiscard]] std::string room_of(std::string_view include)
{
    constexpr std::string_view core = "core/";
    if (!include.starts_with(core))
        return {};
    include.remove_prefix(core.size());
    return std::string{include.substr(0, include.find('/'))};
}

/// Files under `folder` with an include that `is_wrong`; each as "path:line: what".
template <class Wrong>
[[nodiscard]] std::vector<std::string> wrong_includes(std::string_view folder, Wrong is_wrong)
{
    std::vector<std::string> found;
    for (const auto& file : sources_in(folder))
        for (const auto& include : file.includes())
            if (is_wrong(file, include.text))
                found.push_back(file.at(include.number) + include.text);
    return found;
}

[[nodiscard]] bool is_one_of(std::string_view include, std::initializer_list<std::string_view> beginnings)
{
    return std::any_of(beginnings.begin(), beginnings.end(), [&](std::string_view each) { return include.starts_with(each); });
}

TEST(includes, of_a_room_go_to_itself_and_to_lower_rooms_only)
{
    EXPECT_THAT(wrong_includes("core",
                               [](const source_file& file, std::string_view include) {
                                   const auto target = room_of(include);
                                   const auto room = allowed_rooms().find(file.room());
                                   return !target.empty() && target != file.room() &&
                                          (room == allowed_rooms().end() || !room->second.contains(target));
                               }),
                IsEmpty());
}

TEST(includes, of_the_core_are_written_from_the_repository_root)
{
    EXPECT_THAT(wrong_includes("core",
                               [](const source_file& file, std::string_view include) {
                                   return std::filesystem::exists(source_root() / file.path / ".." / include) ||
                                          include.starts_with("..");
                               }),
                IsEmpty());
}

TEST(includes, name_every_room_that_exists)
{
    for (const auto& entry : std::filesystem::directory_iterator{source_root() / "core"})
        if (entry.is_directory()) {
            EXPECT_TRUE(allowed_rooms().contains(entry.path().filename().string())) << entry.path();
        }
}

TEST(includes, of_asio_are_in_io_and_runtime_only)
{
    EXPECT_THAT(wrong_includes("core",
                               [](const source_file& file, std::string_view include) {
                                   return include.starts_with("boost/asio") && file.room() != "io" && file.room() != "runtime";
                               }),
                IsEmpty());
}

TEST(includes, of_openssl_are_in_io_and_sasl_only)
{
    EXPECT_THAT(wrong_includes("core",
                               [](const source_file& file, std::string_view include) {
                                   return include.starts_with("openssl/") && file.room() != "io" && file.room() != "sasl";
                               }),
                IsEmpty());
}

TEST(includes, of_plugin_loading_configuration_and_the_contract_are_in_host_only)
{
    EXPECT_THAT(wrong_includes("core",
                               [](const source_file& file, std::string_view include) {
                                   return is_one_of(include,
                                                    {"boost/dll", "toml++", "toml.hpp", "CLI/", "spdlog/", "postern/", "sdk/"}) &&
                                          file.room() != "host";
                               }),
                IsEmpty());
}

TEST(includes, of_the_pure_rooms_reach_no_socket_file_thread_or_clock)
{
    const std::vector<std::string_view> outside{"boost/asio", "sys/socket.h", "netinet/", "unistd.h", "fcntl.h",
                                                "fstream",    "filesystem",   "thread",   "mutex",    "condition_variable",
                                                "future",     "poll.h"};
    const std::set<std::string, std::less<>> pure{"protocol", "session", "hooks", "delivery", "message", "queue"};
    EXPECT_THAT(wrong_includes("core",
                               [&](const source_file& file, std::string_view include) {
                                   return pure.contains(file.room()) &&
                                          std::any_of(outside.begin(), outside.end(), [&](std::string_view each) {
                                              return each.find('/') == std::string_view::npos ? include == each
                                                                                              : include.starts_with(each);
                                          });
                               }),
                IsEmpty());
}

/// Of a program that has the core in it, as find_package(Postern) gives it.
[[nodiscard]] bool is_of_an_embedder(const source_file& file)
{
    std::ifstream in{source_root() / file.path.substr(0, file.path.rfind('/')) / "CMakeLists.txt"};
    const std::string text{std::istreambuf_iterator<char>{in}, {}};
    return text.find("find_package(Postern ") != std::string::npos;
}

TEST(includes, of_plugins_never_reach_the_core)
{
    // The example of the client is a program that embeds the core, and no plugin.
    const auto is_core = [](const source_file& file, std::string_view include) {
        return is_one_of(include, {"core/", "../../core"}) && !file.path.starts_with("examples/05_send_mail/");
    };
    EXPECT_THAT(wrong_includes("plugins", is_core), IsEmpty());
    EXPECT_THAT(
        wrong_includes("examples", [&](const source_file& file,
                                       std::string_view include) { return is_core(file, include) && !is_of_an_embedder(file); }),
        IsEmpty());
}

/// Its fakes for tests may use what tests use, its kit the addresses of POSIX, and two files of that libraries (ADR 0055).
TEST(includes, of_the_sdk_are_its_own_and_the_standard_library)
{
    EXPECT_THAT(wrong_includes("sdk",
                               [](const source_file& file, std::string_view include) {
                                   const bool is_standard =
                                       include.find('/') == std::string_view::npos &&
                                       (include.find('.') == std::string_view::npos || include.ends_with(".h"));
                                   const bool is_test = file.path.find("/testing/") != std::string::npos;
                                   const bool is_trial =
                                       file.path.find("/testing/conformance/") != std::string::npos; // in processes of its own
                                   const bool is_kit = file.path.find("/postern/kit/") != std::string::npos;
                                   const bool is_on_libraries = file.path.ends_with("/postern/kit/https_client.hpp") ||
                                                                file.path.ends_with("/postern/kit/dkim.hpp");
                                   return !include.starts_with("postern/") && !is_standard &&
                                          !(is_test && is_one_of(include, {"gtest/", "gmock/", "toml++/", "arpa/"})) &&
                                          !(is_kit && is_one_of(include, {"arpa/inet.h", "netinet/in.h", "sys/socket.h"})) &&
                                          !(is_on_libraries && is_one_of(include, {"openssl/", "curl/"})) &&
                                          !(is_trial && include.starts_with("sys/"));
                               }),
                IsEmpty());
}

TEST(includes, of_the_contract_are_two_c_headers_and_its_own)
{
    const std::set<std::string, std::less<>> standard{"stdint.h", "stddef.h"};
    EXPECT_THAT(wrong_includes("sdk/include/postern/abi",
                               [&](const source_file&, std::string_view include) {
                                   // A sibling by its bare name is found wherever the folder lies.
                                   const auto sibling = source_root() / "sdk/include/postern/abi" / include;
                                   return !standard.contains(include) && !std::filesystem::exists(sibling);
                               }),
                IsEmpty());
}

TEST(includes, are_found_at_all)
{
    EXPECT_THAT(sources_in("core"), Not(IsEmpty()));
    EXPECT_THAT(wrong_includes("core", [](const source_file&, std::string_view) { return true; }), Not(IsEmpty()));
}

} // namespace
} // namespace postern::test
