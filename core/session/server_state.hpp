#pragma once
// The state of a server session, and one function a verb over it, spread over server_*.cpp: each checks, asks, and goes on
// when the answer is there. Private to core/session/server_*.
// STANDARDS: as server_session.hpp. SECURITY: what the lines and the content say is hostile.

#include "core/base/rare.hpp"
#include "core/base/result.hpp"
#include "core/protocol/capabilities.hpp"
#include "core/protocol/command.hpp"
#include "core/protocol/line_reader.hpp"
#include "core/session/server_dialogue.hpp"
#include "core/session/server_login.hpp"
#include "core/session/server_session.hpp"
#include "core/session/server_transaction.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postern::session {

/// The sum, or the end of the range that it would leave.
[[nodiscard]] std::int32_t add_scores(std::int32_t a, std::int32_t b) noexcept;

/// REJECT, TEMPFAIL, DISCONNECT.
[[nodiscard]] bool is_refusal(const hooks::outcome& outcome) noexcept;

/// Decisions about all messages to come, made before there was one.
struct standing_orders {
    bool discard = false;
    std::int32_t score = 0;
    base::rare<std::string> hold;

    void take(const hooks::outcome& from);
};

/// RFC 4954 4.
inline constexpr std::size_t longest_auth_line = 12288 + 2;

struct server_session::state {
    enum class doing : std::uint8_t {
        opening,    ///< nothing has happened yet
        commands,   ///< taking command lines
        content,    ///< taking a message, or a chunk of one
        swallowing, ///< throwing a refused chunk away
        dialogue,   ///< taking octets for a plugin's verb
        logging_in, ///< taking responses to AUTH
        committing, ///< the store has the message
        securing,   ///< 220 to STARTTLS was said
        closing,    ///< all is said; conn.close is to be told
        closed,
    };
    /// What is left to do for a transaction that is over. Until `nothing` the draft stands.
    enum class aftermath : std::uint8_t { nothing, tell_committed, tell_aborted, abandon, drop };

    state(const server_config& config, hooks::connection_facts about, base::id_source& ids);

    // server_session.cpp
    [[nodiscard]] step next();
    [[nodiscard]] std::optional<step> clear_up();
    [[nodiscard]] std::optional<step> say_goodbye();
    [[nodiscard]] step ask(hooks::hook_point hook) noexcept;
    [[nodiscard]] step read(phase waits_for) noexcept;
    void answered(hooks::outcome outcome);
    void abort(std::string_view reason);
    void close(std::string_view reason);

    // server_reply.cpp
    void say(std::uint16_t code, std::string_view enhanced, std::string_view text);
    void refuse(hooks::outcome& outcome);
    [[nodiscard]] bool count_against(std::uint32_t& count, std::uint32_t limit, std::string_view what);
    void error(std::uint16_t code, std::string_view enhanced, std::string_view text);
    void out_of_sequence(std::uint16_t code, std::string_view text);
    [[nodiscard]] bool count_error();
    [[nodiscard]] bool count_idle();
    void apply_to_draft(const hooks::outcome& outcome);

    // server_commands.cpp
    [[nodiscard]] std::optional<step> take_commands();
    [[nodiscard]] bool is_command(std::string_view line) const noexcept;
    void take_line(const protocol::line& line);
    void overlong(std::string_view line);
    void take_command(const protocol::command& what);
    [[nodiscard]] std::optional<protocol::command_refusal> closed_to(protocol::verb what) const;
    void consult(hooks::hook_point hook, const protocol::command& what);
    void command_answered(hooks::hook_point hook, hooks::outcome& outcome);
    void say_default(hooks::hook_point hook);
    void say_answer(const hooks::outcome& outcome);

    // server_hello.cpp
    [[nodiscard]] std::optional<step> open();
    void opened(hooks::outcome& outcome);
    [[nodiscard]] bool lets_in(hooks::outcome& outcome);
    void greet();
    [[nodiscard]] std::string_view hello_comes_first() const noexcept;
    void on_hello(const protocol::command& what);
    void hello_answered(hooks::outcome& outcome);
    void say_hello(std::vector<protocol::ehlo_line> more);
    void on_starttls();
    [[nodiscard]] std::optional<step> secure();
    void tls_answered(hooks::outcome& outcome);

    // server_auth.cpp
    [[nodiscard]] std::uint64_t suitable_mechanisms() const noexcept;
    [[nodiscard]] std::vector<std::string> names_of(std::uint64_t some) const;
    void ask_of_mechanisms();
    void mechanisms_answered(const hooks::outcome& outcome);
    void on_auth(const protocol::command& what);
    [[nodiscard]] sasl::surroundings surroundings() const;
    [[nodiscard]] std::optional<step> take_login();
    void take_response(std::string_view text);
    void respond(std::optional<std::string> octets);
    void go_on_with(sasl::progress next);
    void challenge(std::string_view octets);
    void end_login(std::uint16_t code, std::string_view enhanced, std::string_view text);
    void login_failed(std::string reason);
    void verified(hooks::outcome& outcome);
    void stepped(hooks::outcome& outcome);
    void result_answered(hooks::outcome& outcome);
    [[nodiscard]] const hooks::login_question& login_question() const;

