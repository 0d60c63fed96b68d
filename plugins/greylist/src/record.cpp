#include "record.hpp"

#include <algorithm>
#include <charconv>
#include <system_error>

namespace greylist {
namespace {

using std::chrono::milliseconds;

constexpr char waiting = 'w';
constexpr char known = 'k';

/// The kind and how long it was given to live, in milliseconds as a store keeps them.
struct content {
    char kind = 0;
    nanoseconds given{0};
};

[[nodiscard]] std::optional<content> read(std::string_view value)
{
    constexpr milliseconds::rep most = milliseconds{std::chrono::hours{24 * 366 * 100}}.count();
    if (value.empty() || (value.front() != waiting && value.front() != known))
        return std::nullopt;
    milliseconds::rep number = 0;
    const char* const end = value.data() + value.size();
    const auto [rest, error] = std::from_chars(value.data() + 1, end, number);
    if (error != std::errc{} || rest != end || number <= 0 || number > most)
        return std::nullopt;
    return content{value.front(), milliseconds{number}};
}

[[nodiscard]] std::string made(char kind, nanoseconds ttl)
{
    return kind + std::to_string(std::chrono::ceil<milliseconds>(ttl).count());
}

} // namespace

decision judge(const std::optional<stored>& found, const terms& by)
{
    if (!found)
        return {false, change::begin, by.delay, {}};
    const auto has = read(found->value);
    if (!has)
        return {false, change::restart, by.delay, {}};

    const bool is_adrift = found->left <= nanoseconds{0} || found->left > has->given;
    if (has->kind == known)
        return {true, is_adrift || is_worn(by.remember, found->left) ? change::refresh : change::none, {}, {}};

    const nanoseconds age = has->given - found->left;
    if (is_adrift || age > by.window) // or the window has become shorter
        return {false, change::restart, by.delay, {}};
    if (age < by.delay)
        return {false, change::none, by.delay - age, {}};
    return {true, change::promote, {}, age};
}

std::string waiting_record(nanoseconds ttl)
{
    return made(waiting, ttl);
}

std::string known_record(nanoseconds ttl)
{
    return made(known, ttl);
}

bool is_worn(nanoseconds given, nanoseconds left) noexcept
{
    constexpr nanoseconds day = std::chrono::hours{24};
    return left <= nanoseconds{0} || given - left >= std::min(given / 8, day);
}

} // namespace greylist
