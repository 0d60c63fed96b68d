#pragma once
// The server's half of an SMTP connection as a state machine without I/O: octets and answers in, steps out.
// It knows no socket, plugin, store or clock; runtime/serve_connection turns its steps into I/O.
// STANDARDS: RFC 5321, 1870, 2033, 2034, 2920, 3030, 3207, 3461, 4954, 6152, 6409, 6531. SECURITY: everything that feed() takes
// is hostile.

#include "core/base/clock.hpp"
#include "core/base/ids.hpp"
#include "core/hooks/draft.hpp"
#include "core/hooks/hook_point.hpp"
#include "core/hooks/login.hpp"
#include "core/session/server_config.hpp"
#include "core/session/witness.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace postern::session {

/// What the peer is being waited for; each has its own timeout (RFC 5321 4.5.3.2).
enum class phase : std::uint8_t { command, content };

/// What to do next. Views are valid until the session is called again.
struct step {
    enum class kind : std::uint8_t {
        read,      ///< flush output(), wait for octets (phase says how long), feed() them
        pause,     ///< the peer only makes trouble: wait a while, with output() still held back, then go on
        ask,       ///< run `hook`'s chain on draft(), then answer()
        tell,      ///< notify `hook`; nothing is answered
        content,   ///< body octets: run msg.body if somebody wants it (the chunk may be replaced), spool them, add what was
                   ///< spooled to draft()->body_size, then answer(); no room: answer with TEMPFAIL 452 4.3.1
        commit,    ///< make draft() durable, then committed()
        abandon,   ///< drop what was spooled of draft()
        start_tls, ///< flush output(), drop what was fed and not taken, handshake, then tls_started()
        close,     ///< flush output(), close
    };
    kind what;
    phase waits_for = phase::command;                      ///< read
    hooks::hook_point hook = hooks::hook_point::conn_open; ///< ask, tell
    std::string_view octets = {};                          ///< content: canonical, unstuffed
    bool is_last = false;         ///< content: nothing follows; such a step always comes, if need be empty
    bool is_ascii = false;        ///< content: there is no octet above 127 in it; false: there may be
    std::string_view reason = {}; ///< tell, abandon, close: for the log
};

/// What an ask is about, beyond the draft. Views are valid until it is answered.
struct question {
    std::string_view owner;                        ///< the only instance that is asked; empty: all
    std::string_view command;                      ///< verb, verb.data, cmd.*: its name
    std::string_view argument;                     ///< verb, cmd.*
    std::string_view chunk;                        ///< verb.data
    std::uint64_t offset = 0;                      ///< of the chunk
    bool is_last = false;                          ///< of the chunk
    const message::parameter* parameter = nullptr; ///< param
    const hooks::login_question* login = nullptr;  ///< auth.*
    bool is_rcpt = false;                          ///< param
    std::uint64_t most_octets = 0;                 ///< verb, verb.data: so many may be asked for
};

/// One connection. Threads: one. Memory: bounded by the limits of the configuration, whatever the message's size.
///
/// Protocol with the caller: call resume(), do the step, call what the step names, and resume() again. Replies gather in
/// output(); a step that is done without waiting needs no flush, so that the replies of a pipelined batch leave in one
/// write. A caller that has to wait for an ask, content or commit flushes first.
class server_session {
public:
    /// `config` outlives the session (it is of one generation of the configuration). `ids` gives transaction and queue ids.
    server_session(const server_config& config, hooks::connection_facts facts, base::id_source& ids);
    ~server_session();
    server_session(const server_session&) = delete;
    server_session& operator=(const server_session&) = delete;

    /// Shows each command line to `who` from now on; null: to nobody.
    void watched_by(witness* who) noexcept;

    [[nodiscard]] step resume();

    /// What time it is, for the Received field: a session has no clock. The last word counts, so call it before resume()
    /// whenever octets came in; without it a message is dated 1 January 1970.
    void at(base::wall_time now) noexcept;

    /// Octets from the peer: borrowed until resume() returns `read`; all have been taken then.
    void feed(std::string_view octets);
    /// What was fed last has, or may have, a part of a login: to be wiped once it has been taken.
    [[nodiscard]] bool has_heard_secret() const noexcept;
    /// The chain's outcome for the last ask or content step.
    void answer(hooks::outcome outcome);
    /// The store's word on the last commit step.
    enum class commit_result : std::uint8_t { kept, no_room, failed };
    void committed(commit_result result);
    /// The store could not take octets of the last content step (instead of answer()): the message is refused at its real end.
    void content_failed(commit_result result);
    /// The handshake succeeded. A failed one closes the connection without asking the session.
    void tls_started(hooks::tls_facts facts);
    /// The peer let the phase's timeout pass: 421, then close.
    void timed_out();
    /// The server is going away: 421 at the next command boundary; a transaction in its content may finish.
    void shut_down();
    /// End of stream or a broken connection: resume() gives what is left to tell, then close.
    void disconnected();

    /// Replies not yet sent. Valid until the session is called again.
    [[nodiscard]] std::string_view output() const noexcept;
    void output_sent() noexcept; ///< all of output() went out

    [[nodiscard]] const hooks::connection_facts& facts() const noexcept;
    /// The transaction at hand; null outside MAIL..end of data. The chain edits it.
    [[nodiscard]] hooks::draft* draft() noexcept;
    [[nodiscard]] session::question question() const noexcept;
    /// For plugins that speak for the client (edits at verb).
    [[nodiscard]] hooks::connection_facts& editable_facts() noexcept;
    /// Of cmd.rcpt: which recipient of the draft is being asked about (always the last); so of msg.end_rcpt.
    [[nodiscard]] std::uint32_t recipient_index() const noexcept;
    /// Who is asked at `hook`, or told: 0 is the listener's chain, others those of server_config.domains. From cmd.rcpt on it is
    /// that of the transaction's recipients; extensions stay with the listener's.
    [[nodiscard]] std::uint32_t chain_at(hooks::hook_point hook) const noexcept;
    /// Of cmd.data: content comes by BDAT.
    [[nodiscard]] bool is_bdat() const noexcept;
    /// Messages accepted (250 after commit or discard) so far.
    [[nodiscard]] std::uint64_t accepted_count() const noexcept;

private:
    struct state;
    std::unique_ptr<state> state_;
};

} // namespace postern::session
