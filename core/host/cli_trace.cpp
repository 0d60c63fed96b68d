// explain and trace: what a running server decided about a message, and what its sessions do just now.
// SECURITY: the server has made everything printable; it is checked again, since lines of strangers end on a terminal.

#include "core/host/cli.hpp"
#include "core/host/cli_control.hpp"
#include "core/host/config.hpp"
#include "core/host/control_server.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <string>

namespace postern::daemon {
namespace {

namespace json = boost::json;

std::string text_of(const json::object& from, std::string_view key)
{
    return from.contains(key) ? shown(field(from, key)) : std::string{};
}

/// "REJECT 550 5.7.1 \"no\"", "failed: no answer", "SCORE 1.5 BAYES".
std::string shown_verdict(const json::object& note)
{
    if (note.contains("failed"))
        return "failed: " + text_of(note, "text");
    auto out = text_of(note, "verdict");
    if (note.contains("vouches"))
        out += " and vouches";
    if (const auto& score = field(note, "score"); score.is_int64())
        out += fmt::format(" {:.3f}", static_cast<double>(score.get_int64()) / 1000);
    for (const auto* key : {"code", "enhanced"})
        if (note.contains(key))
            out.append(" ").append(text_of(note, key));
    if (note.contains("text"))
        out += fmt::format(" \"{}\"", text_of(note, "text"));
    return out;
}

/// A note as one line; `heard` and `said`: how the sides are called.
std::string shown_note(const json::object& note)
{
    const auto kind = text_of(note, "note");
    if (kind == "call") {
        std::string how = note.contains("calls") ? text_of(note, "calls") + " calls" : "";
        if (note.contains("us"))
            how += (how.empty() ? "" : ", ") + text_of(note, "us") + " us";
        return fmt::format("{:<18} {:<16} {}{}", text_of(note, "hook"), text_of(note, "plugin"), shown_verdict(note),
                           how.empty() ? how : fmt::format(" ({})", how));
    }
    if (kind == "edit")
        return fmt::format("{:<18} {:<16} edit {}: {}", text_of(note, "hook"), text_of(note, "plugin"), text_of(note, "edit"),
                           text_of(note, "value"));
    if (kind == "heard" || kind == "said")
        return fmt::format("{} {}", kind == "heard" ? '<' : '>', text_of(note, "line"));
    return fmt::format("{}: {}", text_of(note, "name"), text_of(note, "text"));
}

void print_record(const json::object& record)
{
    fmt::print("{}  {}", shown_time(field(record, "at_ms")), text_of(record, "record"));
    for (const auto* key : {"session", "job", "report"})
        if (record.contains(key))
            fmt::print("  {} {}", key, text_of(record, key));
    fmt::print("\n");
    if (const auto& notes = field(record, "notes"); notes.is_array())
        for (const auto& each : notes.get_array())
            if (each.is_object())
                fmt::print("    {}\n", shown_note(each.get_object()));
}

/// "2026-01-31T23:59:59Z SESSION 192.0.2.1:40000 < MAIL FROM:<a@b>". Lost notes are told where they are missing.
void print_seen(const json::object& seen)
{
    if (seen.contains("lost")) {
        fmt::print("... {} notes are missing: they came faster than they were read\n", text_of(seen, "lost"));
        return;
    }
    fmt::print("{} {} {} {}\n", shown_time(field(seen, "at_ms")), text_of(seen, "session"), text_of(seen, "peer"),
               shown_note(seen));
}

} // namespace

int explain_command(const std::filesystem::path& config_file, const std::string& id, bool as_json)
{
    const auto reply = ask(config_file, {{"command", "explain"}, {"id", id}});
    if (!reply)
        return exit_failed;
    const auto& records = field(*reply, "records");
    if (as_json)
        fmt::print("{}\n", json::serialize(records));
    else if (records.is_array())
        for (const auto& each : records.get_array())
            if (each.is_object())
                print_record(each.get_object());
    if (const auto& now = field(*reply, "now"); !as_json && now.is_object()) {
        const auto& item = now.get_object();
        fmt::print("now: {}{}\n", text_of(item, "state"), item.contains("waits") ? ", " + text_of(item, "waits") : "");
    }
    return exit_done;
}

int trace_command(const trace_request& what)
{
    problems found;
    const auto settings = read_config(what.config_file, found);
    if (!settings) {
        for (const auto& each : found)
            fmt::print(stderr, "{}\n", each.text());
        return exit_failed;
    }
    json::object request{{"command", "trace"}};
    for (const auto& [key, value] : {std::pair{"session", what.session}, {"listener", what.listener}, {"peer", what.peer}})
        if (!value.empty())
            request[key] = value;
    bool has_begun = false;
    std::string refusal;
    const auto show = [&](std::string_view line) {
        json::error_code failed;
        const auto parsed = json::parse({line.data(), line.size()}, failed);
        if (failed || !parsed.is_object())
            return false;
        const auto& seen = parsed.get_object();
        if (!has_begun) {
            has_begun = field(seen, "ok") == json::value(true);
            refusal = has_begun ? "" : text_of(seen, "error");
            if (has_begun)
                fmt::print(stderr, "postern: looking on; Ctrl-C ends it\n");
            return has_begun;
        }
        if (what.as_json)
            fmt::print("{}\n", json::serialize(parsed));
        else
            print_seen(seen);
        return std::fflush(stdout) == 0;
    };
    auto why = follow_control(settings->control, json::serialize(request), show);
    if (why.empty() && !has_begun)
        why = refusal.empty() ? "the server did not answer" : refusal;
    if (!why.empty())
        fmt::print(stderr, "{}\n", why);
    return why.empty() ? exit_done : exit_failed;
}

} // namespace postern::daemon
