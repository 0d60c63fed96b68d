#include "core/host/plugin_notes.hpp"

#include "core/base/ascii.hpp"
#include "core/hooks/notes.hpp"
#include "core/host/record_sizes.hpp"
#include "core/host/reply_reader.hpp"

#include <algorithm>

namespace postern::daemon {
namespace {

bool is_name(std::string_view text) noexcept
{
    return !text.empty() && text.size() <= hooks::notes::longest_name && text.front() != '.' && text.back() != '.' &&
           std::ranges::all_of(
               text, [](char c) { return (c >= 'a' && c <= 'z') || base::is_digit(c) || c == '-' || c == '_' || c == '.'; });
}

postern_status status_of(hooks::note_status what) noexcept
{
    switch (what) {
    case hooks::note_status::done:
        return POSTERN_PASS;
    case hooks::note_status::absent:
    case hooks::note_status::no_room:
        return POSTERN_E_AGAIN;
    case hooks::note_status::stale:
        return POSTERN_E_STALE;
    }
    return POSTERN_E_INVALID;
}

} // namespace

postern_status plugin_notes::want(postern_str pattern)
{
    if (!is_sound(pattern))
        return POSTERN_E_INVALID;
    auto text = view(pattern);
    const bool is_prefix = text.ends_with(".*");
    if (!is_name(is_prefix ? text.substr(0, text.size() - 2) : text))
        return POSTERN_E_INVALID;
    if (is_prefix)
        text.remove_suffix(1);
    if (std::ranges::find(wanted_, text) != wanted_.end())
        return POSTERN_PASS;
    if (wanted_.size() == most_patterns)
        return POSTERN_E_AGAIN;
    wanted_.emplace_back(text);
    return POSTERN_PASS;
}

bool plugin_notes::is_own(std::string_view name) const noexcept
{
    return name.size() > own_.size() && name.starts_with(own_);
}

bool plugin_notes::may_read(std::string_view name) const noexcept
{
    return is_own(name) || std::ranges::any_of(wanted_, [name](const std::string& each) {
               return each.ends_with('.') ? name.starts_with(each) : name == each;
           });
}

postern_status plugin_notes::set(const session_table& sessions, const postern_note* what) const
{
    if (what == nullptr || what->size < first_size<postern_note>)
        return POSTERN_E_INVALID;
    const auto note = read_record<postern_note>(what, what->size);
    if (!is_sound(note.name) || !is_sound(note.value) || !is_name(view(note.name)) ||
        note.value.len > hooks::notes::longest_value)
        return POSTERN_E_INVALID;
    if (!is_own(view(note.name)))
        return POSTERN_E_DENIED;
    const auto port = sessions.port(note.session);
    if (port == nullptr)
        return POSTERN_E_STALE;
    return status_of(port->set_note(base::transaction_id{note.transaction}, view(note.name), view(note.value)));
}

std::int64_t plugin_notes::get(const session_table& sessions, std::uint64_t session, postern_str name, char* to,
                               std::size_t room) const
{
    if (!is_sound(name) || (to == nullptr && room != 0) || !is_name(view(name)))
        return POSTERN_E_INVALID;
    if (!may_read(view(name)))
        return POSTERN_E_DENIED;
    const auto port = sessions.port(session);
    if (port == nullptr)
        return POSTERN_E_STALE;
    const auto length = port->copy_note(view(name), to, room);
    return length < 0 ? std::int64_t{POSTERN_E_AGAIN} : length;
}

} // namespace postern::daemon
