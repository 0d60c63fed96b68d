#include "core/host/submission_reader.hpp"

#include "core/host/record_sizes.hpp"
#include "core/host/reply_reader.hpp"
#include "core/message/address.hpp"
#include "core/message/unicode.hpp"
#include "core/protocol/content_check.hpp"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

namespace postern::daemon {
namespace {

constexpr std::uint64_t longest_line = 1'000; // RFC 5321 4.5.3.1.6, with its CRLF
constexpr std::uint32_t known_flags = POSTERN_SUBMIT_NO_REPORTS | POSTERN_SUBMIT_UTF8;

template <class Record>
Record record_at(const postern_list& list, std::uint32_t index) noexcept
{
    return read_record<Record>(static_cast<const char*>(list.at) + std::size_t{index} * list.stride, list.stride);
}
std::string_view text_at(const postern_list& list, std::uint32_t index, bool& is_sound_text) noexcept
{
    postern_str text{};
    std::memcpy(&text, static_cast<const char*>(list.at) + std::size_t{index} * list.stride, sizeof text);
    is_sound_text = is_sound(text);
    return is_sound_text ? view(text) : std::string_view{};
}

/// RFC 5322 2.2: fields, each with a name of printable ASCII and a colon, and folded lines behind them. `head` ends with CRLF.
bool is_header_section(std::string_view head) noexcept
{
    bool is_first = true;
    while (!head.empty()) {
        const auto line = head.substr(0, head.find("\r\n"));
        head.remove_prefix(line.size() + 2);
        if (line.empty())
            return false;
        const bool is_fold = line.front() == ' ' || line.front() == '\t';
        if (is_fold && (is_first || line.find_first_not_of(" \t") == line.npos))
            return false;
        const auto colon = line.find(':');
        const auto name = line.substr(0, colon == line.npos ? 0 : colon);
        if (!is_fold && (name.empty() || !std::ranges::all_of(name, [](char c) { return c > ' ' && c <= '~'; })))
            return false;
        is_first = false;
    }
    return !is_first;
}

/// Empty: it is good.
std::string_view read_content(std::string_view content, bool takes_utf8, queue::submission& to)
{
    protocol::content_check check;
    check.take(content);
    check.finish();
    const auto& facts = check.facts();
    if (facts.has_defect() || !check.ends_in_line_end())
        return "content with NUL, or with lines that do not end with CRLF";
    if (facts.longest_line > longest_line)
        return "a line of more than 998 octets";
    const auto end = content.find("\r\n\r\n");
    if (end == content.npos)
        return "content without an empty line behind its header section";
    to.head = content.substr(0, end + 4);
    to.body = content.substr(end + 4);
    const auto head = std::string_view{to.head}.substr(0, end + 2);
    if (!is_header_section(head))
        return "a header section that is none";
    const bool is_ascii = message::is_ascii(head);
    if (!is_ascii && !takes_utf8)
        return "a header section beyond ASCII, without POSTERN_SUBMIT_UTF8";
    if (!is_ascii && !message::is_utf8(head))
        return "a header section that is no UTF-8";
    to.has_8bit = facts.eight_bit;
    to.needs_smtputf8 = !is_ascii;
    return {};
}

std::string_view read_addresses(const postern_submission& from, queue::submission& to)
{
    const bool takes_utf8 = (from.flags & POSTERN_SUBMIT_UTF8) != 0;
    const auto octets = takes_utf8 ? message::utf8::allowed : message::utf8::refused;
    const auto read = [&](std::string_view text, std::string& address) {
        auto parsed = message::parse_mailbox(text, octets);
        if (!parsed)
            return false;
        address = std::move(*parsed);
        to.needs_smtputf8 = to.needs_smtputf8 || !message::is_ascii(address);
        return true;
    };
    if (!is_sound(from.sender) || (from.sender.len != 0 && !read(view(from.sender), to.envelope.from.address)))
        return "a sender that is no address";
    if (from.recipients.count == 0 || from.recipients.count > most_submitted_recipients)
        return "no recipient, or more than 1,000";
    if (!is_sound(from.recipients, sizeof(postern_str)))
        return "a list of recipients without records, or with a stride smaller than a record";
    for (std::uint32_t i = 0; i < from.recipients.count; ++i) {
        bool is_text = false;
        const auto text = text_at(from.recipients, i, is_text);
        message::recipient one;
        if (!is_text || !read(text, one.address))
            return "a recipient that is no address";
        one.notify.never = (from.flags & POSTERN_SUBMIT_NO_REPORTS) != 0;
        to.envelope.to.push_back(std::move(one));
    }
    return {};
}

std::string_view read_params(const postern_list& from, const std::vector<hooks::owned_parameter>& own, queue::submission& to)
{
    if (from.count > most_submitted_params || (from.count != 0 && !is_sound(from, first_size<postern_submit_param>)))
        return "more than 100 parameters, or no list of them";
    for (std::uint32_t i = 0; i < from.count; ++i) {
        const auto one = record_at<postern_submit_param>(from, i);
        if (!is_sound(one.name) || !is_sound(one.value))
            return "a parameter that is NULL";
        const hooks::edit what{hooks::edit_op::param_set, hooks::of_mail, std::string{view(one.name)},
                               std::string{view(one.value)}};
        if (const auto wrong = hooks::param_fault(what, own); !wrong.empty())
            return wrong;
        hooks::store_param(what, own, to.envelope.from.parameters);
    }
    return {};
}

} // namespace

std::optional<queue::submission> read_submission(const postern_submission& from, const std::vector<hooks::owned_parameter>& own,
                                                 std::uint64_t most_octets, std::string_view& why)
{
    queue::submission made;
    why = {};
    if ((from.flags & ~known_flags) != 0)
        why = "unknown flags";
    else if (!is_sound(from.content) || from.content.len > most_octets)
        why = "content that is NULL, or longer than limits.message_size";
    if (why.empty())
        why = read_content(view(from.content), (from.flags & POSTERN_SUBMIT_UTF8) != 0, made);
    if (why.empty())
        why = read_addresses(from, made);
    if (why.empty())
        why = read_params(from.params, own, made);
    return why.empty() ? std::optional{std::move(made)} : std::nullopt;
}

} // namespace postern::daemon
