#include "core/runtime/load.hpp"

#include "core/io/loop.hpp"
#include "core/runtime/client_core.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <algorithm>
#include <csignal>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include <sys/resource.h>

namespace postern::runtime {

namespace {

/// What the sessions of a load share. One thread.
struct load_state {
    load_options options;
    std::shared_ptr<const message::envelope> envelope;
    std::string content;
    content_facts facts;
    io::asio::io_context context{io::for_one_thread};
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

io::task<void> load_session(std::shared_ptr<load_state> state)
{
    std::shared_ptr<client_core> core;
    while (state->started < state->options.messages) {
        ++state->started;
        const auto since = std::chrono::steady_clock::now();
        if (!core) {
            core = std::make_shared<client_core>(state->context, state->options.client);
            auto opened = co_await core->connect();
            if (opened.error) {
                tell_of_no_connection(opened, state->options.client);
                state->count(false, opened.sent.failure, since);
                core.reset();
                continue;
            }
        }
        auto envelope = state->envelope;
        std::shared_ptr<content_source> content = std::make_shared<octets_source>(state->content);
        const auto sent = co_await core->send(std::move(envelope), std::move(content), state->facts);
        if (core->was_untouched()) { // the server ended an idle connection: this message was not tried
            --state->started;
            core.reset();
            continue;
        }
        const bool is_sent = !sent.sent.recipients.empty();
        state->count(is_sent && sent.sent.recipients.front().accepted,
                     is_sent ? sent.sent.recipients.front().text : sent.error.message(), since);
        if (!core->is_reusable()) {
            core.reset();
        } else if (!state->options.reuse) {
            auto ended = co_await core->quit();
            core.reset();
        }
    }
    if (core)
        auto ended = co_await core->quit();
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

load_report run_load(const load_options& options)
{
    std::signal(SIGPIPE, SIG_IGN);
    const auto state = std::make_shared<load_state>();
    state->options = options;
    auto envelope = std::make_shared<message::envelope>();
    envelope->from.address = options.from;
    envelope->to.emplace_back().address = options.to;
    state->envelope = std::move(envelope);
    state->content = make_content(options);
    state->facts = {.size = state->content.size(), .has_8bit = false, .may_have_8bit = false};
    state->microseconds.reserve(options.messages);
    const auto cpu_before = cpu_seconds();
    const auto begin = std::chrono::steady_clock::now();
    for (std::uint32_t i = 0; i < options.sessions; ++i)
        boost::asio::co_spawn(state->context.get_executor(), load_session(state), boost::asio::detached);
    io::run(state->context);
    state->report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    state->report.cpu_seconds = cpu_seconds() - cpu_before;
    std::sort(state->microseconds.begin(), state->microseconds.end());
    state->report.p50 = quantile(state->microseconds, 0.5);
    state->report.p99 = quantile(state->microseconds, 0.99);
    state->report.p999 = quantile(state->microseconds, 0.999);
    return state->report;
}

} // namespace postern::runtime