    // server_extension.cpp
    void offer_extensions();
    void caps_answered(hooks::outcome& outcome);
    [[nodiscard]] bool is_offered(std::string_view keyword) const noexcept;
    [[nodiscard]] bool take_extension(const protocol::command& what);
    [[nodiscard]] std::optional<protocol::command_refusal> closed_to_extension(const extension_verb& what) const;
    [[nodiscard]] std::uint64_t most_octets(const extension_verb& what) const noexcept;
    void verb_answered(hooks::outcome& outcome);
    void verb_data_answered(hooks::outcome& outcome);
    void go_on(hooks::outcome& outcome);
    void end_dialogue();
    void restart();
    [[nodiscard]] std::optional<step> take_dialogue();
    [[nodiscard]] std::optional<step> take_counted();
    [[nodiscard]] std::optional<step> take_one_line();
    [[nodiscard]] std::optional<step> take_text();
    [[nodiscard]] step show(std::string_view chunk, bool is_last);

    // server_parameter.cpp
    [[nodiscard]] std::vector<std::string_view> offered_parameters(bool of_rcpt) const;
    [[nodiscard]] std::optional<protocol::command_refusal> settle(std::vector<message::parameter>& given) const;
    void ask_of_parameters(bool of_rcpt);
    void param_answered(hooks::outcome& outcome);
    [[nodiscard]] std::vector<message::parameter>& asked_parameters() const noexcept;

    // server_mail.cpp
    void on_mail(const protocol::command& what);
    void mail_answered(hooks::outcome& outcome);
    void path_error(const base::error_code& why, std::string_view syntax);

    // server_rcpt.cpp
    void on_rcpt(const protocol::command& what);
    void rcpt_answered(hooks::outcome& outcome);
    void forget_recipient();

    // server_data.cpp
    void on_data();
    [[nodiscard]] std::uint16_t no_recipients() const noexcept;
    void on_bdat(const protocol::command& what);
    enum class counts_as : std::uint8_t { nothing, idle, error };
    void refuse_chunk(std::uint64_t size, bool is_last, protocol::command_refusal why, counts_as what = counts_as::error);
    void swallow_then_say(std::uint64_t size, protocol::command_refusal why, counts_as what);
    void data_answered(hooks::outcome& outcome);
    void end_chunk();
    [[nodiscard]] std::optional<step> swallow();

    // server_content.cpp
    [[nodiscard]] std::optional<step> take_content();
    [[nodiscard]] std::optional<step> take_headers();
    [[nodiscard]] std::optional<step> headers_over();
    void fill_fields();
    [[nodiscard]] std::optional<step> take_body();
    [[nodiscard]] std::optional<step> drain();
    [[nodiscard]] std::string_view next_run();
    [[nodiscard]] std::string_view next_body_run();
    [[nodiscard]] bool is_binary() const noexcept;
    [[nodiscard]] bool is_chunk_over() const noexcept;
    [[nodiscard]] bool is_message_over() const noexcept;
    [[nodiscard]] step give(std::string_view octets, bool is_last);
    void examine(const protocol::content_facts& facts);
    void fail(cause why, std::uint16_t code, std::string_view enhanced, std::string_view text);
    void content_answered(hooks::outcome& outcome);

    // server_end.cpp
    void content_over();
    void end_answered(hooks::outcome& outcome);
    void commit_before_answered(hooks::outcome& outcome);
    void committed(commit_result result);
    void accept();

    // server_lmtp.cpp
    void say_at_end(std::uint16_t code, std::string_view enhanced, std::string_view text);
    void say_to_all(std::string_view reply);
    void say_known_replies();
    void refuse_at_end(hooks::outcome& outcome);
    void ask_of_recipients();
    void end_rcpt_answered(hooks::outcome& outcome);
    void say_accepted();

    const server_config& config;
    base::id_source& ids;
    witness* looks_on = nullptr;
    hooks::connection_facts facts;
    protocol::line_reader lines;
    std::string_view input; ///< fed and not yet taken
    std::string output;
    base::wall_time now{};
    std::unique_ptr<transaction> txn;
    std::unique_ptr<dialogue> talk; ///< with a plugin's verb
    std::unique_ptr<login> logging_in;
    std::uint64_t mechanisms = 0; ///< of config.auth that the last EHLO offered: a bit a place
    std::uint64_t offered = 0;    ///< keywords of config.extensions that the last EHLO offered: a bit a place
    std::string_view said_name;   ///< of the command that a plugin is asked about
    std::string_view said_argument;

    doing at = doing::opening;
    aftermath left = aftermath::nothing;
    std::optional<hooks::hook_point> asking; ///< an ask that is not answered
    std::optional<hooks::hook_point> to_ask; ///< the next step is this ask
    bool is_giving = false;                  ///< a content step that is not answered
    bool is_opened = false;                  ///< conn.open was asked: conn.close is owed
    bool has_helo = false;                   ///< EHLO or HELO was accepted
    bool is_shutting_down = false;
    bool must_pause = false;       ///< the next step is a pause
    bool has_heard_secret = false; ///< what was fed last has, or may have, a part of a login
    bool hides_line = false;       ///< the line that is taken is an AUTH, or may be meant as a response to one that was refused
    unsigned responses_ahead = 0;  ///< so many lines that are no known verb may be meant as that
    bool was_extended = false;     ///< while cmd.helo is asked: what to go back to if it is refused
    std::string_view abort_reason;
    std::string_view close_reason;
    std::uint32_t errors = 0;
    std::uint32_t login_failures = 0;
    std::uint32_t idle = 0;
    std::uint64_t accepted = 0;
    std::uint64_t swallow_left = 0;
    std::string swallow_reply; ///< for the chunk that is thrown away
    std::string previous_helo;
    std::string logged_in_as;                 ///< by AUTH; a plugin may have said who it is since
    standing_orders orders;                   ///< of conn.open and tls.established
    standing_orders helo_orders;              ///< of the last cmd.helo
    std::unique_ptr<hooks::outcome> shut_out; ///< what every command but QUIT gets
};

} // namespace postern::session
