#pragma once
// SMTP extensions: what a plugin declares of one, the events about it, and what they are answered with.
// <postern/abi/ehlo.h> says when each comes.
// STANDARDS: RFC 5321 2.2, 4.1.1.1, 4.1.2, 4.2. SECURITY: arguments, values and octets are the client's.

#include <postern/abi/ehlo.h>
#include <postern/sdk/events.hpp>
#include <postern/sdk/extension_form.hpp>
#include <postern/sdk/services.hpp>
#include <postern/sdk/verdict.hpp>

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postern {

/// What a next hop is told that a parameter came.
enum class relay : std::uint32_t {
    never = POSTERN_RELAY_NEVER,
    optional = POSTERN_RELAY_OPTIONAL, ///< if it offers the keyword; else the parameter is dropped
    required = POSTERN_RELAY_REQUIRED, ///< if it offers the keyword; else the delivery fails
};

/// A line of the reply to EHLO, for host::keyword. Views: until that returns.
struct keyword_declaration {
    std::string_view name;            ///< letters, digits and hyphens, upper case
    std::string_view parameters = {}; ///< words, single spaces between
    bool in_tls = false;              ///< offered inside TLS only
    bool logged_in = false;           ///< to who logged in only
};

/// A verb, for host::verb. Views: until that returns.
struct verb_declaration {
    std::string_view name;         ///< letters and digits, upper case
    std::string_view keyword = {}; ///< of this plugin; empty: the verb is taken without an offer
    bool before_ehlo = false;      ///< taken before EHLO too; `keyword` is then empty
    bool in_mail = false;          ///< taken between MAIL and the end of the message too
    std::uint32_t counted_by = 0;  ///< the word of the argument, from 1, that counts octets behind the line; 0: none follow
    std::uint64_t most_octets = 0; ///< of that count, or that an answer may ask for; 0: limits.message_size
};

/// The command that a parameter belongs to.
enum class param_of : std::uint32_t {
    mail = POSTERN_PARAM_MAIL,
    rcpt = POSTERN_PARAM_RCPT,
    both = POSTERN_PARAM_MAIL | POSTERN_PARAM_RCPT,
};

/// Whether a parameter has a value.
enum class param_value : std::uint32_t {
    optional = 0,
    required = POSTERN_PARAM_VALUE,
    forbidden = POSTERN_PARAM_NO_VALUE,
};

/// A parameter, for host::parameter. Views: until that returns.
struct param_declaration {
    std::string_view name;    ///< letters, digits and hyphens, upper case
    std::string_view keyword; ///< of this plugin: the line that offers it, here and at next hops
    param_of of = param_of::mail;
    param_value value = param_value::required;
    postern::relay relay = postern::relay::optional;
    std::string_view lacking = {}; ///< status of a delivery that fails for want of the keyword; empty: "5.7.0"
};

/// ehlo.caps: at each EHLO. Without an `on` for it the lines are offered as declared.
class ehlo final : public sdk::session_event<postern_ev_caps, POSTERN_HOOK_CAPS, event_kind::offer> {
public:
    using session_event::session_event;
};

/// verb: a declared verb was said.
class verb final : public sdk::session_event<postern_ev_verb, POSTERN_HOOK_VERB, event_kind::command> {
public:
    using session_event::session_event;
    /// As declared.
    [[nodiscard]] std::string_view name() const noexcept { return sdk::view(record().name); }
    [[nodiscard]] std::string_view argument() const noexcept { return sdk::view(record().argument); }
    /// Whether a transaction is open, and whose.
    [[nodiscard]] bool in_mail() const noexcept { return record().in_mail != 0; }
    [[nodiscard]] std::string_view sender() const noexcept { return sdk::view(record().sender); }
};

/// verb.data: octets that belong to a verb, in order, in pieces as they arrive. What has to last from the verb to its last piece
/// fits into a cookie, or is kept by session() until session_end.
class verb_data final : public sdk::session_event<postern_ev_verb_data, POSTERN_HOOK_VERB_DATA, event_kind::command> {
public:
    using session_event::session_event;
    [[nodiscard]] std::string_view name() const noexcept { return sdk::view(record().name); }
    [[nodiscard]] std::string_view chunk() const noexcept { return sdk::view(record().chunk); }
    [[nodiscard]] std::uint64_t offset() const noexcept { return record().offset; }
    /// Answer this one. To the others say proceed(); anything else is what is said at the end, and the rest is not shown. The
    /// last may be empty.
    [[nodiscard]] bool is_last() const noexcept { return record().is_last != 0; }
};

/// param: a declared parameter was given. Without an `on` for it any value is taken.
class parameter final : public sdk::session_event<postern_ev_param, POSTERN_HOOK_PARAM, event_kind::parameter> {
public:
    using session_event::session_event;
    [[nodiscard]] std::string_view name() const noexcept { return sdk::view(record().name); }
    /// Empty where there is none.
    [[nodiscard]] std::string_view value() const noexcept { return sdk::view(record().value); }
    [[nodiscard]] bool has_value() const noexcept { return record().has_value != 0; }
    /// Of RCPT, rather than of MAIL.
    [[nodiscard]] bool is_rcpt() const noexcept { return record().is_rcpt != 0; }
    [[nodiscard]] std::string_view sender() const noexcept { return sdk::view(record().sender); }
    [[nodiscard]] std::string_view recipient() const noexcept { return sdk::view(record().recipient); }
};

namespace sdk {
template <std::uint32_t Hook>
class command_event : public session_event<postern_ev_command, Hook, event_kind::command> {
public:
    using session_event<postern_ev_command, Hook, event_kind::command>::session_event;
    /// As the client wrote it.
    [[nodiscard]] std::string_view name() const noexcept { return view(this->record().name); }
    [[nodiscard]] std::string_view argument() const noexcept { return view(this->record().argument); }
};
} // namespace sdk

// Commands of the core that change little, for whoever wants to answer them: cmd.rset, cmd.noop and so on. proceed() leaves the
// reply to the core.
#define POSTERN_SDK_COMMAND(class_name, HOOK)                                                                                    \
    class class_name final : public sdk::command_event<HOOK> {                                                                   \
    public:                                                                                                                      \
        using command_event::command_event;                                                                                      \
    }
/// RSET: the transaction is over whatever is answered.
POSTERN_SDK_COMMAND(rset, POSTERN_HOOK_RSET);
/// NOOP
POSTERN_SDK_COMMAND(noop, POSTERN_HOOK_NOOP);
/// HELP
POSTERN_SDK_COMMAND(help, POSTERN_HOOK_HELP);
/// VRFY
POSTERN_SDK_COMMAND(vrfy, POSTERN_HOOK_VRFY);
/// EXPN
POSTERN_SDK_COMMAND(expn, POSTERN_HOOK_EXPN);
/// A verb that nobody declared.
POSTERN_SDK_COMMAND(unknown_command, POSTERN_HOOK_UNKNOWN);
/// QUIT: the session ends whatever is answered.
POSTERN_SDK_COMMAND(quit, POSTERN_HOOK_QUIT);
#undef POSTERN_SDK_COMMAND

/// The answer to a verb or a command: a refusal (reject, defer, disconnect), or a reply of one or more lines and what is read
/// after it. Made by say() and its like; a verdict is one too, and proceed() says 250 to a verb and leaves other commands to the
/// core.
class reply {
public:
    // NOLINTNEXTLINE(google-explicit-constructor): what refuses is an answer already
    reply(verdict what) : what_{std::move(what)} {}
    /// For the functions below; `then`: POSTERN_THEN_...
    reply(verdict what, std::uint32_t then, std::uint64_t octets) : what_{std::move(what)}, octets_{octets}, then_{then} {}

    /// One line more, of at most 100. Throws std::invalid_argument for the 101st, and for what no say() or ask_...() made: a
    /// refusal has a single line.
    reply& line(std::string text) &
    {
        if (what_.kind() != POSTERN_CONTINUE || what_.smtp_code() == 0)
            throw std::invalid_argument("only what say() or a question says has further lines");
        if (lines_.size() >= sdk::most_reply_lines)
            throw std::invalid_argument("a reply cannot have more than " + std::to_string(sdk::most_reply_lines) + " lines");
        if (lines_.empty())
            lines_.push_back(what_.text());
        lines_.push_back(sdk::as_reply_text(std::move(text)));
        return *this;
    }
    reply line(std::string text) && { return std::move(line(std::move(text))); }

    /// At a verb: the client is somebody else, for whom it speaks. Facts are "address", "port", "local_address", "local_port",
    /// "helo", "identity"; another name throws std::invalid_argument. Needs may = ["client"]. A value that is no such fact is a
    /// failure: check it first.
    reply& set_client(std::string fact, std::string value) &
    {
        what_.set_client(std::move(fact), std::move(value));
        return *this;
    }
    reply set_client(std::string fact, std::string value) && { return std::move(set_client(std::move(fact), std::move(value))); }

    [[nodiscard]] const verdict& what() const noexcept { return what_; }
    [[nodiscard]] const std::vector<std::string>& lines() const noexcept { return lines_; }
    [[nodiscard]] std::uint32_t then() const noexcept { return then_; }
    [[nodiscard]] std::uint64_t octets() const noexcept { return octets_; }
    [[nodiscard]] bool is_pass() const noexcept { return what_.is_pass() && then_ == POSTERN_THEN_NOTHING; }

private:
    verdict what_;
    std::vector<std::string> lines_; // empty: the verdict's text
    std::uint64_t octets_ = 0;
    std::uint32_t then_ = POSTERN_THEN_NOTHING;
};

/// A 2yz reply; 221 is the one to QUIT, and to nothing else. An empty `enhanced` is 2.0.0. Throws std::invalid_argument for a
/// code or an enhanced code that does not fit.
[[nodiscard]] inline reply say(std::uint32_t code, std::string enhanced, std::string text)
{
    sdk::check_said("say", code, 2, enhanced);
    return reply{verdict{POSTERN_CONTINUE, code, std::move(enhanced), sdk::as_reply_text(std::move(text))}};
}

namespace sdk {
[[nodiscard]] inline reply ask(std::uint32_t code, std::string text, std::uint32_t then, std::uint64_t octets)
{
    check_said("a question", code, 3, {}); // RFC 2034 4: no enhanced code with 3yz
    return {verdict{POSTERN_CONTINUE, code, {}, as_reply_text(std::move(text))}, then, octets};
}
} // namespace sdk

/// At a verb: a 3yz reply, after which the client sends so many octets (no more than the verb was declared with), a line, or
/// lines up to a dot. They come as verb_data.
[[nodiscard]] inline reply ask_octets(std::uint32_t code, std::string text, std::uint64_t octets)
{
    return sdk::ask(code, std::move(text), POSTERN_THEN_OCTETS, octets);
}
/// The verb reads a line; it comes as verb_data.
[[nodiscard]] inline reply ask_line(std::uint32_t code, std::string text)
{
    return sdk::ask(code, std::move(text), POSTERN_THEN_LINE, 0);
}
/// The verb reads lines up to a single dot, unstuffed; they come as verb_data.
[[nodiscard]] inline reply ask_text(std::uint32_t code, std::string text)
{
    return sdk::ask(code, std::move(text), POSTERN_THEN_TEXT, 0);
}
/// At a verb: the session is as new; its greeting is the reply.
[[nodiscard]] inline reply restart()
{
    return {proceed(), POSTERN_THEN_RESTART, 0};
}

/// The answer to a parameter: a refusal (reject() without a code is 501), or what is kept of it.
class param_reply {
public:
    // NOLINTNEXTLINE(google-explicit-constructor): what refuses is an answer already
    param_reply(verdict what) : what_{std::move(what)} {}

    /// As RFC 5321 writes values: printable, without spaces and "=", at most 1,000 octets; else throws std::invalid_argument.
    /// Empty: what the client said.
    param_reply& value(std::string text) &
    {
        if (!sdk::is_parameter_value(text))
            throw std::invalid_argument("\"" + text + "\" cannot be the value of a parameter (RFC 5321 4.1.2)");
        value_ = std::move(text);
        return *this;
    }
    param_reply value(std::string text) && { return std::move(value(std::move(text))); }
    /// Otherwise than declared.
    param_reply& relay(postern::relay how) & noexcept
    {
        relay_ = how;
        return *this;
    }
    param_reply relay(postern::relay how) && noexcept { return std::move(relay(how)); }

    [[nodiscard]] const verdict& what() const noexcept { return what_; }
    [[nodiscard]] const std::string& text() const noexcept { return value_; }
    [[nodiscard]] std::optional<postern::relay> how() const noexcept { return relay_; }
    [[nodiscard]] bool is_pass() const noexcept { return what_.is_pass() && value_.empty() && !relay_; }

private:
    verdict what_;
    std::string value_;
    std::optional<postern::relay> relay_;
};

/// The answer to ehlo: what of the declared keywords this client is offered. Those that are not listed are left out, and so are,
/// even if they are listed, those that were declared for TLS or for who logged in, and this client has not.
class offers {
public:
    /// Throws std::invalid_argument for what cannot be a line of EHLO.
    offers& add(std::string keyword, std::string parameters = {}) &
    {
        if (!sdk::is_ehlo_line(keyword, parameters))
            throw std::invalid_argument("\"" + keyword + " " + parameters + "\" is no keyword line (RFC 5321 4.1.1.1)");
        if (lines_.size() >= sdk::most_reply_lines)
            throw std::invalid_argument("more than " + std::to_string(sdk::most_reply_lines) + " keyword lines");
        lines_.emplace_back(std::move(keyword), std::move(parameters));
        return *this;
    }
    offers add(std::string keyword, std::string parameters = {}) &&
    {
        return std::move(add(std::move(keyword), std::move(parameters)));
    }
    [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& lines() const noexcept { return lines_; }
    [[nodiscard]] static bool is_pass() noexcept { return false; }

private:
    std::vector<std::pair<std::string, std::string>> lines_;
};

namespace sdk {

inline postern_status send(const services& to, std::uint64_t ticket, const reply& what)
{
    return with_base<postern_command_reply>(what.what(), [&](postern_command_reply& record) {
        std::vector<postern_str> lines;
        for (const auto& line : what.lines())
            lines.push_back(str(line));
        record.lines = list_over(lines.data(), lines.size());
        record.then = what.then();
        record.octets = what.octets();
        return to.core->reply(to.host, ticket, &record.base);
    });
}

inline postern_status send(const services& to, std::uint64_t ticket, const param_reply& what)
{
    return with_base<postern_param_reply>(what.what(), [&](postern_param_reply& record) {
        record.value = str(what.text());
        record.set_relay = what.how() ? 1 : 0;
        record.relay = what.how() ? static_cast<std::uint32_t>(*what.how()) : 0;
        return to.core->reply(to.host, ticket, &record.base);
    });
}

inline postern_status send(const services& to, std::uint64_t ticket, const offers& what)
{
    std::vector<postern_keyword> lines;
    for (const auto& [keyword, parameters] : what.lines())
        lines.push_back({sizeof(postern_keyword), 0, str(keyword), str(parameters)});
    postern_caps_reply record{};
    record.base.size = sizeof record;
    record.lines = list_over(lines.data(), lines.size());
    return to.core->reply(to.host, ticket, &record.base);
}

} // namespace sdk
} // namespace postern
