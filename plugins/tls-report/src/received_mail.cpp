// The part of received that walks a message.

#include "gzip.hpp"
#include "received.hpp"

#include <postern/kit/ascii.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace tls_report {

namespace {

using postern::kit::lowered;

constexpr unsigned most_depth = 5;
constexpr unsigned most_parts = 100;
constexpr std::size_t longest_boundary = 70; // RFC 2046 5.1.1

struct part {
    std::string type; ///< "multipart/report", in lower case; empty: none is said
    std::string boundary;
    std::string report_type;
    std::string coding; ///< in lower case
    std::string_view body;
};

[[nodiscard]] std::string_view trimmed(std::string_view text) noexcept
{
    constexpr std::string_view blank = " \t\r\n";
    const auto begin = text.find_first_not_of(blank);
    if (begin == std::string_view::npos)
        return {};
    return text.substr(begin, text.find_last_not_of(blank) - begin + 1);
}

/// The value of a parameter "name=value" or "name="value""; `text` begins behind the value of the field.
[[nodiscard]] std::string parameter(std::string_view text, std::string_view name)
{
    while (true) {
        const auto semicolon = text.find(';');
        if (semicolon == std::string_view::npos)
            return {};
        text = text.substr(semicolon + 1);
        const auto equals = text.find('=');
        if (equals == std::string_view::npos)
            return {};
        const bool is_it = lowered(trimmed(text.substr(0, equals))) == name;
        text = trimmed(text.substr(equals + 1));
        std::string value;
        if (text.starts_with('"')) {
            std::size_t at = 1;
            for (; at < text.size() && text[at] != '"'; ++at) {
                if (text[at] == '\\' && at + 1 < text.size())
                    ++at;
                value += text[at];
            }
            text = text.substr(std::min(at + 1, text.size()));
        } else {
            value = trimmed(text.substr(0, text.find(';')));
        }
        if (is_it)
            return value;
    }
}

/// Of a message, or of a part of one: its header section read, as far as it matters.
[[nodiscard]] part read_part(std::string_view octets)
{
    part made;
    const auto take_line = [&octets] {
        const auto end = octets.find('\n');
        const auto line = octets.substr(0, end == std::string_view::npos ? octets.size() : end + 1);
        octets.remove_prefix(line.size());
        return line;
    };
    while (!octets.empty()) {
        const auto begin = octets;
        auto line = take_line();
        if (trimmed(line).empty())
            break;
        std::size_t size = line.size();
        while (octets.starts_with(' ') || octets.starts_with('\t'))
            size += take_line().size();
        const auto field = begin.substr(0, size);
        const auto colon = field.find(':');
        if (colon == std::string_view::npos)
            continue;
        const auto name = lowered(trimmed(field.substr(0, colon)));
        const auto value = field.substr(colon + 1);
        if (name == "content-type" && made.type.empty()) {
            made.type = lowered(trimmed(value.substr(0, value.find(';'))));
            made.boundary = parameter(value, "boundary");
            made.report_type = lowered(parameter(value, "report-type"));
        } else if (name == "content-transfer-encoding") {
            made.coding = lowered(trimmed(value));
        }
    }
    made.body = octets;
    return made;
}

[[nodiscard]] constexpr int value_of(char c) noexcept
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/// RFC 2045 6.8: what is no digit is left aside.
[[nodiscard]] std::string from_base64(std::string_view text)
{
    std::string made;
    made.reserve(text.size() / 4 * 3);
    std::uint32_t bits = 0;
    unsigned count = 0;
    for (const char c : text) {
        if (c == '=')
            break;
        const int value = value_of(c);
        if (value < 0)
            continue;
        bits = bits << 6U | static_cast<std::uint32_t>(value);
        if (++count % 4 != 1)
            made += static_cast<char>(bits >> (6U - 2U * ((count - 1) % 4)) & 0xffU);
    }
    return made;
}

/// RFC 2045 6.7.
[[nodiscard]] std::string from_quoted_printable(std::string_view text)
{
    const auto digit = [](char c) {
        return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    };
    std::string made;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '=') {
            made += text[i];
            continue;
        }
        const auto rest = text.substr(i + 1);
        if (rest.starts_with("\r\n")) {
            i += 2;
        } else if (rest.starts_with('\n')) {
            i += 1;
        } else if (rest.size() >= 2 && digit(rest[0]) >= 0 && digit(rest[1]) >= 0) {
            made += static_cast<char>(digit(rest[0]) * 16 + digit(rest[1]));
            i += 2;
        }
    }
    return made;
}

class walk {
public:
    explicit walk(std::size_t most_octets) : most_octets_{most_octets} {}

    void into(std::string_view octets, unsigned depth)
    {
        if (found_.what || !found_.why.empty())
            return;
        if (++parts_ > most_parts || depth > most_depth) {
            found_.why = "too many parts, or parts too deep in others";
            return;
        }
        const auto here = read_part(octets);
        found_.is_report = found_.is_report || here.report_type == "tlsrpt";
        if (here.type.starts_with("multipart/")) {
            if (!here.boundary.empty() && here.boundary.size() <= longest_boundary)
                each_part(here, depth);
            return;
        }
        const bool is_packed = here.type == "application/tlsrpt+gzip";
        if (is_packed || here.type == "application/tlsrpt+json") {
            found_.is_report = true;
            unpack(here, is_packed);
        }
    }
    [[nodiscard]] found_json result() &&
    {
        if (!found_.what && found_.why.empty())
            found_.why = "no part of type application/tlsrpt+gzip or application/tlsrpt+json";
        return std::move(found_);
    }

private:
    void each_part(const part& whole, unsigned depth)
    {
        const auto delimiter = "--" + whole.boundary;
        auto rest = whole.body;
        std::optional<std::size_t> begin; // of the part, in whole.body
        std::size_t at = 0;
        while (at < rest.size()) {
            const auto end = rest.find('\n', at);
            const auto next = end == std::string_view::npos ? rest.size() : end + 1;
            const auto line = rest.substr(at, next - at);
            const auto behind = line.starts_with(delimiter) ? trimmed(line.substr(delimiter.size())) : std::string_view{"x"};
            if (behind.empty() || behind == "--") {
                if (begin)
                    into(rest.substr(*begin, at - *begin), depth + 1);
                if (behind == "--" || found_.what || !found_.why.empty())
                    return;
                begin = next;
            }
            at = next;
        }
        if (begin) // its end is missing
            into(rest.substr(*begin), depth + 1);
    }
    void unpack(const part& what, bool is_packed)
    {
        auto octets = what.coding == "base64"             ? from_base64(what.body)
                      : what.coding == "quoted-printable" ? from_quoted_printable(what.body)
                                                          : std::string{what.body};
        if (is_packed) {
            found_.what = gunzip(octets, most_octets_);
            if (!found_.what)
                found_.why = "no gzip, or more than " + std::to_string(most_octets_) + " octets when unpacked";
        } else if (octets.size() > most_octets_) {
            found_.why = "more than " + std::to_string(most_octets_) + " octets";
        } else {
            found_.what = std::move(octets);
        }
    }

    std::size_t most_octets_;
    unsigned parts_ = 0;
    found_json found_;
};

} // namespace

found_json find_json(std::string_view message, std::size_t most_octets)
{
    walk all{most_octets};
    all.into(message, 0);
    return std::move(all).result();
}

} // namespace tls_report
