#include "core/host/plugin_log.hpp"

#include "core/base/ascii.hpp"
#include "core/host/record_sizes.hpp"
#include "core/host/reply_reader.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace postern::daemon {
namespace {

constexpr std::uint32_t most_fields = 32;
constexpr std::size_t longest_name = 64;
constexpr std::size_t longest_key = 32;
constexpr std::size_t longest_text = 1024;

bool is_lower(char c) noexcept
{
    return c >= 'a' && c <= 'z';
}

bool is_word(std::string_view text, std::size_t longest, bool may_have_dots) noexcept
{
    return !text.empty() && text.size() <= longest && is_lower(text.front()) && std::ranges::all_of(text, [=](char c) {
        return is_lower(c) || base::is_digit(c) || c == '_' || (may_have_dots && c == '.');
    });
}

bool is_key(std::string_view text) noexcept
{
    return is_word(text, longest_key, false) && text != "plugin" && text != "name" && text != "session";
}

} // namespace

std::uint32_t lowest_level(const base::log& to) noexcept
{
    for (auto level = POSTERN_LOG_DEBUG; level < POSTERN_LOG_ERROR; ++level)
        if (to.is_enabled(static_cast<base::log_level>(level)))
            return level;
    return POSTERN_LOG_ERROR;
}

postern_status write_event(const base::log& to, std::string_view plugin, const postern_log_event* what)
{
    if (what == nullptr || what->size < first_size<postern_log_event>)
        return POSTERN_E_INVALID;
    const auto event = read_record<postern_log_event>(what, what->size);
    if (event.level > POSTERN_LOG_ERROR || !is_sound(event.name) || !is_word(view(event.name), longest_name, true) ||
        !is_sound(event.fields, first_size<postern_log_field>) || event.fields.count > most_fields)
        return POSTERN_E_INVALID;
    const auto level = static_cast<base::log_level>(event.level);
    const bool is_written = to.is_enabled(level);
    std::vector<base::log_field> fields;
    fields.reserve(std::size_t{3} + event.fields.count);
    fields.emplace_back("plugin", plugin);
    fields.emplace_back("name", view(event.name));
    const auto session = base::id_text(event.session);
    if (event.session != 0)
        fields.emplace_back("session", session);
    for (std::uint32_t i = 0; i < event.fields.count; ++i) {
        const auto* at = static_cast<const char*>(event.fields.at) + std::size_t{i} * event.fields.stride;
        const auto each = read_record<postern_log_field>(at, event.fields.stride);
        if (!is_sound(each.key) || !is_sound(each.text) || !is_key(view(each.key)))
            return POSTERN_E_INVALID;
        if (each.is_number != 0)
            fields.emplace_back(view(each.key), each.number);
        else
            fields.emplace_back(view(each.key), view(each.text).substr(0, longest_text));
    }
    if (is_written)
        to.write(level, "plugin.event", fields);
    return POSTERN_PASS;
}

} // namespace postern::daemon
