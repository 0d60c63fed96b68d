#include "core/host/trace_json.hpp"

#include <fmt/format.h>

#include <iterator>

namespace postern::daemon {
namespace {

namespace json = boost::json;
using hooks::trail_note;

void describe_call(const trail_note& note, json::object& out)
{
    const bool has_failed = note.name == "failed";
    out["hook"] = hooks::name_of(note.hook);
    out["plugin"] = printable(note.who);
    if (has_failed)
        out["failed"] = true;
    else
        out["verdict"] = hooks::name_of(note.verdict);
    if (note.microseconds)
        out["us"] = *note.microseconds;
    if (note.name == "vouches")
        out["vouches"] = true;
    if (note.smtp_code != 0)
        out["code"] = note.smtp_code;
    if (!note.enhanced.empty())
        out["enhanced"] = printable(note.enhanced);
    if (!note.text.empty())
        out["text"] = printable(note.text);
    if (note.verdict == hooks::verdict_kind::score)
        out["score"] = note.score;
    if (note.calls != 1)
        out["calls"] = note.calls;
}

std::string_view name_of(runtime::record_kind what) noexcept
{
    switch (what) {
    case runtime::record_kind::transaction:
        return "transaction";
    case runtime::record_kind::attempt:
        return "attempt";
    case runtime::record_kind::report:
        return "report";
    case runtime::record_kind::wish:
        return "wish";
    }
    return "unknown"; // of a later version
}

} // namespace

std::string printable(std::string_view text)
{
    std::string out;
    out.reserve(text.size());
    for (const char c : text)
        if (c == '\\')
            out += "\\\\";
        else if (c >= ' ' && c < 0x7f)
            out += c;
        else
            fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<unsigned char>(c));
    return out;
}

json::object describe(const trail_note& note)
{
    json::object out;
    switch (note.what) {
    case trail_note::kind::fact:
        out = {{"note", "fact"}, {"name", printable(note.name)}, {"text", printable(note.text)}};
        break;
    case trail_note::kind::call:
        out["note"] = "call";
        describe_call(note, out);
        break;
    case trail_note::kind::edit:
        out = {{"note", "edit"},
               {"hook", hooks::name_of(note.hook)},
               {"plugin", printable(note.who)},
               {"edit", printable(note.name)},
               {"value", printable(note.text)}};
        break;
    case trail_note::kind::heard:
        out = {{"note", "heard"}, {"line", printable(note.text)}};
        break;
    case trail_note::kind::said:
        out = {{"note", "said"}, {"line", printable(note.text)}};
        break;
    }
    return out;
}

json::object describe(const kept_record& record)
{
    json::array notes;
    for (const auto& each : hooks::read_trail(record.notes))
        notes.push_back(describe(each));
    const auto* const other = record.what == runtime::record_kind::transaction ? "session"
                              : record.what == runtime::record_kind::report    ? "report"
                                                                               : "job";
    json::object out{
        {"at_ms", record.at.time_since_epoch().count()}, {"record", name_of(record.what)}, {"id", base::id_text(record.id)}};
    if (record.other != 0)
        out[other] = base::id_text(record.other);
    out["notes"] = std::move(notes);
    return out;
}

json::object describe(const runtime::seen_note& seen)
{
    json::object out{{"at_ms", seen.at.time_since_epoch().count()}, {"session", base::id_text(seen.session)}};
    if (seen.message != 0)
        out["message"] = base::id_text(seen.message);
    else
        out["listener"] = printable(seen.listener);
    out["peer"] = printable(seen.peer);
    for (const auto& note : hooks::read_trail(seen.note))
        for (auto& field : describe(note))
            out[field.key()] = std::move(field.value());
    return out;
}

} // namespace postern::daemon
