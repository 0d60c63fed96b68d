#include "program.hpp"

#include "content_form.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace pipe_transport {
namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

constexpr std::size_t piece = 64 * 1024;
constexpr std::size_t most_output = 4 * 1024; // of which the end is kept
constexpr auto grace = 1s;                    // between SIGTERM and SIGKILL

class descriptor {
public:
    descriptor() = default;
    explicit descriptor(int number) noexcept : number_{number} {}
    descriptor(const descriptor&) = delete;
    descriptor& operator=(const descriptor&) = delete;
    ~descriptor() { close(); }
    [[nodiscard]] int get() const noexcept { return number_; }
    [[nodiscard]] bool is_open() const noexcept { return number_ >= 0; }
    void take(int number) noexcept
    {
        close();
        number_ = number;
    }
    void close() noexcept
    {
        if (number_ >= 0)
            ::close(std::exchange(number_, -1));
    }

private:
    int number_ = -1;
};

struct pipe_ends {
    descriptor reads;
    descriptor writes;
    [[nodiscard]] bool make() noexcept
    {
        std::array<int, 2> both{};
        if (::pipe2(both.data(), O_CLOEXEC) != 0)
            return false;
        reads.take(both[0]);
        writes.take(both[1]);
        return true;
    }
};

/// Why a program did not start, as its process told before it ended.
struct fault {
    int error = 0;
    int step = 0;
};
constexpr std::array<const char*, 6> steps{"fork", "descriptors", "group", "user", "folder", "exec"};

/// What follows happens between fork and exec of a process with threads: system calls, and nothing that might lock.
class child {
public:
    child(const std::vector<char*>& arguments, const std::vector<char*>& environment, const surroundings& in) noexcept
        : arguments_{arguments}, environment_{environment}, in_{in}
    {
    }
    [[noreturn]] void become(int reads, int writes, int tells) const noexcept
    {
        ::setsid(); // a group of its own, and no terminal
        struct sigaction usual {};
        usual.sa_handler = SIG_DFL;
        for (int each = 1; each < NSIG; ++each)
            ::sigaction(each, &usual, nullptr);
        sigset_t none;
        ::sigemptyset(&none);
        ::sigprocmask(SIG_SETMASK, &none, nullptr);

        // Above the three that are replaced, in case the server has closed some of them.
        tells = ::fcntl(tells, F_DUPFD_CLOEXEC, 3);
        reads = ::fcntl(reads, F_DUPFD_CLOEXEC, 3);
        writes = ::fcntl(writes, F_DUPFD_CLOEXEC, 3);
        if (tells < 0 || reads < 0 || writes < 0 || ::dup2(reads, 0) < 0 || ::dup2(writes, 1) < 0 || ::dup2(writes, 2) < 0)
            fail(tells, 1);
        if (::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) != 0) // whatever libraries have left open
            fail(tells, 1);
        ::umask(in_.umask);
        if (const auto& who = in_.becomes) {
            if (::setgroups(who->groups.size(), who->groups.data()) != 0 || ::setgid(who->group) != 0)
                fail(tells, 2);
            if (::setuid(who->user) != 0 || ::setuid(0) == 0)
                fail(tells, 3);
        }
        // What was killed cannot end its programs any more: none of them is to take the pipe's end for the message's.
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (::getppid() != server_)
            end();
        if (::chdir(in_.directory.c_str()) != 0)
            fail(tells, 4);
        ::execve(arguments_[0], arguments_.data(), environment_.data());
        fail(tells, 5);
    }

private:
    [[noreturn]] static void fail(int tells, int step) noexcept
    {
        const fault what{errno, step};
        [[maybe_unused]] const auto written = ::write(tells, &what, sizeof what);
        end();
    }
    /// Of the new process alone, and without anything that the server has registered for its own.
    [[noreturn]] static void end() noexcept
    {
        for (;;)
            ::kill(::getpid(), SIGKILL);
    }
    const std::vector<char*>& arguments_;
    const std::vector<char*>& environment_;
    const surroundings& in_;
    pid_t server_ = ::getpid();
};

