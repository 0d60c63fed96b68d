#include "core/protocol/bdat.hpp"

#include <algorithm>
#include <charconv>

namespace postern::protocol {

std::optional<bdat_argument> parse_bdat(std::string_view argument) noexcept
{
    constexpr std::size_t most_digits = 20;
    const auto size = argument.substr(0, argument.find(' '));
    auto rest = argument.substr(size.size());
    bdat_argument found;
    // RFC 3030 2: chunk-size ::= 1*DIGIT. from_chars takes no sign, no prefix, and tells when 64 bits do not hold it.
    const auto [end, error] = std::from_chars(size.data(), size.data() + size.size(), found.size);
    if (error != std::errc{} || end != size.data() + size.size() || size.size() > most_digits || found.size > max_chunk_size)
        return std::nullopt;
    if (rest.empty())
        return found;
    rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
    constexpr std::string_view last = "LAST";
    found.is_last = std::equal(rest.begin(), rest.end(), last.begin(), last.end(),
                               [](char a, char b) { return a == b || a == b + ('a' - 'A'); });
    return found.is_last ? std::optional{found} : std::nullopt;
}

} // namespace postern::protocol
