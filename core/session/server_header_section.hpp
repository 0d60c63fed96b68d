#pragma once
// Finds where the header section of a message ends while its octets pass, and gathers it. Whatever comes in which portions,
// the same octets are header and the same are body.
// It must not know: limits of a session, replies, fields' meaning (room message reads them).
// STANDARDS: RFC 5322 2.1, 2.2, 4.5. SECURITY: every octet comes from a peer; what it holds is at most the limit and one portion.

#include <cstddef>
#include <string>
#include <string_view>

namespace postern::session {

/// Gathers lines up to the first empty line, or up to a line that is neither a field nor the continuation of one: there the
/// body begins, with that very line.
class header_section {
public:
    enum class status { more, over, too_big };

    /// Moves `run` past what belongs to the section. `over`: the rest of `run` is body, behind overhang(). `too_big`: the
    /// section is larger than `limit` octets.
    [[nodiscard]] status take(std::string_view& run, std::size_t limit);
    /// The message is over, so the section is; overhang() may hold a last line that was no field.
    void finish();

    /// The section, without the empty line. Once over.
    [[nodiscard]] std::string take_octets() noexcept { return std::move(octets_); }
    /// Octets that were taken before it showed that they are body.
    [[nodiscard]] std::string& overhang() noexcept { return overhang_; }

private:
    [[nodiscard]] status take_part(std::string_view part, std::size_t limit);
    void leave_line();

    std::string octets_;
    std::string overhang_;
    std::size_t line_ = 0; // where the line at hand begins in octets_
};

} // namespace postern::session
