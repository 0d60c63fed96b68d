#pragma once
// Whether this build is checked by a sanitizer, for the few claims that do not hold for a checked program.

namespace postern::test {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool is_sanitized = true; ///< memory that is given back is kept aside; checks themselves open descriptors
#else
inline constexpr bool is_sanitized = false;
#endif

} // namespace postern::test
