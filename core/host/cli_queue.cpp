// queue list|show|retry|hold|release|delete|flush, status, metrics and reload: asked of the running server by its control socket.
// SECURITY: addresses and replies of peers are printed to a terminal, so everything but printable ASCII is escaped.

#include "core/host/cli.hpp"
#include "core/host/cli_control.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

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
    fmt::print("{}  {:<10} {:>10}  {}  <{}> -> {}\n", shown(field(item, "id")), shown(field(item, "state")),
               shown(field(item, "size")), shown_time(field(item, "received_ms")), shown(field(item, "sender")),
               joined(field(item, "recipients")));
}

int list(const queue_request& what)
{
    json::array all;
    std::string after;
    do {
        auto reply = ask(what.config_file, {{"command", "queue.list"}, {"after", after}});
        if (!reply)
            return exit_failed;
        const auto& items = field(*reply, "items");
        if (items.is_array())
            for (const auto& each : items.get_array()) {
                if (what.as_json)
                    all.push_back(each);
                else if (each.is_object())
                    print_row(each.get_object());
            }
        const auto& next = field(*reply, "next");
        after = next.is_string() ? std::string{std::string_view{next.get_string()}} : std::string{};
    } while (!after.empty());
    if (what.as_json)
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
    for (const auto* key : {"id", "state", "sender", "size", "attempts", "last_reply", "priority"})
        if (row.contains(key))
            fmt::print("{}: {}\n", key, shown(field(row, key)));
    fmt::print("received: {}\nnext attempt: {}\n", shown_time(field(row, "received_ms")),
               shown_time(field(row, "next_attempt_ms")));
    if (row.contains("waits_for"))
        fmt::print("waits for: {}\n", shown(field(row, "waits_for")));
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
        return list(what);
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
