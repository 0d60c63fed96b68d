// The configuration file, section by section. Each function reads one and complains on the spot; the last step of each is to
// refuse what nobody asked for. Names and defaults are those of docs/reference: scripts rely on them.

#include "core/host/config.hpp"

#include "core/base/ascii.hpp"
#include "core/base/ip_address.hpp"
#include "core/delivery/route.hpp"
#include "core/host/config_chains.hpp"
#include "core/host/config_delivery.hpp"
#include "core/host/config_tls.hpp"
#include "core/host/config_values.hpp"
#include "core/host/toml_reader.hpp"
#include "core/host/units.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <utility>

namespace postern::daemon {
namespace {

constexpr std::int64_t most_count = 1'000'000'000;

/// RFC 5321 4.1.2: labels of letters, digits and hyphens (underscores and UTF-8 are let pass), or an address literal.
bool is_hostname(std::string_view name) noexcept
{
    if (name.empty() || name.size() > 255)
        return false;
    const auto is_fit = [](unsigned char c) {
        return std::isalnum(c) != 0 || c == '-' || c == '.' || c == '_' || c == '[' || c == ']' || c == ':' || c >= 0x80;
    };
    return std::ranges::all_of(name, is_fit) && name.front() != '.' && name.back() != '.' &&
           name.find("..") == std::string_view::npos;
}

/// Names of listeners and plugins go into logs, commands and file names.
bool is_name(std::string_view name) noexcept
{
    const auto is_fit = [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.'; };
    return !name.empty() && name.size() <= 64 && name.front() != '.' && name.front() != '-' && std::ranges::all_of(name, is_fit);
}

/// Empty after a complaint.
std::string read_name(table_reader& from, std::string_view key, std::string_view what)
{
    auto given = from.text(key);
    if (given && is_name(*given))
        return std::move(*given);
    if (given || !from.has(key)) // of another kind: that was said already
        from.complain(key, fmt::format("must be given: {}", what));
    return {};
}

void read_log(table_reader& root, config& to)
{
    auto log = root.table("log");
    if (!log)
        return;
    if (const auto format = log->choice<log_format>("format", {{"text", log_format::text}, {"json", log_format::json}}))
        to.log.format = *format;
    using enum base::log_level;
    if (const auto level =
            log->choice<base::log_level>("level", {{"debug", debug}, {"info", info}, {"warning", warning}, {"error", error}}))
        to.log.level = *level;
    log->refuse_unknown();
}

void read_limits(table_reader& root, limit_settings& to)
{
    auto limits = root.table("limits");
    if (!limits)
        return;
    auto& session = to.session;
    session.message_size = limits->size("message_size").value_or(session.message_size);
    set(session.recipients, limits->integer("recipients", 1, most_count));
    set(session.received, limits->integer("received", 1, most_count));
    // RFC 5321 4.5.3.1.4: 512 octets must be taken.
    set(session.line, limits->integer("line", 512, 1 << 20));
    set(session.text_line, limits->integer("text_line", 0, 1 << 30));
    if (session.text_line != 0 && session.text_line < 1000)
        limits->complain("text_line", "must be 0 (no limit) or at least 1000 (RFC 5321 4.5.3.1.6)");
    if (const auto size = limits->size("header_size")) {
        if (*size < 1024 || *size > (64U << 20U))
            limits->complain("header_size", "must be from 1KiB to 64MiB");
        session.header_size = static_cast<std::uint32_t>(*size);
    }
    set(session.errors, limits->integer("errors", 1, most_count));
    set(session.idle_commands, limits->integer("idle_commands", 1, most_count));
    set(to.connections.connections, limits->integer("connections", 1, most_count));
    set(to.connections.connections_per_ip, limits->integer("connections_per_ip", 0, most_count));
    to.connections.minimum_rate = limits->rate("minimum_rate").value_or(to.connections.minimum_rate);
    using enum session::bare_line_end;
    to.bare_lf =
        limits->choice<session::bare_line_end>("bare_lf", {{"refuse", refuse}, {"normalize", normalize}}).value_or(to.bare_lf);
    if (limits->integer("connections_per_network", 0, most_count).value_or(0) != 0)
        limits->complain("connections_per_network", "not supported in this version; leave it out");
    if (auto times = limits->table("timeouts")) {
        set(to.timeouts.greeting, *times, "greeting");
        set(to.timeouts.command, *times, "command");
        set(to.timeouts.data, *times, "data");
        set(to.timeouts.tls, *times, "tls");
        if (const auto pause = times->duration("pause")) // none is a choice
            to.timeouts.pause = std::chrono::ceil<std::chrono::milliseconds>(*pause);
        times->refuse_unknown();
    }
    read_budgets(*limits, to.budgets);
    limits->refuse_unknown();
}

/// "unix:" paths become absolute; the rest must be an address with a port.
std::string read_address(table_reader& from, const std::filesystem::path& base)
{
    const auto given = from.text("address");
    if (!given) {
        if (!from.has("address"))
            from.complain("address", "is missing: such as \"0.0.0.0:25\", \"[::]:25\" or \"unix:/run/postern/lmtp.sock\"");
        return {};
    }
    constexpr std::string_view local = "unix:";
    if (given->starts_with(local)) {
        if (given->size() == local.size() || given->find('\0') != std::string::npos)
            from.complain("address", "must have a path behind \"unix:\"");
        return std::string{local} + (base / given->substr(local.size())).lexically_normal().string();
    }
    if (!base::ip_endpoint::from_text(*given))
        from.complain("address", "must be an IP address and a port, \"0.0.0.0:25\" or \"[::]:25\", or \"unix:PATH\"");
    return *given;
}

void read_protocol(table_reader& from, listener_settings& to)
{
    using enum listener_protocol;
    to.protocol =
        from.choice<listener_protocol>("protocol", {{"smtp", smtp}, {"submission", submission}, {"lmtp", lmtp}}).value_or(smtp);
    // RFC 2033 5: LMTP is not for port 25, where everybody expects SMTP.
    if (to.protocol == lmtp && to.address.ends_with(":25"))
        from.complain("protocol", "must not be \"lmtp\" at port 25 (RFC 2033 5)");
}

void read_login(table_reader& from, listener_settings& to)
{
    const bool is_submission = to.protocol == listener_protocol::submission;
    to.auth = from.boolean("auth").value_or(is_submission);
    to.auth_required = from.boolean("auth_required").value_or(is_submission);
    to.auth_in_clear = from.boolean("auth_in_clear").value_or(false);
    set(to.auth_failures, from.integer("auth_failures", 0, 1000));
    to.mechanisms = from.texts("mechanisms").value_or(std::vector<std::string>{});
    for (auto& each : to.mechanisms)
        each = base::to_upper(each);
    if (to.auth_required && !to.auth)
        from.complain("auth_required", "needs auth = true");
    if (to.auth && to.tls == session::server_tls::none && !to.auth_in_clear)
        from.complain("auth", "needs TLS: give tls = \"starttls\", \"required\" or \"implicit\", or auth_in_clear = true");
    if (!to.auth && !to.mechanisms.empty())
        from.complain("mechanisms", "need auth = true");
}

void read_listener(table_reader from, const std::filesystem::path& base, config& to)
{
    listener_settings out;
    out.where = from.where();
    out.name = read_name(from, "name", "of letters, digits, \"-\", \"_\" and \".\"");
    if (!out.name.empty() && std::ranges::find(to.listeners, out.name, &listener_settings::name) != to.listeners.end())
        from.complain("name", fmt::format("a listener \"{}\" stands above already", out.name));
    out.address = read_address(from, base);
    read_protocol(from, out);
    using enum session::server_tls;
    const auto tls = from.choice<session::server_tls>(
        "tls", {{"none", none}, {"starttls", offered}, {"required", required}, {"implicit", implicit}});
    // RFC 8314 3.3: submission is encrypted, from its first octet or by STARTTLS.
    out.tls = tls.value_or(out.protocol == listener_protocol::submission ? required : none);
    if (out.tls != none && !to.tls)
        from.complain("tls", "needs a certificate: give [tls] cert and key, or tls = \"none\"");
    read_login(from, out);
    read_clients(from, to, out);
    read_proxies(from, out);
    out.chain = read_chain(from);
    read_domains(from, out);
    from.refuse_unknown();
    to.listeners.push_back(std::move(out));
}

hooks::permissions read_permissions(table_reader& from)
{
    hooks::permissions may;
    const auto classes = hooks::permission_names();
    const auto granted = from.texts("may").value_or(std::vector<std::string>{});
    for (const auto& word : granted) {
        const auto found =
            std::ranges::find(classes, std::string_view{word}, &std::pair<std::string_view, bool hooks::permissions::*>::first);
        if (found != classes.end()) {
            may.*(found->second) = true;
            continue;
        }
        std::vector<std::string_view> names;
        for (const auto& each : classes)
            names.push_back(each.first);
        from.complain("may", fmt::format("\"{}\" is not one of {}", word, listed(names)));
    }
    return may;
}

void read_plugin(table_reader from, config& to)
{
    plugin_settings out;
    out.where = from.where();
    out.name = read_name(from, "name", "of letters, digits, \"-\", \"_\" and \".\"");
    if (out.name == "smtp" || out.name == "lmtp")
        from.complain("name", "must be another one: \"smtp\" and \"lmtp\" are the server's own ways to deliver");
    if (!out.name.empty() && to.find_plugin(out.name) != nullptr)
        from.complain("name", fmt::format("a plugin \"{}\" stands above already", out.name));
    out.library = read_name(from, "library",
                            "the name of a file in plugin_path, without .so"); // no folders: only plugin_path says where code is
    using enum hooks::failure_policy;
    out.on_error =
        from.choice<hooks::failure_policy>(
                "on_error",
                {{"continue", proceed}, {"tempfail", tempfail}, {"reject", reject}, {"disconnect", disconnect}, {"hold", hold}})
            .value_or(out.on_error);
    if (const auto deadline = from.duration("deadline")) {
        out.deadline = *deadline;
        if (deadline->count() == 0)
            from.complain("deadline", "must be longer than nothing");
    }
    from.not_yet_but("isolation", "none");
    out.may = read_permissions(from);
    if (from.has("kv_namespace"))
        out.kv_namespace = read_name(from, "kv_namespace", "of letters, digits, \"-\", \"_\" and \".\"");
    read_breaker(from, out.breaker);
    if (auto options = from.table("config"))
        out.options = options->options();
    from.refuse_unknown();
    to.plugins.push_back(std::move(out));
}

void read_queue(table_reader& root, config& to)
{
    to.queue.where = root.where();
    auto queue = root.table("queue");
    if (!queue)
        return;
    to.queue.where = queue->where();
    to.queue.store = queue->text("store").value_or("");
    if (!to.queue.store.empty() && to.find_plugin(to.queue.store) == nullptr)
        queue->complain("store", fmt::format("there is no [[plugin]] with the name \"{}\"", to.queue.store));
    auto& policy = to.queue.policy;
    if (const auto given = queue->texts("retry")) {
        policy.retry.clear();
        for (const auto& each : *given) {
            const auto time = parse_duration(each);
            if (time && time->count() > 0 && *time <= std::chrono::days{3650})
                policy.retry.push_back(std::chrono::ceil<std::chrono::milliseconds>(*time));
            else
                queue->complain("retry", fmt::format("\"{}\" is not a time such as \"5m\"", each));
        }
        if (given->empty())
            queue->complain("retry", "must have at least one time");
    }
    set(policy.expire, *queue, "expire");
    if (const auto warn = queue->duration("warn"))
        policy.warn = std::chrono::ceil<std::chrono::milliseconds>(*warn); // "0": never
    policy.jitter = queue->number("jitter", 0, 0.9).value_or(policy.jitter);
    queue->refuse_unknown();
}

void read_kv(table_reader& root, config& to)
{
    to.kv.where = root.where();
    auto kv = root.table("kv");
    if (!kv)
        return;
    to.kv.where = kv->where();
    to.kv.store = kv->text("store").value_or("");
    if (!to.kv.store.empty() && to.find_plugin(to.kv.store) == nullptr)
        kv->complain("store", fmt::format("there is no [[plugin]] with the name \"{}\"", to.kv.store));
    if (!to.kv.store.empty() && to.kv.store == to.queue.store)
        kv->complain("store", "is the queue's store already");
    if (const auto deadline = kv->duration("deadline")) {
        to.kv.deadline = *deadline;
        if (deadline->count() == 0)
            kv->complain("deadline", "must be longer than nothing");
    }
    kv->refuse_unknown();
}

void read_trace(table_reader& root, config& to)
{
    auto from = root.table("trace");
    if (!from)
        return;
    to.trace_keep = from->size("keep").value_or(to.trace_keep);
    constexpr std::uint64_t least = std::uint64_t{1} << 20U;
    if (to.trace_keep != 0 && to.trace_keep < least)
        from->complain("keep", "must be 0 or at least 1MiB: less holds no more than the last few messages");
    from->refuse_unknown();
}

void read_places(table_reader& root, const std::filesystem::path& base, config& to)
{
    const auto hostname = root.text("hostname");
    to.hostname = hostname.value_or("");
    if (hostname ? !is_hostname(*hostname) : !root.has("hostname")) // of another kind: that was said already
        root.complain("hostname", "must be given: the name that this server greets with, such as \"mx.example.org\"");
    if (const auto folder = root.path("data_dir"))
        to.data_dir = *folder;
    else if (!root.has("data_dir"))
        root.complain("data_dir", "must be given: the folder that the queue is kept in");
    to.control = root.path("control").value_or(to.data_dir / "control.sock");
    // What fits sockaddr_un::sun_path with its NUL.
    if (to.control.native().size() > 107)
        root.complain("control", "its path has more than 107 octets, which is all that a socket's name may have");
    for (const auto& each : root.texts("plugin_path").value_or(std::vector<std::string>{}))
        to.plugin_path.push_back((base / each).lexically_normal());
    if (root.has("plugin_path") && to.plugin_path.empty())
        root.complain("plugin_path", "must name at least one folder");
    to.user = root.text("user").value_or("");
    to.group = root.text("group").value_or("");
    if (to.user.empty() && !to.group.empty())
        root.complain("group", "needs a user");
}

std::optional<config> read_table(const toml::table& table, const std::filesystem::path& file, problems& found)
{
    const auto before = found.size();
    const auto name = file.string(); // as the operator wrote it
    table_reader root{table, "", name, found};
    config out;
    out.file = std::filesystem::absolute(file).lexically_normal();
    const auto base = out.file.parent_path();
    read_places(root, base, out);
    read_log(root, out);
    read_limits(root, out.limits);
    read_tls(root, out);
    for (auto& each : root.tables("plugin"))
        read_plugin(std::move(each), out);
    for (auto& each : root.tables("listener"))
        read_listener(std::move(each), base, out);
    if (!root.has("listener"))
        root.complain("listener", "there is none: give a [[listener]] with name and address");
    read_queue(root, out);
    read_kv(root, out);
    read_trace(root, out);
    read_delivery(root, out);
    root.refuse_unknown();
    check_chains(out, found);
    if (found.size() == before)
        return out;
    std::stable_sort(found.begin() + static_cast<std::ptrdiff_t>(before), found.end(),
                     [](const problem& a, const problem& b) { return a.where.line < b.where.line; });
    return std::nullopt;
}

} // namespace

const plugin_settings* config::find_plugin(std::string_view name) const noexcept
{
    const auto at = std::ranges::find(plugins, name, &plugin_settings::name);
    return at == plugins.end() ? nullptr : &*at;
}

std::optional<config> read_config(const std::filesystem::path& file, problems& found)
{
    const auto table = parse_toml_file(file, found);
    return table ? read_table(*table, file, found) : std::nullopt;
}

std::optional<config> read_config_text(std::string_view toml, const std::filesystem::path& file, problems& found)
{
    const auto table = parse_toml(toml, file.string(), found);
    return table ? read_table(*table, file, found) : std::nullopt;
}

} // namespace postern::daemon
