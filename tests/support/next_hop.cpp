#include "tests/support/next_hop.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <cstdlib>
#include <optional>
#include <utility>

#include <sys/socket.h>

namespace postern::test {

struct next_hop::connection {
    explicit connection(descriptor socket) : stream{std::move(socket)} {}
    tcp_stream stream;
    std::thread thread;
    std::atomic<bool> done = false;
};

next_hop::next_hop(hop_script script) : script_{std::move(script)}, acceptor_{[this] { accept_all(); }} {}

next_hop::next_hop(std::uint8_t host, std::uint16_t port, hop_script script)
    : listener_{host, port}, script_{std::move(script)}, acceptor_{[this] { accept_all(); }}
{
}

next_hop::~next_hop()
{
    listener_.stop();
    acceptor_.join();
    {
        const std::lock_guard lock{mutex_};
        stopping_ = true;
        for (auto& each : open_)
            ::shutdown(each.stream.number(), SHUT_RDWR);
    }
    for (auto& each : open_)
        each.thread.join();
}

void next_hop::accept_all()
{
    while (auto socket = listener_.accept()) {
        const std::lock_guard lock{mutex_};
        ++connections_;
        for (auto each = open_.begin(); each != open_.end();) {
            if (each->done) {
                each->thread.join();
                each = open_.erase(each);
            } else {
                ++each;
            }
        }
        auto& mine = open_.emplace_back(std::move(*socket));
        mine.thread = std::thread{[this, &mine] {
            serve(mine);
            const std::lock_guard ending{mutex_};
            ::shutdown(mine.stream.number(), SHUT_RDWR); // the peer learns it now, not when the list is next looked through
            mine.done = true;
            changed_.notify_all();
        }};
    }
}

namespace {

/// Says what the script wants, or else the usual. false: the connection is over.
[[nodiscard]] bool say(tcp_stream& stream, const hop_answer& what, std::string_view usual)
{
    if (what.drop && what.reply.empty())
        return false;
    return stream.write(fmt::format("{}\r\n", what.reply.empty() ? usual : std::string_view{what.reply})) && !what.drop;
}

[[nodiscard]] bool is_positive(const hop_answer& what)
{
    return what.reply.empty() || what.reply.front() == '2' || what.reply.front() == '3';
}

/// What stands between the first angle brackets.
[[nodiscard]] std::string path_of(std::string_view line)
{
    const auto begin = line.find('<');
    const auto end = line.find('>', begin);
    if (begin == std::string_view::npos || end == std::string_view::npos)
        return {};
    return std::string{line.substr(begin + 1, end - begin - 1)};
}

[[nodiscard]] std::string verb_of(std::string_view line)
{
    std::string verb;
    for (const char c : line.substr(0, 4))
        verb += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return verb;
}

/// RFC 5321 4.5.2: a dot that begins a line is taken away, if there is more on the line.
[[nodiscard]] std::string unstuffed(std::string_view octets)
{
    std::string out;
    out.reserve(octets.size());
    bool at_start = true;
    for (const char c : octets) {
        if (!(at_start && c == '.'))
            out += c;
        at_start = c == '\n';
    }
    return out;
}

/// Reads up to CRLF.CRLF and leaves the rest pending. Empty: the connection ended before.
[[nodiscard]] std::optional<std::string> read_content(tcp_stream& stream)
{
    constexpr std::string_view end_of_data = "\r\n.\r\n";
    std::string octets = "\r\n"; // so that an empty message's dot is found like any other
    for (std::size_t searched = 0; stream.read_some(octets);) {
        if (const auto end = octets.find(end_of_data, searched); end != std::string::npos) {
            stream.pending() = octets.substr(end + end_of_data.size());
            octets.resize(end + 2);
            return unstuffed(std::string_view{octets}.substr(2));
        }
        searched = octets.size() - std::min(octets.size(), end_of_data.size() - 1);
    }
    return std::nullopt;
}

} // namespace

hop_answer next_hop::ask(hop_stage stage, std::string_view line)
{
    if (!script_)
        return {};
    const std::lock_guard lock{script_mutex_};
    return script_(stage, line);
}

/// What a server does that has had enough before the end: it says so, then closes with the rest unread, or reads it for nothing
/// (and tells of an end of content, should there be one).
bool next_hop::has_had_enough(tcp_stream& stream)
{
    const auto what = ask(hop_stage::content_begun, {});
    if (what.reply.empty() && !what.drop)
        return false;
    (void)stream.read_some(stream.pending());
    if (!say(stream, what, {})) {
        const std::lock_guard lock{mutex_}; // whoever ends us looks at it
        stream.abort();
    } else if (stream.read_to_end().find("\r\n.\r\n") != std::string::npos && tell_) {
        tell_({});
    }
    return true;
}

bool next_hop::take_content(connection& mine, arrived_message message)
{
    if (has_had_enough(mine.stream))
        return false;
    auto content = read_content(mine.stream);
    return content && take(mine, std::move(message), std::move(*content));
}

/// RFC 3030 2. The octets come behind the command whatever is answered.
bool next_hop::take_chunk(connection& mine, const std::string& line, arrived_message& message)
{
    constexpr std::string_view last = " LAST";
    const bool is_last = line.ends_with(last);
    const auto size = std::strtoull(line.c_str() + 5, nullptr, 10);
    auto octets = std::exchange(mine.stream.pending(), {});
    const auto what = message.recipients.empty() ? hop_answer{.reply = "503 5.5.1 no recipients"} : ask(hop_stage::data, line);
    while (octets.size() < size)
        if (!mine.stream.read_some(octets))
            return false;
    message.content.append(octets, 0, size);
    mine.stream.pending() = octets.substr(size);
    message.commands.push_back(line);
    if (!is_last || !is_positive(what))
        return say(mine.stream, what, "250 2.0.0 go on");
    auto content = std::move(message.content);
    return take(mine, std::exchange(message, {}), std::move(content));
}

bool next_hop::take(connection& mine, arrived_message message, std::string content)
{
    const auto what = ask(hop_stage::content, content);
    if (is_positive(what) && what.record) {
        message.content = std::move(content);
        if (tell_)
            tell_(message);
        const std::lock_guard lock{mutex_};
        ++count_;
        if (keep_)
            arrived_.push_back(std::move(message));
        changed_.notify_all();
    }
    return say(mine.stream, what, "250 2.0.0 taken");
}

void next_hop::serve(connection& mine)
{
    auto& stream = mine.stream;
    if (!say(stream, ask(hop_stage::greeting, {}), "220 next.example ESMTP"))
        return;
    arrived_message message;
    bool has_sender = false;
    while (const auto line = stream.read_line()) {
        const auto verb = verb_of(*line);
        bool goes_on = true;
        if (verb == "EHLO") {
            goes_on = say(stream, ask(hop_stage::ehlo, *line),
                          "250-next.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-DSN\r\n250 ENHANCEDSTATUSCODES");
        } else if (verb == "HELO") {
            goes_on = say(stream, {}, "250 next.example");
        } else if (verb == "MAIL") {
            const auto what = ask(hop_stage::mail, *line);
            message = {};
            has_sender = is_positive(what);
            if (has_sender) {
                message.sender = path_of(*line);
                message.commands.push_back(*line);
            }
            goes_on = say(stream, what, "250 2.1.0 ok");
        } else if (verb == "RCPT") {
            const auto what = has_sender ? ask(hop_stage::rcpt, *line) : hop_answer{.reply = "503 5.5.1 no sender"};
            if (is_positive(what)) {
                message.recipients.push_back(path_of(*line));
                message.commands.push_back(*line);
            }
            goes_on = say(stream, what, "250 2.1.5 ok");
        } else if (verb == "DATA") {
            const auto what =
                message.recipients.empty() ? hop_answer{.reply = "503 5.5.1 no recipients"} : ask(hop_stage::data, *line);
            goes_on = say(stream, what, "354 go on");
            if (goes_on && is_positive(what)) {
                has_sender = false;
                goes_on = take_content(mine, std::exchange(message, {}));
            }
        } else if (verb == "BDAT") {
            goes_on = take_chunk(mine, *line, message);
        } else if (verb == "RSET") {
            message = {};
            has_sender = false;
            goes_on = say(stream, {}, "250 2.0.0 ok");
        } else if (verb == "QUIT") {
            (void)say(stream, {}, "221 2.0.0 bye");
            return;
        } else {
            goes_on = say(stream, ask(hop_stage::other, *line), "502 5.5.1 not here");
        }
        if (!goes_on)
            return;
    }
}

std::vector<arrived_message> next_hop::arrived() const
{
    const std::lock_guard lock{mutex_};
    return arrived_;
}

std::size_t next_hop::count() const
{
    const std::lock_guard lock{mutex_};
    return count_;
}

std::size_t next_hop::connections() const
{
    const std::lock_guard lock{mutex_};
    return connections_;
}

bool next_hop::wait_until_alone(std::chrono::milliseconds limit)
{
    std::unique_lock lock{mutex_};
    return changed_.wait_for(
        lock, limit, [&] { return std::all_of(open_.begin(), open_.end(), [](const auto& each) { return each.done.load(); }); });
}

bool next_hop::wait_for(std::size_t messages, std::chrono::milliseconds limit)
{
    std::unique_lock lock{mutex_};
    return changed_.wait_for(lock, limit, [&] { return count_ >= messages; });
}

} // namespace postern::test
