#pragma once
// Command and reply lines out of octets that come in any portions. Only CRLF ends a line. A bare CR, a bare LF or a NUL is a
// defect of the line that holds it and never splits it, so that no two parties can disagree on how many commands there are.
// It must not know: verbs, replies, content. STANDARDS: RFC 5321 2.3.8, 4.1.1.4, 4.5.3.1. SECURITY: every octet is hostile.

#include "core/base/secret.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace postern::protocol {

enum class line_defect : std::uint8_t {
    none,
    overlong, ///< over the limit; `text` is its first octets, line_reader::front_size of them, the rest is gone
    bare_lf,
    bare_cr,
    nul,
};

struct line {
    std::string_view text; ///< without its CRLF
    line_defect defect = line_defect::none;
};

/// Takes one line after the other from the front of what arrived and leaves the rest: content or a handshake may follow.
/// A line may be a password: what was held of it is wiped. Threads: one. Memory: nothing while lines lie whole in their portion,
/// else at most the limit.
class line_reader {
public:
    static constexpr std::size_t front_size = 16; ///< octets kept of an overlong line: which verb it was

    /// `limit`: octets of a line with its CRLF; at least 2.
    explicit line_reader(std::size_t limit) noexcept : limit_{limit} {}

    /// Moves `octets` past one line and its CRLF, and returns it; or takes all of `octets` and returns nothing until more
    /// comes. The line's text points into `octets` or into the reader: valid until the next call, and while those octets are.
    [[nodiscard]] std::optional<line> take(std::string_view& octets);

    /// A line has begun and not ended.
    [[nodiscard]] bool is_inside_line() const noexcept { return discarding_ || (!given_ && !held_.empty()); }
    /// That line is already over the limit: who does not want to wait for its end need not.
    [[nodiscard]] bool is_overlong() const noexcept { return discarding_; }
    /// From the next line on.
    void set_limit(std::size_t limit) noexcept { limit_ = limit; }
    /// Forgets a line begun: what was said before a handshake does not count after it.
    void clear() noexcept;

private:
    [[nodiscard]] std::optional<line> discard(std::string_view& octets);

    std::size_t limit_;
    base::secret_text held_;  // the front of a line whose end is still to come
    bool given_ = false;      // held_ was returned as a line; the next call releases it
    bool discarding_ = false; // inside an overlong line
    bool after_cr_ = false;   // discarding: the last octet was CR
};

} // namespace postern::protocol
