#include "core/host/password_input.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <csignal>
#include <future>
#include <string>

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

namespace postern::daemon {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct answer {
    std::optional<std::string> password;
    std::string why;
};

answer from(int descriptor)
{
    answer out;
    out.password = read_password(descriptor, out.why);
    return out;
}

answer from_pipe(const std::string& octets)
{
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe(ends.data()), 0);
    EXPECT_EQ(::write(ends[1], octets.data(), octets.size()), static_cast<ssize_t>(octets.size()));
    ::close(ends[1]);
    auto out = from(ends[0]);
    ::close(ends[0]);
    return out;
}

/// A terminal at whose other end the test sits.
class a_terminal : public ::testing::Test {
protected:
    a_terminal() : keyboard_{::posix_openpt(O_RDWR | O_NOCTTY)}
    {
        EXPECT_EQ(::grantpt(keyboard_), 0);
        EXPECT_EQ(::unlockpt(keyboard_), 0);
        std::array<char, 256> name{};
        EXPECT_EQ(::ptsname_r(keyboard_, name.data(), name.size()), 0);
        terminal_ = ::open(name.data(), O_RDWR | O_NOCTTY);
    }
    ~a_terminal() override
    {
        ::close(terminal_);
        ::close(keyboard_);
    }

    /// Reads the screen until `words` are on it.
    void sees(std::string_view words)
    {
        std::array<char, 256> piece{};
        while (screen_.find(words, seen_) == std::string::npos) {
            const auto count = ::read(keyboard_, piece.data(), piece.size());
            ASSERT_GT(count, 0);
            screen_.append(piece.data(), static_cast<std::size_t>(count));
        }
        seen_ = screen_.find(words, seen_) + words.size();
    }
    void types(std::string_view text) const
    {
        EXPECT_EQ(::write(keyboard_, text.data(), text.size()), static_cast<ssize_t>(text.size()));
    }
    [[nodiscard]] bool echoes() const
    {
        termios now{};
        EXPECT_EQ(::tcgetattr(terminal_, &now), 0);
        return (now.c_lflag & ECHO) != 0;
    }

    int keyboard_;
    int terminal_ = -1;
    std::string screen_;
    std::size_t seen_ = 0;
};

TEST(a_password, from_a_pipe_is_what_comes_out_of_it)
{
    EXPECT_EQ(from_pipe("secret").password, "secret");
    EXPECT_EQ(from_pipe("secret\n").password, "secret\n"); // whoever reads the file knows about line ends
    EXPECT_EQ(from_pipe(std::string(most_password_octets, 'x')).password, std::string(most_password_octets, 'x'));
    EXPECT_THAT(from_pipe(std::string(most_password_octets + 1, 'x')).why, HasSubstr("too long"));
    EXPECT_THAT(from_pipe("").why, HasSubstr("it comes on standard input"));
    EXPECT_THAT(from(-1).why, HasSubstr("cannot be read"));
}

TEST_F(a_terminal, is_asked_twice_and_shows_nothing)
{
    auto asked = std::async(std::launch::async, [&] { return from(terminal_); });
    sees("Password: ");
    EXPECT_FALSE(echoes());
    types("secret\n");
    sees("The same again: ");
    types("secret\n");
    EXPECT_EQ(asked.get().password, "secret");
    EXPECT_TRUE(echoes());
    sees("\n");
    EXPECT_THAT(screen_, Not(HasSubstr("secret")));
}

TEST_F(a_terminal, has_to_hear_the_same_twice)
{
    auto asked = std::async(std::launch::async, [&] { return from(terminal_); });
    sees("Password: ");
    types("secret\n");
    sees("The same again: ");
    types("secred\n");
    const auto said = asked.get();
    EXPECT_FALSE(said.password);
    EXPECT_THAT(said.why, HasSubstr("not the same"));
    EXPECT_TRUE(echoes());
}

TEST_F(a_terminal, may_end_without_a_password)
{
    for (const char* end : {"\n", "\x04"}) {
        auto asked = std::async(std::launch::async, [&] { return from(terminal_); });
        sees("Password: ");
        types(end);
        EXPECT_FALSE(asked.get().password);
        EXPECT_TRUE(echoes());
    }
}

std::atomic<bool> echoed_at_signal = false;
std::atomic<int> terminal_of_signal = -1;

void at_signal(int)
{
    termios now{};
    echoed_at_signal = ::tcgetattr(terminal_of_signal, &now) == 0 && (now.c_lflag & ECHO) != 0;
}

TEST_F(a_terminal, echoes_again_before_a_signal_does_what_it_does)
{
    terminal_of_signal = terminal_;
    auto* const before = std::signal(SIGTERM, at_signal);
    std::promise<pthread_t> who;
    auto asked = std::async(std::launch::async, [&] {
        who.set_value(::pthread_self());
        return from(terminal_);
    });
    const auto reader = who.get_future().get();
    sees("Password: ");
    ::pthread_kill(reader, SIGTERM);
    EXPECT_FALSE(asked.get().password);
    EXPECT_TRUE(echoed_at_signal);
    std::signal(SIGTERM, before);
}

} // namespace
} // namespace postern::daemon
