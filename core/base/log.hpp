#pragma once
// The log facade: one event a line, key=value. What writes it (spdlog, a test's list) is behind `sink`.
// SECURITY: values come from peers; the sink escapes them, callers pass them raw. Never bodies or secrets.

#include "core/base/ids.hpp"

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace postern::base {

/// In their order: what is below the configured one is not written.
enum class log_level : std::uint8_t { debug, info, warning, error };

/// A key and its value. Views: valid until the call that logs them returns.
struct log_field {
    std::string_view key;
    std::variant<std::string_view, std::int64_t> value;

    log_field(std::string_view k, std::string_view v) : key{k}, value{v} {}
    log_field(std::string_view k, const char* v) : key{k}, value{std::string_view{v}} {}
    log_field(std::string_view k, const std::string& v) : key{k}, value{std::string_view{v}} {}
    template <class Integer>
    requires std::is_integral_v<Integer> log_field(std::string_view k, Integer v) : key{k}, value{static_cast<std::int64_t>(v)} {}
};

/// Where log events go. Threads: any.
class log_sink {
public:
    virtual ~log_sink() = default;
    [[nodiscard]] virtual bool is_enabled(log_level level) const noexcept = 0;
    virtual void write(log_level level, std::string_view event, std::span<const log_field> fields) noexcept = 0;
};

/// What the rooms hold. Copyable; borrows the sink, which lives as long as the process's work. Threads: any.
class log {
public:
    explicit log(log_sink& sink) noexcept : sink_{&sink} {}

    [[nodiscard]] bool is_enabled(log_level level) const noexcept { return sink_->is_enabled(level); }

    void debug(std::string_view event, std::initializer_list<log_field> fields = {}) const
    {
        write(log_level::debug, event, fields);
    }
    void info(std::string_view event, std::initializer_list<log_field> fields = {}) const
    {
        write(log_level::info, event, fields);
    }
    void warning(std::string_view event, std::initializer_list<log_field> fields = {}) const
    {
        write(log_level::warning, event, fields);
    }
    void error(std::string_view event, std::initializer_list<log_field> fields = {}) const
    {
        write(log_level::error, event, fields);
    }
    void write(log_level level, std::string_view event, std::initializer_list<log_field> fields) const
    {
        write(level, event, std::span<const log_field>{fields.begin(), fields.size()});
    }
    void write(log_level level, std::string_view event, std::span<const log_field> fields) const
    {
        if (sink_->is_enabled(level))
            sink_->write(level, event, fields);
    }

private:
    log_sink* sink_;
};

} // namespace postern::base
