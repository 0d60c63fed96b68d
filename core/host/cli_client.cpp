// send and load: mail sent with the project's own client.

#include "core/base/ascii.hpp"
#include "core/base/ip_address.hpp"
#include "core/base/secret.hpp"
#include "core/host/cli.hpp"
#include "core/host/cli_traffic.hpp"
#include "core/host/units.hpp"
#include "core/io/tls.hpp"
#include "core/message/xtext.hpp"
#include "core/runtime/client.hpp"
#include "core/runtime/client_errc.hpp"
#include "core/runtime/load.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <optional>
#include <utility>

namespace postern::daemon {
namespace {

/// The first line of a file; nothing after an error, which has been printed.
std::optional<base::secret_text> read_secret(const std::string& file)
{
    std::ifstream in{file, std::ios::binary};
    std::string line;
    line.reserve(4096); // or parts of it stay where it began
    if (!in || !std::getline(in, line)) {
        fmt::print(stderr, "{}: cannot be read, or is empty\n", file);
        return std::nullopt;
    }
    if (line.ends_with('\r'))
        line.pop_back();
    return base::secret_text{std::move(line)};
}

bool read_server(const std::string& server, runtime::client_options& to)
{
    if (server.starts_with("unix:") && server.size() > 5) {
        to.host = server;
        return true;
    }
    const auto colon = server.rfind(':');
    const auto* end = server.data() + server.size();
    unsigned port = 0;
    const auto [at, failed] = colon == std::string::npos ? std::from_chars_result{end, std::errc::invalid_argument}
                                                         : std::from_chars(server.data() + colon + 1, end, port);
    if (colon == 0 || failed != std::errc{} || at != end || port == 0 || port > 65535) {
        fmt::print(stderr, "--server must be HOST:PORT, such as 127.0.0.1:2525, or unix:PATH\n");
        return false;
    }
    to.host = server.substr(0, colon);
    if (to.host.size() > 2 && to.host.front() == '[' && to.host.back() == ']') // "[::1]:25"
        to.host = to.host.substr(1, to.host.size() - 2);
    to.port = static_cast<std::uint16_t>(port);
    return true;
}

/// Nothing between it and us that another machine could stand in.
bool is_on_this_machine(const std::string& host)
{
    if (host.starts_with("unix:"))
        return true;
    const auto address = base::ip_address::from_text(host); // a name's address is what somebody else says
    return address && address->is_loopback();
}

bool read_tls(const client_request& from, bool is_needed, runtime::client_options& to)
{
    to.tls = from.tls == "starttls"   ? runtime::client_tls_use::starttls
             : from.tls == "implicit" ? runtime::client_tls_use::implicit
                                      : runtime::client_tls_use::none;
    to.tls_name = from.tls_name;
    const bool is_asked_for = from.verify || !from.ca_file.empty() || !from.tls_name.empty(); // who names it wants no other
    io::client_tls_options options;
    options.verify = !from.no_verify && (is_needed || is_asked_for || (to.wants_login() && !is_on_this_machine(to.host)));
    if (options.verify && from.tls_name.empty() && from.server.starts_with("unix:") &&
        (is_needed || to.tls != runtime::client_tls_use::none)) {
        fmt::print(stderr, "{} over a Unix socket needs --tls-name NAME: a certificate is never for a path\n",
                   is_needed     ? "--require-tls"
                   : from.verify ? "--verify"
                                 : "--ca-file");
        return false;
    }
    if (to.tls == runtime::client_tls_use::none)
        return true;
    options.trust_file = from.ca_file;
    options.certificate = from.cert;
    options.key = from.key.empty() ? from.cert : from.key;
    std::string why;
    to.tls_context = io::tls_context::client(options, why);
    if (to.tls_context == nullptr)
        fmt::print(stderr, "{}\n", why);
    return to.tls_context != nullptr;
}

bool read_login(const client_request& from, runtime::client_options& to)
{
    to.login.user = from.user;
    to.login.act_for = from.act_for;
    to.login.use_certificate = base::equals_ignoring_case(from.auth, "EXTERNAL");
    to.mechanism = from.auth;
    to.login_in_clear = from.auth_in_clear;
    for (const auto& [file, secret] : {std::pair{&from.password_file, &to.login.password}, {&from.token_file, &to.login.token}}) {
        if (file->empty())
            continue;
        auto read = read_secret(*file);
        if (!read)
            return false;
        *secret = std::move(*read);
    }
    if (!from.user.empty() && from.password_file.empty() && from.token_file.empty()) {
        fmt::print(stderr, "--user needs --password-file or --token-file\n");
        return false;
    }
    return true;
}

/// What to do about a certificate that is not good, where nobody said how good it has to be.
std::string_view help_with(const client_request& from, std::string_view failure)
{
    const bool is_by_default = !from.verify && !from.no_verify && from.ca_file.empty();
    return is_by_default && failure.find("certificate verify failed") != std::string_view::npos
               ? "; --ca-file FILE says whom to trust, --no-verify takes anybody"
               : "";
}

/// Fills the options; false after an error, which has been printed.
bool read_client(const client_request& from, bool needs_verified_server, runtime::client_options& to)
{
    to.hostname = from.helo;
    to.lmtp = from.lmtp;
    if (!from.timeout.empty()) {
        const auto time = parse_duration(from.timeout);
        if (!time || time->count() <= 0) {
            fmt::print(stderr, "--timeout must be a time such as 30s\n");
            return false;
        }
        const auto each = std::chrono::duration_cast<std::chrono::milliseconds>(*time);
        to.timeout = {.connect = each, .greeting = each, .command = each, .data = each, .final = each};
    }
    if (from.verbose)
        to.watch = [lines = std::make_shared<traffic_lines>([](const std::string& line) { fmt::print(stderr, "{}\n", line); })](
                       const runtime::client_traffic& what) { lines->show(what); };
    return read_server(from.server, to) && read_login(from, to) && read_tls(from, needs_verified_server, to);
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

/// DSN's NOTIFY; false after an error, which has been printed.
bool read_notify(const std::string& list, message::dsn_notify& to)
{
    for (std::size_t begin = 0; begin < list.size();) {
        const auto end = std::min(list.find(',', begin), list.size());
        const auto word = std::string_view{list}.substr(begin, end - begin);
        begin = end + 1;
        bool* const wanted = base::equals_ignoring_case(word, "never")     ? &to.never
                             : base::equals_ignoring_case(word, "success") ? &to.success
                             : base::equals_ignoring_case(word, "failure") ? &to.failure
                             : base::equals_ignoring_case(word, "delay")   ? &to.delay
                                                                           : nullptr;
        if (wanted == nullptr) {
            fmt::print(stderr, "--notify must be never, or any of success,failure,delay\n");
            return false;
        }
        *wanted = true;
    }
    if (to.never && (to.success || to.failure || to.delay)) {
        fmt::print(stderr, "--notify never stands alone\n");
        return false;
    }
    return true;
}

/// What the options say of the envelope; false after an error, which has been printed.
bool read_envelope(const send_request& what, message::envelope& to)
{
    to.from.address = what.from;
    to.from.smtputf8 = what.smtputf8;
    to.from.envid = message::encode_xtext(what.envid);
    if (!what.ret.empty())
        to.from.ret = what.ret == "full" ? message::dsn_return::full : message::dsn_return::headers;
    to.from.body = what.body == "8bitmime"     ? message::body_type::eight_bit_mime
                   : what.body == "binarymime" ? message::body_type::binary_mime
                                               : message::body_type::seven_bit;
    if (what.size)
        to.from.declared_size = *what.size;
    for (const auto& each : what.mail_parameters)
        to.from.parameters.push_back(runtime::any_parameter(each));
    if (!what.auth_sender.empty())
        to.from.parameters.push_back(runtime::auth_parameter(what.auth_sender == "<>" ? "" : what.auth_sender));
    if (what.require_tls)
        to.from.parameters.push_back(runtime::require_tls());
    message::recipient recipient;
    if (!read_notify(what.notify, recipient.notify))
        return false;
    if (!what.orcpt.empty()) {
        const auto type = what.orcpt.find(';');
        if (type == 0 || type == std::string::npos) {
            fmt::print(stderr, "--orcpt must be TYPE;ADDRESS, such as rfc822;a@example.com\n");
            return false;
        }
        const auto address = what.orcpt.substr(type + 1);
        recipient.orcpt = what.orcpt.substr(0, type + 1) +
                          (what.orcpt.starts_with("utf-8;") ? address : message::encode_xtext(address)); // RFC 6533 3
    }
    for (const auto& each : what.rcpt_parameters)
        recipient.parameters.push_back(runtime::any_parameter(each));
    for (const auto& each : what.to) {
        recipient.address = each;
        to.to.push_back(recipient);
    }
    return true;
}

} // namespace

int send_command(const send_request& what)
{
    runtime::client_options options;
    runtime::outgoing message;
    if (!read_client(what.client, what.require_tls, options) || !read_envelope(what, message.envelope))
        return exit_usage;
    options.chunking = !what.no_chunking;
    options.pipelining = !what.no_pipelining;
    auto text = read_message(what.file);
    if (!text)
        return exit_failed;
    message.content = what.body == "binarymime" ? std::move(*text) : runtime::canonical(*text);
    const auto result = runtime::send_message(options, message);
    if (!result.failure.empty()) {
        const bool is_of_tls = result.error == runtime::client_errc::tls_failed;
        fmt::print(stderr, "{}{}\n", result.failure, is_of_tls ? help_with(what.client, result.failure) : "");
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
    if (result.recipients.empty())
        fmt::print(stderr, "{}\n", result.error.message());
    return result.all_accepted() ? exit_done : exit_failed;
}

int load_command(const load_request& what)
{
    runtime::load_options options;
    if (!read_client(what.client, false, options.client))
        return exit_usage;
    const auto size = read_size(what.size);
    if (!size || *size > (std::uint64_t{1} << 32U)) {
        fmt::print(stderr, "--size must be octets or a size such as 50KiB, of at most 4GiB\n");
        return exit_usage;
    }
    options.client.pipelining = what.pipelining;
    options.client.chunking = what.chunking; // left out: what a plain client does, so that figures compare
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
    if (const auto help = help_with(what.client, report.first_failure); !help.empty())
        fmt::print(stderr, "{}{}\n", report.first_failure, help);
    return report.accepted == what.messages ? exit_done : exit_failed;
}

} // namespace postern::daemon
