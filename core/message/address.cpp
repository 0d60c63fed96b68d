#include "core/message/address.hpp"

#include "core/base/ascii.hpp"

#include "core/base/ip_address.hpp"
#include "core/message/unicode.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace postern::message {

namespace {

constexpr std::size_t max_label = 63; // RFC 1035 2.3.4; code points where a label is not ASCII

constexpr bool is_alpha_digit(char c) noexcept
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

constexpr bool is_high(char c) noexcept
{
    return static_cast<unsigned char>(c) > 127;
}

constexpr std::array<bool, 256> make_atext()
{
    std::array<bool, 256> table{};
    for (unsigned c = 0; c < 128; ++c)
        table[c] = is_alpha_digit(static_cast<char>(c));
    for (const char c : std::string_view{"!#$%&'*+-/=?^_`{|}~"}) // RFC 5322 3.2.3
        table[static_cast<unsigned char>(c)] = true;
    return table;
}
constexpr auto atext = make_atext();

using fault = std::optional<errc>;

/// The code point above ASCII at `text[at]`, judged; moves `at` behind it.
fault take_high(std::string_view text, std::size_t& at, utf8 octets, bool in_domain) noexcept
{
    if (octets == utf8::refused)
        return errc::needs_smtputf8; // RFC 6531 3.4: without the parameter addresses are ASCII
    const auto point = first_code_point(text.substr(at));
    if (!point || is_control(point->value) || (in_domain && is_deceptive_in_domain(point->value)))
        return errc::bad_utf8;
    at += point->size;
    return std::nullopt;
}

fault check_domain(std::string_view text, utf8 octets) noexcept
{
    if (text.empty())
        return errc::bad_path;
    if (text.size() > max_domain) // RFC 5321 4.5.3.1.2
        return errc::too_long;
    std::size_t label = 0; // characters of it so far
    for (std::size_t at = 0; at < text.size();) {
        const char c = text[at];
        if (c == '.') {
            if (label == 0 || text[at - 1] == '-')
                return errc::bad_path;
            label = 0;
            ++at;
            continue;
        }
        if (is_high(c)) {
            if (const auto wrong = take_high(text, at, octets, true))
                return wrong;
        } else {
            // RFC 5321 4.1.2: sub-domain = Let-dig [Ldh-str]
            if (!is_alpha_digit(c) && (c != '-' || label == 0))
                return errc::bad_path;
            ++at;
        }
        if (++label > max_label)
            return errc::too_long;
    }
    if (label == 0 || text.back() == '-') // "example." is a DNS habit, not a Domain
        return errc::bad_path;
    return std::nullopt;
}

/// An address literal, brackets included, in canonical form.
std::optional<std::string> canonical_literal(std::string_view text)
{
    if (text.size() < 3 || text.size() > max_domain || text.front() != '[' || text.back() != ']')
        return std::nullopt;
    const auto inner = text.substr(1, text.size() - 2);
    const auto colon = inner.find(':');
    if (colon == std::string_view::npos) {
        const auto address = base::ip_address::from_text(inner);
        return address ? std::optional{address->literal()} : std::nullopt;
    }
    const auto tag = inner.substr(0, colon);
    const auto content = inner.substr(colon + 1);
    if (base::equals_ignoring_case(tag, "IPv6")) {
        // A tag that says IPv6 before an IPv4 address is neither.
        if (content.find(':') == std::string_view::npos)
            return std::nullopt;
        const auto address = base::ip_address::from_text(content);
        return address ? std::optional{address->literal()} : std::nullopt;
    }
    // RFC 5321 4.1.3: Standardized-tag ":" 1*dcontent
    const bool tag_is_ldh = !tag.empty() && tag.back() != '-' &&
                            std::all_of(tag.begin(), tag.end(), [](char c) { return is_alpha_digit(c) || c == '-'; });
    const auto is_dcontent = [](char c) { return c >= '!' && c <= '~' && (c < '[' || c > ']'); };
    if (!tag_is_ldh || content.empty() || !std::all_of(content.begin(), content.end(), is_dcontent))
        return std::nullopt;
    return std::string{text};
}

/// Whether it may stand without quotes: Dot-string of RFC 5321 4.1.2.
bool is_dot_string(std::string_view text) noexcept
{
    if (text.empty() || text.front() == '.' || text.back() == '.')
        return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool right = text[i] == '.' ? text[i - 1] != '.' : atext[static_cast<unsigned char>(text[i])] || is_high(text[i]);
        if (!right)
            return false;
    }
    return true;
}

