#pragma once
// A server session with a world around it that does what it is told: a chain of one scripted plugin, a store that keeps, is
// full or fails, a handshake that succeeds. And a witness that checks, in every conversation whatever it is about, what must
// hold in all of them (see conversation.cpp).

#include "core/base/clock.hpp"
#include "core/base/ids.hpp"
#include "core/base/random.hpp"
#include "core/hooks/chain.hpp"
#include "core/session/server_session.hpp"

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace postern::test {

/// A clock that stands still until it is set.
class still_clock final : public base::clock {
public:
    [[nodiscard]] base::instant now() const noexcept override { return {}; }
    [[nodiscard]] base::wall_time wall() const noexcept override { return time; }

    base::wall_time time{std::chrono::milliseconds{1'700'000'000'000}}; // Tue, 14 Nov 2023 22:13:20 +0000
};

/// A plugin that answers what the script says and vouches for recipients in mx.example and for postmaster alone.
class scripted_plugin final : public hooks::plugin {
public:
    [[nodiscard]] const std::string& name() const noexcept override { return name_; }
    [[nodiscard]] bool wants(hooks::hook_point) const noexcept override { return true; }
    [[nodiscard]] bool may_vouch() const noexcept override { return true; }
    [[nodiscard]] hooks::call_result call(const hooks::event& what, base::instant, const std::shared_ptr<hooks::session_port>&,
                                          hooks::plugin_reply& answer) noexcept override;
    bool withdraw(std::uint64_t) noexcept override { return true; }
    void wake(base::session_id, std::uint64_t, bool) noexcept override {}
    void session_ended(base::session_id) noexcept override {}

    std::map<hooks::hook_point, hooks::plugin_reply> script;
    std::set<hooks::hook_point> failing; ///< hooks at which the call fails
    bool vouches = true;
    std::string shown;    ///< octets of verb.data; what the script says to it is said to the last piece
    std::string argument; ///< of the last verb
    std::map<std::string, std::string, std::less<>> users;          ///< who logs in with which password, token or certificate
    std::map<std::string, hooks::plugin_reply, std::less<>> at_end; ///< msg.end_rcpt, by recipient
    std::vector<hooks::login_reply> steps;                          ///< in its own mechanism: one after the other
    std::vector<std::string> seen_in_login;                         ///< "MECHANISM user proof" of each question

private:
    void answer_login(const hooks::event& what, hooks::plugin_reply& answer);

    std::string name_ = "script";
};

/// When a plugin was asked or told: what the peer had been answered last, and how many messages were durable.
struct moment {
    hooks::hook_point hook;
    std::string last_reply; ///< a line; empty: nothing yet
    std::size_t durable;
};

/// A message as the store has it.
struct kept_message {
    std::string sender;
    std::vector<std::string> recipients;
    std::string trace;  ///< value of the Received field that the session put in front
    std::string octets; ///< header section without that field, empty line, body
    std::optional<std::string> held;
    std::int32_t score = 0;
    std::string
        parameters; ///< of plugins: " NAME=VALUE", a "!" behind it where the next hop must know it; recipients' behind "|"

    bool operator==(const kept_message&) const = default;
};

class conversation {
public:
    using commit_result = session::server_session::commit_result;

    [[nodiscard]] static session::server_config usual_config();
    /// With the extension XTEST of the plugin: the parameter `name`, and the verb XTEST if there is to be one.
    [[nodiscard]] static session::server_config extended_config(std::string name, bool is_of_rcpt, bool has_verb = false);
    explicit conversation(session::server_config config = usual_config());

    /// Everything up to the greeting, or for implicit TLS the handshake first. Called by the first of those below too.
    void begin();
    /// The peer's octets, in one portion. What a closed connection gets is lost.
    void says(std::string_view octets);
    /// The same, one octet a portion.
    void says_slowly(std::string_view octets);
    void has_said_hello(); ///< and its replies taken
    void has_sent_an_envelope();
    void time_passes();
    void server_shuts_down();
    void hangs_up();
    /// The handshake, if the session has asked for it; false if not.
    [[nodiscard]] bool handshakes();

    /// What the peer has been sent since the last call.
    [[nodiscard]] std::string take_replies();
    /// How many writes it came in.
    [[nodiscard]] int take_write_count();
    [[nodiscard]] bool is_closed() const noexcept { return closed_; }
    [[nodiscard]] bool wants_handshake() const noexcept { return wants_handshake_; }
    [[nodiscard]] session::phase phase() const noexcept { return phase_; }
    [[nodiscard]] const std::vector<kept_message>& kept() const noexcept { return kept_; }
    /// "ask cmd.mail", "content 12", "content 0 last", "commit", "tell txn.committed", "abandon", "start_tls", "close": since
    /// the last call. Reads are left out.
    [[nodiscard]] std::vector<std::string> take_steps();
    /// Every question and notice so far.
    [[nodiscard]] const std::vector<moment>& moments() const noexcept { return moments_; }
    /// Body octets of the content steps of the transaction at hand.
    [[nodiscard]] const std::string& spooled() const noexcept { return spooled_; }
    /// Every content step so far was told to be ASCII.
    [[nodiscard]] bool was_told_ascii() const noexcept { return ascii_; }
    /// Messages that were acknowledged and thrown away, as a plugin wished.
    [[nodiscard]] std::uint64_t discarded() const noexcept { return discarded_; }
    /// What broke a rule that holds for every conversation; empty: nothing.
    [[nodiscard]] const std::string& fault() const noexcept { return fault_; }

    scripted_plugin& plugin() noexcept { return *plugin_; }
    hooks::failure_policy on_error = hooks::failure_policy::tempfail;       ///< before begin()
    hooks::permissions may{true, true, true, true, true, true, true, true}; ///< before begin()
    hooks::tls_facts tls{"TLSv1.3", "TLS_AES_128_GCM_SHA256", {}, {}, {}};  ///< of a handshake
    commit_result store = commit_result::kept;
    commit_result spool = commit_result::kept;
    session::server_session& session() noexcept { return *session_; }
    std::uint64_t acknowledged = 0; ///< replies "250 2.0.0 queued as" so far

private:
    void run();
    void flush();
    void ask(hooks::hook_point hook);
    void tell(const session::step& what);
    void take_content(const session::step& what);
    void commit();
    void expect(bool holds, std::string_view rule);
    void witness(hooks::hook_point hook);

    session::server_config config_;
    still_clock clock_;
    base::seeded_random random_{1};
    base::id_source ids_{clock_, random_, 0};
    std::shared_ptr<scripted_plugin> plugin_ = std::make_shared<scripted_plugin>();
    std::unique_ptr<hooks::chain> chain_;
    std::unique_ptr<session::server_session> session_;

    bool closed_ = false;
    bool wants_handshake_ = false;
    session::phase phase_ = session::phase::command;
    std::string replies_;
    int writes_ = 0;
    std::vector<std::string> steps_;
    std::vector<moment> moments_;
    std::string last_sent_; // line
    std::vector<kept_message> kept_;
    std::string spooled_;
    bool ascii_ = true;
    std::string fault_;

    // The witness.
    base::transaction_id open_; // asked about at cmd.mail, and neither committed nor aborted
    bool has_content_ = false;  // content steps were given that are neither committed nor abandoned
    bool is_body_over_ = false;
    bool is_committed_ = false;
    std::uint64_t discarded_ = 0;
    std::uint64_t delivered_ = 0;   ///< messages that a plugin took for all who were left
    std::string last_acknowledged_; ///< LMTP says it to each recipient
    int opened_ = 0;
    int goodbyes_ = 0;
};

} // namespace postern::test
