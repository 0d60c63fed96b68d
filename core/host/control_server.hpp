#pragma once
// The control socket: one JSON object a line in, one a line out. Knows no command; a function answers.
// A request may open a stream instead: then the socket is its own thread's, until the client leaves.
// SECURITY: mode 0600, and the peer's credentials are checked: root or this process's user. Lines, times and connections are
// bounded: one peer at a time, 24 MiB a request, 10 seconds of silence; eight streams.

#include "core/base/log.hpp"
#include "core/host/control_stream.hpp"

#include <filesystem>
#include <atomic>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

namespace postern::daemon {

class control_server {
public:
    /// Called on the socket's own thread with a request without its line end; returns the reply without one.
    using answer_function = std::function<std::string(std::string_view request)>;

    /// Likewise. What a request asks for that is answered by a stream, or nothing. Throws nothing.
    using stream_function = std::function<std::unique_ptr<line_source>(std::string_view request)>;

    /// Binds `path`; a socket that a dead server left is replaced. Null on failure, with `why`.
    [[nodiscard]] static std::unique_ptr<control_server> open(const std::filesystem::path& path, base::log log, std::string& why);
    /// Stops its thread and removes the socket.
    ~control_server();
    control_server(const control_server&) = delete;
    control_server& operator=(const control_server&) = delete;

    /// Answers from now on.
    void start(answer_function answer, stream_function stream = {});

private:
    control_server(std::filesystem::path path, int listener, int stop, base::log log) noexcept
        : path_{std::move(path)}, log_{log}, listener_{listener}, stop_{stop}
    {
    }
    void work();
    [[nodiscard]] bool serve(int peer);
    [[nodiscard]] bool send_all(int peer, std::string_view octets, int timeout_ms) const noexcept;
    void stream_to(int peer, line_source& from) const;
    [[nodiscard]] bool begin_stream(int peer, std::unique_ptr<line_source> from);
    [[nodiscard]] bool wait(int descriptor, short events, int timeout_ms) const noexcept;

    std::filesystem::path path_;
    base::log log_;
    int listener_;
    int stop_; ///< an eventfd
    answer_function answer_;
    stream_function stream_;
    struct running_stream {
        std::thread thread;
        std::atomic<bool> is_over{false};
    };
    std::list<running_stream> streams_; ///< of thread_ alone
    std::thread thread_;
};

/// The client's side of a stream: `line` gets each line, without its end, until it returns false or the server ends. Empty, or
/// why there is no stream.
[[nodiscard]] std::string follow_control(const std::filesystem::path& path, std::string_view request,
                                         const std::function<bool(std::string_view)>& line);

/// The client's side: sends one request and returns the reply; empty on failure, with `why`.
[[nodiscard]] std::string ask_control(const std::filesystem::path& path, std::string_view request, std::string& why);

} // namespace postern::daemon
