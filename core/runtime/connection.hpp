#pragma once
// serve_connection: one SMTP connection from accept to close. The only place where a server session's steps become I/O,
// plugin calls and stored messages.

#include "core/base/clock.hpp"
#include "core/base/ids.hpp"
#include "core/base/log.hpp"
#include "core/io/listener.hpp"
#include "core/io/stream.hpp"
#include "core/message/dsn_reader.hpp"
#include "core/runtime/connection_counts.hpp"
#include "core/runtime/connection_port.hpp"
#include "core/runtime/hook_runner.hpp"
#include "core/runtime/intake.hpp"
#include "core/runtime/notice_board.hpp"
#include "core/runtime/server.hpp"
#include "core/runtime/spool.hpp"
#include "core/runtime/trace_notes.hpp"
#include "core/session/server_session.hpp"

#include <boost/intrusive/list.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace postern::runtime {

/// What the connections of one thread share. Outlives them.
struct connection_home {
    io::loop& loop;
    base::id_source& ids;
    intake& messages;
    base::log log;
    const base::clock& clock;
    base::metrics& metrics;
    const notice_board& notices;
    trace_home traces;
};

/// Threads: its loop's.
class connection : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
public:
    connection(connection_home& home, std::shared_ptr<const listener_profile> profile, const connection_limits& limits,
               io::accepted from, connection_counts::place place);

    ~connection(); ///< the session is over for those who may still call it

    /// Serves it to its end, and keeps it until then: `self` is this.
    [[nodiscard]] io::task<void> run(std::unique_ptr<connection> self);
    /// Ends it at its next command boundary, with 421.
    void shut_down();
    /// Ends it now: without the rest of its content, and without answers that plugins owe. What the store has begun is awaited.
    void interrupt() noexcept;

private:
    [[nodiscard]] io::task<void> give_way();
    [[nodiscard]] bool try_step(const session::step& next);
    [[nodiscard]] io::task<void> take_step(const session::step& next);
    [[nodiscard]] io::task<void> pause();
    [[nodiscard]] io::task<void> start_tls();
    [[nodiscard]] io::task<void> say_goodbye(std::string_view reason);
    [[nodiscard]] io::task<bool> handshake();
    void tell_of_tls();
    void wipe_what_was_heard() noexcept;
    void give_buffer_back() noexcept;
    [[nodiscard]] spool& body();
    void drop_body() noexcept;
    /// What reading comes to: the session was told what came of it; or it needs something first.
    enum class reading : std::uint8_t { over, flush, wait };
    [[nodiscard]] reading begin_to_read(session::phase what_for);
    [[nodiscard]] reading read_on(session::phase what_for, bool flushed);
    [[nodiscard]] reading try_to_read();
    [[nodiscard]] reading wait_for_octets();
    [[nodiscard]] reading waited(const base::error_code& ec);
    [[nodiscard]] reading lost();
    [[nodiscard]] bool try_flush();
    void output_sent() noexcept;
    [[nodiscard]] io::task<bool> flush(std::chrono::milliseconds patience);
    void wind_up();
    [[nodiscard]] io::task<void> finish_ask();
    [[nodiscard]] io::task<void> take_content(session::step what);
    [[nodiscard]] io::task<void> commit();
    void read_along(const hooks::draft& message, std::string_view octets);
    [[nodiscard]] std::optional<message::status_report> take_report(bool is_stored);
    void tell_of_report(const message::status_report& report);
    void tell(const session::step& what);
    void answer(hooks::hook_point hook, hooks::outcome outcome);
    [[nodiscard]] const hooks::chain& order_at(hooks::hook_point hook) const;
    [[nodiscard]] hooks::event make_event(hooks::hook_point hook);
    [[nodiscard]] bool try_ask(hooks::hook_point hook);
    /// Content is to come, between chunks too.
    [[nodiscard]] bool is_content_due() const { return is_in_content_ || session_.is_bdat(); }
    [[nodiscard]] bool try_take_content(const session::step& what);
    [[nodiscard]] bool is_too_slow(std::size_t octets);
    [[nodiscard]] session::server_session::commit_result judge(const base::result<void>& stored) const;
    void finish(std::string_view reason);
    void report_connected() const;
    void report_disconnected(std::string_view reason) const;
    void report_decided(hooks::hook_point hook, const hooks::outcome& outcome);
    void report_login(const hooks::outcome& outcome);
    void report_accepted(std::uint64_t size);
    void report_not_stored(const base::error_code& why) const;
    void note_question(hooks::hook_point hook);
    void note_peer();
    void note_end(const session::step& how);

    connection_counts::place place_; // given back last
    connection_home& home_;
    std::shared_ptr<const listener_profile> profile_;
    std::uint64_t minimum_rate_;
    io::stream stream_;
    session::server_session session_;
    std::shared_ptr<connection_port> port_;
    trace_notes notes_;
    hook_runner hooks_;
    std::unique_ptr<spool> spool_;                       ///< made with the first octets of a body
    base::message_id report_about_;                      ///< whose header section was looked at
    std::unique_ptr<message::dsn_reader> report_reader_; ///< null: it is no notification, or nobody wants to know
    io::buffer_pool::buffer buffer_;
    std::size_t fed_ = 0;  ///< octets of it that the session was given last
    std::size_t sent_ = 0; ///< octets of the session's output that have gone
    /// A hook whose answer is still to come.
    struct pending_ask {
        hooks::chain_run run;
        hooks::event what;
    };
    std::unique_ptr<pending_ask> pending_;
    std::uint64_t body_offset_ = 0;
    // Of the read at hand:
    bool is_first_command_ = true;
    bool is_said_ = false;    // the session's output, for a part at least
    bool has_replied_ = true; // since the command timeout was last set
    bool is_in_content_ = false;
    base::instant waits_since_{};
    base::instant::duration content_wait_{};
    std::uint64_t content_octets_ = 0;
    bool is_peer_noted_ = false;
    bool is_past_envelope_ = false; // the message has got as far as DATA
    bool shutting_down_ = false;
    bool is_cut_ = false; // nothing is waited for any more
    std::string close_reason_;
};

} // namespace postern::runtime
