#include "core/host/cli_control.hpp"

#include "core/host/config.hpp"
#include "core/host/control_server.hpp"

#include <fmt/format.h>

#include <chrono>

namespace postern::daemon {

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

void print_lines(std::string_view text, std::FILE* to)
{
    std::string out;
    for (const char c : text)
        if (c == '\n' || c == '\t' || (c >= ' ' && c < 0x7f))
            out += c;
        else if (c != '\r')
            out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    if (!out.empty() && !out.ends_with('\n'))
        out += '\n';
    fmt::print(to, "{}", out);
}

} // namespace postern::daemon
