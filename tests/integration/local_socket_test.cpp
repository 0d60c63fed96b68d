// A listener whose address is a path.

#include "tests/support/next_hop.hpp"
#include "tests/support/server.hpp"
#include "tests/support/socket.hpp"
#include "tests/support/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include <sys/socket.h>
#include <sys/un.h>

namespace postern::test {
namespace {

[[nodiscard]] tcp_stream connect_to(const std::string& path)
{
    sockaddr_un where{};
    where.sun_family = AF_UNIX;
    std::strncpy(where.sun_path, path.c_str(), sizeof where.sun_path - 1);
    const int number = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    EXPECT_EQ(::connect(number, reinterpret_cast<const sockaddr*>(&where), sizeof where), 0) << path;
    return tcp_stream{descriptor{number}};
}

TEST(a_listener_on_a_local_socket, serves_like_one_on_a_port)
{
    const temporary_folder folder;
    make_certificate(folder.path());
    const auto path = (folder.path() / "in.sock").string();
    next_hop next;
    auto text = configuration::relay(next.address()).text();
    const std::string_view port = "127.0.0.1:0";
    text.replace(text.find(port), port.size(), "unix:" + path);
    server gateway{configuration::of_text(text), folder.path()};
    auto client = connect_to(path);
    const auto says = [&](std::string_view line) {
        EXPECT_TRUE(line.empty() || client.write(std::string{line} + "\r\n"));
        std::optional<std::string> reply;
        do
            reply = client.read_line();
        while (reply && reply->size() > 3 && (*reply)[3] == '-');
        return reply.value_or("");
    };
    EXPECT_EQ(says("").substr(0, 4), "220 ");
    EXPECT_EQ(says("EHLO client.example").substr(0, 4), "250 ");
    EXPECT_EQ(says("MAIL FROM:<a@client.example>").substr(0, 4), "250 ");
    EXPECT_EQ(says("RCPT TO:<user@example.com>").substr(0, 4), "250 ");
    EXPECT_EQ(says("DATA").substr(0, 4), "354 ");
    EXPECT_EQ(says("Subject: hi\r\n\r\nhello\r\n.").substr(0, 4), "250 ");
    EXPECT_TRUE(next.wait_for(1)) << gateway.log();
}

} // namespace
} // namespace postern::test
