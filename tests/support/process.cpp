#include "tests/support/process.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>

#include <fcntl.h>
#include <poll.h>
#include <csignal>
#include <ctime>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace postern::test {
namespace {

struct pipe_ends {
    int read = -1;
    int write = -1;
};

[[nodiscard]] pipe_ends make_pipe()
{
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0)
        throw std::runtime_error{fmt::format("pipe: {}", std::strerror(errno))};
    return {ends[0], ends[1]};
}

/// Debian keeps Postfix's programs in /usr/sbin, which is not in every user's PATH.
[[nodiscard]] std::string search_path()
{
    const char* path = std::getenv("PATH");
    return fmt::format("PATH={}:/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin", path != nullptr ? path : "");
}

[[nodiscard]] std::string find_program(const std::string& name, std::string_view path)
{
    if (name.find('/') != std::string::npos)
        return name;
    path.remove_prefix(std::string_view{"PATH="}.size());
    while (!path.empty()) {
        const auto end = std::min(path.find(':'), path.size());
        auto candidate = std::string{path.substr(0, end)} + "/" + name;
        if (::access(candidate.c_str(), X_OK) == 0)
            return candidate;
        path.remove_prefix(std::min(end + 1, path.size()));
    }
    throw std::runtime_error{fmt::format("{}: no such program; ./dev test installs what the tests need", name)};
}

/// The environment with a longer PATH.
[[nodiscard]] std::vector<std::string> environment(const std::string& path)
{
    std::vector<std::string> all;
    for (char** entry = environ; *entry != nullptr; ++entry)
        if (std::string_view{*entry}.substr(0, 5) != "PATH=")
            all.emplace_back(*entry);
    all.push_back(path);
    return all;
}

[[nodiscard]] std::vector<char*> pointers(std::vector<std::string>& words)
{
    std::vector<char*> all;
    for (auto& word : words)
        all.push_back(word.data());
    all.push_back(nullptr);
    return all;
}

[[nodiscard]] int milliseconds_until(std::chrono::steady_clock::time_point end)
{
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 3'600'000));
}

} // namespace

process::process(start_options options)
{
    const auto path = search_path();
    const auto program = find_program(options.command.at(0), path);
    auto variables = environment(path);
    // Everything that allocates happens before fork(): the child of a threaded parent may only make system calls.
    const auto argv = pointers(options.command);
    const auto envp = pointers(variables);
    const auto folder = options.folder.string();
    const auto in = make_pipe();
    const auto out = make_pipe();
    const auto err = make_pipe();
    const auto parent = ::getpid();

    pid_ = ::fork();
    if (pid_ < 0)
        throw std::runtime_error{fmt::format("fork: {}", std::strerror(errno))};
    if (pid_ == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (::getppid() != parent)
            ::_exit(126); // it died before we asked to be told
        ::dup2(in.read, 0);
        ::dup2(out.write, 1);
        ::dup2(err.write, 2);
        ::signal(SIGPIPE, SIG_DFL);
        if (!folder.empty() && ::chdir(folder.c_str()) != 0)
            ::_exit(126);
        ::execve(program.c_str(), argv.data(), envp.data());
        ::_exit(127);
    }
    ::close(in.read);
    ::close(out.write);
    ::close(err.write);
    pidfd_ = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
    if (pidfd_ < 0)
        throw std::runtime_error{fmt::format("pidfd_open: {}", std::strerror(errno))};
    input_ = in.write;
    ::signal(SIGPIPE, SIG_IGN);
    reader_ = std::thread{[this, out, err] { collect(out.read, err.read); }};
    write_input(options.input);
    if (!options.keep_input_open)
        close_input();
}

process::~process()
{
    kill();
    close_input();
    reader_.join();
    ::close(pidfd_);
}

