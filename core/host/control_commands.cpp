#include "core/host/control_commands.hpp"

#include "core/base/clock.hpp"
#include "core/host/base64.hpp"
#include "core/host/trace_json.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <chrono>
#include <optional>

namespace postern::daemon {
namespace {

namespace json = boost::json;

constexpr std::size_t most_items = 1000;

json::object failure(std::string_view why)
{
    return {{"ok", false}, {"error", why}};
}

std::string_view text_of(const json::object& from, std::string_view key)
{
    const auto* value = from.if_contains(key);
    return value != nullptr && value->is_string() ? std::string_view{value->get_string()} : std::string_view{};
}

/// Nothing: no id, or 0, which records have that are about no message and no session.
std::optional<std::uint64_t> id_of(const json::object& request, std::string_view key)
{
    const auto id = base::parse_id(text_of(request, key));
    return id && *id != 0 ? id : std::nullopt;
}

json::value moment(const std::optional<base::wall_time>& when)
{
    // Parentheses: braces would make a list of one.
    return when ? json::value(when->time_since_epoch().count()) : json::value(nullptr);
}

json::object describe(const runtime::queue_item& item)
{
    json::object out{{"id", base::to_text(item.id)},
                     {"state", item.state},
                     {"sender", item.sender},
                     {"recipients", json::value_from(item.recipients)},
                     {"size", item.size},
                     {"attempts", item.attempts},
                     {"received_ms", moment(item.received)},
                     {"next_attempt_ms", moment(item.next_attempt)},
                     {"last_reply", item.last_reply}};
    if (!item.waits.empty())
        out["waits"] = item.waits;
    if (item.priority != 0)
        out["priority"] = item.priority;
    if (item.expire_at)
        out["expire_at_ms"] = moment(item.expire_at);
    if (!item.results.empty())
        out["results"] = json::value_from(item.results);
    if (!item.parameters.empty())
        out["parameters"] = json::value_from(item.parameters);
    return out;
}

std::size_t limit_of(const json::object& request)
{
    const auto* const given = request.if_contains("limit");
    return given != nullptr && given->is_int64()
               ? static_cast<std::size_t>(std::clamp<std::int64_t>(given->get_int64(), 1, most_items))
               : most_items;
}

json::object list(runtime::server& server, const json::object& request)
{
    const auto limit = limit_of(request);
    const auto after = base::parse_id(text_of(request, "after")).value_or(0);
    const auto items = server.queue_list(base::message_id{after}, limit);
    json::array rows;
    for (const auto& each : items)
        rows.push_back(describe(each));
    json::object out{{"ok", true}, {"items", std::move(rows)}};
    if (items.size() == limit)
        out["next"] = base::to_text(items.back().id);
    return out;
}

json::object describe(const runtime::destination_item& item)
{
    json::object out{{"next_hop", item.next_hop},
                     {"waiting", item.waiting},
                     {"deliveries", item.deliveries},
                     {"sought", item.is_sought},
                     {"last_reply", as_utf8(item.last_reply)},
                     {"last_heard_ms", moment(item.last_heard)}};
    if (item.rests_until)
        out["rests_until_ms"] = moment(item.rests_until);
    if (item.who == runtime::suspended_by::nobody)
        return out;
    const bool is_ours = item.who == runtime::suspended_by::an_operator;
    json::object suspended{{"by", is_ours ? "operator" : "configuration"}, {"why", item.why}};
    if (is_ours) {
        suspended["since_ms"] = moment(item.since);
        suspended["until_ms"] = moment(item.until);
    }
    out["suspended"] = std::move(suspended);
    return out;
}

json::object list_destinations(runtime::server& server, const json::object& request)
{
    const auto limit = limit_of(request);
    const auto items = server.queue_destinations(text_of(request, "after"), limit);
    json::array rows;
    for (const auto& each : items)
        rows.push_back(describe(each));
    json::object out{{"ok", true}, {"items", std::move(rows)}};
    if (items.size() == limit)
        out["next"] = items.back().next_hop;
    return out;
}

/// "queue.suspend" or "queue.resume": on the disk first, then in force.
json::object suspend_or_resume(runtime::server& server, suspension_book* book, bool suspends, const json::object& request)
{
    if (book == nullptr)
        return failure("this server keeps no suspensions");
    const auto now = base::system_clock{}.wall();
    std::string name{text_of(request, "next_hop")};
    std::string why;
    if (!suspends) {
        why = book->resume(name, now);
    } else {
        std::optional<std::chrono::milliseconds> how_long;
        if (const auto* const given = request.if_contains("for_ms"); given != nullptr)
            how_long = std::chrono::milliseconds{given->is_int64() ? given->get_int64() : 0};
        why = book->suspend(name, text_of(request, "why"), how_long, now);
    }
    if (!why.empty())
        return failure(why);
    server.queue_suspend(book->all(now));
    return {{"ok", true}, {"next_hop", name}};
}

std::optional<runtime::server::queue_command> change_of(std::string_view command) noexcept
{
    using enum runtime::server::queue_command;
    if (command == "queue.retry")
        return retry;
    if (command == "queue.hold")
        return hold;
    if (command == "queue.release")
        return release;
    if (command == "queue.delete")
        return remove;
    return std::nullopt;
}

json::object with_message(runtime::server& server, std::string_view command, const json::object& request)
{
    const auto id = id_of(request, "id");
    if (!id)
        return failure("the id is not one: 13 digits and letters, as queue list shows them");
    const base::message_id message{*id};
    if (command == "queue.show") {
        const auto item = server.queue_show(message);
        return item ? json::object{{"ok", true}, {"item", describe(*item)}} : failure("there is no such message");
    }
    const auto change = change_of(command);
    if (!change)
        return failure("unknown command");
    if (server.queue_change(message, *change))
        return {{"ok", true}};
    const auto item = server.queue_show(message);
    if (!item)
        return failure("there is no such message");
    if (*change == runtime::server::queue_command::retry && item->state == "held")
        return failure("the message is held; release it first");
    return failure("that could not be done; the server's log says why");
}

json::array describe(const std::vector<plugin_health>& plugins)
{
    json::array out;
    for (const auto& each : plugins)
        out.push_back({{"name", each.plugin}, {"health", name_of(each.is)}, {"text", each.text}});
    return out;
}

std::int64_t microseconds(std::chrono::nanoseconds time)
{
    return std::chrono::ceil<std::chrono::microseconds>(time).count();
}

json::array describe(const std::vector<runtime::answer_status>& answers)
{
    json::array out;
    for (const auto& each : answers)
        out.push_back(json::object{{"plugin", each.plugin},
                                   {"hook", hooks::name_of(each.hook)},
                                   {"answers", each.answers},
                                   {"p50_us", microseconds(each.median)},
                                   {"p99_us", microseconds(each.slowest)},
                                   {"breaker", each.is_open ? "open" : "closed"}});
    return out;
}

json::object status(const runtime::server& server, const std::vector<plugin_health>& plugins)
{
    const auto now = server.status();
    json::object shown{{"connections", now.connections}, {"accepted", now.accepted}, {"queued", now.queued},
                       {"delivered", now.delivered},     {"deferred", now.deferred}, {"failed", now.failed}};
    if (!plugins.empty())
        shown["plugins"] = describe(plugins);
    if (!now.answers.empty())
        shown["answers"] = describe(now.answers);
    return {{"ok", true}, {"status", std::move(shown)}};
}

json::object explain(trace_store* records, runtime::server& server, const json::object& request)
{
    const auto id = id_of(request, "id");
    if (!id)
        return failure("the id is not one: 13 digits and letters, as the reply to a message has it");
    if (records == nullptr || !records->is_keeping())
        return failure("nothing is kept: trace.keep is 0");
    json::array rows;
    for (const auto& each : records->find(*id))
        rows.push_back(describe(each));
    if (rows.empty())
        return failure("nothing is known of it: it never came, or so long ago that its record has made room for others");
    json::object out{{"ok", true}, {"records", std::move(rows)}};
    if (const auto item = server.queue_show(base::message_id{*id}))
        out["now"] = describe(*item);
    return out;
}

/// What a viewer gets, a line a note.
class viewed final : public line_source {
public:
    explicit viewed(std::shared_ptr<runtime::trace_viewer> viewer) : viewer_{std::move(viewer)} {}

