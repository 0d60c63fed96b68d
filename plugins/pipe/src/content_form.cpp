#include "content_form.hpp"

#include <algorithm>
#include <array>

namespace pipe_transport {
namespace {

/// The core lets no control character into an address; a line of ours does not rest on that.
[[nodiscard]] std::string printable(std::string_view address)
{
    std::string text{address};
    std::replace_if(
        text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, '?');
    return text;
}

/// RFC 4155: the sender as one word, and the time as asctime writes it.
[[nodiscard]] std::string from_line(std::string_view sender, std::time_t now)
{
    auto word = sender.empty() ? std::string{"MAILER-DAEMON"} : printable(sender);
    std::replace(word.begin(), word.end(), ' ', '_');
    std::tm parts{};
    ::gmtime_r(&now, &parts);
    static constexpr std::array<const char*, 7> days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr std::array<const char*, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    std::array<char, 64> rest{};
    const auto length = std::strftime(rest.data(), rest.size(), " %e %H:%M:%S %Y", &parts); // nothing of a locale
    return "From " + word + " " + days.at(static_cast<std::size_t>(parts.tm_wday)) + " " +
           months.at(static_cast<std::size_t>(parts.tm_mon)) + std::string{rest.data(), length};
}

} // namespace

std::string preface(const form& how, std::string_view sender, std::string_view recipient, std::time_t now)
{
    const std::string_view end = how.lines == line_end::lf ? "\n" : "\r\n";
    std::string lines;
    if (how.from_line)
        lines.append(from_line(sender, now)).append(end);
    if (how.return_path)
        lines.append("Return-Path: <").append(printable(sender)).append(">").append(end);
    if (how.delivered_to && !recipient.empty())
        lines.append("Delivered-To: ").append(printable(recipient)).append(end);
    return lines;
}

std::string line_shortener::next(std::string_view octets, bool is_last)
{
    std::string made;
    made.reserve(octets.size() + 1);
    for (const char c : octets) {
        if (has_cr_ && c != '\n')
            made += '\r';
        has_cr_ = c == '\r';
        if (!has_cr_)
            made += c;
    }
    if (is_last && has_cr_) {
        made += '\r';
        has_cr_ = false;
    }
    return made;
}

} // namespace pipe_transport
