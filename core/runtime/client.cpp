#include "core/runtime/client.hpp"

#include "core/io/connect.hpp"
#include "core/io/loop.hpp"
#include "core/io/tls.hpp"
#include "core/runtime/smtp_connection.hpp"

#include <algorithm>
#include <csignal>
#include <cstddef>
#include <numeric>
#include <optional>
#include <string_view>
#include <utility>

#include <sys/resource.h>

namespace postern::runtime {

namespace {

/// A client tells its caller what went wrong by its results; it keeps no log.
class no_log final : public base::log_sink {
public:
    [[nodiscard]] bool is_enabled(base::log_level) const noexcept override { return false; }
    void write(base::log_level, std::string_view, std::span<const base::log_field>) noexcept override {}
};

class octets_source final : public content_source {
public:
    explicit octets_source(std::string_view octets) noexcept : all_{octets}, left_{octets} {}
    [[nodiscard]] io::task<base::result<std::string_view>> next() override
    {
        constexpr std::size_t piece = std::size_t{64} << 10U;
        const auto part = left_.substr(0, piece);
        left_.remove_prefix(part.size());
        co_return part;
    }
    [[nodiscard]] bool is_at_end() const noexcept override { return left_.empty(); }
    [[nodiscard]] bool rewind() noexcept override
    {
        left_ = all_;
        return true;
    }

private:
    std::string_view all_;
    std::string_view left_;
};

std::shared_ptr<const client_profile> profile_of(const client_options& options)
{
    auto profile = std::make_shared<client_profile>();
    profile->session.hostname = options.hostname;
    profile->session.tls = options.tls == client_tls_use::starttls ? session::client_tls::required : session::client_tls::none;
    profile->session.pipelining = options.pipelining;
    profile->session.chunking = options.chunking;
    profile->timeout = options.timeout;
    profile->tls = options.tls_context;
    profile->server_name = base::ip_address::from_text(options.host) ? std::string{} : options.host;
    profile->implicit_tls = options.tls == client_tls_use::implicit;
    return profile;
}

io::task<base::result<std::unique_ptr<smtp_connection>>> open(io::loop& home, const client_options& options,
                                                              std::shared_ptr<const client_profile> profile)
{
    auto host = options.host;
    const auto addresses = co_await io::resolve(home, std::move(host), options.port);
    if (!addresses)
        co_return addresses.error();
    base::error_code last;
    for (const auto& address : *addresses) {
        auto made = co_await io::connect(home, address, options.timeout.connect);
        if (made)
            co_return std::make_unique<smtp_connection>(home, std::move(made->connection), profile);
        last = made.error();
    }
    co_return last;
}

bool has_8bit(std::string_view octets)
{
    return std::any_of(octets.begin(), octets.end(), [](char c) { return static_cast<unsigned char>(c) > 0x7f; });
}

struct prepared {
    const outgoing* what;
    std::vector<std::uint32_t> everybody;
    bool is_8bit;

    explicit prepared(const outgoing& message)
        : what{&message}, everybody(message.envelope.to.size()), is_8bit{has_8bit(message.content)}
    {
        std::iota(everybody.begin(), everybody.end(), 0U);
    }
    [[nodiscard]] session::client_transaction transaction() const
    {
        return {&what->envelope,
                everybody,
                what->content.size(),
                is_8bit,
                what->envelope.from.body == message::body_type::binary_mime,
                what->envelope.from.smtputf8};
    }
};

io::task<void> send_one(io::loop& home, const client_options& options, const outgoing& what, send_result& result)
{
    auto connection = co_await open(home, options, profile_of(options));
    if (!connection) {
        result.failure =
            "cannot connect to " + options.host + ":" + std::to_string(options.port) + ": " + connection.error().message();
        co_return;
    }
    const prepared ready{what};
    octets_source content{what.content};
    co_await (*connection)->send(ready.transaction(), content);
    const auto sent = (*connection)->result();
    for (std::size_t i = 0; i < sent.recipients.size(); ++i) {
        using kind = session::client_recipient_result::kind;
        const auto& one = sent.recipients[i];
        result.recipients.push_back({what.envelope.to[i].address, one.result == kind::delivered, one.result == kind::deferred,
                                     one.smtp_code, one.enhanced, one.text});
    }
    if (sent.reusable)
        co_await (*connection)->quit();
}

/// What the sessions of a load share. One thread.
struct load_state {
    const load_options& options;
    const outgoing& what;
    io::loop& home;
    std::uint64_t started = 0;
    load_report report;
    std::vector<std::uint32_t> microseconds;

