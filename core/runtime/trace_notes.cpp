#include "core/runtime/trace_notes.hpp"

#include <algorithm>
#include <utility>

namespace postern::runtime {

namespace {

constexpr std::size_t longest_line = 4096; // what a peer sends without a line end is not gathered for ever

/// Decides nothing about any message: a record of it would grow with every NOOP.
bool is_small_talk(hooks::hook_point hook) noexcept
{
    return (hooks::is_command(hook) && hook != hooks::hook_point::verb) || hook == hooks::hook_point::ehlo_caps ||
           hooks::is_of_login(hook);
}

} // namespace

void trace_notes::show(std::string_view note)
{
    if (of_ != nullptr)
        home_.live.show({of_->session.value, 0, of_->listener, of_->peer.text()}, note);
    else
        home_.live.show({job_, message_, {}, peer_}, note);
}

void trace_notes::fact(std::string_view name, std::string_view text)
{
    if (is_noting())
        trail_.fact(name, text);
    show_fact(name, text);
}

void trace_notes::show_fact(std::string_view name, std::string_view text)
{
    if (!is_seen())
        return;
    std::string note;
    hooks::append_fact(note, name, text);
    show(note);
}

void trace_notes::called(const hooks::call_note& what, const hooks::draft* message)
{
    const bool notes = is_noting() && !is_small_talk(what.hook);
    const bool shows = is_seen();
    std::string note;
    if (notes)
        trail_.call(what);
    if (shows) {
        hooks::append_call(note, what);
        show(note);
    }
    if (message != nullptr)
        note_edits(*message, notes, shows);
}

void trace_notes::passed(hooks::hook_point hook, std::size_t count, std::string_view names)
{
    if (is_noting() && !is_small_talk(hook))
        trail_.passed(hook, count, names);
}

void trace_notes::note_edits(const hooks::draft& message, bool notes, bool shows)
{
    std::string note;
    for (; edits_ < message.journal.size(); ++edits_) {
        const auto& entry = message.journal[edits_];
        if (notes)
            trail_.edit(entry.plugin, entry.hook, entry.what);
        if (shows) {
            note.clear();
            hooks::append_edit(note, entry.plugin, entry.hook, entry.what);
            show(note);
        }
    }
}

void trace_notes::line(hooks::trail_note::kind which, std::string_view text)
{
    std::string note;
    hooks::append_line(note, which, masked(text));
    show(note);
}

void trace_notes::heard(std::string_view text) noexcept
{
    if (is_seen())
        line(hooks::trail_note::kind::heard, text);
}

void trace_notes::said(std::string_view lines)
{
    if (!is_seen())
        return;
    while (!lines.empty()) {
        const auto end = std::min(lines.find("\r\n"), lines.size());
        line(hooks::trail_note::kind::said, lines.substr(0, end));
        lines.remove_prefix(std::min(end + 2, lines.size()));
    }
}

void trace_notes::heard_octets(std::string_view all)
{
    if (!is_seen()) {
        partial_.clear();
        return;
    }
    partial_ += all;
    std::size_t taken = 0;
    for (auto end = partial_.find('\n'); end != std::string::npos; end = partial_.find('\n', taken)) {
        auto one = std::string_view{partial_}.substr(taken, end - taken);
        if (one.ends_with('\r'))
            one.remove_suffix(1);
        line(hooks::trail_note::kind::heard, one);
        taken = end + 1;
    }
    partial_.erase(0, taken);
    if (partial_.size() > longest_line)
        partial_.clear();
}

void trace_notes::content(std::string_view verb, std::uint64_t octets, bool is_last)
{
    octets_ += octets;
    if (!is_last)
        return;
    const auto all = std::exchange(octets_, 0);
    if (is_seen())
        show_fact(verb, std::to_string(all) + " octets");
}

void trace_notes::message_begins()
{
    if (std::exchange(is_in_message_, true))
        return;
    edits_ = 0;
    trail_.keep_until_here();
}

void trace_notes::message_ends(record_kind what, std::uint64_t id, std::uint64_t other, bool is_worth_it)
{
    is_in_message_ = false;
    edits_ = 0;
    octets_ = 0;
    if (is_worth_it && is_noting())
        home_.keeper->keep({home_.clock.wall(), what, id, other, trail_.finish()});
    trail_.rewind();
}

} // namespace postern::runtime
