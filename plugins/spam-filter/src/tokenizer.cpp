#include "tokenizer.hpp"

#include "octets.hpp"

#include <algorithm>
#include <array>

namespace spam_filter {
namespace {

constexpr std::size_t longest_word = 32;

/// Fields that say nothing about a message, or what another filter, or the sender in its name, says about it.
bool is_ignored(std::string_view name) noexcept
{
    static constexpr std::array<std::string_view, 17> names{
        "date",       "delivery-date", "status",       "x-status",    "x-uid",       "x-uidl",
        "x-keywords", "lines",         "delivered-to", "resent-date", "x-evolution", "content-length",
        "x-bogosity", "in-reply-to",   "references",   "message-id",  "x-imap"};
    return begins_with(name, "x-spam") || begins_with(name, "x-mozilla") ||
           std::any_of(names.begin(), names.end(), [&](std::string_view one) { return is_same(one, name); });
}

bool has_addresses(std::string_view name) noexcept
{
    static constexpr std::array<std::string_view, 7> names{"from", "to", "cc", "reply-to", "sender", "return-path", "errors-to"};
    return std::any_of(names.begin(), names.end(), [&](std::string_view one) { return is_same(one, name); });
}

bool is_word_octet(char c) noexcept
{
    return is_letter(c) || is_digit(c) || is_high(c) || c == '\'' || c == '-' || c == '$' || c == '!' || c == '.' || c == '@' ||
           c == '_' || c == '%' || c == '&' || c == '/' || c == '+' || c == '#' || c == '*';
}

bool is_kept_at_end(char c) noexcept
{
    return is_letter(c) || is_digit(c) || is_high(c) || c == '$' || c == '!' || c == '%';
}

bool is_shouted(std::string_view word) noexcept
{
    return word.size() > 3 && std::all_of(word.begin(), word.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

bool begins_link(std::string_view text) noexcept
{
    return begins_with(text, "http://") || begins_with(text, "https://") || begins_with(text, "www.");
}

bool is_program(std::string_view file) noexcept
{
    static constexpr std::array<std::string_view, 14> endings{".exe", ".scr", ".pif", ".com", ".bat", ".cmd", ".vbs",
                                                              ".js",  ".jse", ".wsf", ".lnk", ".hta", ".cpl", ".jar"};
    return std::any_of(endings.begin(), endings.end(), [&](std::string_view one) {
        return file.size() > one.size() && is_same(file.substr(file.size() - one.size()), one);
    });
}

} // namespace

void tokenizer::scan(const std::vector<field>& fields, std::string_view body)
{
    features_.clear();
    facts_ = {};
    headers(fields);
    facts_.faults = walk_parts(fields, body, limits_.walk, *this);
}

void tokenizer::headers(const std::vector<field>& fields)
{
    std::size_t left = limits_.header_octets;
    std::size_t received = 0;
    word_window names{features_, "names"};
    for (const field& one : fields) {
        if (one.value.size() > left)
            break;
        left -= one.value.size();
        if (is_ignored(one.name))
            continue;
        word(names, one.name);
        if (is_same(one.name, "received") && ++received > 6)
            continue;
        header(one);
    }
}

void tokenizer::header(const field& one)
{
    value_.clear();
    facts_.encoded_words += decode_header(one.value, 4096, value_);
    std::string space{"h:"};
    std::transform(one.name.begin(), one.name.end(), std::back_inserter(space), lower);
    words_left_ = 300;
    if (has_addresses(one.name))
        addresses(space, value_);
    else
        text(space, value_);
}

/// Addresses as they are, and their domains; names as words.
void tokenizer::addresses(std::string_view space, std::string_view value)
{
    text(space, value);
    for (std::size_t at = value.find('@'); at != std::string_view::npos; at = value.find('@', at + 1)) {
        std::size_t end = at + 1;
        while (end < value.size() && (is_letter(value[end]) || is_digit(value[end]) || value[end] == '.' || value[end] == '-'))
            ++end;
        std::string domain{value.substr(at + 1, std::min<std::size_t>(end - at - 1, 80))};
        std::transform(domain.begin(), domain.end(), domain.begin(), lower);
        mark("domain:", domain);
        if (const std::size_t dot = domain.rfind('.'); dot != std::string::npos)
            mark("top:", std::string_view{domain}.substr(dot));
    }
}

void tokenizer::text(std::string_view space, std::string_view text)
{
    word_window window{features_, space};
    std::size_t i = 0;
    while (i < text.size() && words_left_ > 0) {
        if (!is_word_octet(text[i])) {
            ++i;
            continue;
        }
        if (begins_link(text.substr(i))) {
            const std::size_t length = link(text.substr(i));
            i += length;
            continue;
        }
        std::size_t end = i;
        while (end < text.size() && is_word_octet(text[end]))
            ++end;
        std::string_view found = text.substr(i, end - i);
        i = end;
        while (!found.empty() && !is_kept_at_end(found.back()))
            found.remove_suffix(1);
        while (!found.empty() && !is_kept_at_end(found.front()))
            found.remove_prefix(1);
        if (!found.empty()) {
            word(window, found);
            --words_left_;
        }
    }
}

void tokenizer::word(word_window& to, std::string_view text)
{
    if (text.size() > longest_word) {
        // Letters of languages without blanks between words, or a made-up monster: in pieces, or by its length.
        if (std::count_if(text.begin(), text.end(), is_high) * 2 > static_cast<std::ptrdiff_t>(text.size())) {
            for (std::size_t i = 0; i < text.size() && i < 600; i += 6)
                to.add(text.substr(i, 6));
        } else {
            const std::array<char, 3> shape{'\1', 'L', static_cast<char>('0' + std::min<std::size_t>(text.size() / 16, 9))};
            to.add({shape.data(), shape.size()});
        }
        return;
    }
    ++facts_.words;
    facts_.shouted_words += is_shouted(text) ? 1 : 0;
    std::array<char, longest_word> small;
    std::transform(text.begin(), text.end(), small.begin(), lower);
    to.add({small.data(), text.size()});
}

/// Takes a link off the front of `text`; its length.
std::size_t tokenizer::link(std::string_view text)
{
    std::size_t end = 0;
    while (end < text.size() && end < 500 && !is_space(text[end]) && text[end] != '"' && text[end] != '<' && text[end] != '>' &&
           text[end] != '\'' && text[end] != ')')
        ++end;
    std::string_view rest = text.substr(0, end);
    if (const std::size_t scheme = rest.find("://"); scheme != std::string_view::npos && scheme < 8)
        rest.remove_prefix(scheme + 3);
    const std::size_t path = std::min(rest.find_first_of("/?#"), rest.size());
    std::string_view place = rest.substr(0, path);
    if (const std::size_t user = place.rfind('@'); user != std::string_view::npos) {
        mark("link:", "user");
        place.remove_prefix(user + 1);
    }
    ++facts_.links;
    host(place.substr(0, place.find(':')));
    word_window window{features_, "path"};
    std::size_t words = 0;
    rest.remove_prefix(path);
    while (!rest.empty() && words < 12) {
        std::size_t length = 0;
        while (length < rest.size() && (is_letter(rest[length]) || is_digit(rest[length])))
            ++length;
        if (length > 1) {
            word(window, rest.substr(0, length));
            ++words;
        }
        rest.remove_prefix(std::min(length + 1, rest.size()));
    }
    return std::max<std::size_t>(end, 1);
}

void tokenizer::host(std::string_view name)
{
    if (name.empty() || name.size() > 100)
        return;
    std::string small{name};
    std::transform(small.begin(), small.end(), small.begin(), lower);
    if (std::all_of(small.begin(), small.end(), [](char c) { return is_digit(c) || c == '.'; })) {
        ++facts_.numeric_links;
        mark("link:", "numeric");
        mark("host:", small);
        return;
    }
    std::string_view rest = small;
    for (int labels = 0; labels < 6; ++labels) {
        mark("host:", rest);
        const std::size_t dot = rest.find('.');
        if (dot == std::string_view::npos)
            break;
        rest.remove_prefix(dot + 1);
    }
    if (facts_.hosts.size() < most_hosts && std::find(facts_.hosts.begin(), facts_.hosts.end(), small) == facts_.hosts.end())
        facts_.hosts.push_back(std::move(small));
}

void tokenizer::html(std::string_view octets)
{
    shown_.clear();
    const html_facts found = read_html(octets, shown_);
    facts_.images += found.images;
    facts_.forms += found.forms;
    facts_.scripts += found.scripts;
    facts_.split_words += found.split_words;
    facts_.hides_text |= found.hides_text;
    for (const std::string& where : found.links) {
        if (begins_link(where))
            link(where);
        else
            mark("scheme:", std::string_view{where}.substr(0, std::min<std::size_t>(where.find(':'), 12)));
    }
    for (const std::string_view tag : found.tags) {
        const std::string_view name = tag_name(tag).substr(0, longest_word);
        mark("tag:", name);
        for (const std::string_view what : {"color", "bgcolor", "size", "face", "width", "height", "style", "align"}) {
            const std::string_view value = attribute(tag, what).substr(0, longest_word);
            if (!value.empty())
                features_.add(mixed(hashed(hashed(hashed(hash_start, name), what), value)));
        }
    }
    text("text", shown_);
}

void tokenizer::part(const part_facts& facts, std::string_view octets)
{
    mark("type:", facts.type);
    if (!facts.charset.empty())
        mark("charset:", facts.charset);
    if (!facts.coding.empty())
        mark("coding:" + facts.type, facts.coding);
    words_left_ = limits_.words;
    if (!facts.file_name.empty()) {
        facts_.has_program |= is_program(facts.file_name);
        text("file", facts.file_name);
    }
    facts_.attachments += facts.is_attachment ? 1 : 0;
    if (facts.type == "text/html") {
        ++facts_.html_parts;
        html(octets);
    } else if (begins_with(facts.type, "text/")) {
        facts_.plain_parts += facts.is_attachment ? 0 : 1;
        text("text", octets);
    }
}

bool tokenizer::attached(const std::vector<field>& fields, std::string_view)
{
    mark("type:", "message/rfc822");
    if (const std::string_view subject = find_field(fields, "subject"); !subject.empty()) {
        value_.clear();
        decode_header(subject, 1024, value_);
        words_left_ = 50;
        text("text", value_);
    }
    return true;
}

} // namespace spam_filter
