#pragma once
// A dialogue with a server session as a text file, and three ways to play it. The format is in tests/transcripts/README.md.

#include "tests/support/conversation.hpp"

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace postern::test {

/// Escapes of a transcript: \r \n \t \0 \\ \xHH.
[[nodiscard]] std::string unescaped(std::string_view text);

class transcript {
public:
    /// Throws std::runtime_error "FILE:LINE: why" for what is no transcript.
    explicit transcript(const std::filesystem::path& file);

    // Each reports what is not as written as failures of the running test, at the line of the file.

    /// Lines of one turn in one portion: a pipelined batch stays one.
    void play_as_written() const;
    /// Every octet is a portion of its own; the replies and what is kept are the same.
    void play_octet_by_octet() const;
    /// Hangs up in every place: after each turn, and inside each. No message may be acknowledged but not kept, or kept but
    /// unfinished.
    void play_cut_everywhere() const;

private:
    /// Something that happens, or that has to be true at that point.
    struct event {
        enum class kind { client, server, directive, message };
        kind what;
        int line;
        std::string text; // client, server, message: octets; directive: its words
    };
    enum class pace { whole, slow };

    class player;

    void read_line(int number, std::string_view text);
    void add(event::kind what, int line, std::string text);

    std::string file_;
    std::vector<event> events_;
};

} // namespace postern::test
