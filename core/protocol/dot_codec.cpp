#include "core/protocol/dot_codec.hpp"

namespace postern::protocol {

std::string_view dot_decoder::give(std::string_view literal) noexcept
{
    (void)scan<scan_stop::never>(literal, scan_);
    return literal;
}

/// A run of text, or nothing and a step past what stopped it.
std::string_view dot_decoder::text(std::string_view& octets) noexcept
{
    const auto taken = rule_ == bare_lf_rule::keep ? scan<scan_stop::at_leading_dot>(octets, scan_)
                                                   : scan<scan_stop::at_leading_dot_or_bare_lf>(octets, scan_);
    const auto run = octets.substr(0, taken);
    octets.remove_prefix(taken);
    if (taken > 0) {
        after_bare_lf_ = false;
        return run;
    }
    if (octets.front() == '\n') {
        octets.remove_prefix(1);
        after_bare_lf_ = true;
        return give("\r\n");
    }
    octets.remove_prefix(1);
    state_ = state::dot;
    return {};
}

std::string_view dot_decoder::after_dot(std::string_view& octets) noexcept
{
    if (octets.front() == '\r') {
        octets.remove_prefix(1);
        state_ = state::dot_cr;
        return {};
    }
    state_ = state::text;
    if (octets.front() == '\n' && rule_ == bare_lf_rule::to_crlf) {
        // A lone dot, but not between two CRLF: text, so that nobody behind us can take it for an end.
        octets.remove_prefix(1);
        const auto run = give(".\r\n");
        after_bare_lf_ = true;
        return run;
    }
    // RFC 5321 4.5.2: other characters follow on the line, so the period goes.
    scan_.at_line_start = false;
    return {};
}

std::string_view dot_decoder::after_dot_cr(std::string_view& octets) noexcept
{
    if (octets.front() == '\n') {
        octets.remove_prefix(1);
        if (!after_bare_lf_) {
            state_ = state::done; // RFC 5321 4.1.1.4: CRLF "." CRLF
            return {};
        }
        state_ = state::text;
        after_bare_lf_ = false;
        return give(".\r\n");
    }
    // A dot and a bare CR: the period goes, the CR that waited is content.
    state_ = state::text;
    scan_.at_line_start = false;
    return give("\r");
}

std::string_view dot_decoder::next(std::string_view& octets) noexcept
{
    while (!octets.empty() && state_ != state::done) {
        std::string_view run;
        switch (state_) {
        case state::text:
            run = text(octets);
            break;
        case state::dot:
            run = after_dot(octets);
            break;
        case state::dot_cr:
            run = after_dot_cr(octets);
            break;
        case state::done:
            break;
        }
        if (!run.empty())
            return run;
    }
    return {};
}

std::string_view dot_encoder::next(std::string_view& octets) noexcept
{
    const auto taken = scan<scan_stop::at_leading_dot>(octets, scan_);
    if (taken == octets.size()) {
        const auto run = octets;
        octets = {};
        return run;
    }
    // RFC 5321 4.5.2: one additional period. This run ends with it, the next begins with the content's own.
    scan_.at_line_start = false;
    const auto run = octets.substr(0, taken + 1);
    octets.remove_prefix(taken);
    return run;
}

std::string_view dot_encoder::finish() noexcept
{
    scan_.facts.bare_cr |= scan_.after_cr;
    return scan_.at_line_start ? ".\r\n" : "\r\n.\r\n";
}

} // namespace postern::protocol
