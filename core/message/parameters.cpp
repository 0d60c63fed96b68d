#include "core/message/parameters.hpp"

#include "core/base/ascii.hpp"

#include "core/message/address.hpp"
#include "core/message/unicode.hpp"
#include "core/message/xtext.hpp"

#include <algorithm>
#include <charconv>

namespace postern::message {

namespace {

using refusal = std::optional<parameter_refusal>;

constexpr parameter_refusal bad(std::string_view text) noexcept
{
    return {501, "5.5.4", text};
}

/// A word of the list. Views into the line, but for the keyword.
struct word {
    std::string keyword; // upper case
    std::optional<std::string_view> value;
};

bool is_keyword(std::string_view text) noexcept
{
    // RFC 5321 4.1.2: esmtp-keyword = (ALPHA / DIGIT) *(ALPHA / DIGIT / "-")
    const auto is_alpha_digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); };
    return !text.empty() && text.front() != '-' &&
           std::all_of(text.begin(), text.end(), [&](char c) { return is_alpha_digit(c) || c == '-'; });
}

bool is_value(std::string_view text) noexcept
{
    // RFC 5321 4.1.2: esmtp-value = 1*(%d33-60 / %d62-126); RFC 6531 3.3 adds UTF-8, which each parameter allows or not.
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return static_cast<unsigned char>(c) > 127 || (c > ' ' && c <= '~' && c != '=');
    });
}

/// The next word of `rest`, which is empty or begins with a space. Nothing and no refusal: the list is over.
refusal next_word(std::string_view& rest, std::optional<word>& found)
{
    found.reset();
    if (rest.empty())
        return std::nullopt;
    if (rest.front() != ' ')
        return bad("A space must separate parameters");
    rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
    if (rest.empty())
        return std::nullopt;
    const auto text = rest.substr(0, rest.find(' '));
    rest.remove_prefix(text.size());
    const auto equals = text.find('=');
    const auto keyword = text.substr(0, equals);
    if (!is_keyword(keyword))
        return bad("Malformed parameter");
    found.emplace(word{base::to_upper(keyword), std::nullopt});
    if (equals != std::string_view::npos) {
        found->value = text.substr(equals + 1);
        if (!is_value(*found->value))
            return bad("Malformed parameter value");
    }
    return std::nullopt;
}

/// Decoded xtext that may be printed in a report: RFC 3461 4.2 and 4.4 want printable ASCII.
bool is_printable_xtext(std::string_view text)
{
    const auto decoded = decode_xtext(text);
    return decoded && !decoded->empty() &&
           std::all_of(decoded->begin(), decoded->end(), [](char c) { return c >= ' ' && c <= '~'; });
}

/// The length of an EmbeddedUnicodeChar "\x{HEX}" at the front, 0 if it is none. RFC 6533 3: exact width, no surrogates.
std::size_t embedded_char(std::string_view text) noexcept
{
    constexpr std::string_view open = "\\x{";
    const auto close = text.find('}');
    if (!text.starts_with(open) || close == std::string_view::npos)
        return 0;
    const auto digits = text.substr(open.size(), close - open.size());
    std::uint32_t point = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), point, 16);
    if (digits.size() < 2 || digits.size() > 6 || error != std::errc{} || end != digits.data() + digits.size())
        return 0;
    const bool is_surrogate = point >= 0xd800 && point <= 0xdfff;
    // Below U+0080 only the characters that utf-8-addr-xtext cannot write otherwise. Controls would decode into a report.
    const bool is_needed = point >= 0x80 || point == 0x20 || point == '+' || point == '=' || point == '\\';
    if (digits.front() == '0' || is_surrogate || point > 0x10ffff || !is_needed || is_control(point))
        return 0;
    return close + 1;
}

/// RFC 6533 3: utf-8-addr-xtext, utf-8-addr-unitext or utf-8-address.
bool is_utf8_address(std::string_view text, bool smtputf8) noexcept
{
    if (text.empty())
        return false;
    while (!text.empty()) {
        const auto point = first_code_point(text);
        if (!point)
            return false;
        std::size_t size = point->size;
        if (point->value > 127) {
            if (!smtputf8 || is_control(point->value))
                return false;
        } else if (point->value == '\\') {
            size = embedded_char(text);
            if (size == 0)
                return false;
        } else if (point->value <= ' ' || point->value > '~' || point->value == '+' || point->value == '=') {
            return false;
        }
        text.remove_prefix(size);
    }
    return true;
}

refusal take_size(std::string_view value, sender& into) noexcept
{
    // RFC 1870 4: size-value ::= 1*20DIGIT. from_chars takes no sign, and tells when 64 bits do not hold it.
    constexpr std::size_t most_digits = 20;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), into.declared_size);
    if (value.size() > most_digits || error != std::errc{} || end != value.data() + value.size())
        return bad("Bad SIZE value");
    return std::nullopt;
}

refusal take_body(std::string_view value, const parameter_offers& offers, sender& into)
{
    const auto name = base::to_upper(value);
    if (name == "7BIT")
        into.body = body_type::seven_bit;
    else if (name == "8BITMIME")
        into.body = body_type::eight_bit_mime;
    else if (name == "BINARYMIME" && offers.binary_mime)
        into.body = body_type::binary_mime;
    else
        return bad("Bad BODY value");
    return std::nullopt;
}

refusal take_ret(std::string_view value, sender& into)
{
    const auto name = base::to_upper(value);
    if (name == "FULL")
        into.ret = dsn_return::full;
    else if (name == "HDRS")
        into.ret = dsn_return::headers;
    else
        return bad("Bad RET value");
    return std::nullopt;
}

