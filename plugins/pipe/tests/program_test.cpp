#include "../src/program.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <string>
#include <thread>

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

namespace pipe_transport {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;
using kind = ending::kind;

/// A named pipe: whoever of a program's processes lives holds its other end.
class leash {
public:
    leash()
    {
        EXPECT_EQ(::mkfifo(path_.c_str(), 0666), 0);
        reads_ = ::open(path_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    }
    ~leash()
    {
        ::close(reads_);
        std::filesystem::remove(path_);
    }
    [[nodiscard]] const std::string& path() const noexcept { return path_; }
    [[nodiscard]] bool becomes_free() const
    {
        pollfd end{reads_, 0, 0}; // POLLHUP is told whether one asks or not
        return ::poll(&end, 1, 20'000) == 1 && (end.revents & POLLHUP) != 0;
    }

private:
    std::string path_ = (std::filesystem::temp_directory_path() / ("pipe_leash." + std::to_string(::getpid()))).string();
    int reads_ = -1;
};

class a_program : public ::testing::Test {
protected:
    a_program() { std::signal(SIGPIPE, SIG_IGN); } // as in a server
    ~a_program() override { ::close(cancel_); }

    ending runs(const std::string& script, const std::string& content = {}, std::chrono::milliseconds limit = 20s)
    {
        return runs_all({"/bin/sh", "-c", script}, content, limit);
    }
    ending runs_all(const std::vector<std::string>& arguments, const std::string& content = {},
                    std::chrono::milliseconds limit = 20s)
    {
        input from;
        from.preface = preface_;
        from.size = content.size();
        from.shortens_lines = false;
        from.content = [&](std::uint64_t offset, char* to, std::size_t length) -> std::int64_t {
            if (offset >= torn_at_)
                return -1;
            const auto count = std::min<std::size_t>(length, content.size() - offset);
            std::memcpy(to, content.data() + offset, count);
            return static_cast<std::int64_t>(count);
        };
        return run(arguments, in_, from, std::chrono::steady_clock::now() + limit, cancel_);
    }

    surroundings in_{{"PATH=/usr/bin:/bin", "KNOWN=yes"}, "/", 027, std::nullopt};
    std::string preface_;
    std::uint64_t torn_at_ = UINT64_MAX;
    int cancel_ = ::eventfd(0, EFD_CLOEXEC);
};

TEST_F(a_program, ends_with_its_code_and_what_it_wrote)
{
    const auto end = runs("echo out; echo err >&2; exit 67");
    EXPECT_EQ(end.what, kind::exited);
    EXPECT_EQ(end.number, 67);
    EXPECT_THAT(end.output, HasSubstr("out\n"));
    EXPECT_THAT(end.output, HasSubstr("err\n"));
}

TEST_F(a_program, reads_what_it_is_given_to_the_last_octet)
{
    preface_ = "front\n";
    const std::string content(3'000'000, 'x'); // more than a pipe holds
    EXPECT_EQ(runs("wc -c", content).output, "3000006\n");
    EXPECT_EQ(runs("cat", "").output, "front\n");
}

TEST_F(a_program, that_reads_nothing_is_judged_by_its_code)
{
    const std::string content(1'000'000, 'x');
    EXPECT_EQ(runs("exit 0", content).number, 0);
    EXPECT_EQ(runs("exec <&-; exit 75", content).number, 75);
    EXPECT_EQ(runs("head -c 10 >/dev/null", content).number, 0);
}

TEST_F(a_program, that_writes_without_end_is_heard_as_far_as_it_counts)
{
    const auto end = runs("head -c 1000000 /dev/zero; echo; echo last; exit 1");
    EXPECT_EQ(end.number, 1);
    EXPECT_LE(end.output.size(), 4096u);
    EXPECT_TRUE(end.output.ends_with("\nlast\n"));
}

TEST_F(a_program, sees_no_variable_descriptor_or_signal_of_the_server)
{
    ::setenv("SECRET_OF_THE_SERVER", "x", 1);
    const int leaked = ::dup(2); // without CLOEXEC
    const auto end = runs("env; ls /proc/self/fd; umask; pwd; kill -PIPE $$");
    ::close(leaked);
    EXPECT_THAT(end.output, HasSubstr("KNOWN=yes\n"));
    EXPECT_THAT(end.output, Not(HasSubstr("SECRET")));
    EXPECT_THAT(end.output, HasSubstr("\n0\n1\n2\n3\n0027\n/\n")) << "3 is that of ls";
    EXPECT_EQ(end.what, kind::killed) << "ignored signals are not handed on";
    EXPECT_EQ(end.number, SIGPIPE);
}

TEST_F(a_program, that_takes_too_long_is_ended_with_all_that_it_started)
{
    const leash held;
    const auto end = runs("exec 3>" + held.path() + "; trap '' TERM; echo begun; sleep 600 & wait", "", 500ms);
    EXPECT_EQ(end.what, kind::timed_out);
    EXPECT_EQ(end.output, "begun\n");
    EXPECT_TRUE(held.becomes_free());
}

TEST_F(a_program, that_ends_politely_when_told_to_has_taken_too_long_all_the_same)
{
    EXPECT_EQ(runs("trap 'exit 0' TERM; sleep 600 & wait", "", 200ms).what, kind::timed_out);
}

TEST_F(a_program, that_nobody_wants_any_more_is_ended)
{
    std::thread later{[this] {
        const std::uint64_t one = 1;
        EXPECT_EQ(::write(cancel_, &one, sizeof one), static_cast<ssize_t>(sizeof one));
    }};
    EXPECT_EQ(runs("sleep 600").what, kind::cancelled);
    later.join();
}

TEST_F(a_program, never_sees_the_end_of_a_message_that_was_torn)
{
    torn_at_ = 65536;
    const std::string content(100'000, 'x');
    const auto end = runs("cat >/dev/null; echo whole", content);
    EXPECT_EQ(end.what, kind::torn);
    EXPECT_THAT(end.output, Not(HasSubstr("whole")));
}

TEST_F(a_program, that_cannot_be_started_says_at_which_step)
{
    auto end = runs_all({"/nonexistent/program"});
    EXPECT_EQ(end.what, kind::unstarted);
    EXPECT_EQ(end.number, ENOENT);
    EXPECT_STREQ(end.step, "exec");
    in_.directory = "/nonexistent";
    end = runs("exit 0");
    EXPECT_EQ(end.what, kind::unstarted);
    EXPECT_STREQ(end.step, "folder");
}

TEST_F(a_program, is_run_by_somebody_else_where_the_server_is_root)
{
    if (::geteuid() != 0)
        GTEST_SKIP() << "only root can";
    in_.becomes = identity{65534, 65534, {65534}};
    EXPECT_EQ(runs("id -u; id -g; id -G").output, "65534\n65534\n65534\n");
}

TEST_F(a_program, that_leaves_something_running_is_not_waited_for)
{
    const auto at = std::chrono::steady_clock::now();
    const auto end = runs("sleep 600 & echo $!; exit 0");
    EXPECT_EQ(end.number, 0);
    EXPECT_LT(std::chrono::steady_clock::now() - at, 20s);
    EXPECT_EQ(::kill(std::stoi(end.output), SIGKILL), 0) << "nor ended";
}

} // namespace
} // namespace pipe_transport
