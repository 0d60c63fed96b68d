#pragma once
// What a server session keeps of a transaction beyond its draft: made at MAIL, gone when the transaction ends, whichever way.
// So nothing of it can be left behind. Private to core/session/server_*.

#include "core/hooks/draft.hpp"
#include "core/protocol/content_check.hpp"
#include "core/protocol/dot_codec.hpp"
#include "core/session/server_header_section.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace postern::session {

/// Why content is refused, in order of gravity.
enum class cause : std::uint8_t { policy, size, long_line, defect };

/// LMTP: what an accepted RCPT gets at the end.
struct rcpt_reply {
    std::string path; ///< as the client wrote it
    std::string text; ///< with its line end; empty: not known yet
};

struct transaction {
    hooks::draft draft;

    // Recipients.
    std::uint32_t asked = 0;        ///< cmd.rcpt, msg.end_rcpt: index of the recipient asked about
    std::string_view asked_path;    ///< its path as the client wrote it; valid while it is asked about
    std::size_t journal_before = 0; ///< cmd.rcpt: to undo what a refused recipient's chain did
    bool held_before = false;
    std::int32_t score_before = 0;
    hooks::queue_wishes wishes_before;
    std::size_t asked_parameter = 0; ///< param: its place
    bool is_asked_of_rcpt = false;   ///< param: in the last recipient's list
    std::uint32_t dropped = 0;       ///< recipients that were accepted and discarded
    std::uint32_t chain = 0;         ///< who is asked from RCPT on: that of the first recipient that was accepted

    // LMTP: one for each RCPT that was accepted.
    std::vector<rcpt_reply> replies;
    std::size_t replies_said = 0;
    bool has_delivered = false; ///< a plugin has taken the message for somebody

    // How content comes.
    bool by_bdat = false; ///< a BDAT has begun: no RCPT, no DATA
    bool is_last_chunk = false;
    std::uint64_t chunk_size = 0;
    std::uint64_t chunk_left = 0;
    protocol::dot_decoder decoder;
    protocol::content_check check; ///< of chunks

    // How far it has come.
    bool in_headers = true;
    bool is_content_begun = false; ///< something was given out to be spooled
    bool held_cr = false;          ///< a CR at the end of a run: content steps never split a CRLF
    bool is_all_given = false;
    std::uint64_t size = 0; ///< octets of content
    header_section head;
    std::string overhang;   ///< of head, while it is given out
    std::string_view rest;  ///< a run, or what is left of one, not yet looked at
    std::string_view ready; ///< the next content step
    std::string refusal;    ///< the reply that the message will get at its real end; empty: nothing wrong so far
    cause refused_for = cause::policy;
};

} // namespace postern::session
