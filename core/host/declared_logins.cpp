#include "core/host/declared_logins.hpp"

#include "core/hooks/login.hpp"
#include "core/host/record_sizes.hpp"
#include "core/host/reply_reader.hpp"
#include "core/sasl/server_mechanism.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace postern::daemon {
namespace {

constexpr std::size_t most_declarations = 16; // of one instance
constexpr std::uint32_t all_kinds = POSTERN_AUTH_PASSWORD | POSTERN_AUTH_SECRET | POSTERN_AUTH_PLAIN_TEXT | POSTERN_AUTH_TOKEN |
                                    POSTERN_AUTH_CERTIFICATE | POSTERN_AUTH_ANONYMOUS | POSTERN_AUTH_SECRET_SHA_1;

static_assert(POSTERN_AUTH_PASSWORD == static_cast<unsigned>(sasl::proof_kind::password));
static_assert(POSTERN_AUTH_SECRET == static_cast<unsigned>(sasl::proof_kind::secret));
static_assert(POSTERN_AUTH_PLAIN_TEXT == static_cast<unsigned>(sasl::proof_kind::plain_text));
static_assert(POSTERN_AUTH_TOKEN == static_cast<unsigned>(sasl::proof_kind::token));
static_assert(POSTERN_AUTH_CERTIFICATE == static_cast<unsigned>(sasl::proof_kind::certificate));
static_assert(POSTERN_AUTH_ANONYMOUS == static_cast<unsigned>(sasl::proof_kind::anonymous));
static_assert(POSTERN_AUTH_SECRET == hooks::secret_of_sha_256);
static_assert(POSTERN_AUTH_SECRET_SHA_1 == hooks::secret_of_sha_1);
static_assert(POSTERN_SCRAM_SHA_1 == 0, "hooks::declared_as");
static_assert(POSTERN_SCRAM_SHA_1 == static_cast<unsigned>(sasl::scram_hash::sha_1));
static_assert(POSTERN_SCRAM_SHA_256 == static_cast<unsigned>(sasl::scram_hash::sha_256));

/// RFC 4422 3.1.
bool is_mechanism_name(std::string_view name) noexcept
{
    constexpr std::size_t longest = 20;
    return !name.empty() && name.size() <= longest && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    });
}

} // namespace

std::optional<std::string> declared_logins::add(const postern_mechanism& what)
{
    if (what.size < first_size<postern_mechanism>)
        return "a record smaller than version 1 of it";
    if (!is_sound(what.name) || what.flags != 0)
        return "a NULL text that has a length, or a flag that this host does not know";
    const auto name = view(what.name);
    if (!is_mechanism_name(name))
        return "mechanism: 1 to 20 upper case letters, digits, hyphens and underscores (RFC 4422 3.1)";
    if (sasl::find_server_mechanism(name) != nullptr)
        return fmt::format("mechanism {} is the host's own", name);
    if (std::ranges::find(mechanisms_, name) != mechanisms_.end() || mechanisms_.size() >= most_declarations)
        return fmt::format("mechanism {} is declared twice, or there are too many", name);
    mechanisms_.emplace_back(name);
    return std::nullopt;
}

std::optional<std::string> declared_logins::add(std::uint32_t kinds)
{
    if (kinds == 0 || (kinds & ~all_kinds) != 0)
        return "verifies nothing, or what this host does not know";
    kinds_ |= kinds;
    return std::nullopt;
}

} // namespace postern::daemon