[[nodiscard]] std::vector<char*> pointers_to(const std::vector<std::string>& texts)
{
    std::vector<char*> all;
    all.reserve(texts.size() + 1);
    for (const auto& each : texts)
        all.push_back(const_cast<char*>(each.c_str())); // execve changes none of them
    all.push_back(nullptr);
    return all;
}

[[nodiscard]] ending unstarted(int error, const char* step)
{
    return {ending::kind::unstarted, error, {}, step};
}

/// A program that runs, from its start to its end.
class running {
public:
    running(const input& from, clock::time_point deadline, int cancel) : from_{from}, deadline_{deadline}, cancel_{cancel} {}
    running(const running&) = delete;
    running& operator=(const running&) = delete;
    ~running()
    {
        if (process_ > 0) { // whatever was thrown: nothing of it stays
            ::kill(-process_, SIGKILL);
            ::kill(process_, SIGKILL);
            ::waitpid(process_, nullptr, 0);
        }
    }

    [[nodiscard]] ending run(const std::vector<std::string>& arguments, const surroundings& in)
    {
        if (auto why = start(arguments, in))
            return std::move(*why);
        pending_ = from_.preface;
        for (;;) {
            if (pending_.empty() && to_.writes.is_open() && why_ == ending::kind::exited && !fill())
                end_it(ending::kind::torn);
            if (auto over = wait())
                return std::move(*over);
        }
    }

private:
    [[nodiscard]] std::optional<ending> start(const std::vector<std::string>& arguments, const surroundings& in)
    {
        const auto argv = pointers_to(arguments);
        const auto environment = pointers_to(in.environment);
        if (!to_.make() || !out_.make() || !told_.make())
            return unstarted(errno, "pipe");
        const child made{argv, environment, in};
        process_ = ::fork();
        if (process_ == 0)
            made.become(to_.reads.get(), out_.writes.get(), told_.writes.get());
        if (process_ < 0)
            return unstarted(errno, steps[0]);
        to_.reads.close();
        out_.writes.close();
        told_.writes.close();
        // glibc 2.36 declares pidfd_open without a linkage that C++ can use.
        end_.take(static_cast<int>(::syscall(SYS_pidfd_open, process_, 0)));
        if (!end_.is_open())
            return unstarted(errno, "pidfd_open");
        for (const auto* each : {&to_.writes, &out_.reads, &told_.reads})
            ::fcntl(each->get(), F_SETFL, O_NONBLOCK);
        return std::nullopt;
    }

    /// The next octets for it. False: they cannot be had.
    [[nodiscard]] bool fill()
    {
        if (offset_ == from_.size) { // nowhere else: who is being ended must not take a part for the whole
            to_.writes.close();
            return true;
        }
        std::string octets(static_cast<std::size_t>(std::min<std::uint64_t>(piece, from_.size - offset_)), '\0');
        const auto count = from_.content(offset_, octets.data(), octets.size());
        if (count <= 0)
            return false;
        octets.resize(static_cast<std::size_t>(count));
        offset_ += octets.size();
        pending_ = from_.shortens_lines ? shortener_.next(octets, offset_ == from_.size) : std::move(octets);
        return true;
    }

