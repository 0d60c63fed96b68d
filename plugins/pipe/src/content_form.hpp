#pragma once
// What a program gets: lines in front of a message, and the message's own lines as it wants them to end.
// STANDARDS: RFC 5321 4.4 (Return-Path), RFC 4155 (the line of mbox). SECURITY: addresses and content come from anybody.

#include <ctime>
#include <string>
#include <string_view>

namespace pipe_transport {

enum class line_end : bool { lf, crlf };

struct form {
    bool from_line = false;
    bool return_path = true;
    bool delivered_to = true;
    line_end lines = line_end::lf;
};

/// The lines in front. `recipient`: empty where there are several. `now`: of the line of mbox.
[[nodiscard]] std::string preface(const form& how, std::string_view sender, std::string_view recipient, std::time_t now);

/// CRLF to LF, piece by piece; what is no pair stays.
class line_shortener {
public:
    /// Of the next octets; the last piece is told by `is_last`.
    [[nodiscard]] std::string next(std::string_view octets, bool is_last);

private:
    bool has_cr_ = false; ///< the last octet was a CR, of which it is not known whether it goes
};

} // namespace pipe_transport
