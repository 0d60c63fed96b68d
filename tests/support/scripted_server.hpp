#pragma once
// A server that says what a test wrote down, line by line, to one connection after the other. Plain sockets and a thread.

#include "tests/support/socket.hpp"

#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace postern::test {

/// `script`: "S: text" is said with CRLF, "S! text" without; "C: text" must be heard, "C: *" is any line; "content" reads to the
/// final dot; "silence" waits for the client to end the connection; "close" closes.
class scripted_server {
public:
    explicit scripted_server(std::vector<std::vector<std::string>> dialogues)
        : thread_{[this, all = std::move(dialogues)] {
              for (const auto& script : all) {
                  auto accepted = listener_.accept();
                  if (!accepted)
                      return;
                  play(tcp_stream{std::move(*accepted)}, script);
              }
          }}
    {
    }
    explicit scripted_server(std::vector<std::string> script)
        : scripted_server{std::vector<std::vector<std::string>>(1, std::move(script))}
    {
    }
    ~scripted_server()
    {
        listener_.stop();
        thread_.join();
    }

    [[nodiscard]] std::uint16_t port() const noexcept { return listener_.port(); }
    /// What was heard in place of what was written down; empty: all went as written.
    [[nodiscard]] std::string surprise()
    {
        const std::lock_guard guard{mutex_};
        return surprise_;
    }

private:
    void play(tcp_stream stream, const std::vector<std::string>& script)
    {
        for (const auto& step : script) {
            if (step.starts_with("S: ") || step.starts_with("S! ")) {
                if (!stream.write(step.substr(3) + (step[1] == ':' ? "\r\n" : "")))
                    return;
            } else if (step.starts_with("C: ")) {
                const auto line = stream.read_line();
                if (!line || (step != "C: *" && *line != step.substr(3)))
                    return is_surprised(step + " but: " + line.value_or("(nothing)"));
            } else if (step == "content") {
                for (auto line = stream.read_line(); line != "."; line = stream.read_line())
                    if (!line)
                        return is_surprised("content without an end");
            } else if (step == "silence") {
                (void)stream.read_to_end();
            } else {
                return;
            }
        }
    }
    void is_surprised(std::string what)
    {
        const std::lock_guard guard{mutex_};
        surprise_ = std::move(what);
    }

    tcp_listener listener_;
    std::mutex mutex_;
    std::string surprise_;
    std::thread thread_;
};

inline std::vector<std::string> greeted(std::vector<std::string> rest, std::vector<std::string> keywords = {"PIPELINING"})
{
    std::vector<std::string> script{"S: 220 mx.example ESMTP", "C: *", "S: 250-mx.example"};
    for (std::size_t i = 0; i < keywords.size(); ++i)
        script.push_back("S: 250" + std::string{i + 1 == keywords.size() ? " " : "-"} + keywords[i]);
    script.insert(script.end(), rest.begin(), rest.end());
    return script;
}

} // namespace postern::test
