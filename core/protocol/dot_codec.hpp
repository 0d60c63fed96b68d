#pragma once
// The transparency of DATA, both ways: message octets out of what follows DATA, and back. Both give views into what they were
// given, as long as they can be (a whole portion when no line begins with a dot), and copy nothing.
// Only CRLF "." CRLF ends content. Neither holds octets, whatever the message's size.
// STANDARDS: RFC 5321 2.3.8, 4.1.1.4, 4.5.2. SECURITY: the decoder's octets are hostile; see the smuggling tests.

#include "core/protocol/content_check.hpp"

#include <cstdint>
#include <string_view>

namespace postern::protocol {

/// What becomes of a bare LF in content. As it is, it is a fault that facts() tells; who refuses the message never passes it on.
/// As CRLF, it ends a line like any other, with that line's dot rule, but even then it is no part of an end of content:
/// a lone dot that a bare LF precedes or follows is a line of the message.
enum class bare_lf_rule : std::uint8_t { keep, to_crlf };

/// Content from what a client sends behind DATA. Threads: one.
///
///     while (true) {
///         const auto run = decoder.next(octets);
///         if (run.empty())
///             break; // decoder.is_done(): the rest of octets is commands; else all was taken
///         use(run);
///     }
class dot_decoder {
public:
    explicit dot_decoder(bare_lf_rule rule = bare_lf_rule::keep) noexcept : rule_{rule} {}

    /// Moves `octets` past what it has taken and returns the next run of content: a view into those octets or a literal.
    /// Empty: the content is over (is_done), or more octets are needed. After the end nothing is taken any more.
    [[nodiscard]] std::string_view next(std::string_view& octets) noexcept;

    /// CRLF "." CRLF (at the very beginning "." CRLF) was taken.
    [[nodiscard]] bool is_done() const noexcept { return state_ == state::done; }
    /// Of the content as it was given out. With to_crlf, bare LFs that were mended do not show.
    [[nodiscard]] const content_facts& facts() const noexcept { return scan_.facts; }

private:
    enum class state : std::uint8_t {
        text,   // anything else
        dot,    // a line has begun with a dot, which was not given out
        dot_cr, // and a CR, neither given out
        done,
    };

    [[nodiscard]] std::string_view text(std::string_view& octets) noexcept;
    [[nodiscard]] std::string_view after_dot(std::string_view& octets) noexcept;
    [[nodiscard]] std::string_view after_dot_cr(std::string_view& octets) noexcept;
    [[nodiscard]] std::string_view give(std::string_view literal) noexcept;

    scan_state scan_;
    bare_lf_rule rule_;
    state state_ = state::text;
    bool after_bare_lf_ = false; // to_crlf: the line at hand began behind a bare LF
};

/// Content as DATA carries it. Expects canonical octets; counts what is not canonical, so that its user can still break
/// the connection off instead of ending the content. Threads: one.
class dot_encoder {
public:
    /// Moves `octets` past what it has taken and returns the next run for the wire: a view into those octets. Empty: all
    /// was taken. Runs may overlap: a stuffed dot is the end of one and the beginning of the next.
    [[nodiscard]] std::string_view next(std::string_view& octets) noexcept;

    /// The end, once all content was given: a literal with the CRLF that the content may lack (RFC 5321 4.1.1.4), the
    /// lone dot and its CRLF.
    [[nodiscard]] std::string_view finish() noexcept;

    [[nodiscard]] const content_facts& facts() const noexcept { return scan_.facts; }

private:
    scan_state scan_;
};

} // namespace postern::protocol
