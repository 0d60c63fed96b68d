#pragma once
// Content with another front: where the header section of a message ends, and a source that gives other octets in its place. The
// rest is read where it lies, so that a large body costs no memory. STANDARDS: RFC 5322 2.1.

#include "core/runtime/content_source.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace postern::runtime {

/// The header section of a content.
struct content_head {
    std::string octets;         ///< each line with its CRLF, without the empty line
    std::uint64_t body_at = 0;  ///< where the body begins
    bool has_empty_line = true; ///< between both
};

/// Octets: as much as a listener can be configured to take, and what plugins put there.
inline constexpr std::size_t largest_head = std::size_t{80} << 20U;

/// Reads `from` from its beginning, and rewinds it. An error of the source, or that the section is larger than largest_head.
[[nodiscard]] io::task<base::result<content_head>> head_of(content_source& from);

enum class octet_width : std::uint8_t { seven_bits, eight_bits };

/// Whether octets above 127 are in `from` at `begin` and behind; an error of the source. Rewinds it.
[[nodiscard]] io::task<base::result<octet_width>> width_from(content_source& from, std::uint64_t begin);

/// Threads: the loop's. Memory: the front, and a piece of the rest.
class varied_content final : public content_source {
public:
    /// `front`, then `rest` from `rest_at` on. `rest` outlives it, and can be rewound.
    varied_content(std::string front, content_source& rest, std::uint64_t rest_at);

    [[nodiscard]] io::task<base::result<std::string_view>> next() override;
    [[nodiscard]] bool is_at_end() const noexcept override { return front_left_.empty() && rest_.is_at_end(); }
    [[nodiscard]] bool rewind() noexcept override;

private:
    std::string front_;
    std::string_view front_left_;
    content_source& rest_;
    std::uint64_t rest_at_;
    std::uint64_t to_skip_ = 0;
    std::string joined_; // the end of the front and the first of the rest
};

} // namespace postern::runtime
