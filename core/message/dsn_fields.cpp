#include "core/message/dsn_fields.hpp"

#include "core/base/ascii.hpp"
#include "core/message/address.hpp"
#include "core/message/dsn_text.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace postern::message {

namespace {

constexpr std::size_t longest_value = 4000; // octets of a field that are looked at
constexpr std::size_t longest_id = 900;     // octets of a Message-ID

[[nodiscard]] int hex_digit(char c) noexcept
{
    if (base::is_digit(c))
        return c - '0';
    const char upper = base::to_upper(c);
    return upper >= 'A' && upper <= 'F' ? upper - 'A' + 10 : -1;
}

/// RFC 2045 6.7. Soft line breaks go, also before a bare LF.
[[nodiscard]] std::string from_quoted_printable(std::string_view text)
{
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        if (text.front() != '=') {
            out += text.front();
            text.remove_prefix(1);
        } else if (text.size() >= 3 && hex_digit(text[1]) >= 0 && hex_digit(text[2]) >= 0) {
            out += static_cast<char>(hex_digit(text[1]) * 16 + hex_digit(text[2]));
            text.remove_prefix(3);
        } else {
            const auto behind = text.find_first_not_of(" \t\r", 1);
            const bool is_soft = behind != std::string_view::npos && text[behind] == '\n';
            if (!is_soft)
                out += '=';
            text.remove_prefix(is_soft ? behind + 1 : 1);
        }
    }
    return out;
}

/// RFC 2045 6.8: what is not of the alphabet is passed over; padding ends it.
[[nodiscard]] std::string from_loose_base64(std::string_view text)
{
    constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    std::uint32_t held = 0;
    unsigned bits = 0;
    for (const char c : text) {
        if (c == '=')
            break;
        const auto at = alphabet.find(c);
        if (at == std::string_view::npos)
            continue;
        held = (held << 6U) | static_cast<std::uint32_t>(at);
        bits += 6;
        if (bits < 8)
            continue;
        bits -= 8;
        out += static_cast<char>((held >> bits) & 0xffU);
    }
    return out;
}

[[nodiscard]] std::string_view trimmed(std::string_view text) noexcept
{
    const auto begin = text.find_first_not_of(" \t");
    if (begin == std::string_view::npos)
        return {};
    return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

/// "type; value" (RFC 3464 2.1.2). Without a type all of it is the value.
struct typed_value {
    std::string type; // lower case
    std::string_view value;
};
[[nodiscard]] typed_value split_type(std::string_view text)
{
    const auto semicolon = text.find(';');
    if (semicolon == std::string_view::npos)
        return {{}, trimmed(text)};
    return {lower_ascii(trimmed(text.substr(0, semicolon))), trimmed(text.substr(semicolon + 1))};
}

[[nodiscard]] std::string address_in(std::string_view text)
{
    auto [type, value] = split_type(text);
    if (value.size() > 1 && value.starts_with('<') && value.ends_with('>'))
        value = value.substr(1, value.size() - 2);
    if (type == "utf-8")
        if (const auto wide = from_utf8_addr(value))
            return clean_text(*wide, true);
    return std::string{value};
}

/// RFC 3464 2.3.4, with a comment behind it.
[[nodiscard]] std::string status_in(std::string_view text)
{
    const auto end = std::find_if_not(text.begin(), text.end(), [](char c) { return base::is_digit(c) || c == '.'; });
    const auto code = text.substr(0, static_cast<std::size_t>(end - text.begin()));
    const auto is_number = [](std::string_view digits) { return !digits.empty() && digits.size() <= 3; };
    const auto dot = code.find('.', 2);
    const bool is_good = code.size() >= 5 && (code[0] == '2' || code[0] == '4' || code[0] == '5') && code[1] == '.' &&
                         dot != std::string_view::npos && is_number(code.substr(2, dot - 2)) && is_number(code.substr(dot + 1)) &&
                         code.find('.', dot + 1) == std::string_view::npos;
    return is_good ? std::string{code} : std::string{};
}

[[nodiscard]] report_action action_in(std::string_view text)
{
    constexpr std::array<std::pair<std::string_view, report_action>, 5> all{{{"failed", report_action::failed},
                                                                             {"delayed", report_action::delayed},
                                                                             {"delivered", report_action::delivered},
                                                                             {"relayed", report_action::relayed},
                                                                             {"expanded", report_action::expanded}}};
    const auto end = std::find_if_not(text.begin(), text.end(), base::is_letter);
    const auto word = text.substr(0, static_cast<std::size_t>(end - text.begin()));
    const auto* const found =
        std::find_if(all.begin(), all.end(), [&](const auto& each) { return base::equals_ignoring_case(each.first, word); });
    return found == all.end() ? report_action::unknown : found->second;
}

void read_diagnostic(std::string_view text, reported_recipient& to)
{
    const auto [type, value] = split_type(text);
    to.diagnostic_type = type;
    to.diagnostic = value;
    const bool is_code = value.size() >= 3 && value[0] >= '2' && value[0] <= '5' && base::is_digit(value[1]) &&
                         base::is_digit(value[2]) && (value.size() == 3 || !base::is_digit(value[3]));
    if (type == "smtp" && is_code)
        to.smtp_code = static_cast<std::uint16_t>((value[0] - '0') * 100 + (value[1] - '0') * 10 + (value[2] - '0'));
}

class group_reader {
public:
    group_reader(std::size_t most, status_report& to) : most_{most}, to_{to} {}

    void line(std::string_view text)
    {
        if (text.empty()) {
            end_group();
        } else if (text.front() == ' ' || text.front() == '\t') { // RFC 5322 2.2.3: folded
            if (!field_.empty() && field_.size() < longest_value)
                field_.append(" ").append(trimmed(text).substr(0, longest_value));
        } else {
            end_field();
            field_ = text.substr(0, longest_value);
        }
    }
    void end_group()
    {
        end_field();
        if (!is_begun_)
            return;
        is_first_ = is_begun_ = false;
        auto one = std::exchange(now_, {});
        if (one.recipient.empty() && one.original.empty())
            return;
        if (to_.recipients.size() == most_)
            to_.is_cut = true;
        else
            to_.recipients.push_back(std::move(one));
    }

private:
    void end_field()
    {
        const auto text = clean_text(std::exchange(field_, {}), true);
        if (text.empty())
            return;
        is_begun_ = true;
        const auto colon = text.find(':');
        if (colon == std::string::npos)
            return;
        take(lower_ascii(trimmed(std::string_view{text}.substr(0, colon))), trimmed(std::string_view{text}.substr(colon + 1)));
    }
    /// The first of a name counts.
    static void put(std::string& to, std::string_view value)
    {
        if (to.empty())
            to = value;
    }
    void take(std::string_view name, std::string_view value)
    {
        if (is_first_ && name == "reporting-mta")
            put(to_.reporting_mta, split_type(value).value);
        else if (is_first_ && name == "original-envelope-id")
            put(to_.envid, value);
        else if (is_first_ && name == "arrival-date")
            put(to_.arrival, value);
        else if (name == "final-recipient")
            put(now_.recipient, address_in(value));
        else if (name == "original-recipient")
            put(now_.original, address_in(value));
        else if (name == "action" && now_.action == report_action::unknown)
            now_.action = action_in(value);
        else if (name == "status")
            put(now_.status, status_in(value));
        else if (name == "remote-mta")
            put(now_.remote_mta, split_type(value).value);
        else if (name == "diagnostic-code" && now_.diagnostic.empty())
            read_diagnostic(value, now_);
        else if (name == "last-attempt-date")
            put(now_.last_attempt, value);
        else if (name == "will-retry-until")
            put(now_.retry_until, value);
    }

    std::size_t most_;
    status_report& to_;
    std::string field_; // unfolded so far
    reported_recipient now_;
    bool is_first_ = true; // RFC 3464 2.1: the first group is of the message
    bool is_begun_ = false;
};

} // namespace

