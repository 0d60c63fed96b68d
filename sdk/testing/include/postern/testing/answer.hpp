#pragma once
// What a plugin answered, copied out of the contract's records so that tests can look at it at leisure.

#include <postern/abi/ehlo.h>
#include <postern/abi/health.h>
#include <postern/testing/fake_kv.hpp>

#include <cstdint>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace postern::testing {

/// One change; the numbers are POSTERN_EDIT_...
struct edit {
    std::uint32_t op = 0;
    std::uint32_t index = 0;
    std::string name;
    std::string value;

    bool operator==(const edit&) const = default;
    friend std::ostream& operator<<(std::ostream& to, const edit& e);
};

/// One recipient's result of a deliver event.
struct result {
    std::uint32_t verdict = 0;
    std::uint32_t smtp_code = 0;
    std::string enhanced;
    std::string text;
};

/// A message as a store gives it out.
struct message {
    std::uint64_t id = 0;
    std::uint64_t content_size = 0;
    std::string envelope;
    std::string state;
};

/// What an answer says beyond its verdict at ehlo.caps, param, a verb or another command.
struct extension_reply {
    std::vector<std::string> lines; ///< of a reply, in place of the text; at ehlo.caps "KEYWORD parameters"
    std::uint32_t then = POSTERN_THEN_NOTHING;
    std::uint64_t octets = 0;
    std::string value;
    std::optional<std::uint32_t> relay;
};

/// A line for a next hop.
struct client_line {
    std::string text;
    bool is_required = false;

    bool operator==(const client_line&) const = default;
};

/// A socket that a plugin handed over.
class given_socket {
public:
    explicit given_socket(int value) noexcept : value_{value} {}
    ~given_socket();
    given_socket(const given_socket&) = delete;
    given_socket& operator=(const given_socket&) = delete;
    [[nodiscard]] int get() const noexcept { return value_; }
    /// It is the plugin's: its answer was refused to its face.
    void let_go() noexcept { value_ = -1; }

private:
    int value_;
};

/// A TLSA record of an answer.
struct tlsa {
    std::uint32_t usage = 0;
    std::uint32_t selector = 0;
    std::uint32_t matching = 0;
    std::string data;

    bool operator==(const tlsa&) const = default;
};

/// What an answer says beyond its verdict at queue.policy; at queue.admit, queue.retry and delivery.reply `wait_ms`.
struct shaping_reply {
    std::string pool;
    std::uint32_t concurrency = 0;
    std::uint32_t rate_count = 0;
    std::uint64_t rate_ms = 0;
    std::uint32_t valid_s = 0;
    std::uint64_t wait_ms = 0;

    bool operator==(const shaping_reply&) const = default;
};

/// What an answer says beyond its verdict and edits at delivery.source, delivery.tls_policy, delivery.connect, delivery.peer and
/// client.verb.
struct outgoing_reply {
    std::uint32_t tls = 0; ///< POSTERN_TLS_...; 0: as it is
    std::string name;
    std::vector<std::string> names; ///< that will do as well
    std::vector<tlsa> records;      ///< for POSTERN_TLS_DANE
    std::string policy_type;        ///< "sts", "tlsa"; empty: none is said
    std::string policy_domain;
    std::vector<std::string> policy_strings;
    std::vector<std::string> policy_hosts;
    std::uint32_t finding = 0; ///< POSTERN_TLS_RESULT_...
    bool is_tested = false;
    std::vector<std::string> unused;
    std::string pool;
    std::shared_ptr<given_socket> socket; ///< of delivery.connect; closed with the last copy
    bool next_host = false;
    std::vector<client_line> lines;
    bool shows = false;
    bool restarts = false;
};

/// What an answer says beyond its verdict at dsn.make. Empty: nothing.
struct dsn_reply {
    std::string recipient;
    std::string text;
    std::string from_name;
    std::vector<std::pair<std::string, std::string>> fields;

    bool operator==(const dsn_reply&) const = default;
};

/// What an answer says beyond its verdict at auth.step and auth.verify; at auth.mechanisms `names`.
struct login_reply {
    std::string identity;
    std::string challenge;
    std::string salt;
    std::string stored_key;
    std::string server_key;
    std::string password;
    std::uint32_t iterations = 0;
    bool is_challenge = false;
    std::vector<std::string> names;
};

