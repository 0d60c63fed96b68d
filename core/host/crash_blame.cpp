#include "core/host/crash_blame.hpp"

#include "core/host/event_record.hpp"
#include "core/host/plugin_calls.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

namespace postern::daemon {
namespace {

constexpr std::size_t most_read_back = 64 * 1024;
constexpr int kept_files = 3;

struct fatal_signal {
    int number;
    std::string_view name;
};
constexpr std::array<fatal_signal, 5> fatal_signals{
    {{SIGSEGV, "SIGSEGV"}, {SIGBUS, "SIGBUS"}, {SIGFPE, "SIGFPE"}, {SIGILL, "SIGILL"}, {SIGABRT, "SIGABRT"}}};

// What the handler works with: it is given nothing but the signal.
constinit std::array<struct sigaction, fatal_signals.size()> before{};
constinit std::atomic<int> record{-1};
constinit std::atomic_flag taken = ATOMIC_FLAG_INIT;

/// A line put together without allocation; what does not fit is cut.
class plain_line {
public:
    void add(std::string_view text) noexcept
    {
        const auto count = std::min(text.size(), text_.size() - size_);
        std::memcpy(text_.data() + size_, text.data(), count);
        size_ += count;
    }
    void add(std::string_view key, std::string_view value) noexcept
    {
        if (value.empty())
            return;
        add(" ");
        add(key);
        add("=");
        add(value);
    }
    void add_number(std::string_view key, std::uint64_t value, unsigned base, std::string_view prefix = {}) noexcept
    {
        std::array<char, 20> digits;
        auto at = digits.size();
        do
            digits[--at] = "0123456789abcdef"[value % base];
        while ((value /= base) != 0);
        add(" ");
        add(key);
        add("=");
        add(prefix);
        add({digits.data() + at, digits.size() - at});
    }
    void write_to(int descriptor) const noexcept { (void)!::write(descriptor, text_.data(), size_); }

private:
    std::array<char, 1024> text_;
    std::size_t size_ = 0;
};

/// Where the thread was; 0: this machine is not known.
std::uintptr_t instruction_of(const void* context) noexcept
{
    const auto& at = static_cast<const ucontext_t*>(context)->uc_mcontext;
#if defined(__x86_64__)
    return static_cast<std::uintptr_t>(at.gregs[REG_RIP]);
#elif defined(__aarch64__)
    return static_cast<std::uintptr_t>(at.pc);
#else
    (void)at;
    return 0;
#endif
}

/// Where its stack is; 0: likewise.
std::uintptr_t stack_of(const void* context) noexcept
{
    const auto& at = static_cast<const ucontext_t*>(context)->uc_mcontext;
#if defined(__x86_64__)
    return static_cast<std::uintptr_t>(at.gregs[REG_RSP]);
#elif defined(__aarch64__)
    return static_cast<std::uintptr_t>(at.sp);
#else
    (void)at;
    return 0;
#endif
}

/// Of a thread that a plugin started: the library that the innermost of its frames in a plugin lies in, as far as return
/// addresses on the stack tell. Read by the kernel, which refuses where there is no stack any more.
std::string_view library_on(std::uintptr_t stack) noexcept
{
    std::array<std::uintptr_t, 64> words;
    for (int part = 0; stack != 0 && part < 64; ++part, stack += sizeof words) {
        const iovec to{words.data(), sizeof words};
        const iovec from{reinterpret_cast<void*>(stack), sizeof words};
        const auto count = ::process_vm_readv(::getpid(), &to, 1, &from, 1, 0);
        for (std::size_t i = 0; count > 0 && i < static_cast<std::size_t>(count) / sizeof words[0]; ++i)
            if (const auto library = library_at(words[i]); !library.empty())
                return library;
        if (count != static_cast<ssize_t>(sizeof words))
            break;
    }
    return {};
}

/// `signal` is "exit" for a plugin that calls it; then the rest is empty.
void describe(plain_line& line, std::string_view signal, const siginfo_t& info, std::uintptr_t instruction,
              std::uintptr_t stack) noexcept
{
    line.add("crash");
    line.add("signal", signal);
    const auto* place = this_place();
    const auto* whose = place == nullptr ? nullptr : place->whose.load(std::memory_order_acquire);
    auto library = library_at(instruction); // also on a thread that the plugin started
    if (whose != nullptr) {
        line.add("plugin", whose->instance.data());
        line.add("hook", call_name(place->hook.load(std::memory_order_relaxed)));
        if (const auto session = place->session.load(std::memory_order_relaxed); session != 0) {
            char text[13];
            write_id(session, text);
            line.add("session", {text, sizeof text});
        }
        if (library.empty())
            library = whose->library.data();
    } else if (library.empty()) {
        library = library_on(stack);
    }
    line.add("library", library);
    if (info.si_code > 0) // the machine's, not another process's or abort's
        line.add_number("address", reinterpret_cast<std::uintptr_t>(info.si_addr), 16, "0x");
    if (instruction != 0)
        line.add_number("instruction", instruction, 16, "0x");
    line.add_number("pid", static_cast<std::uint64_t>(::getpid()), 10);
    timespec now{};
    (void)::clock_gettime(CLOCK_REALTIME, &now);
    line.add_number("time", static_cast<std::uint64_t>(now.tv_sec), 10);
    line.add("\n");
}

extern "C" void on_fatal_signal(int number, siginfo_t* info, void* context)
{
    const int error = errno;
    if (taken.test_and_set())
        while (true) // another thread is telling, and the process ends with it
            (void)::pause();
    std::size_t which = 0;
    while (which + 1 < fatal_signals.size() && fatal_signals[which].number != number)
        ++which;
    plain_line line;
    describe(line, fatal_signals[which].name, *info, instruction_of(context), stack_of(context));
    if (const int file = record.load(std::memory_order_relaxed); file >= 0)
        line.write_to(file);
    line.write_to(2);
    // As it would have ended: what was in force is, and the fault comes again on return, or the signal that waits until then.
    (void)::sigaction(number, &before[which], nullptr);
    (void)::raise(number);
    errno = error;
}

/// A plugin that calls exit() takes the server with it as well.
extern "C" void on_exit_of_process()
{
    const auto* place = this_place();
    if (place == nullptr || place->whose.load(std::memory_order_relaxed) == nullptr || taken.test_and_set())
        return;
    plain_line line;
    describe(line, "exit", {}, 0, 0);
    if (const int file = record.load(std::memory_order_relaxed); file >= 0)
        line.write_to(file);
    line.write_to(2);
}

std::string_view word_of(std::string_view line, std::string_view key) noexcept
{
    for (std::size_t at = 0; (at = line.find(key, at)) != std::string_view::npos; at += key.size()) {
        const auto end = at + key.size();
        if (at == 0 || line[at - 1] != ' ' || end >= line.size() || line[end] != '=')
            continue;
        return line.substr(end + 1, line.find(' ', end) - end - 1);
    }
    return {};
}

/// What an earlier life left; empty: nothing, or nothing that can be read.
std::string read_back(const std::filesystem::path& file)
{
    const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (descriptor < 0)
        return {};
    std::string text(most_read_back, '\0');
    struct stat facts {};
    const bool is_file = ::fstat(descriptor, &facts) == 0 && S_ISREG(facts.st_mode);
    const auto count = is_file ? ::read(descriptor, text.data(), text.size()) : 0;
    ::close(descriptor);
    text.resize(count < 0 ? 0 : static_cast<std::size_t>(count));
    return text;
}

void put_aside(const std::filesystem::path& file)
{
    const auto numbered = [&](int number) { return file.string() + "." + std::to_string(number); };
    std::error_code ignored; // a file that cannot be renamed is told of at the next start too
    for (int i = kept_files; i > 1; --i)
        std::filesystem::rename(numbered(i - 1), numbered(i), ignored);
    std::filesystem::rename(file, numbered(1), ignored);
}

} // namespace

bool tell_blame(std::string_view line, base::log log)
{
    if (!line.starts_with("crash ") || word_of(line, "signal").empty())
        return false;
    const auto plugin = word_of(line, "plugin");
    const auto library = word_of(line, "library");
    log.error("crash.blame", {{"plugin", plugin.empty() ? "none" : plugin},
                              {"hook", word_of(line, "hook")},
                              {"session", word_of(line, "session")},
                              {"library", library},
                              {"signal", word_of(line, "signal")},
                              {"address", word_of(line, "address")},
                              {"instruction", word_of(line, "instruction")},
                              {"time", word_of(line, "time")},
                              {"note", !plugin.empty()    ? "an earlier run of this server died in this plugin"
                                       : !library.empty() ? "an earlier run of this server died on a thread of this library"
                                                          : "an earlier run of this server died outside of any plugin"}});
    return true;
}

void blame_crashes(const std::filesystem::path& file, base::log log)
{
    if (const auto left = read_back(file); !left.empty()) {
        for (std::string_view rest = left; !rest.empty();) {
            const auto end = std::min(rest.find('\n'), rest.size() - 1);
            (void)tell_blame(rest.substr(0, end), log);
            rest.remove_prefix(end + 1);
        }
        put_aside(file);
    }
    record = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (record < 0)
        log.warning("crash.unrecorded", {{"path", file.string()}, {"cause", std::generic_category().message(errno)}});
    (void)std::atexit(on_exit_of_process);
    struct sigaction action {};
    action.sa_sigaction = on_fatal_signal;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    ::sigfillset(&action.sa_mask);
    for (std::size_t i = 0; i < fatal_signals.size(); ++i)
        (void)::sigaction(fatal_signals[i].number, &action, &before[i]);
}

} // namespace postern::daemon