std::string quote(std::string_view text)
{
    std::string quoted = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\')
            quoted += '\\';
        quoted += c;
    }
    quoted += '"';
    return quoted;
}

/// Walks along a path. Each take_ moves `at_` behind what it names, or says what is wrong.
class path_parser {
public:
    path_parser(std::string_view text, utf8 octets) noexcept : text_{text}, octets_{octets} {}

    [[nodiscard]] std::size_t at() const noexcept { return at_; }
    [[nodiscard]] bool is_at_end() const noexcept { return at_ == text_.size(); }
    [[nodiscard]] bool is_at(char c) const noexcept { return at_ < text_.size() && text_[at_] == c; }
    [[nodiscard]] bool skip(char c) noexcept
    {
        if (!is_at(c))
            return false;
        ++at_;
        return true;
    }

    /// "@a,@b:" is read and forgotten: RFC 5321 4.1.1.3, appendix C.
    fault take_route() noexcept
    {
        do {
            if (!skip('@'))
                return errc::bad_path;
            const auto end = std::min(text_.find_first_of(",:>", at_), text_.size());
            if (const auto wrong = check_domain(text_.substr(at_, end - at_), octets_))
                return wrong;
            at_ = end;
        } while (skip(','));
        return skip(':') ? fault{} : errc::bad_path;
    }

    fault take_local(std::string& canonical)
    {
        std::string content;
        if (const auto wrong = is_at('"') ? take_quoted(content) : take_dot_string(content))
            return wrong;
        canonical = is_dot_string(content) ? std::move(content) : quote(content);
        if (canonical.size() > max_local_part) // RFC 5321 4.5.3.1.1
            return errc::too_long;
        return std::nullopt;
    }

    /// Domain or address literal, up to `end` or the end of the text.
    fault take_domain(std::string& canonical)
    {
        if (is_at('[')) {
            const auto close = text_.find(']', at_);
            auto literal = close == std::string_view::npos ? std::nullopt : canonical_literal(text_.substr(at_, close + 1 - at_));
            if (!literal)
                return errc::bad_path;
            canonical = std::move(*literal);
            at_ = close + 1;
            return std::nullopt;
        }
        const auto end = std::min(text_.find('>', at_), text_.size());
        const auto domain = text_.substr(at_, end - at_);
        if (const auto wrong = check_domain(domain, octets_))
            return wrong;
        canonical = domain;
        at_ = end;
        return std::nullopt;
    }

    /// Mailbox = Local-part "@" ( Domain / address-literal ).
    fault take_mailbox(std::string& canonical)
    {
        std::string domain;
        if (const auto wrong = take_local(canonical))
            return wrong;
        if (!skip('@'))
            return errc::bad_path;
        if (const auto wrong = take_domain(domain))
            return wrong;
        canonical += '@';
        canonical += domain;
        return std::nullopt;
    }

private:
    fault take_dot_string(std::string& content)
    {
        const auto begin = at_;
        while (at_ < text_.size()) {
            if (is_high(text_[at_])) {
                if (const auto wrong = take_high(text_, at_, octets_, false))
                    return wrong;
            } else if (atext[static_cast<unsigned char>(text_[at_])] || text_[at_] == '.') {
                ++at_;
            } else {
                break;
            }
        }
        content = text_.substr(begin, at_ - begin);
        return is_dot_string(content) ? fault{} : errc::bad_path;
    }

    fault take_quoted(std::string& content)
    {
        ++at_;
        while (at_ < text_.size()) {
            char c = text_[at_];
            if (is_high(c)) {
                const auto begin = at_;
                if (const auto wrong = take_high(text_, at_, octets_, false))
                    return wrong;
                content += text_.substr(begin, at_ - begin);
                continue;
            }
            ++at_;
            if (c == '"')
                return std::nullopt;
            if (c == '\\') {
                if (at_ == text_.size())
                    break;
                c = text_[at_++];
            }
            // RFC 5321 4.1.2: qtextSMTP and quoted-pairSMTP are printable ASCII only.
            if (c < ' ' || c > '~')
                return errc::bad_path;
            content += c;
        }
        return errc::bad_path; // unclosed
    }