void process::collect(int output, int errors)
{
    std::array<pollfd, 2> sources{pollfd{output, POLLIN, 0}, pollfd{errors, POLLIN, 0}};
    const std::array<collected*, 2> targets{&output_, &errors_};
    std::array<char, 65536> buffer{};
    for (std::size_t open = sources.size(); open > 0;) {
        if (::poll(sources.data(), sources.size(), -1) < 0)
            continue;
        for (std::size_t i = 0; i < sources.size(); ++i) {
            if (sources[i].fd < 0 || sources[i].revents == 0)
                continue;
            const auto got = ::read(sources[i].fd, buffer.data(), buffer.size());
            const std::lock_guard lock{mutex_};
            if (got > 0) {
                targets[i]->text.append(buffer.data(), static_cast<std::size_t>(got));
            } else {
                targets[i]->ended = true;
                ::close(sources[i].fd);
                sources[i].fd = -1;
                --open;
            }
            changed_.notify_all();
        }
    }
}

std::optional<std::size_t> process::open_descriptors() const
{
    std::error_code failed;
    const std::filesystem::directory_iterator all{fmt::format("/proc/{}/fd", pid_), failed};
    if (failed)
        return std::nullopt;
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

void process::signal(int number) const
{
    if (!status_)
        ::kill(pid_, number);
}

std::optional<exit_status> process::wait(std::chrono::milliseconds limit)
{
    if (status_)
        return status_;
    pollfd end{pidfd_, POLLIN, 0};
    const auto deadline = std::chrono::steady_clock::now() + limit;
    while (::poll(&end, 1, milliseconds_until(deadline)) < 0 && errno == EINTR) {
    }
    if ((end.revents & POLLIN) == 0)
        return std::nullopt;
    int how = 0;
    rusage used{};
    if (::wait4(pid_, &how, 0, &used) != pid_)
        return std::nullopt;
    cpu_used_ = std::chrono::seconds{used.ru_utime.tv_sec + used.ru_stime.tv_sec} +
                std::chrono::microseconds{used.ru_utime.tv_usec + used.ru_stime.tv_usec};
    status_ = WIFEXITED(how) ? exit_status{WEXITSTATUS(how), 0} : exit_status{-1, WTERMSIG(how)};
    // What it wrote last is in the pipes until the reader has taken it; a grandchild may hold them open.
    std::unique_lock lock{mutex_};
    changed_.wait_for(lock, std::chrono::seconds{2}, [this] { return output_.ended && errors_.ended; });
    return status_;
}

void process::kill()
{
    signal(SIGKILL);
    (void)wait();
}

std::string process::output() const
{
    const std::lock_guard lock{mutex_};
    return output_.text;
}

std::string process::errors() const
{
    const std::lock_guard lock{mutex_};
    return errors_.text;
}

bool process::wait_for(const collected& what, const std::function<bool(std::string_view)>& holds, std::chrono::milliseconds limit)
{
    std::unique_lock lock{mutex_};
    bool found = false;
    changed_.wait_for(lock, limit, [&] { return (found = holds(what.text)) || what.ended; });
    return found;
}

bool process::wait_for_output(const std::function<bool(std::string_view)>& holds, std::chrono::milliseconds limit)
{
    return wait_for(output_, holds, limit);
}

bool process::wait_for_errors(const std::function<bool(std::string_view)>& holds, std::chrono::milliseconds limit)
{
    return wait_for(errors_, holds, limit);
}

void process::write_input(std::string_view octets)
{
    while (!octets.empty() && input_ >= 0) {
        const auto put = ::write(input_, octets.data(), octets.size());
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return; // it reads no more: its own business
        octets.remove_prefix(static_cast<std::size_t>(put));
    }
}

void process::close_input()
{
    if (input_ >= 0)
        ::close(input_);
    input_ = -1;
}

outcome run(start_options options, std::chrono::milliseconds limit)
{
    process child{std::move(options)};
    auto status = child.wait(limit);
    if (!status) {
        child.kill();
        status = exit_status{-1, SIGKILL};
    }
    return {*status, child.output(), child.errors()};
}

outcome run(std::vector<std::string> command, std::string input, std::chrono::milliseconds limit)
{
    return run(start_options{.command = std::move(command), .input = std::move(input)}, limit);
}

// --- accounting ------------------------------------------------------------------------------------------------------

namespace {

/// The fields of /proc/PID/stat behind the name; field 0 is the state. Empty: no such process.
[[nodiscard]] std::vector<std::string> stat_fields(pid_t process)
{
    std::ifstream file{fmt::format("/proc/{}/stat", process)};
    std::string line;
    std::getline(file, line);
    const auto end = line.rfind(')');
    if (end == std::string::npos)
        return {};
    std::istringstream rest{line.substr(end + 1)};
    std::vector<std::string> fields;
    for (std::string field; rest >> field;)
        fields.push_back(field);
    return fields;
}

[[nodiscard]] std::uint64_t status_octets(pid_t process, std::string_view key, std::string_view name = "status")
{
    std::ifstream file{fmt::format("/proc/{}/{}", process, name)};
    for (std::string line; std::getline(file, line);)
        if (line.compare(0, key.size(), key) == 0)
            return std::stoull(line.substr(key.size())) * 1024;
    return 0;
}

} // namespace

std::vector<pid_t> tree_of(pid_t process)
{
    std::multimap<pid_t, pid_t> children;
    for (const auto& entry : std::filesystem::directory_iterator{"/proc"}) {
        const auto name = entry.path().filename().string();
        if (name.find_first_not_of("0123456789") != std::string::npos)
            continue;
        const auto fields = stat_fields(static_cast<pid_t>(std::stol(name)));
        if (fields.size() > 1)
            children.emplace(static_cast<pid_t>(std::stol(fields[1])), static_cast<pid_t>(std::stol(name)));
    }
    std::vector<pid_t> all{process};
    for (std::size_t i = 0; i < all.size(); ++i) {
        const auto [first, last] = children.equal_range(all[i]);
        for (auto child = first; child != last; ++child)
            all.push_back(child->second);
    }
    return all;
}

std::chrono::nanoseconds cpu_time(pid_t process)
{
    clockid_t clock{};
    timespec used{};
    if (::clock_getcpuclockid(process, &clock) != 0 || ::clock_gettime(clock, &used) != 0)
        return {};
    return std::chrono::seconds{used.tv_sec} + std::chrono::nanoseconds{used.tv_nsec};
}

std::chrono::nanoseconds cpu_time_of_tree(pid_t process)
{
    constexpr std::size_t dead_user = 13; // cutime and cstime of proc(5)
    constexpr std::size_t dead_system = 14;
    const auto tick = std::chrono::nanoseconds{1'000'000'000 / ::sysconf(_SC_CLK_TCK)};
    std::chrono::nanoseconds total{};
    for (const auto each : tree_of(process)) {
        total += cpu_time(each);
        if (const auto fields = stat_fields(each); fields.size() > dead_system)
            total += tick * (std::stoll(fields[dead_user]) + std::stoll(fields[dead_system]));
    }
    return total;
}

std::uint64_t resident_memory(pid_t process)
{
    return status_octets(process, "VmRSS:");
}

std::uint64_t peak_memory(pid_t process)
{
    return status_octets(process, "VmHWM:");
}

std::uint64_t resident_memory_of_tree(pid_t process)
{
    std::uint64_t total = 0;
    for (const auto each : tree_of(process))
        for (const auto* kind : {"Pss_Anon:", "Pss_Shmem:"})
            total += status_octets(each, kind, "smaps_rollup");
    return total;
}

std::uint64_t peak_memory_of_tree(pid_t process)
{
    std::uint64_t total = 0;
    for (const auto each : tree_of(process)) {
        const auto of_files = status_octets(each, "RssFile:");
        const auto peak = peak_memory(each);
        total += peak > of_files ? peak - of_files : 0;
    }
    return total;
}

} // namespace postern::test
