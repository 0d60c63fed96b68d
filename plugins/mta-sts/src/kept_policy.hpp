#pragma once
// A policy as it lies in the store of keys and values. Pure; it must not know the plugin contract.
// SECURITY: what is read was written by an instance of this plugin, maybe of another version; the text in it by the domain.
// A domain may fill a policy with whatever it likes: only what means something lies in the store.

#include "policy.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mta_sts {

struct kept_policy {
    std::string id;             ///< of the TXT record; empty: there was none when it was fetched
    std::int64_t fetched_s = 0; ///< when, seconds since 1970
    policy what;
    std::uint32_t days = 0; ///< on which somebody wanted to deliver to the domain
};

/// Without what of the policy was not understood. At most 65,536 octets; empty: there is no way to write it so short.
[[nodiscard]] std::string write_kept(const kept_policy& what);
[[nodiscard]] std::optional<kept_policy> read_kept(std::string_view text);

/// Of a domain.
[[nodiscard]] std::string key_of(std::string_view domain);
/// What all of them begin with.
constexpr std::string_view key_prefix = "policy:";

} // namespace mta_sts
