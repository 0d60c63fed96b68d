// plugin tell: words, and files, for an instance of the running server, by its control socket.
// SECURITY: what the plugin says is printed to a terminal, so everything but printable ASCII is escaped.

#include "core/host/base64.hpp"
#include "core/host/cli.hpp"
#include "core/host/cli_control.hpp"
#include "core/host/config.hpp"
#include "core/host/control_server.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>

namespace postern::daemon {
namespace {

namespace json = boost::json;

constexpr std::size_t most_input = std::size_t{16} << 20U;

std::optional<std::string> read_input(const std::string& name)
{
    std::ifstream file;
    if (name != "-")
        file.open(name, std::ios::binary);
    std::istream& from = name == "-" ? std::cin : file;
    std::string all{std::istreambuf_iterator<char>{from}, {}};
    if ((name != "-" && !file.is_open()) || from.bad()) {
        fmt::print(stderr, "{}: cannot be read\n", name);
        return std::nullopt;
    }
    if (all.size() > most_input) {
        fmt::print(stderr, "{}: has more than 16 MiB\n", name);
        return std::nullopt;
    }
    return all;
}

std::string_view text_of(const json::object& from, std::string_view key)
{
    const auto* value = from.if_contains(key);
    return value != nullptr && value->is_string() ? std::string_view{value->get_string()} : std::string_view{};
}

/// One message; whether it was done. What is said goes behind the file's name if there are many.
bool tell(const std::filesystem::path& control, const tell_request& what, const std::string* input, const std::string& label)
{
    json::object request{{"command", "plugin.tell"}, {"instance", what.instance}, {"words", json::value_from(what.words)}};
    if (input != nullptr)
        request["input"] = to_base64(*input);
    std::string why;
    const auto reply = ask_control(control, json::serialize(request), why);
    json::error_code failed;
    const auto parsed = reply.empty() ? json::value(nullptr) : json::parse(reply, failed);
    if (failed || !parsed.is_object()) {
        fmt::print(stderr, "{}\n", why.empty() ? "the server's answer is not JSON" : why);
        return false;
    }
    const auto& out = parsed.get_object();
    const auto* ok = out.if_contains("ok");
    const bool is_done = ok != nullptr && ok->is_bool() && ok->get_bool();
    print_lines(label + std::string{text_of(out, is_done ? "output" : "error")}, is_done ? stdout : stderr);
    return is_done;
}

} // namespace

int tell_command(const tell_request& what)
{
    problems found;
    const auto settings = read_config(what.config_file, found);
    if (!settings) {
        for (const auto& each : found)
            fmt::print(stderr, "{}\n", each.text());
        return exit_failed;
    }
    if (what.files.empty())
        return tell(settings->control, what, nullptr, {}) ? exit_done : exit_failed;
    bool all_done = true;
    for (const auto& name : what.files) {
        const auto input = read_input(name);
        const auto label = what.files.size() > 1 ? name + ": " : std::string{};
        all_done = input && tell(settings->control, what, &*input, label) && all_done;
    }
    return all_done ? exit_done : exit_failed;
}

} // namespace postern::daemon