    [[nodiscard]] int descriptor() const noexcept override { return viewer_->descriptor(); }
    [[nodiscard]] std::string take() override
    {
        const auto taken = viewer_->take();
        std::string out;
        for (const auto& each : taken.notes)
            out += json::serialize(daemon::describe(each)) + '\n';
        if (taken.lost != 0)
            out += json::serialize(json::object{{"lost", taken.lost}}) + '\n';
        return out;
    }

private:
    std::shared_ptr<runtime::trace_viewer> viewer_;
};

/// Below what a client of the control socket waits for.
constexpr std::chrono::seconds patience_with_plugins{50};
constexpr std::size_t most_words = 100;

json::object tell(plugin_desk& plugins, const json::object& request)
{
    std::vector<std::string> words;
    if (const auto* given = request.if_contains("words"); given != nullptr && given->is_array())
        for (const auto& each : given->get_array())
            if (each.is_string())
                words.emplace_back(each.get_string());
    if (words.empty() || words.size() > most_words)
        return failure("a plugin is told 1 to 100 words");
    std::optional<std::string> input;
    if (request.contains("input")) {
        input = from_base64(text_of(request, "input"));
        if (!input)
            return failure("the input is not in base64");
    }
    const auto answer = plugins.tell(text_of(request, "instance"), words, input ? &*input : nullptr, patience_with_plugins);
    if (!answer.done)
        return failure(answer.text);
    return {{"ok", true}, {"output", as_utf8(answer.text)}};
}

} // namespace

std::unique_ptr<line_source> control_commands::stream(std::string_view text)
{
    json::error_code failed;
    const auto parsed = json::parse({text.data(), text.size()}, failed);
    if (failed || !parsed.is_object() || text_of(parsed.get_object(), "command") != "trace")
        return nullptr;
    const auto& request = parsed.get_object();
    runtime::trace_filter wanted;
    if (!text_of(request, "session").empty()) {
        const auto number = id_of(request, "session");
        if (!number)
            return nullptr; // answer() says so
        wanted.session = *number;
    }
    wanted.listener = text_of(request, "listener");
    wanted.peer = text_of(request, "peer");
    return std::make_unique<viewed>(server_.tracing().open(std::move(wanted)));
}

std::string control_commands::answer(std::string_view text)
{
    json::error_code failed;
    const auto parsed = json::parse({text.data(), text.size()}, failed);
    if (failed || !parsed.is_object())
        return json::serialize(failure("a request is one JSON object a line"));
    const auto& request = parsed.get_object();
    const auto command = text_of(request, "command");
    json::object reply;
    if (command == "queue.list") {
        reply = list(server_, request);
    } else if (command == "queue.flush") {
        reply = {{"ok", true}, {"count", server_.queue_flush()}};
    } else if (command == "queue.destinations") {
        reply = list_destinations(server_, request);
    } else if (command == "queue.suspend" || command == "queue.resume") {
        reply = suspend_or_resume(server_, suspensions_, command == "queue.suspend", request);
    } else if (command == "explain") {
        reply = explain(records_, server_, request);
    } else if (command == "trace") { // stream() did not take it
        reply = failure("the session's id is not one: 13 digits and letters, as the log has it");
    } else if (command == "plugin.tell") {
        reply = tell(plugins_, request);
    } else if (command == "status") {
        reply = status(server_, health_());
    } else if (command == "metrics") {
        reply = {{"ok", true}, {"text", metrics_()}};
    } else if (command == "reload") {
        json::array lines;
        for (const auto& each : reload_())
            lines.emplace_back(each.text());
        reply["ok"] = lines.empty();
        if (!lines.empty())
            reply["problems"] = std::move(lines);
    } else {
        reply = with_message(server_, command, request);
    }
    return json::serialize(reply);
}

} // namespace postern::daemon
