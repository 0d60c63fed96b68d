#pragma once
// The control socket: one JSON object a line in, one a line out. Knows no command; a function answers.
// SECURITY: mode 0600, and the peer's credentials are checked: root or this process's user. Lines, times and connections are
// bounded: one peer at a time, 64 KiB a request, 10 seconds of silence.

#include "core/base/log.hpp"

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

namespace postern::daemon {

class control_server {
public:
    /// Called on the socket's own thread with a request without its line end; returns the reply without one.
    using answer_function = std::function<std::string(std::string_view request)>;

    /// Binds `path`; a socket that a dead server left is replaced. Null on failure, with `why`.
    [[nodiscard]] static std::unique_ptr<control_server> open(const std::filesystem::path& path, base::log log, std::string& why);
    /// Stops its thread and removes the socket.
    ~control_server();
    control_server(const control_server&) = delete;
    control_server& operator=(const control_server&) = delete;

    /// Answers from now on.
    void start(answer_function answer);

private:
    control_server(std::filesystem::path path, int listener, int stop, base::log log) noexcept
        : path_{std::move(path)}, log_{log}, listener_{listener}, stop_{stop}
    {
    }
    void work();
    void serve(int peer);
    [[nodiscard]] bool wait(int descriptor, short events, int timeout_ms) const noexcept;

    std::filesystem::path path_;
    base::log log_;
    int listener_;
    int stop_; ///< an eventfd
    answer_function answer_;
    std::thread thread_;
};

/// The client's side: sends one request and returns the reply; empty on failure, with `why`.
[[nodiscard]] std::string ask_control(const std::filesystem::path& path, std::string_view request, std::string& why);

} // namespace postern::daemon
