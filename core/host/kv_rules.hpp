#pragma once
// The limits of postern.kv/1. SECURITY: a plugin's records are checked before they are followed.

#include <postern/abi/kv_store.h>

#include <cstddef>
#include <cstdint>

namespace postern::daemon {

inline constexpr std::size_t most_key = 512;                          ///< octets
inline constexpr std::size_t most_value = 65'536;                     ///< octets
inline constexpr std::uint32_t most_items = 1000;                     ///< of a request, and pairs of a scan
inline constexpr std::size_t most_request = std::size_t{1} << 20U;    ///< octets of keys and values together
inline constexpr std::size_t most_kv_answer = std::size_t{64} << 20U; ///< octets of keys and values together

[[nodiscard]] bool is_sound(const postern_kv_request& what) noexcept;
[[nodiscard]] bool is_sound(const postern_kv_scan& what) noexcept;

/// Null, or what is wrong with a store's results. `count`: what a request has to have; `most`: of a scan.
[[nodiscard]] const char* fault_of_results(const postern_list& results, std::uint32_t count) noexcept;
[[nodiscard]] const char* fault_of_pairs(const postern_list& results, std::uint32_t most) noexcept;

} // namespace postern::daemon
