#pragma once
// What the end of a program means for a recipient, and what of its output may be told. STANDARDS: sysexits.h of 4.3BSD, RFC 3463.
// SECURITY: output may hold what a sender wrote; it goes into reports and logs.

#include <cstdint>
#include <string>
#include <string_view>

namespace pipe_transport {

/// How a program ended.
struct ending {
    enum class kind : std::uint8_t {
        exited,    ///< by itself: `number` is its code
        killed,    ///< by a signal: `number`
        timed_out, ///< and was killed for it
        cancelled, ///< nobody wants it any more; likewise
        torn,      ///< the message could not be read to its end; likewise
        unstarted, ///< it could not be started: `number` is an errno
    };
    kind what = kind::unstarted;
    int number = 0;
    std::string output{};  ///< the last of what it wrote
    const char* step = ""; ///< of unstarted
};

struct meaning {
    enum class kind : std::uint8_t { delivered, deferred, failed };
    kind what = kind::deferred;
    std::string enhanced;
    std::string text; ///< printable ASCII, bounded
};

/// What a sender can mend, or nobody, is final; what the operator can mend is put off.
[[nodiscard]] meaning meaning_of(const ending& how);

/// The last lines of `output` with words in them, as one line of printable ASCII.
[[nodiscard]] std::string last_words(std::string_view output);

} // namespace pipe_transport