/// How one call of a plugin came out.
struct answer {
    enum class how : std::uint8_t {
        passed,   ///< no opinion
        answered, ///< the fields below hold
        pending,  ///< taken, not yet answered: ask fake_host::answer_to(ticket) later
        failed,   ///< a negative status, POSTERN_BROKEN, or an answer that breaks the contract: on_error applies
        late,     ///< no answer by the deadline: on_error applies
        unasked, ///< the server refuses by itself what was not offered or declared so: smtp_code, enhanced and text are its reply
    };
    // Not in every file that includes this: they are large.
    answer();
    answer(const answer&);
    answer(answer&&) noexcept;
    answer& operator=(const answer&);
    answer& operator=(answer&&) noexcept;
    ~answer();

    how came = how::passed;
    std::uint64_t ticket = 0;

    std::uint32_t verdict = POSTERN_CONTINUE;
    std::uint32_t smtp_code = 0;
    std::uint32_t flags = 0;
    std::int32_t score = 0; ///< thousandths
    std::string enhanced;
    std::string text;
    std::vector<edit> edits;

    std::vector<result> results; ///< deliver: one each, or a single one
    bool has_one_result = false; ///< deliver: it is for all recipients

    std::optional<extension_reply> more; ///< of the hooks of an extension, where it was said; the functions below read it
    outgoing_reply out;                  ///< of a delivery
    std::optional<login_reply> login;    ///< of a login, where it was said
    dsn_reply dsn;                       ///< of a notification that is due
    shaping_reply shape;                 ///< of when and how fast mail leaves
    std::vector<std::string> offers;     ///< ehlo(): "KEYWORD parameters", the lines of this plugin that the client is shown

    std::uint32_t health_state = POSTERN_HEALTH_OK; ///< health()
    std::string key;                                ///< prepare: the option at fault
    kv_reply kv{};                                  ///< of a store for postern.kv/1
    std::string output;                             ///< of an admin event

    std::uint32_t queue_result = 0; ///< the rest: queue operations
    std::uint64_t next = 0;
    std::vector<message> messages;
    std::string data;

    /// For a server there is no answer: late ones are among them.
    [[nodiscard]] bool is_failed() const noexcept { return came == how::failed || is_late(); }
    [[nodiscard]] bool is_late() const noexcept { return came == how::late; }
    [[nodiscard]] bool is_pending() const noexcept { return came == how::pending; }
    [[nodiscard]] bool is_unasked() const noexcept { return came == how::unasked; }
    [[nodiscard]] bool passes() const noexcept { return came == how::passed; }
    /// No objection was raised; points are none, whatever somebody makes of their sum.
    [[nodiscard]] bool proceeds() const noexcept;
    [[nodiscard]] bool scores() const noexcept { return came == how::answered && verdict == POSTERN_SCORE; }
    [[nodiscard]] bool rejects() const noexcept { return came == how::answered && verdict == POSTERN_REJECT; }
    [[nodiscard]] bool defers() const noexcept { return came == how::answered && verdict == POSTERN_TEMPFAIL; }
    [[nodiscard]] bool holds() const noexcept { return came == how::answered && verdict == POSTERN_HOLD; }
    [[nodiscard]] bool discards() const noexcept { return came == how::answered && verdict == POSTERN_DISCARD; }
    /// At auth.verify and auth.step: who that is; empty: it did not say.
    [[nodiscard]] std::string identity() const { return login ? login->identity : std::string{}; }
    [[nodiscard]] bool vouches() const noexcept { return proceeds() && (flags & POSTERN_REPLY_VOUCH) != 0; }
    /// What was asked for goes no further: a refusal of whatever kind.
    [[nodiscard]] bool refuses() const noexcept;

    /// Of the reply, without codes; none: the server's own reply.
    [[nodiscard]] std::vector<std::string> lines() const;
    /// At client.verb: the lines, without their rules.
    [[nodiscard]] std::vector<std::string> client_lines() const;
    /// POSTERN_THEN_...
    [[nodiscard]] std::uint32_t then() const noexcept { return more ? more->then : POSTERN_THEN_NOTHING; }
    /// Of POSTERN_THEN_OCTETS.
    [[nodiscard]] std::uint64_t octets() const noexcept { return more ? more->octets : 0; }
    /// Of a parameter; empty: what the client said.
    [[nodiscard]] std::string value() const { return more ? more->value : std::string{}; }
    /// POSTERN_RELAY_...; nothing: as declared.
    [[nodiscard]] std::optional<std::uint32_t> relay() const noexcept { return more ? more->relay : std::nullopt; }
};

/// What the server says by itself.
[[nodiscard]] answer unasked(std::uint32_t code, std::string enhanced, std::string text);

/// Copies a reply. `hook` says which record it really is.
[[nodiscard]] answer copy_of(const postern_reply& reply, std::uint32_t hook);

} // namespace postern::testing
