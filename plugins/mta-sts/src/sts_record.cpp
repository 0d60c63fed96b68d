#include "sts_record.hpp"

#include <postern/kit/ascii.hpp>

#include <algorithm>
#include <cstdint>

namespace mta_sts {

namespace {

constexpr std::string_view version = "v=STSv1";

using postern::kit::is_alphanumeric;
using postern::kit::trimmed;

/// Takes the text up to the next ";" off, and that. False: there is none.
[[nodiscard]] bool take_field(std::string_view& rest, std::string_view& field) noexcept
{
    const auto end = rest.find(';');
    field = trimmed(rest.substr(0, end));
    const bool has_more = end != std::string_view::npos;
    rest.remove_prefix(has_more ? end + 1 : rest.size());
    return has_more;
}

/// "v=STSv1" and a delimiter: RFC 8461 3.1 has others discarded, whatever they are.
[[nodiscard]] bool is_ours(std::string_view text) noexcept
{
    return text.starts_with(version) && trimmed(text.substr(version.size())).starts_with(';');
}

[[nodiscard]] bool is_id(std::string_view text) noexcept
{
    constexpr std::size_t longest = 32;
    return !text.empty() && text.size() <= longest && std::all_of(text.begin(), text.end(), is_alphanumeric);
}
/// sts-extension
[[nodiscard]] bool is_extension(std::string_view name, std::string_view value) noexcept
{
    constexpr std::size_t longest_name = 32;
    const auto is_of_name = [](char c) { return is_alphanumeric(c) || c == '_' || c == '-' || c == '.'; };
    const auto is_of_value = [](char c) { return c > ' ' && c <= '~' && c != ';' && c != '='; };
    return !name.empty() && name.size() <= longest_name && is_alphanumeric(name.front()) &&
           std::all_of(name.begin(), name.end(), is_of_name) && !value.empty() &&
           std::all_of(value.begin(), value.end(), is_of_value);
}

} // namespace

std::optional<std::string> parse_record(std::string_view text)
{
    if (!is_ours(text))
        return std::nullopt;
    std::string_view field;
    bool has_more = take_field(text, field);
    std::optional<std::string> id;
    while (has_more) {
        has_more = take_field(text, field);
        if (field.empty() && !has_more) // one delimiter may stand at the end
            break;
        const auto equals = field.find('=');
        if (equals == std::string_view::npos)
            return std::nullopt;
        const auto name = field.substr(0, equals);
        const auto value = field.substr(equals + 1);
        if (name == "id") {
            if (id) // RFC 8461 3.2: the first one counts
                continue;
            if (!is_id(value))
                return std::nullopt;
            id = value;
        } else if (!is_extension(name, value)) {
            return std::nullopt;
        }
    }
    return id;
}

std::optional<std::string> id_in(const std::vector<std::string>& records)
{
    const auto first = std::find_if(records.begin(), records.end(), is_ours);
    if (first == records.end() || std::any_of(first + 1, records.end(), is_ours))
        return std::nullopt;
    return parse_record(*first);
}

std::string id_for(std::string_view policy_text)
{
    // FNV-1a: nobody gains by two policies of one's own with the same id.
    std::uint64_t digest = 0xcbf29ce484222325U;
    for (const char each : policy_text)
        digest = (digest ^ static_cast<std::uint8_t>(each)) * 0x100000001b3U;
    std::string id;
    for (int shift = 60; shift >= 0; shift -= 4)
        id += "0123456789abcdef"[digest >> static_cast<unsigned>(shift) & 15U];
    return id;
}

} // namespace mta_sts