std::string decode_transfer(std::string_view octets, transfer_encoding encoding)
{
    if (encoding == transfer_encoding::base64)
        return from_loose_base64(octets);
    if (encoding == transfer_encoding::quoted_printable)
        return from_quoted_printable(octets);
    return std::string{octets};
}

void read_status_fields(std::string_view text, bool is_cut, std::size_t most, status_report& to)
{
    group_reader reader{most, to};
    while (!text.empty()) {
        const auto end = text.find('\n');
        if (end == std::string_view::npos && is_cut)
            break;
        auto line = text.substr(0, end);
        if (line.ends_with('\r'))
            line.remove_suffix(1);
        reader.line(line);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    if (!is_cut)
        reader.end_group();
}

std::string_view message_id_in(std::string_view value) noexcept
{
    const auto begin = value.find_first_not_of(" \t\r\n");
    if (begin == std::string_view::npos)
        return {};
    const auto id = value.substr(begin, value.find_last_not_of(" \t\r\n") - begin + 1);
    const auto inner = id.substr(0, longest_id);
    const bool is_good =
        id.size() > 2 && id.size() <= longest_id && id.starts_with('<') && id.ends_with('>') &&
        std::all_of(inner.begin() + 1, inner.end() - 1, [](char c) { return c > ' ' && c <= '~' && c != '<' && c != '>'; });
    return is_good ? id : std::string_view{};
}

std::string message_id_of(std::string_view text)
{
    constexpr std::string_view name = "message-id";
    std::string value;
    bool is_inside = false;
    while (!text.empty()) {
        const auto end = text.find('\n');
        auto line = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        if (line.ends_with('\r'))
            line.remove_suffix(1);
        const bool is_folded = line.starts_with(' ') || line.starts_with('\t');
        if (line.empty() || (is_inside && !is_folded))
            break;
        const auto colon = line.find(':');
        if (is_inside) {
            value.append(line.substr(0, longest_value));
        } else if (!is_folded && colon != std::string_view::npos &&
                   base::equals_ignoring_case(trimmed(line.substr(0, colon)), name)) {
            is_inside = true;
            value = line.substr(colon + 1).substr(0, longest_value);
        }
        if (value.size() > longest_value)
            break;
    }
    return std::string{message_id_in(value)};
}

} // namespace postern::message
