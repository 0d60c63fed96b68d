#include "tests/support/smtp_peer.hpp"

#include <fmt/format.h>

#include <stdexcept>

namespace postern::test {

std::string smtp_reply::text() const
{
    return fmt::format("{}", fmt::join(lines, "\n"));
}

smtp_peer::smtp_peer(std::uint16_t port, std::chrono::milliseconds limit)
    : stream_{[&] {
          auto stream = tcp_stream::connect(port, limit);
          if (!stream)
              throw std::runtime_error{fmt::format("127.0.0.1:{} refuses a connection", port)};
          return std::move(*stream);
      }()}
{
}

smtp_reply smtp_peer::reply()
{
    smtp_reply whole;
    for (;;) {
        const auto line = stream_.read_line();
        if (!line)
            return {};
        // RFC 5321 4.2.1: three digits, then "-" on all lines but the last.
        if (line->size() < 3 || line->find_first_not_of("0123456789") < 3)
            throw std::runtime_error{fmt::format("not a reply: \"{}\"", *line)};
        whole.code = std::stoi(line->substr(0, 3));
        whole.lines.push_back(line->size() > 4 ? line->substr(4) : std::string{});
        if (line->size() == 3 || (*line)[3] == ' ')
            return whole;
    }
}

smtp_reply smtp_peer::says(std::string_view line)
{
    if (!sends(fmt::format("{}\r\n", line)))
        return {};
    return reply();
}

smtp_reply smtp_peer::greets(std::string_view name)
{
    if (auto greeting = reply(); greeting.code != 220)
        return greeting;
    return says(fmt::format("EHLO {}", name));
}

smtp_reply smtp_peer::delivers(std::string_view sender, const std::vector<std::string>& recipients, std::string_view content)
{
    if (auto answer = says(fmt::format("MAIL FROM:<{}>", sender)); answer.code != 250)
        return answer;
    for (const auto& recipient : recipients)
        if (auto answer = says(fmt::format("RCPT TO:<{}>", recipient)); answer.code / 100 != 2)
            return answer;
    if (auto answer = says("DATA"); answer.code != 354)
        return answer;
    if (!sends(stuffed(content)))
        return {};
    return reply();
}

std::string stuffed(std::string_view content)
{
    std::string out;
    out.reserve(content.size() + 16);
    bool at_start = true;
    for (const char c : content) {
        if (at_start && c == '.')
            out += '.';
        out += c;
        at_start = c == '\n';
    }
    if (!at_start)
        out += "\r\n";
    return out += ".\r\n";
}

} // namespace postern::test
