#pragma once
// The part of a session that extensions are about: EHLO and what it offers, declared verbs and what they read, parameters of MAIL
// and RCPT, and the commands from RSET to QUIT. As a server does, it asks a plugin only about what it declared and this client
// was offered; else the answer is one that came from no plugin (is_unasked), with the server's reply. Part of fake_session.
// STANDARDS: RFC 5321 2.2.1, 4.1.1.1, 4.1.1.11, 4.1.4.

#include <postern/testing/declarations.hpp>
#include <postern/testing/session_base.hpp>

#include <functional>
#include <iosfwd>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace postern::testing {

/// A parameter of this plugin as it is stored with the message and, by the rule, sent on.
struct kept_parameter {
    std::string name;
    std::optional<std::string> value;
    std::uint32_t relay = POSTERN_RELAY_NEVER;

    bool operator==(const kept_parameter&) const = default;
    friend std::ostream& operator<<(std::ostream& to, const kept_parameter& p);
};

inline constexpr std::size_t whole = std::numeric_limits<std::size_t>::max(); ///< verb_data: in one piece

/// What fake_session has for extensions of SMTP.
class extension_session : public session_base {
public:
    std::vector<kept_parameter> kept;  ///< of the last MAIL or RCPT
    std::vector<edit> parameter_edits; ///< of the answers about its parameters

    /// EHLO: cmd.helo, then ehlo.caps. The answer's `offers` are the lines of this plugin that the client is shown; verbs and
    /// parameters count from here on.
    answer ehlo(std::string name = "client.example");

    /// A line with a verb of the plugin. After PASS or proceed() the client hears 250.
    answer verb(std::string_view name, std::string_view argument = {});

    /// What the client sends for the last verb: octets that its line counted, or what its answer asked for. Octets may come in
    /// several calls; a line (without CRLF) or a text (dots unstuffed) is all of it. The plugin gets them in pieces of `piece`
    /// octets, a line always whole, and what is returned is its last answer so far. Where no octets were asked for, say so with
    /// an empty one; another command before the last octet drops the rest. Throws std::logic_error for more than was asked for.
    answer verb_data(std::string_view octets, std::size_t piece = whole);

    answer rset();
    answer noop(std::string_view argument = {}) { return command(POSTERN_HOOK_NOOP, "NOOP", argument); }
    answer help(std::string_view argument = {}) { return command(POSTERN_HOOK_HELP, "HELP", argument); }
    answer vrfy(std::string_view argument) { return command(POSTERN_HOOK_VRFY, "VRFY", argument); }
    answer expn(std::string_view argument) { return command(POSTERN_HOOK_EXPN, "EXPN", argument); }
    answer unknown_command(std::string_view name, std::string_view argument = {});
    answer quit() { return command(POSTERN_HOOK_QUIT, "QUIT", {}); }

protected:
    extension_session(fake_host& host, std::uint64_t id);
    ~extension_session();

    /// HELO, EHLO: what was offered before counts no more.
    void greeted();
    /// RFC 3207 4.2: what was said in the clear is forgotten.
    void secured();
    void mail_begun() noexcept { in_mail_ = true; }
    void end_mail();

    /// Asks the plugin about each of its parameters, then goes on with what they have become.
    answer with_parameters(parameters given, std::string recipient, bool is_rcpt, std::function<answer(const parameters&)> then);

private:
    /// What a verb reads.
    struct dialogue {
        declared_verb verb;
        bool counted = false; ///< by its line
        std::uint32_t reads = POSTERN_THEN_NOTHING;
        std::uint64_t left = 0; ///< of POSTERN_THEN_OCTETS
        std::uint64_t offset = 0;
        std::optional<answer> early{}; ///< said before the end: the rest is not shown
    };

    /// Names have no case.
    [[nodiscard]] static std::string upper(std::string_view name);
    [[nodiscard]] static std::string_view trimmed(std::string_view text) noexcept;
    [[nodiscard]] static std::string_view word_at(std::string_view text, std::uint32_t place) noexcept;

    [[nodiscard]] answer closed_to(const declared_verb& verb, std::uint64_t count) const;

    answer verb_answered(answer said);

    /// More than "go on".
    [[nodiscard]] static bool is_said(const answer& said) noexcept;

    answer show(std::string octets, std::size_t piece);

    /// After an answer that is said: the verb is over, or reads what the answer asks for.
    answer go_on_with(answer said);

    /// What an answer makes of the client.
    void apply(const answer& said);

    /// What of the declared lines this client is shown.
    void offer(answer& caps);

    [[nodiscard]] answer fault_of_parameter(std::string_view name, bool has_value, bool is_rcpt) const;

    answer ask(std::size_t at, parameters given, std::string recipient, bool is_rcpt,
               std::function<answer(const parameters&)> then);

    answer command(std::uint32_t hook, std::string_view name, std::string_view argument);

    bool has_helo_ = false;
    bool in_mail_ = false;
    std::set<std::string, std::less<>> offered_; ///< keywords of the last EHLO
    std::optional<dialogue> talk_;
};

} // namespace postern::testing
