#include "core/host/reply_reader.hpp"

#include "core/host/record_sizes.hpp"

#include <postern/abi/outgoing.h>

#include <utility>

namespace postern::daemon {

bool is_sound(const postern_list& list, std::size_t record_size) noexcept
{
    return list.count == 0 || (list.at != nullptr && list.stride >= record_size);
}

namespace {

/// The numbers that are given out, with their gaps.
constexpr bool is_known(std::uint32_t op) noexcept
{
    return op >= POSTERN_EDIT_HEADER_ADD && op <= POSTERN_EDIT_REPORT_RELAY;
}

const char* read_edits(const postern_list& from, std::vector<hooks::edit>& to)
{
    if (!is_sound(from, first_size<postern_edit>))
        return "a list of edits without records, or with a stride smaller than a record";
    if (from.count > most_edits)
        return "too many edits";
    to.clear();
    to.reserve(from.count);
    const auto* at = static_cast<const char*>(from.at);
    for (std::uint32_t i = 0; i < from.count; ++i, at += from.stride) {
        const auto edit = read_record<postern_edit>(at, from.stride);
        if (!is_known(edit.op))
            return "an edit that this host does not know";
        if (!is_sound(edit.name) || !is_sound(edit.value))
            return "an edit with a NULL text that has a length";
        if (edit.name.len > most_reply_text || edit.value.len > most_edit_value)
            return "an edit that is too long";
        to.push_back(
            {static_cast<hooks::edit_op>(edit.op), edit.index, std::string{view(edit.name)}, std::string{view(edit.value)}});
    }
    return nullptr;
}

} // namespace

const char* read_reply(const postern_reply& from, hooks::plugin_reply& to)
{
    if (from.size < first_size<postern_reply>)
        return "a reply record smaller than version 1";
    if (from.verdict > POSTERN_SCORE)
        return "a verdict that this host does not know";
    if (from.smtp_code > 999)
        return "an SMTP code of more than three digits";
    if (!is_sound(from.enhanced) || !is_sound(from.text))
        return "a NULL text that has a length";
    if (from.enhanced.len > 16 || from.text.len > most_reply_text)
        return "a text that is too long";
    to.verdict = static_cast<hooks::verdict_kind>(from.verdict);
    to.vouches = (from.flags & POSTERN_REPLY_VOUCH) != 0;
    to.smtp_code = static_cast<std::uint16_t>(from.smtp_code);
    to.enhanced.assign(view(from.enhanced));
    to.text.assign(view(from.text));
    to.score = from.score;
    return read_edits(from.edits, to.edits);
}

bool says_it_failed(const postern_reply* from) noexcept
{
    return from != nullptr && from->size >= first_size<postern_reply> && from->verdict == POSTERN_BROKEN;
}

std::string failure_in(const postern_reply& from)
{
    if (from.text.len == 0 || !is_sound(from.text))
        return "it says that it failed";
    return "it failed: " + std::string{view(from.text).substr(0, most_reply_text)};
}

hooks::plugin_reply failed_reply(std::string why)
{
    hooks::plugin_reply out;
    out.failure = std::move(why);
    return out;
}

} // namespace postern::daemon