    std::string_view text_;
    std::size_t at_ = 0;
    utf8 octets_;
};

enum class direction : bool { reverse, forward };

base::result<parsed_path> parse_path(std::string_view text, utf8 octets, direction which)
{
    path_parser parser{text, octets};
    parsed_path path;
    if (!parser.skip('<'))
        return errc::bad_path;
    if (parser.skip('>')) {
        if (which == direction::forward)
            return errc::bad_path; // RFC 5321 4.1.1.3: only a reverse-path may be null
        path.consumed = parser.at();
        return path;
    }
    const bool has_route = parser.is_at('@');
    if (has_route)
        if (const auto wrong = parser.take_route())
            return *wrong;
    constexpr std::string_view postmaster = "postmaster";
    const auto here = text.substr(parser.at());
    // RFC 5321 4.5.1: postmaster without a domain is one of ours, whoever we are.
    if (which == direction::forward && !has_route && here.size() > postmaster.size() && here[postmaster.size()] == '>' &&
        base::equals_ignoring_case(here.substr(0, postmaster.size()), postmaster)) {
        path.address = here.substr(0, postmaster.size());
        path.consumed = parser.at() + postmaster.size() + 1;
        return path;
    }
    if (const auto wrong = parser.take_mailbox(path.address))
        return *wrong;
    if (!parser.skip('>'))
        return errc::bad_path;
    path.consumed = parser.at();
    if (path.consumed > max_path) // RFC 5321 4.5.3.1.3
        return errc::too_long;
    return path;
}

} // namespace

base::result<parsed_path> parse_reverse_path(std::string_view text, utf8 octets)
{
    return parse_path(text, octets, direction::reverse);
}

base::result<parsed_path> parse_forward_path(std::string_view text, utf8 octets)
{
    return parse_path(text, octets, direction::forward);
}

base::result<std::string> parse_mailbox(std::string_view text, utf8 octets)
{
    path_parser parser{text, octets};
    std::string address;
    if (const auto wrong = parser.take_mailbox(address))
        return *wrong;
    if (!parser.is_at_end())
        return errc::bad_path;
    if (address.size() + 2 > max_path)
        return errc::too_long;
    return address;
}

bool is_domain(std::string_view text, utf8 octets) noexcept
{
    return !check_domain(text, octets);
}

bool is_address_literal(std::string_view text) noexcept
{
    return canonical_literal(text).has_value();
}

address_parts split_address(std::string_view address) noexcept
{
    // A quoted local part may hold '@', and so may a general address literal: neither the first nor the last one is safe.
    std::size_t at = 0;
    if (!address.empty() && address.front() == '"')
        for (at = 1; at < address.size() && address[at] != '"'; ++at)
            if (address[at] == '\\')
                ++at;
    at = at < address.size() ? address.find('@', at) : std::string_view::npos;
    if (at == std::string_view::npos)
        return {address, {}};
    return {address.substr(0, at), address.substr(at + 1)};
}

bool is_postmaster_alone(std::string_view address) noexcept
{
    return base::equals_ignoring_case(address, "postmaster");
}

std::string to_path(std::string_view address)
{
    std::string path;
    path.reserve(address.size() + 2);
    path += '<';
    path += address;
    path += '>';
    return path;
}

std::string lower_ascii(std::string_view text)
{
    std::string lowered{text};
    std::transform(lowered.begin(), lowered.end(), lowered.begin(), base::to_lower);
    return lowered;
}

std::string with_lower_domain(std::string_view address)
{
    const auto parts = split_address(address);
    std::string lowered{address};
    // The domain is the tail; a general address literal keeps its case, nobody knows its rules.
    if (!parts.domain.starts_with('['))
        std::transform(lowered.end() - static_cast<std::ptrdiff_t>(parts.domain.size()), lowered.end(),
                       lowered.end() - static_cast<std::ptrdiff_t>(parts.domain.size()), base::to_lower);
    return lowered;
}

bool is_ascii(std::string_view text) noexcept
{
    return std::none_of(text.begin(), text.end(), is_high);
}

} // namespace postern::message
