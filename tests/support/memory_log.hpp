#pragma once
// A log that keeps its lines, for tests of what is logged.

#include "core/base/log.hpp"

#include <algorithm>
#include <mutex>
#include <string>
#include <vector>

namespace postern::test {

/// Threads: any.
class memory_log final : public base::log_sink {
public:
    [[nodiscard]] bool is_enabled(base::log_level) const noexcept override { return true; }
    void write(base::log_level, std::string_view event, std::span<const base::log_field> fields) noexcept override
    {
        std::string line{event};
        for (const auto& field : fields) {
            line.append(" ").append(field.key).append("=");
            if (const auto* text = std::get_if<std::string_view>(&field.value))
                line += *text;
            else
                line += std::to_string(std::get<std::int64_t>(field.value));
        }
        const std::lock_guard lock{guard_};
        lines_.push_back(std::move(line));
    }
    [[nodiscard]] bool contains(std::string_view part) const { return count(part) != 0; }
    /// Lines that hold `part`.
    [[nodiscard]] std::ptrdiff_t count(std::string_view part) const
    {
        const std::lock_guard lock{guard_};
        return std::count_if(lines_.begin(), lines_.end(),
                             [&](const std::string& line) { return line.find(part) != std::string::npos; });
    }

private:
    mutable std::mutex guard_;
    std::vector<std::string> lines_;
};

} // namespace postern::test