    /// For the next thing to happen. Its end, if it has come.
    [[nodiscard]] std::optional<ending> wait()
    {
        const bool is_ending = why_ != ending::kind::exited;
        const auto until = is_ending ? kill_at_ : deadline_;
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - clock::now());
        std::array<pollfd, 5> all{{{end_.get(), POLLIN, 0},
                                   {is_ending ? -1 : cancel_, POLLIN, 0},
                                   {told_.reads.get(), POLLIN, 0},
                                   {out_.reads.get(), POLLIN, 0},
                                   {pending_.empty() || is_ending ? -1 : to_.writes.get(), POLLOUT, 0}}};
        const auto timeout = std::clamp<std::chrono::milliseconds::rep>(left.count(), 0, 3'600'000);
        if (::poll(all.data(), all.size(), static_cast<int>(timeout)) < 0 && errno != EINTR)
            end_it(ending::kind::cancelled);
        if (all[2].revents != 0)
            hear_fault();
        if (all[3].revents != 0)
            (void)hear();
        if (all[4].revents != 0)
            feed();
        if (all[0].revents != 0)
            return reap();
        if (all[1].revents != 0)
            end_it(ending::kind::cancelled);
        if (clock::now() >= until) {
            if (is_ending && ::kill(-process_, SIGKILL) != 0)
                ::kill(process_, SIGKILL);
            if (!is_ending)
                end_it(ending::kind::timed_out);
            kill_at_ = clock::now() + grace; // again, should it be so
        }
        return std::nullopt;
    }

    void end_it(ending::kind why)
    {
        if (why_ != ending::kind::exited)
            return;
        why_ = why;
        kill_at_ = clock::now() + grace;
        if (::kill(-process_, SIGTERM) != 0) // it has not come so far as to have a group
            ::kill(process_, SIGTERM);
    }

    void hear_fault()
    {
        fault told;
        const auto count = ::read(told_.reads.get(), &told, sizeof told);
        if (count < 0 && errno == EAGAIN)
            return;
        told_.reads.close();
        if (count == static_cast<ssize_t>(sizeof told))
            fault_ = told;
    }

    /// False: there is nothing more, now or at all.
    bool hear()
    {
        std::array<char, most_output> octets{};
        const auto count = ::read(out_.reads.get(), octets.data(), octets.size());
        if (count == 0)
            out_.reads.close();
        if (count <= 0)
            return false;
        output_.append(octets.data(), static_cast<std::size_t>(count));
        if (output_.size() > most_output)
            output_.erase(0, output_.size() - most_output);
        return true;
    }

    void feed()
    {
        const auto count = ::write(to_.writes.get(), pending_.data(), pending_.size());
        if (count > 0) {
            pending_.erase(0, static_cast<std::size_t>(count));
        } else if (count < 0 && errno != EAGAIN && errno != EINTR) { // it wants no more: its code says what that means
            pending_.clear();
            to_.writes.close();
        }
    }

    [[nodiscard]] ending reap()
    {
        if (why_ != ending::kind::exited)
            ::kill(-process_, SIGKILL); // while its number is still its own
        int status = 0;
        while (::waitpid(process_, &status, 0) < 0 && errno == EINTR) {
        }
        process_ = -1;
        hear_fault();
        for (int reads = 0; reads < 16 && out_.reads.is_open() && hear(); ++reads) {
            // what a pipe holds; of what it leaves running nobody waits for more
        }
        if (fault_)
            return unstarted(fault_->error, steps.at(static_cast<std::size_t>(fault_->step)));
        if (why_ != ending::kind::exited)
            return {why_, 0, std::move(output_)};
        if (WIFSIGNALED(status))
            return {ending::kind::killed, WTERMSIG(status), std::move(output_)};
        return {ending::kind::exited, WEXITSTATUS(status), std::move(output_)};
    }

    const input& from_;
    clock::time_point deadline_;
    int cancel_;
    pid_t process_ = -1;
    pipe_ends to_;
    pipe_ends out_;
    pipe_ends told_;
    descriptor end_;
    std::string pending_;
    line_shortener shortener_;
    std::uint64_t offset_ = 0;
    std::string output_;
    std::optional<fault> fault_;
    ending::kind why_ = ending::kind::exited; ///< else: why it is being ended
    clock::time_point kill_at_;
};

} // namespace

ending run(const std::vector<std::string>& arguments, const surroundings& in, const input& from,
           std::chrono::steady_clock::time_point deadline, int cancel)
{
    return running{from, deadline, cancel}.run(arguments, in);
}

} // namespace pipe_transport
