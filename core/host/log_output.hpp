#pragma once
// Where the program's log goes: lines to a descriptor, written by a thread of their own (spdlog), so that a slow reader of the
// log delays nobody. When its buffer is full the oldest lines are dropped and counted.

#include "core/base/log.hpp"
#include "core/host/config.hpp"

#include <atomic>
#include <cstdint>
#include <memory>

namespace postern::daemon {

/// Threads: any. Every line that was written is out when the destructor returns.
class log_output final : public base::log_sink {
public:
    /// `descriptor` is borrowed.
    explicit log_output(const log_settings& settings, int descriptor = 2);
    ~log_output() override;
    log_output(const log_output&) = delete;
    log_output& operator=(const log_output&) = delete;

    [[nodiscard]] bool is_enabled(base::log_level level) const noexcept override
    {
        return level >= level_.load(std::memory_order_relaxed);
    }
    void write(base::log_level level, std::string_view event, std::span<const base::log_field> fields) noexcept override;

    void configure(const log_settings& settings) noexcept;
    [[nodiscard]] std::uint64_t dropped() const noexcept;

private:
    struct state;
    std::atomic<base::log_level> level_;
    std::atomic<log_format> format_;
    std::unique_ptr<state> state_;
};

} // namespace postern::daemon
