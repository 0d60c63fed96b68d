#include "core/sasl/saslprep.hpp"

#include "core/base/secret.hpp"
#include "core/sasl/errc.hpp"

#include <algorithm>

#include <stringprep.h>

namespace postern::sasl {

namespace {

constexpr std::size_t most_trace_octets = 1020; // 255 characters

/// A text of these is what SASLprep makes of it.
[[nodiscard]] bool is_plain_ascii(std::string_view text) noexcept
{
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

} // namespace

base::result<std::string> saslprep(std::string_view text, text_use use)
{
    if (text.size() > most_text_octets)
        return errc::too_long;
    if (text.empty() || text.find('\0') != std::string_view::npos)
        return errc::bad_text;
    if (is_plain_ascii(text))
        return std::string{text};
    std::string prepared(most_text_octets * 4 + 1, '\0'); // NFKC makes some longer; what does not fit is an error
    text.copy(prepared.data(), text.size());              // the room first: no part of it stays where it began
    const auto flags = use == text_use::stored ? STRINGPREP_NO_UNASSIGNED : Stringprep_profile_flags{};
    const int code = stringprep(prepared.data(), prepared.size(), flags, stringprep_saslprep);
    prepared.resize(code == STRINGPREP_OK ? prepared.find('\0') : 0);
    if (prepared.empty()) {
        base::wipe(prepared);
        return errc::bad_text;
    }
    return prepared;
}

bool is_trace(std::string_view text)
{
    if (text.size() > most_trace_octets || text.find('\0') != std::string_view::npos)
        return false;
    std::string buffer{text};
    buffer.resize(text.size() + 1);
    return stringprep(buffer.data(), buffer.size(), STRINGPREP_NO_UNASSIGNED, stringprep_trace) == STRINGPREP_OK;
}

} // namespace postern::sasl
