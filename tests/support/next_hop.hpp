#pragma once
// The next hop of a test: an SMTP server that records what it takes and misbehaves as told. Plain sockets and a thread a
// connection; nothing of the project's own code.

#include "tests/support/socket.hpp"

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace postern::test {

/// A message as it arrived: content unstuffed, octet for octet.
struct arrived_message {
    std::string sender;                  ///< the MAIL argument in its angle brackets, without them
    std::vector<std::string> recipients; ///< those that were accepted, without angle brackets
    std::vector<std::string> commands;   ///< MAIL, RCPT and BDAT lines in full, for their parameters
    std::string content;
};

/// Where a script may interfere.
enum class hop_stage : std::uint8_t {
    greeting,
    ehlo,
    mail,
    rcpt,
    data,          ///< or BDAT, before its octets are read
    content_begun, ///< the first octets of content have come, more are on their way: a reply or a drop is all it gets
    content,       ///< after the final dot; the message has been read
    other,         ///< a command that it does not know
};

/// What the next hop does instead of its usual reply. An empty reply and drop: it closes without a word.
struct hop_answer {
    std::string reply = {}; ///< without CRLF; empty: the usual one
    bool drop = false;      ///< close the connection, after the reply if there is one
    bool record = true;     ///< at stage content: whether the message counts as arrived (a lost reply: true and drop)
};

/// `line` is the command in full, for stage content the whole content. Called on the connections' threads, one at a time.
using hop_script = std::function<hop_answer(hop_stage stage, std::string_view line)>;

class next_hop {
public:
    explicit next_hop(hop_script script = {});
    /// On 127.0.0.`host`, at the port of another one.
    next_hop(std::uint8_t host, std::uint16_t port, hop_script script = {});
    ~next_hop();

    [[nodiscard]] std::uint16_t port() const noexcept { return listener_.port(); }
    [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port()); }
    /// Called for each arrived message, after the script and before the reply. Set before the first connection.
    void on_arrival(std::function<void(const arrived_message&)> tell) { tell_ = std::move(tell); }
    /// Keep messages for arrived() (the default) or only tell of them.
    void keep_messages(bool keep) { keep_ = keep; }

    [[nodiscard]] std::vector<arrived_message> arrived() const;
    [[nodiscard]] std::size_t count() const;
    [[nodiscard]] std::size_t connections() const;
    /// Waits until nobody is connected: what was said has been heard.
    [[nodiscard]] bool wait_until_alone(std::chrono::milliseconds limit = patience);
    /// Waits until at least `messages` have arrived; false: they have not by the deadline.
    [[nodiscard]] bool wait_for(std::size_t messages, std::chrono::milliseconds limit = patience);

private:
    struct connection;
    void accept_all();
    void serve(connection& mine);
    [[nodiscard]] hop_answer ask(hop_stage stage, std::string_view line);
    [[nodiscard]] bool has_had_enough(tcp_stream& stream);
    [[nodiscard]] bool take_content(connection& mine, arrived_message message);
    [[nodiscard]] bool take_chunk(connection& mine, const std::string& line, arrived_message& message);
    [[nodiscard]] bool take(connection& mine, arrived_message message, std::string content);

    tcp_listener listener_;
    hop_script script_;
    std::function<void(const arrived_message&)> tell_;
    bool keep_ = true;
    mutable std::mutex mutex_;
    std::mutex script_mutex_;
    std::condition_variable changed_;
    std::vector<arrived_message> arrived_;
    std::size_t count_ = 0;
    std::size_t connections_ = 0;
    bool stopping_ = false;
    std::list<connection> open_;
    std::thread acceptor_;
};

} // namespace postern::test
