#pragma once
// What is kept of a triplet, and what follows from it. Pure: no clock, no store.
//
// Time is the store's: a record holds the time to live that it was given, and its age is what is missing from that. So nodes need
// no common clock; of one that jumps backwards the record lives longer than it was given, which is seen, and waiting starts anew.
// SECURITY: the value comes from the store, and may be anything.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace greylist {

using std::chrono::nanoseconds;

/// What the operator wants.
struct terms {
    nanoseconds delay{0};    ///< before a second attempt counts
    nanoseconds window{0};   ///< in which it has to come
    nanoseconds remember{0}; ///< since it was last used
};

/// What the store has: a value, and what is left of its time; 0: it lives for ever.
struct stored {
    std::string_view value;
    nanoseconds left;
};

/// How a record changes.
enum class change : std::uint8_t {
    none,
    begin,   ///< there is none: a first contact
    restart, ///< it cannot be used as it is: a first contact again
    promote, ///< it has waited long enough: it is remembered
    refresh, ///< it is remembered from now on
};

struct decision {
    bool passes = false;
    change writes = change::none;
    nanoseconds wait{0};    ///< who does not pass: until it would
    nanoseconds delayed{0}; ///< promote: since the first contact
};

/// RFC 6647 2.4: of what is known of the triplet.
[[nodiscard]] decision judge(const std::optional<stored>& found, const terms& by);

/// Of a first contact, and of one that is remembered; they live for `ttl`.
[[nodiscard]] std::string waiting_record(nanoseconds ttl);
[[nodiscard]] std::string known_record(nanoseconds ttl);

/// Whether what was given `given` and has `left` of it is to be written again. Not at each use: a write a day is enough.
[[nodiscard]] bool is_worn(nanoseconds given, nanoseconds left) noexcept;

} // namespace greylist
