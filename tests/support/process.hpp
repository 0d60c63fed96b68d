#pragma once
// A child process of a test: started with pipes, waited for by descriptor, never left behind.
// Knows nothing of mail. Nothing here sleeps: waiting ends when the thing waited for has happened, or at a deadline that
// only a broken test reaches.

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <sys/types.h>

namespace postern::test {

/// How long a test waits for what must happen before it calls itself failed. Generous: a sanitizer on a busy machine.
inline constexpr std::chrono::seconds patience{90};

/// How a process ended.
struct exit_status {
    int code = -1;  ///< its exit code; -1: it was ended by a signal
    int signal = 0; ///< 0: it exited
    friend bool operator==(const exit_status&, const exit_status&) = default;
    friend std::ostream& operator<<(std::ostream& to, const exit_status& status)
    {
        return status.signal != 0 ? to << "signal " << status.signal : to << "exit code " << status.code;
    }
};

struct start_options {
    std::vector<std::string> command;  ///< the program first: a path, or a name looked up in PATH and the sbin folders
    std::string input = {};            ///< its standard input, then end of file; at most 64 KiB unless the child reads it
    bool keep_input_open = false;      ///< the child's input stays open for write_input()
    std::filesystem::path folder = {}; ///< its working folder; empty: ours
};

/// A running child. Its output and errors are collected as they come. The destructor kills and reaps it; the kernel does so
/// too if the test dies. Threads: the constructing thread must outlive the child (PR_SET_PDEATHSIG); all members are [any].
class process {
public:
    explicit process(start_options options);
    explicit process(std::vector<std::string> command) : process{start_options{.command = std::move(command)}} {}
    ~process();
    process(const process&) = delete;
    process& operator=(const process&) = delete;

    [[nodiscard]] pid_t pid() const noexcept { return pid_; }
    /// How many it has open. Empty: the kernel does not say; the server is not to be looked into, but by root.
    [[nodiscard]] std::optional<std::size_t> open_descriptors() const;
    /// Sends a signal; nothing happens when the process has ended.
    void signal(int number) const;
    /// Waits for its end. Empty: it still runs after `limit`.
    [[nodiscard]] std::optional<exit_status> wait(std::chrono::milliseconds limit = patience);
    /// CPU time that it used in all, once it has ended.
    [[nodiscard]] std::chrono::microseconds cpu_used() const noexcept { return cpu_used_; }
    /// SIGKILL, and waits.
    void kill();

    /// What it wrote so far.
    [[nodiscard]] std::string output() const;
    [[nodiscard]] std::string errors() const;
    /// Waits until `holds` for the collected output (or errors); false: it never did, and never will or the limit passed.
    [[nodiscard]] bool wait_for_output(const std::function<bool(std::string_view)>& holds,
                                       std::chrono::milliseconds limit = patience);
    [[nodiscard]] bool wait_for_errors(const std::function<bool(std::string_view)>& holds,
                                       std::chrono::milliseconds limit = patience);
    /// To its standard input (keep_input_open).
    void write_input(std::string_view octets);
    void close_input();

private:
    struct collected {
        std::string text;
        bool ended = false;
    };
    [[nodiscard]] bool wait_for(const collected& what, const std::function<bool(std::string_view)>& holds,
                                std::chrono::milliseconds limit);
    void collect(int output, int errors);

    pid_t pid_ = -1;
    int pidfd_ = -1;
    int input_ = -1;
    std::optional<exit_status> status_;
    std::chrono::microseconds cpu_used_{};
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    collected output_;
    collected errors_;
    std::thread reader_;
};

/// What a finished command left.
struct outcome {
    exit_status status;
    std::string output;
    std::string errors;
};

/// Runs a command to its end. A command that does not end within `limit` is killed, and its status says so.
[[nodiscard]] outcome run(std::vector<std::string> command, std::string input = {}, std::chrono::milliseconds limit = patience);
/// The same with all the options.
[[nodiscard]] outcome run(start_options options, std::chrono::milliseconds limit = patience);

/// CPU time that a process has used, its threads' included, its children's not. Zero: it is gone.
[[nodiscard]] std::chrono::nanoseconds cpu_time(pid_t process);
/// CPU time of a process and all its descendants, the dead ones too (those at the kernel's clock ticks).
[[nodiscard]] std::chrono::nanoseconds cpu_time_of_tree(pid_t process);
/// A process and all its descendants that live now.
[[nodiscard]] std::vector<pid_t> tree_of(pid_t process);
/// Resident memory in octets; its peak.
[[nodiscard]] std::uint64_t resident_memory(pid_t process);
[[nodiscard]] std::uint64_t peak_memory(pid_t process);
/// Resident memory of a process and its descendants, added up; what they share counts once, pages of files not at all. Zero: the
/// kernel does not say, as of other users' processes.
[[nodiscard]] std::uint64_t resident_memory_of_tree(pid_t process);
/// What a process and its descendants that live now had resident at their peaks, added up; pages of files, which they share,
/// apart.
[[nodiscard]] std::uint64_t peak_memory_of_tree(pid_t process);

} // namespace postern::test