    void count(bool accepted, std::string_view why, std::chrono::steady_clock::time_point since)
    {
        if (accepted) {
            ++report.accepted;
            const auto took = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - since);
            microseconds.push_back(static_cast<std::uint32_t>(took.count()));
        } else {
            ++report.refused;
            if (report.first_failure.empty())
                report.first_failure = why;
        }
    }
};

io::task<void> load_session(load_state& state)
{
    const auto profile = profile_of(state.options.client);
    const prepared ready{state.what};
    std::unique_ptr<smtp_connection> connection;
    while (state.started < state.options.messages) {
        ++state.started;
        const auto since = std::chrono::steady_clock::now();
        if (!connection) {
            auto opened = co_await open(state.home, state.options.client, profile);
            if (!opened) {
                state.count(false, opened.error().message(), since);
                continue;
            }
            connection = std::move(*opened);
        }
        octets_source content{state.what.content};
        co_await connection->send(ready.transaction(), content);
        const auto result = connection->result();
        if (result.untouched) { // the server ended an idle connection: this message was not tried
            --state.started;
            connection.reset();
            continue;
        }
        const auto& first = result.recipients.front();
        state.count(first.result == session::client_recipient_result::kind::delivered, first.text, since);
        if (!result.reusable) {
            connection.reset();
        } else if (!state.options.reuse) {
            co_await connection->quit();
            connection.reset();
        }
    }
    if (connection)
        co_await connection->quit();
}

/// A message of exactly `size` octets (or its header section, where that is more) in lines of 72.
std::string make_content(const load_options& options)
{
    std::string content = "From: <" + options.from + ">\r\nTo: <" + options.to + ">\r\nSubject: load\r\n\r\n";
    std::string line(70, 'x');
    line += "\r\n";
    while (content.size() + line.size() <= options.size)
        content += line;
    if (const auto rest = options.size > content.size() ? options.size - content.size() : 0; rest >= 2)
        content.append(rest - 2, 'x').append("\r\n");
    return content;
}

double cpu_seconds()
{
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6; };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

std::chrono::microseconds quantile(const std::vector<std::uint32_t>& sorted, double which)
{
    if (sorted.empty())
        return {};
    const auto at = static_cast<std::size_t>(which * static_cast<double>(sorted.size() - 1));
    return std::chrono::microseconds{sorted[at]};
}

} // namespace

bool send_result::all_accepted() const noexcept
{
    return failure.empty() && std::all_of(recipients.begin(), recipients.end(), [](const auto& one) { return one.accepted; });
}

send_result send_message(const client_options& options, const outgoing& what)
{
    std::signal(SIGPIPE, SIG_IGN);
    no_log sink;
    io::loop loop{base::log{sink}};
    send_result result;
    loop.spawn("send", send_one(loop, options, what, result));
    loop.context().run();
    return result;
}

load_report run_load(const load_options& options)
{
    std::signal(SIGPIPE, SIG_IGN);
    no_log sink;
    io::loop loop{base::log{sink}};
    outgoing what;
    what.envelope.from.address = options.from;
    what.envelope.to.push_back({options.to, {}, {}, {}});
    what.content = make_content(options);

    load_state state{options, what, loop, 0, {}, {}};
    state.microseconds.reserve(options.messages);
    const auto cpu_before = cpu_seconds();
    const auto begin = std::chrono::steady_clock::now();
    for (std::uint32_t i = 0; i < options.sessions; ++i)
        loop.spawn("load", load_session(state));
    loop.context().run();
    state.report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    state.report.cpu_seconds = cpu_seconds() - cpu_before;
    std::sort(state.microseconds.begin(), state.microseconds.end());
    state.report.p50 = quantile(state.microseconds, 0.5);
    state.report.p99 = quantile(state.microseconds, 0.99);
    state.report.p999 = quantile(state.microseconds, 0.999);
    return state.report;
}

} // namespace postern::runtime
