// queue list|show|retry|hold|release|delete|flush|suspend|resume|destinations, status, metrics and reload: asked of the running
// server by its control socket. SECURITY: addresses and replies of peers are printed to a terminal, so everything but printable
// ASCII is escaped.

#include "core/host/cli.hpp"
#include "core/host/cli_control.hpp"
#include "core/host/units.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <chrono>
#include <string>

namespace postern::daemon {
namespace {

namespace json = boost::json;

std::string joined(const json::value& list)
{
    std::string out;
    if (list.is_array())
        for (const auto& each : list.get_array())
            out += (out.empty() ? "" : ", ") + shown(each);
    return out;
}

void print_row(const json::object& item)
{
    fmt::print("{}  {:<10} {:>10}  {}  <{}> -> {}", shown(field(item, "id")), shown(field(item, "state")),
               shown(field(item, "size")), shown_time(field(item, "received_ms")), shown(field(item, "sender")),
               joined(field(item, "recipients")));
    if (item.contains("waits"))
        fmt::print("  ({})", shown(field(item, "waits")));
    fmt::print("\n");
}

/// "mx.example.org:25  waiting 12  deliveries 2  rests until 2026-01-31T23:59:59Z  last: 421 4.7.0 too fast".
void print_destination(const json::object& item)
{
    fmt::print("{}  waiting {}  deliveries {}", shown(field(item, "next_hop")), shown(field(item, "waiting")),
               shown(field(item, "deliveries")));
    if (field(item, "sought") == json::value(true))
        fmt::print("  a way is looked for");
    if (item.contains("rests_until_ms"))
        fmt::print("  rests until {}", shown_time(field(item, "rests_until_ms")));
    if (const auto& suspended = field(item, "suspended"); suspended.is_object()) {
        const auto& how = suspended.get_object();
        fmt::print("  suspended by {}", field(how, "by") == json::value("operator") ? "an operator" : "the configuration");
        if (field(how, "until_ms").is_int64())
            fmt::print(" until {}", shown_time(field(how, "until_ms")));
        if (const auto why = shown(field(how, "why")); !why.empty())
            fmt::print(": {}", why);
    }
    if (const auto last = shown(field(item, "last_reply")); !last.empty())
        fmt::print("  last: {}", last);
    fmt::print("\n");
}

/// Asks for one page after the other, and prints each item as it comes; as JSON all in one list.
int print_pages(const std::filesystem::path& config_file, std::string_view command, bool as_json,
                void (*print)(const json::object&))
{
    json::array all;
    std::string after;
    do {
        auto reply = ask(config_file, {{"command", command}, {"after", after}});
        if (!reply)
            return exit_failed;
        const auto& items = field(*reply, "items");
        if (items.is_array())
            for (const auto& each : items.get_array()) {
                if (as_json)
                    all.push_back(each);
                else if (each.is_object())
                    print(each.get_object());
            }
        const auto& next = field(*reply, "next");
        after = next.is_string() ? std::string{std::string_view{next.get_string()}} : std::string{};
    } while (!after.empty());
    if (as_json)
        fmt::print("{}\n", json::serialize(all));
    return exit_done;
}

int show(const queue_request& what)
{
    const auto reply = ask(what.config_file, {{"command", "queue.show"}, {"id", what.id}});
    if (!reply)
        return exit_failed;
    const auto& item = field(*reply, "item");
    if (what.as_json || !item.is_object()) {
        fmt::print("{}\n", json::serialize(item));
        return exit_done;
    }
    const auto& row = item.get_object();
    for (const auto* key : {"id", "state", "sender", "size", "attempts", "last_reply", "waits", "priority"})
        if (row.contains(key))
            fmt::print("{}: {}\n", key, shown(field(row, key)));
    fmt::print("received: {}\nnext attempt: {}\n", shown_time(field(row, "received_ms")),
               shown_time(field(row, "next_attempt_ms")));
    const auto& results = field(row, row.contains("results") ? "results" : "recipients");
    if (results.is_array())
        for (const auto& each : results.get_array())
            fmt::print("recipient: {}\n", shown(each));
    if (row.contains("expire_at_ms"))
        fmt::print("expires: {}\n", shown_time(field(row, "expire_at_ms")));
    if (const auto& given = field(row, "parameters"); given.is_array())
        for (const auto& each : given.get_array())
            fmt::print("parameter: {}\n", shown(each));
    return exit_done;
}

/// "answers of spam at msg.end: 120, p50 900us, p99 4200us".
void show_answers(const json::object& of)
{
    fmt::print("answers of {} at {}: {}, p50 {}us, p99 {}us{}\n", shown(field(of, "plugin")), shown(field(of, "hook")),
               shown(field(of, "answers")), shown(field(of, "p50_us")), shown(field(of, "p99_us")),
               shown(field(of, "breaker")) == "open" ? ", not asked: its breaker is open" : "");
}

/// "queued: 2"; of each plugin that told how it is, "plugin spam: degraded: no dictionary".
void show_status(std::string_view key, const json::value& value)
{
    const bool is_of_plugins = key == "plugins" || key == "answers";
    if (!is_of_plugins || !value.is_array()) {
        fmt::print("{}: {}\n", key, shown(value));
        return;
    }
    for (const auto& each : value.get_array()) {
        if (!each.is_object())
            continue;
        const auto& plugin = each.get_object();
        if (key == "answers") {
            show_answers(plugin);
            continue;
        }
        const auto text = shown(field(plugin, "text"));
        fmt::print("plugin {}: {}{}{}\n", shown(field(plugin, "name")), shown(field(plugin, "health")), text.empty() ? "" : ": ",
                   text);
    }
}

} // namespace

int queue_command(const queue_request& what)
{
    if (what.command == "list")
        return print_pages(what.config_file, "queue.list", what.as_json, print_row);
    if (what.command == "show")
        return show(what);
    const auto reply = ask(what.config_file, {{"command", "queue." + what.command}, {"id", what.id}});
    if (!reply)
        return exit_failed;
    if (what.as_json)
        fmt::print("{}\n", json::serialize(*reply));
    else if (what.command == "flush")
        fmt::print("{} due\n", shown(field(*reply, "count")));
    return exit_done;
}

int suspend_command(const suspend_request& what)
{
    json::object request{{"command", what.resumes ? "queue.resume" : "queue.suspend"}, {"next_hop", what.destination}};
    if (!what.how_long.empty()) {
        const auto time = parse_duration(what.how_long);
        if (!time || time->count() <= 0) {
            fmt::print(stderr, "--for must be a time such as 30m, 2h or 1d\n");
            return exit_usage;
        }
        request["for_ms"] = std::chrono::ceil<std::chrono::milliseconds>(*time).count();
    }
    if (!what.why.empty())
        request["why"] = what.why;
    const auto reply = ask(what.config_file, request);
    if (!reply)
        return exit_failed;
    if (what.as_json)
        fmt::print("{}\n", json::serialize(*reply));
    else
        fmt::print("{}: {}\n", shown(field(*reply, "next_hop")), what.resumes ? "resumed" : "suspended");
    return exit_done;
}

int destinations_command(const std::filesystem::path& config_file, bool as_json)
{
    return print_pages(config_file, "queue.destinations", as_json, print_destination);
}

int control_command(const std::filesystem::path& config_file, const std::string& command, bool as_json)
{
    const auto reply = ask(config_file, {{"command", command}});
    if (!reply)
        return exit_failed;
    const auto& status = field(*reply, "status");
    if (as_json)
        fmt::print("{}\n", status.is_object() ? json::serialize(status) : json::serialize(*reply));
    else if (status.is_object())
        for (const auto& each : status.get_object())
            show_status(each.key(), each.value());
    return exit_done;
}

int metrics_command(const std::filesystem::path& config_file)
{
    const auto reply = ask(config_file, {{"command", "metrics"}});
    if (!reply)
        return exit_failed;
    if (const auto& text = field(*reply, "text"); text.is_string()) // lines of printable ASCII: the server made sure
        fmt::print("{}", std::string_view{text.get_string()});
    return exit_done;
}

} // namespace postern::daemon
