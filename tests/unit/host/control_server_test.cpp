#include "core/host/control_server.hpp"
#include "core/host/process.hpp"
#include "tests/support/memory_log.hpp"
#include "tests/support/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>

namespace postern::daemon {
namespace {

using ::testing::HasSubstr;

class a_control_socket : public ::testing::Test {
protected:
    std::unique_ptr<control_server> open()
    {
        std::string why;
        auto out = control_server::open(path_, base::log{log_}, why);
        EXPECT_NE(out, nullptr) << why;
        return out;
    }
    std::unique_ptr<control_server> answering()
    {
        auto out = open();
        out->start([](std::string_view request) { return "<" + std::string{request} + ">"; });
        return out;
    }
    int connected() const
    {
        sockaddr_un to{};
        to.sun_family = AF_UNIX;
        std::memcpy(to.sun_path, path_.c_str(), path_.native().size());
        const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        EXPECT_EQ(::connect(socket, reinterpret_cast<const sockaddr*>(&to), sizeof to), 0);
        return socket;
    }
    /// All octets until `lines` line ends or the end of the stream.
    static std::string receive(int socket, std::ptrdiff_t lines)
    {
        std::string out;
        std::array<char, 4096> buffer{};
        while (std::count(out.begin(), out.end(), '\n') < lines) {
            const auto count = ::recv(socket, buffer.data(), buffer.size(), 0);
            if (count <= 0)
                break;
            out.append(buffer.data(), static_cast<std::size_t>(count));
        }
        return out;
    }

    postern::test::temporary_folder folder_;
    std::filesystem::path path_ = folder_ / "control.sock";
    postern::test::memory_log log_;
};

TEST_F(a_control_socket, answers_a_line_with_a_line)
{
    const auto server = answering();
    std::string why;
    EXPECT_EQ(ask_control(path_, "status", why), "<status>") << why;
    EXPECT_EQ(ask_control(path_, "again", why), "<again>") << why;
}

/// Gives a line for each ring.
class rung_source final : public line_source {
public:
    explicit rung_source(int bell) : bell_{bell} {}
    [[nodiscard]] int descriptor() const noexcept override { return bell_; }
    [[nodiscard]] std::string take() override
    {
        std::uint64_t times = 0;
        EXPECT_EQ(::read(bell_, &times, sizeof times), static_cast<ssize_t>(sizeof times));
        return "rung\n";
    }

private:
    int bell_;
};

TEST_F(a_control_socket, streams_until_the_client_leaves_and_answers_others_meanwhile)
{
    const int bell = ::eventfd(0, EFD_CLOEXEC);
    auto server = open();
    server->start([](std::string_view request) { return std::string{request}; },
                  [bell](std::string_view request) -> std::unique_ptr<line_source> {
                      return request == "stream" ? std::make_unique<rung_source>(bell) : nullptr;
                  });
    const int viewer = connected();
    ASSERT_EQ(::send(viewer, "stream\n", 7, 0), 7);
    EXPECT_EQ(receive(viewer, 1), "{\"ok\":true}\n");
    for (int i = 0; i < 2; ++i) {
        ASSERT_EQ(::eventfd_write(bell, 1), 0);
        EXPECT_EQ(receive(viewer, 1), "rung\n");
        std::string why;
        EXPECT_EQ(ask_control(path_, "question", why), "question") << why;
    }
    ::close(viewer);

    unsigned seen = 0;
    ASSERT_EQ(::eventfd_write(bell, 1), 0);
    const auto why = follow_control(path_, "stream", [&](std::string_view line) {
        EXPECT_EQ(line, ++seen == 1 ? "{\"ok\":true}" : "rung");
        return seen != 2;
    });
    EXPECT_EQ(why, "");
    EXPECT_EQ(seen, 2U);
    const int last = connected(); // which the end of the server ends
    ASSERT_EQ(::send(last, "stream\n", 7, 0), 7);
    EXPECT_EQ(receive(last, 1), "{\"ok\":true}\n");
    server.reset();
    EXPECT_EQ(receive(last, 1), "");
    ::close(last);
    ::close(bell);
}

TEST_F(a_control_socket, is_its_owners_alone)
{
    const auto server = open();
    struct stat facts {};
    ASSERT_EQ(::lstat(path_.c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 07777U, 0600U);
}

TEST_F(a_control_socket, is_removed_at_the_end)
{
    answering().reset();
    EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(a_control_socket, takes_lines_in_any_portions)
{
    const auto server = answering();
    const int socket = connected();
    for (const char octet : std::string_view{"one\ntwo\n"})
        ASSERT_EQ(::send(socket, &octet, 1, MSG_NOSIGNAL), 1);
    EXPECT_EQ(receive(socket, 2), "<one>\n<two>\n");
    ::close(socket);
}

TEST_F(a_control_socket, takes_a_line_up_to_its_limit_and_no_longer)
{
    const auto server = answering();
    const std::size_t limit = std::size_t{64} << 10U;
    std::string why;
    EXPECT_EQ(ask_control(path_, std::string(limit - 1, 'x'), why).size(), limit + 1);
    const int socket = connected();
    const std::string endless(limit + 4096, 'x');
    (void)::send(socket, endless.data(), endless.size(), MSG_NOSIGNAL);
    EXPECT_EQ(receive(socket, 1), ""); // closed
    ::close(socket);
    EXPECT_EQ(ask_control(path_, "well", why), "<well>") << why;
}

TEST_F(a_control_socket, takes_the_place_of_a_dead_one_only)
{
    sockaddr_un where{};
    where.sun_family = AF_UNIX;
    std::memcpy(where.sun_path, path_.c_str(), path_.native().size());
    const int dead = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ASSERT_EQ(::bind(dead, reinterpret_cast<const sockaddr*>(&where), sizeof where), 0);
    ::close(dead); // its file stays
    const auto server = answering();
    std::string why;
    EXPECT_EQ(control_server::open(path_, base::log{log_}, why), nullptr);
    EXPECT_THAT(why, HasSubstr("another server answers there"));
    EXPECT_EQ(ask_control(path_, "still", why), "<still>");
}

// A folder that we can write does not make a living server's socket ours.
TEST_F(a_control_socket, that_we_may_not_ask_is_left_alone)
{
    std::string why;
    const auto nobody = find_account("nobody", "", why);
    if (::geteuid() != 0 || !nobody)
        GTEST_SKIP() << "needs root, and a user nobody";
    const auto server = answering(); // root's
    ASSERT_EQ(::chown(folder_.path().c_str(), nobody->uid, nobody->gid), 0);
    {
        const acting_as other{&*nobody};
        EXPECT_EQ(control_server::open(path_, base::log{log_}, why), nullptr);
    }
    EXPECT_EQ(why, path_.string() + ": Permission denied");
    EXPECT_EQ(ask_control(path_, "still", why), "<still>") << why;
}

TEST_F(a_control_socket, leaves_a_file_alone)
{
    folder_.write("control.sock", "precious");
    std::string why;
    EXPECT_EQ(control_server::open(path_, base::log{log_}, why), nullptr);
    EXPECT_THAT(why, HasSubstr("exists and is no socket"));
    EXPECT_EQ(postern::test::read_file(path_), "precious");
}

TEST_F(a_control_socket, that_is_not_there_is_said_to_be_so)
{
    std::string why;
    EXPECT_EQ(ask_control(path_, "status", why), "");
    EXPECT_THAT(why, HasSubstr("is the server running?"));
}

} // namespace
} // namespace postern::daemon
