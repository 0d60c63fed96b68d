#include "core/host/password_input.hpp"

#include "core/sasl/crypto.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <string_view>

#include <poll.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

namespace postern::daemon {
namespace {

/// Signals that end or stop a program wait as long as this lives, and a descriptor tells of them. They are never taken: when
/// this ends, each does what it would have done.
class held_signals {
public:
    held_signals()
    {
        sigset_t held;
        ::sigemptyset(&held);
        for (const int each : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP})
            ::sigaddset(&held, each);
        ::pthread_sigmask(SIG_BLOCK, &held, &before_);
        descriptor_ = ::signalfd(-1, &held, SFD_CLOEXEC);
    }
    held_signals(const held_signals&) = delete;
    held_signals& operator=(const held_signals&) = delete;
    ~held_signals()
    {
        ::close(descriptor_);
        ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    }
    [[nodiscard]] int descriptor() const noexcept { return descriptor_; }

private:
    sigset_t before_{};
    int descriptor_ = -1;
};

/// A terminal that does not show what is typed.
class quiet_terminal {
public:
    explicit quiet_terminal(int descriptor) : descriptor_{descriptor}
    {
        is_quiet_ = ::tcgetattr(descriptor, &before_) == 0;
        auto quiet = before_;
        quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        quiet.c_lflag |= ICANON | ISIG;
        is_quiet_ = is_quiet_ && ::tcsetattr(descriptor, TCSAFLUSH, &quiet) == 0;
    }
    quiet_terminal(const quiet_terminal&) = delete;
    quiet_terminal& operator=(const quiet_terminal&) = delete;
    ~quiet_terminal()
    {
        if (is_quiet_)
            ::tcsetattr(descriptor_, TCSAFLUSH, &before_);
    }
    [[nodiscard]] bool is_quiet() const noexcept { return is_quiet_; }

private:
    int descriptor_;
    termios before_{};
    bool is_quiet_ = false;
};

void say(int descriptor, std::string_view text)
{
    // What cannot be shown is no reason not to read.
    static_cast<void>(!::write(descriptor, text.data(), text.size()));
}

/// One read of the terminal is a line. Nothing: its end, or a signal.
std::optional<std::string> read_line(int descriptor, const held_signals& signals, std::string_view question)
{
    say(descriptor, question);
    std::array<pollfd, 2> both{pollfd{descriptor, POLLIN, 0}, pollfd{signals.descriptor(), POLLIN, 0}};
    int ready = 0;
    do
        ready = ::poll(both.data(), both.size(), -1);
    while (ready < 0 && errno == EINTR);
    std::string line(most_password_octets, '\0');
    const auto count = ready > 0 && both[1].revents == 0 ? ::read(descriptor, line.data(), line.size()) : -1;
    say(descriptor, "\n"); // the one that was typed was not shown
    if (count <= 0)
        return std::nullopt;
    line.resize(static_cast<std::size_t>(count)); // it stays where it is
    if (line.ends_with('\n'))
        line.pop_back();
    return line;
}

std::optional<std::string> ask_twice(int descriptor, std::string& why)
{
    const held_signals signals;
    const quiet_terminal terminal{descriptor};
    if (!terminal.is_quiet()) {
        why = "the terminal would show the password; give it by a pipe";
        return std::nullopt;
    }
    auto first = read_line(descriptor, signals, "Password: ");
    if (!first || first->empty()) {
        why = "no password was given";
        return std::nullopt;
    }
    auto second = read_line(descriptor, signals, "The same again: ");
    const bool is_same = second && *second == *first;
    if (second)
        sasl::wipe(*second);
    if (is_same)
        return first;
    sasl::wipe(*first);
    why = "that was not the same; nothing is changed";
    return std::nullopt;
}

} // namespace

std::optional<std::string> read_password(int descriptor, std::string& why)
{
    if (::isatty(descriptor) == 1)
        return ask_twice(descriptor, why);
    std::string all(most_password_octets + 1, '\0');
    std::size_t length = 0;
    while (length < all.size()) {
        const auto count = ::read(descriptor, all.data() + length, all.size() - length);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0) {
            why = std::string{"the password cannot be read: "} + std::strerror(errno);
            sasl::wipe(all);
            return std::nullopt;
        }
        if (count == 0)
            break;
        length += static_cast<std::size_t>(count);
    }
    if (length > most_password_octets || length == 0) {
        why = length == 0 ? "no password was given; it comes on standard input" : "the password is too long";
        sasl::wipe(all);
        return std::nullopt;
    }
    all.resize(length);
    return all;
}

} // namespace postern::daemon
