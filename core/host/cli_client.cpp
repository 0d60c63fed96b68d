// send and load: mail sent with the project's own client.

#include "core/host/cli.hpp"
#include "core/host/units.hpp"
#include "core/io/tls.hpp"
#include "core/runtime/client.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>

namespace postern::daemon {
namespace {

/// Fills the options; false after an error, which has been printed.
bool read_client(const client_request& from, runtime::client_options& to)
{
    const auto colon = from.server.rfind(':');
    const auto* end = from.server.data() + from.server.size();
    unsigned port = 0;
    const auto [at, failed] = colon == std::string::npos ? std::from_chars_result{end, std::errc::invalid_argument}
                                                         : std::from_chars(from.server.data() + colon + 1, end, port);
    if (colon == 0 || failed != std::errc{} || at != end || port == 0 || port > 65535) {
        fmt::print(stderr, "--server must be HOST:PORT, such as 127.0.0.1:2525\n");
        return false;
    }
    to.host = from.server.substr(0, colon);
    if (to.host.size() > 2 && to.host.front() == '[' && to.host.back() == ']') // "[::1]:25"
        to.host = to.host.substr(1, to.host.size() - 2);
    to.port = static_cast<std::uint16_t>(port);
    to.tls = from.tls == "starttls"   ? runtime::client_tls_use::starttls
             : from.tls == "implicit" ? runtime::client_tls_use::implicit
                                      : runtime::client_tls_use::none;
    if (to.tls == runtime::client_tls_use::none)
        return true;
    std::string why;
    to.tls_context = io::tls_context::client(false, "", why);
    if (to.tls_context == nullptr)
        fmt::print(stderr, "{}\n", why);
    return to.tls_context != nullptr;
}

/// Line ends of a file as mail has them: LF and CRLF become CRLF, and the last line is ended.
std::string canonical(std::string_view text)
{
    std::string out;
    out.reserve(text.size() + text.size() / 32 + 2);
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\n' && (i == 0 || text[i - 1] != '\r'))
            out += '\r';
        out += text[i];
    }
    if (!out.empty() && !out.ends_with("\r\n"))
        out += "\r\n";
    return out;
}

bool has_8bit(std::string_view text) noexcept
{
    return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
}

std::optional<std::string> read_message(const std::string& file)
{
    if (file.empty() || file == "-")
        return std::string{std::istreambuf_iterator<char>{std::cin}, {}};
    std::ifstream in{file, std::ios::binary};
    if (!in) {
        fmt::print(stderr, "{}: cannot be read\n", file);
        return std::nullopt;
    }
    return std::string{std::istreambuf_iterator<char>{in}, {}};
}

std::optional<std::uint64_t> read_size(const std::string& text)
{
    std::uint64_t plain = 0;
    const auto* end = text.data() + text.size();
    const auto [at, failed] = std::from_chars(text.data(), end, plain);
    if (failed == std::errc{} && at == end)
        return plain;
    return parse_size(text);
}

} // namespace

int send_command(const send_request& what)
{
    runtime::client_options options;
    if (!read_client(what.client, options))
        return exit_usage;
    auto text = read_message(what.file);
    if (!text)
        return exit_failed;
    runtime::outgoing message;
    message.content = canonical(*text);
    message.envelope.from.address = what.from;
    if (has_8bit(message.content))
        message.envelope.from.body = message::body_type::eight_bit_mime;
    for (const auto& each : what.to) {
        message::recipient recipient;
        recipient.address = each;
        message.envelope.to.push_back(std::move(recipient));
    }
    const auto result = runtime::send_message(options, message);
    if (!result.failure.empty()) {
        fmt::print(stderr, "{}\n", result.failure);
        return exit_failed;
    }
    for (const auto& each : result.recipients) {
        std::string line = each.address + ":";
        if (each.smtp_code != 0) // else nobody replied
            line += fmt::format(" {}", each.smtp_code);
        for (const auto* part : {&each.enhanced, &each.text})
            if (!part->empty())
                line += " " + *part;
        fmt::print(each.accepted ? stdout : stderr, "{}\n", line);
    }
    return result.all_accepted() ? exit_done : exit_failed;
}

int load_command(const load_request& what)
{
    runtime::load_options options;
    if (!read_client(what.client, options.client))
        return exit_usage;
    const auto size = read_size(what.size);
    if (!size || *size > (std::uint64_t{1} << 32U)) {
        fmt::print(stderr, "--size must be octets or a size such as 50KiB, of at most 4GiB\n");
        return exit_usage;
    }
    options.client.pipelining = what.pipelining;
    options.client.chunking = false; // what a plain client does, so that figures compare
    options.messages = what.messages;
    options.size = *size;
    options.sessions = what.sessions;
    options.reuse = what.reuse;
    options.from = what.from;
    options.to = what.to;
    const auto report = runtime::run_load(options);
    const auto rate = report.seconds > 0 ? static_cast<double>(report.accepted) / report.seconds : 0;
    boost::json::object out{
        {"messages", what.messages},
        {"accepted", report.accepted},
        {"refused", report.refused},
        {"size", *size},
        {"sessions", what.sessions},
        {"seconds", report.seconds},
        {"cpu_seconds", report.cpu_seconds},
        {"messages_per_second", rate},
        {"latency_us",
         boost::json::object{{"p50", report.p50.count()}, {"p99", report.p99.count()}, {"p99.9", report.p999.count()}}}};
    if (!report.first_failure.empty())
        out["first_failure"] = report.first_failure;
    fmt::print("{}\n", boost::json::serialize(out));
    return report.accepted == what.messages ? exit_done : exit_failed;
}

} // namespace postern::daemon
