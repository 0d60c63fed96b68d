#include "bucket.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <limits>
#include <system_error>
#include <utility>

namespace rate_limit {
namespace {

using std::chrono::milliseconds;

/// What a store keeps of a time to live (<postern/abi/kv.h>): whole milliseconds, here rounded up by ourselves, so that what is
/// left of it can be compared with it. Never zero, which means for ever.
[[nodiscard]] nanoseconds life_of(nanoseconds lacking) noexcept
{
    return std::max<nanoseconds>(std::chrono::ceil<milliseconds>(lacking), milliseconds{1});
}

__extension__ using wide = unsigned __int128;

} // namespace

bucket::bucket(rate of, std::uint64_t burst) noexcept : of_{of}, burst_{burst}, refill_{time_of(burst)} {}

/// Rounded down, so that `burst` tokens taken one by one are no more than `burst` at once.
nanoseconds bucket::time_of(std::uint64_t n) const noexcept
{
    const wide time = static_cast<wide>(n) * static_cast<std::uint64_t>(of_.per.count()) / of_.amount;
    constexpr auto most = std::numeric_limits<nanoseconds::rep>::max();
    return nanoseconds{time > static_cast<wide>(most) ? most : static_cast<nanoseconds::rep>(time)};
}

level bucket::read(const std::optional<stored>& what) const noexcept
{
    if (!what)
        return {};
    nanoseconds::rep number = 0;
    const char* const end = what->value.data() + what->value.size();
    const auto [rest, error] = std::from_chars(what->value.data(), end, number);
    if (error != std::errc{} || rest == end || *rest != ' ' || number < 0)
        return {};

    level at{nanoseconds{number}, false};
    if (at.lacking > refill_) // written by a rule with a slower rate
        return {refill_, true};
    const nanoseconds given = life_of(at.lacking);
    if (what->left <= nanoseconds{0} || what->left > given)
        at.is_adrift = true;
    else
        at.lacking = std::max(at.lacking - (given - what->left), nanoseconds{0});
    return at;
}

nanoseconds bucket::wait(const level& at, std::uint64_t n) const noexcept
{
    return std::max(at.lacking - (refill_ - time_of(n)), nanoseconds{0});
}

level bucket::without(const level& at, std::uint64_t n) const noexcept
{
    return {at.lacking + time_of(n), false};
}

level bucket::with(const level& at, std::uint64_t n) const noexcept
{
    return {std::max(at.lacking - time_of(n), nanoseconds{0}), false};
}

record written(const level& at, std::uint64_t tag)
{
    std::array<char, 16> digits{};
    const char* const end = std::to_chars(digits.data(), digits.data() + digits.size(), tag, 16).ptr;
    std::string text = std::to_string(at.lacking.count()) + ' ';
    text.append(digits.data(), static_cast<std::size_t>(end - digits.data()));
    return {std::move(text), life_of(at.lacking)};
}

} // namespace rate_limit
