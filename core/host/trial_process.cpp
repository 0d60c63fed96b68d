#include "core/host/trial_process.hpp"

#include "core/host/plugin_calls.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <filesystem>
#include <new>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <system_error>

namespace postern::daemon {
namespace {

using testing::conformance::finding;
using testing::conformance::findings;
using testing::conformance::returned_memory;
using testing::conformance::whereabouts;

constexpr rlim_t largest_file = rlim_t{256} << 20U;
constexpr char between = '\x1f';
constexpr std::string_view at_the_end = "the end\n";

/// Memory that survives the child. For its signal handler too, which is given nothing else.
whereabouts* shared_place = nullptr;

class shared_memory {
public:
    shared_memory()
    {
        void* made = ::mmap(nullptr, sizeof(whereabouts), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (made == MAP_FAILED)
            throw std::bad_alloc{};
        at_ = new (made) whereabouts;
    }
    ~shared_memory() { (void)::munmap(at_, sizeof(whereabouts)); }
    shared_memory(const shared_memory&) = delete;
    shared_memory& operator=(const shared_memory&) = delete;
    [[nodiscard]] whereabouts& get() const noexcept { return *at_; }

private:
    whereabouts* at_;
};

class scratch_folder {
public:
    scratch_folder()
    {
        auto name = (std::filesystem::temp_directory_path() / "postern-check-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr)
            throw std::system_error{errno, std::generic_category(), "a folder for the trial"};
        path_ = name;
    }
    ~scratch_folder()
    {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    scratch_folder(const scratch_folder&) = delete;
    scratch_folder& operator=(const scratch_folder&) = delete;
    [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

private:
    std::filesystem::path path_;
};

extern "C" void on_fault(int number, siginfo_t* info, void*)
{
    if (info->si_code > 0)
        shared_place->fault = static_cast<std::uint32_t>(returned_memory::what_is(info->si_addr));
    (void)std::signal(number, SIG_DFL);
    (void)::raise(number);
}

void note_faults()
{
    static std::array<char, 65536> stack;
    stack_t given{};
    given.ss_sp = stack.data();
    given.ss_size = stack.size();
    (void)::sigaltstack(&given, nullptr);
    struct sigaction action {};
    action.sa_sigaction = on_fault;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    for (const int each : {SIGSEGV, SIGBUS})
        (void)::sigaction(each, &action, nullptr);
}

void write_all(int to, std::string_view octets)
{
    while (!octets.empty()) {
        const auto count = ::write(to, octets.data(), octets.size());
        if (count <= 0)
            return;
        octets.remove_prefix(static_cast<std::size_t>(count));
    }
}

/// A line each; a line break in a text is none.
std::string written(const std::vector<finding>& found)
{
    std::string all;
    for (auto each : found) {
        std::ranges::replace(each.what, '\n', ' ');
        std::ranges::replace(each.what, between, ' ');
        all += fmt::format("{}{}{}{}{}\n", each.is_warning ? "w" : "f", between, each.rule, between, each.what);
    }
    return all;
}

std::vector<finding> read_written(std::string_view text)
{
    std::vector<finding> all;
    while (!text.empty()) {
        const auto line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(text.size(), line.size() + 1));
        const auto first = line.find(between);
        const auto second = first == line.npos ? line.npos : line.find(between, first + 1);
        if (second != line.npos)
            all.push_back({std::string{line.substr(first + 1, second - first - 1)}, std::string{line.substr(second + 1)},
                           line.front() == 'w'});
    }
    return all;
}

[[noreturn]] void be_the_child(const std::function<void(findings&, whereabouts&)>& work, whereabouts& where, int to,
                               const std::filesystem::path& folder)
{
    (void)::prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)::dup2(2, 1); // our output is the report
    const rlimit no_core{0, 0};
    (void)::setrlimit(RLIMIT_CORE, &no_core);
    const rlimit file{largest_file, largest_file};
    (void)::setrlimit(RLIMIT_FSIZE, &file);
    (void)std::signal(SIGXFSZ, SIG_IGN); // an error of write, as a full disk
    (void)std::signal(SIGPIPE, SIG_IGN);
    shared_place = &where;
    note_faults();
    if (::chdir(folder.c_str()) != 0)
        ::_exit(125);
    findings found;
    try {
        work(found, where);
    } catch (const std::exception& e) {
        found.add("kit", fmt::format("the trial itself failed: {}", e.what()));
    }
    write_all(to, written(found.all()));
    write_all(to, at_the_end);
    ::_exit(0); // what the plugin registered for the end of a process is not asked
}

/// Reads until the child has closed its end. False: it hangs, and is killed.
bool read_from(int from, pid_t child, const whereabouts& where, trial_limits limits, std::string& text)
{
    using clock = std::chrono::steady_clock;
    auto moved = clock::now();
    auto calls = where.calls.load();
    while (true) {
        pollfd one{from, POLLIN, 0};
        const auto ready = ::poll(&one, 1, 200);
        std::array<char, 4096> piece;
        if (ready > 0) {
            const auto count = ::read(from, piece.data(), piece.size());
            if (count <= 0)
                return true;
            text.append(piece.data(), static_cast<std::size_t>(count));
        }
        if (const auto now = where.calls.load(); now != calls) {
            calls = now;
            moved = clock::now();
        }
        if (clock::now() - moved > (where.inside != 0 ? limits.one_call : limits.silence)) {
            (void)::kill(child, SIGKILL);
            return false;
        }
    }
}

std::string place_of(const whereabouts& where)
{
    return where.inside != 0 ? fmt::format("in {}", call_name(where.hook)) : std::string{"between calls, on a thread of its own"};
}

std::string described(int status, const whereabouts& where)
{
    if (where.fault == static_cast<std::uint32_t>(returned_memory::fault::after_return))
        return fmt::format("{} it read octets of an event that was over: copy what is to be kept", place_of(where));
    if (where.fault == static_cast<std::uint32_t>(returned_memory::fault::behind_the_end))
        return fmt::format("{} it read behind the end of a record or a text: look at `size`, `stride` and `len`",
                           place_of(where));
    if (WIFSIGNALED(status))
        return fmt::format("it crashed {} ({}): in a server all sessions end with it", place_of(where),
                           ::strsignal(WTERMSIG(status)));
    return fmt::format("it ended the process {} (exit {}): a plugin fails with a status", place_of(where), WEXITSTATUS(status));
}

} // namespace

trial_outcome run_apart(const std::function<void(findings&, whereabouts&)>& work, trial_limits limits)
{
    const shared_memory memory;
    const scratch_folder folder;
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0)
        throw std::system_error{errno, std::generic_category(), "a pipe for the trial"};
    const auto child = ::fork();
    if (child < 0)
        throw std::system_error{errno, std::generic_category(), "a process for the trial"};
    if (child == 0) {
        ::close(ends[0]);
        be_the_child(work, memory.get(), ends[1], folder.path());
    }
    ::close(ends[1]);
    std::string text;
    trial_outcome out;
    out.is_hung = !read_from(ends[0], child, memory.get(), limits, text);
    ::close(ends[0]);
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    out.found = read_written(text);
    if (out.is_hung)
        out.end = fmt::format("it did not come back {} within {} s", place_of(memory.get()), limits.one_call.count());
    else if (!text.ends_with(at_the_end))
        out.end = described(status, memory.get());
    return out;
}

} // namespace postern::daemon
