#pragma once
// What is wrong with a file that an operator wrote, and where. Collected, so that one run shows everything.

#include <string>
#include <vector>

namespace postern::daemon {

/// A place in a file. Line 0: the file as a whole.
struct source_place {
    std::string file;
    unsigned line = 0;
};

/// One mistake: where it is, and what to do about it.
struct problem {
    source_place where;
    std::string what; ///< one line that says what to do

    /// "FILE:LINE: reason", or "FILE: reason" without a line.
    [[nodiscard]] std::string text() const
    {
        std::string out = where.file;
        if (where.line != 0)
            out += ':' + std::to_string(where.line);
        return out.empty() ? what : out + ": " + what;
    }
};

/// All of them, in the order in which they were found; empty: all is well.
using problems = std::vector<problem>;

} // namespace postern::daemon
