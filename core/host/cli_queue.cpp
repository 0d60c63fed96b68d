// queue list|show|retry|hold|release|delete|flush, status, metrics and reload: asked of the running server by its control socket.
// SECURITY: addresses and replies of peers are printed to a terminal, so everything but printable ASCII is escaped.

#include "core/host/cli.hpp"
#include "core/host/config.hpp"
#include "core/host/control_server.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <chrono>
#include <optional>

namespace postern::daemon {
namespace {

namespace json = boost::json;

std::string shown(std::string_view text)
{
    std::string out;
    for (const char c : text)
        if (c >= ' ' && c < 0x7f)
            out += c;
        else
            out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    return out;
}

std::string shown(const json::value& value)
{
    return value.is_string() ? shown(std::string_view{value.get_string()}) : json::serialize(value);
}

std::string shown_time(const json::value& value)
{
    if (!value.is_int64())
        return "-";
    const std::chrono::sys_time<std::chrono::milliseconds> when{std::chrono::milliseconds{value.get_int64()}};
    const auto day = std::chrono::floor<std::chrono::days>(when);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss clock{std::chrono::floor<std::chrono::seconds>(when - day)};
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                       static_cast<unsigned>(date.day()), clock.hours().count(), clock.minutes().count(),
                       clock.seconds().count());
}

/// Asks the server of that configuration. Nothing after an error, which has been printed.
std::optional<json::object> ask(const std::filesystem::path& config_file, const json::object& request)
{
    problems found;
    const auto settings = read_config(config_file, found);
    if (!settings) {
        for (const auto& each : found)
            fmt::print(stderr, "{}\n", each.text());
        return std::nullopt;
    }
    std::string why;
    const auto reply = ask_control(settings->control, json::serialize(request), why);
    json::error_code failed;
    auto parsed = reply.empty() ? json::value(nullptr) : json::parse(reply, failed);
    if (failed || !parsed.is_object()) {
        fmt::print(stderr, "{}\n", why.empty() ? "the server's answer is not JSON" : why);
        return std::nullopt;
    }
    auto& out = parsed.get_object();
    if (const auto* lines = out.if_contains("problems"); lines != nullptr && lines->is_array())
        for (const auto& each : lines->get_array())
            fmt::print(stderr, "{}\n", shown(each));
    const auto* ok = out.if_contains("ok");
    if (ok != nullptr && ok->is_bool() && ok->get_bool())
        return std::move(out);
    if (const auto* error = out.if_contains("error"))
        fmt::print(stderr, "{}\n", shown(*error));
    return std::nullopt;
}

const json::value& field(const json::object& from, std::string_view key)
{
    static const json::value none;
    const auto* value = from.if_contains(key);
    return value == nullptr ? none : *value;
}

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

/// "queued: 2"; of each plugin that told how it is, "plugin spam: degraded: no dictionary".
void show_status(std::string_view key, const json::value& value)
{
    if (key != "plugins" || !value.is_array()) {
        fmt::print("{}: {}\n", key, shown(value));
        return;
    }
    for (const auto& each : value.get_array()) {
        if (!each.is_object())
            continue;
        const auto& plugin = each.get_object();
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
