#include "core/host/log_output.hpp"

#include "core/host/log_line.hpp"

#include <spdlog/async.h>
#include <spdlog/details/null_mutex.h>
#include <spdlog/sinks/base_sink.h>

#include <cerrno>
#include <unistd.h>

namespace postern::daemon {
namespace {

constexpr std::size_t most_waiting_lines = 8192;

/// Lines come whole from append_*_line; only the line end is added here.
class descriptor_sink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
public:
    explicit descriptor_sink(int descriptor) noexcept : descriptor_{descriptor} {}

private:
    void sink_it_(const spdlog::details::log_msg& message) override
    {
        line_.assign(message.payload.data(), message.payload.size());
        line_ += '\n';
        const char* at = line_.data();
        auto left = line_.size();
        while (left != 0) {
            const auto sent = ::write(descriptor_, at, left);
            if (sent < 0 && errno == EINTR)
                continue;
            if (sent <= 0)
                return; // nowhere to complain
            at += sent;
            left -= static_cast<std::size_t>(sent);
        }
    }
    void flush_() override {}

    int descriptor_;
    std::string line_;
};

} // namespace

struct log_output::state {
    std::shared_ptr<spdlog::async_logger> logger; // outlives the thread that writes for it
    std::shared_ptr<spdlog::details::thread_pool> writer = std::make_shared<spdlog::details::thread_pool>(most_waiting_lines, 1);
};

log_output::log_output(const log_settings& settings, int descriptor)
    : level_{settings.level}, format_{settings.format}, state_{std::make_unique<state>()}
{
    state_->logger = std::make_shared<spdlog::async_logger>("postern", std::make_shared<descriptor_sink>(descriptor),
                                                            state_->writer, spdlog::async_overflow_policy::overrun_oldest);
    state_->logger->set_level(spdlog::level::trace); // who is enabled was decided before
}

log_output::~log_output() = default; // the thread pool's end writes what waits

void log_output::configure(const log_settings& settings) noexcept
{
    level_.store(settings.level, std::memory_order_relaxed);
    format_.store(settings.format, std::memory_order_relaxed);
}

std::uint64_t log_output::dropped() const noexcept
{
    return state_->writer->overrun_counter();
}

void log_output::write(base::log_level level, std::string_view event, std::span<const base::log_field> fields) noexcept
{
    static thread_local std::string line;
    line.clear();
    const auto now = base::system_clock{}.wall();
    if (format_.load(std::memory_order_relaxed) == log_format::json)
        append_json_line(line, now, level, event, fields);
    else
        append_text_line(line, now, level, event, fields);
    state_->logger->log(spdlog::level::info, spdlog::string_view_t{line.data(), line.size()});
    if (line.capacity() > 16384) { // one giant must not stay with every thread
        line.clear();
        line.shrink_to_fit();
    }
}

} // namespace postern::daemon
