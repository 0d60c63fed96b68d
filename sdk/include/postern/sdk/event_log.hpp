#pragma once
// Events in the host's log, with fields: postern.log/1.
// SECURITY: values may come from peers: the host escapes them. Never bodies or secrets.

#include <postern/abi/log.h>
#include <postern/sdk/records.hpp>

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>

namespace postern {

/// In their order: what is below the configured one is not written.
enum class log_level : std::uint32_t {
    debug = POSTERN_LOG_DEBUG,
    info = POSTERN_LOG_INFO,
    warning = POSTERN_LOG_WARNING,
    error = POSTERN_LOG_ERROR,
};

/// A key (a to z, 0 to 9, "_") and its value. A view: valid until the call that logs it returns.
class log_field {
public:
    log_field(std::string_view key, std::string_view value) noexcept : record_{sdk::str(key), sdk::str(value), 0, 0, 0} {}
    log_field(std::string_view key, const char* value) noexcept : log_field{key, std::string_view{value}} {}
    log_field(std::string_view key, const std::string& value) noexcept : log_field{key, std::string_view{value}} {}
    template <class Integer>
    requires std::is_integral_v<Integer> log_field(std::string_view key, Integer value)
    noexcept : record_{sdk::str(key), {}, static_cast<std::int64_t>(value), 1, 0} {}
    [[nodiscard]] const postern_log_field& record() const noexcept { return record_; }

private:
    postern_log_field record_;
};

/// What host::event_log() gives. Threads: any. A level that is not written costs one call.
class event_log {
public:
    using fields = std::initializer_list<log_field>;

    event_log(const postern_log_1& table, postern_host* host, std::uint64_t session) noexcept
        : table_{&table}, host_{host}, session_{session}
    {
    }

    [[nodiscard]] bool is_enabled(log_level level) const noexcept
    {
        return static_cast<std::uint32_t>(level) >= table_->level(host_);
    }
    // The name is like a key, and may have dots: "list.loaded". False: the host does not take such an event.
    bool debug(std::string_view name, fields with = {}) const noexcept { return write(log_level::debug, name, with); }
    bool info(std::string_view name, fields with = {}) const noexcept { return write(log_level::info, name, with); }
    bool warning(std::string_view name, fields with = {}) const noexcept { return write(log_level::warning, name, with); }
    bool error(std::string_view name, fields with = {}) const noexcept { return write(log_level::error, name, with); }

    bool write(log_level level, std::string_view name, fields with) const noexcept
    {
        if (!is_enabled(level))
            return true;
        std::array<postern_log_field, most_fields> records;
        if (with.size() > records.size())
            return false;
        std::size_t count = 0;
        for (const log_field& each : with)
            records[count++] = each.record();
        postern_log_event what{};
        what.size = sizeof what;
        what.level = static_cast<std::uint32_t>(level);
        what.name = sdk::str(name);
        what.fields = {records.data(), static_cast<std::uint32_t>(count), sizeof(postern_log_field)};
        what.session = session_;
        return table_->write(host_, &what) >= 0;
    }

private:
    static constexpr std::size_t most_fields = 32;

    const postern_log_1* table_;
    postern_host* host_;
    std::uint64_t session_;
};

} // namespace postern