/// RFC 4954 5: "<>", or a mailbox as xtext.
refusal take_auth(std::string_view value)
{
    if (value == "<>")
        return std::nullopt;
    const auto mailbox = decode_xtext(value);
    if (value.size() > max_orcpt || !mailbox || !parse_mailbox(*mailbox, utf8::allowed))
        return bad("Bad AUTH value");
    return std::nullopt;
}

refusal take_notify(std::string_view value, dsn_notify& into)
{
    // RFC 3461 4.1: "NEVER", or a list of the other three, each at most once.
    bool more = true;
    while (more) {
        const auto comma = value.find(',');
        more = comma != std::string_view::npos;
        const auto name = base::to_upper(value.substr(0, comma));
        value.remove_prefix(more ? comma + 1 : value.size());
        bool& flag = name == "SUCCESS"   ? into.success
                     : name == "FAILURE" ? into.failure
                     : name == "DELAY"   ? into.delay
                                         : into.never;
        if (flag || into.never || (&flag == &into.never && (name != "NEVER" || into.is_given())))
            return bad("Bad NOTIFY value");
        flag = true;
    }
    return std::nullopt;
}

refusal take_orcpt(std::string_view value, bool smtputf8, recipient& into)
{
    // RFC 3461 4.2: original-recipient-address = addr-type ";" xtext
    const auto semicolon = value.find(';');
    if (value.size() > max_orcpt || semicolon == std::string_view::npos || !is_keyword(value.substr(0, semicolon)))
        return bad("Bad ORCPT value");
    const auto address = value.substr(semicolon + 1);
    const bool is_utf8_type = base::to_upper(value.substr(0, semicolon)) == "UTF-8";
    if (!(is_utf8_type ? is_utf8_address(address, smtputf8) : is_printable_xtext(address)))
        return bad("Bad ORCPT value");
    into.orcpt = value;
    return std::nullopt;
}

constexpr parameter_refusal unknown_parameter = {555, "5.5.4", "Parameter not recognized or not offered"};

/// Keeps the raw word, unless its keyword was there before.
refusal keep(const word& what, std::vector<parameter>& all)
{
    if (std::any_of(all.begin(), all.end(), [&](const parameter& p) { return p.keyword == what.keyword; }))
        return bad("Repeated parameter");
    all.push_back({what.keyword, what.value ? std::optional<std::string>{*what.value} : std::nullopt});
    return std::nullopt;
}

bool is_listed(std::span<const std::string_view> keywords, std::string_view keyword) noexcept
{
    return std::find(keywords.begin(), keywords.end(), keyword) != keywords.end();
}

refusal take_mail_word(const word& what, const parameter_offers& offers, sender& into)
{
    const auto value = what.value.value_or(std::string_view{});
    const bool is_valued = what.keyword == "SIZE" || what.keyword == "BODY" || what.keyword == "RET" || what.keyword == "ENVID" ||
                           what.keyword == "AUTH";
    const bool is_offered = what.keyword == "SIZE"       ? offers.size
                            : what.keyword == "BODY"     ? offers.eight_bit_mime || offers.binary_mime
                            : what.keyword == "SMTPUTF8" ? offers.smtputf8
                            : what.keyword == "AUTH"     ? offers.auth
                            : is_valued                  ? offers.dsn
                                                         : is_listed(offers.mail_keywords, what.keyword);
    if (!is_offered)
        return unknown_parameter; // RFC 5321 4.1.1.11
    if (!is_ascii(value) || (is_valued && !what.value))
        return bad("Bad parameter value");
    if (what.keyword == "SIZE")
        return take_size(value, into);
    if (what.keyword == "BODY")
        return take_body(value, offers, into);
    if (what.keyword == "RET")
        return take_ret(value, into);
    if (what.keyword == "AUTH")
        return take_auth(value);
    if (what.keyword == "ENVID") {
        if (value.size() > max_envid || !is_printable_xtext(value))
            return bad("Bad ENVID value");
        into.envid = value;
    }
    if (what.keyword == "SMTPUTF8") {
        if (what.value)
            return bad("SMTPUTF8 takes no value"); // RFC 6531 3.4
        into.smtputf8 = true;
    }
    return std::nullopt;
}

refusal take_rcpt_word(const word& what, const parameter_offers& offers, bool smtputf8, recipient& into)
{
    const auto value = what.value.value_or(std::string_view{});
    const bool is_dsn = what.keyword == "NOTIFY" || what.keyword == "ORCPT";
    if (!(is_dsn ? offers.dsn : is_listed(offers.rcpt_keywords, what.keyword)))
        return unknown_parameter;
    if (is_dsn && !what.value)
        return bad("Bad parameter value");
    if (what.keyword == "ORCPT")
        return take_orcpt(value, smtputf8, into);
    if (!is_ascii(value))
        return bad("Bad parameter value");
    return what.keyword == "NOTIFY" ? take_notify(value, into.notify) : std::nullopt;
}

/// Reads the list word by word: `take` judges one and stores its typed value.
template <class Take>
refusal parse(std::string_view text, std::vector<parameter>& all, Take take)
{
    std::optional<word> what;
    while (true) {
        if (auto wrong = next_word(text, what))
            return wrong;
        if (!what)
            return std::nullopt;
        if (auto wrong = take(*what))
            return wrong;
        if (auto wrong = keep(*what, all))
            return wrong;
    }
}

} // namespace

std::optional<parameter_refusal> parse_mail_parameters(std::string_view text, const parameter_offers& offers, sender& into)
{
    return parse(text, into.parameters, [&](const word& what) { return take_mail_word(what, offers, into); });
}

std::optional<parameter_refusal> parse_rcpt_parameters(std::string_view text, const parameter_offers& offers, bool smtputf8,
                                                       recipient& into)
{
    return parse(text, into.parameters, [&](const word& what) { return take_rcpt_word(what, offers, smtputf8, into); });
}

} // namespace postern::message
