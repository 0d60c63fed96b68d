#pragma once
// A delivery on its way out: the events from the begin of a transaction with a next hop to its MAIL, and what they are answered
// with; how its connection is secured is in tls_policy.hpp. <postern/abi/outgoing.h> says when each comes; at all of them
// reject() fails the recipients of the transaction, defer() puts them off until the next attempt, hold() keeps the message for an
// operator. STANDARDS: RFC 5321 2.2, 2.4, 4.1.1.1, 4.1.2. SECURITY: greetings, keyword lines and replies are the next hop's.

#include <postern/abi/outgoing.h>
#include <postern/sdk/extension.hpp>
#include <postern/sdk/outgoing_form.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postern {

/// A parameter as it is stored with the message.
struct stored_param {
    std::string_view keyword;               ///< upper case
    std::optional<std::string_view> value;  ///< absent: the keyword stood alone
    std::optional<std::uint32_t> recipient; ///< absent: of MAIL; else the place of its recipient in recipients()
    postern::relay relay;

    explicit stored_param(const postern_stored_param& record) noexcept
        : keyword{sdk::view(record.keyword)}, relay{static_cast<postern::relay>(record.relay)}
    {
        if (record.has_value != 0)
            value = sdk::view(record.value);
        if (record.of != POSTERN_OF_MAIL)
            recipient = record.of;
    }
};

/// A keyword line of the next hop's EHLO.
struct offer {
    std::string_view keyword; ///< upper case
    std::string_view parameters;

    explicit offer(const postern_keyword& record) noexcept
        : keyword{sdk::view(record.keyword)}, parameters{sdk::view(record.parameters)}
    {
    }
};

/// What a next hop answered to a line.
struct said_reply {
    std::uint32_t code;
    std::string_view text;

    explicit said_reply(const postern_client_said& record) noexcept : code{record.code}, text{sdk::view(record.text)} {}
};

/// Parameters that are kept with a message. Borrowed, as the event is.
using stored_params = sdk::list_view<postern_stored_param, stored_param>;
/// Keyword lines of a next hop. Borrowed, as the event is.
using offer_list = sdk::list_view<postern_keyword, offer>;
/// Commands of plugins, and what the next hop said to them. Borrowed, as the event is.
using said_list = sdk::list_view<postern_client_said, said_reply>;

/// From weak to strong.
enum class tls_need : std::uint32_t {
    none = POSTERN_TLS_NONE,                   ///< in clear
    opportunistic = POSTERN_TLS_OPPORTUNISTIC, ///< where it can be had
    required = POSTERN_TLS_REQUIRED,           ///< by whomever
    verified = POSTERN_TLS_VERIFIED,           ///< by whoever has a trusted certificate for the name
    dane = POSTERN_TLS_DANE,                   ///< by whoever has a certificate that a TLSA record names
};

namespace sdk {

template <class Record, std::uint32_t Hook, event_kind Kind>
class outgoing_event : public plain_event<Record, Hook, Kind> {
public:
    using plain_event<Record, Hook, Kind>::plain_event;
    /// The queue id as text.
    [[nodiscard]] std::string_view message() const noexcept { return view(this->record().message); }
    /// "host:port", or the name of a transport.
    [[nodiscard]] std::string_view next_hop() const noexcept { return view(this->record().next_hop); }

protected:
    [[nodiscard]] bool has_flag(std::uint32_t flag) const noexcept { return (this->record().flags & flag) != 0; }
    [[nodiscard]] std::chrono::system_clock::time_point time_received() const noexcept
    {
        return std::chrono::system_clock::time_point{std::chrono::seconds{this->record().received_s}};
    }
};

/// Of a keyword line by its name; nothing: it is not offered.
[[nodiscard]] inline std::optional<std::string_view> find_offer(const offer_list& all, std::string_view keyword) noexcept
{
    for (const offer one : all) {
        if (one.keyword == keyword)
            return one.parameters;
    }
    return std::nullopt;
}

} // namespace sdk

/// delivery.begin: a transaction is about to begin. Edits: put_off.
class delivery_begin final
    : public sdk::outgoing_event<postern_ev_delivery_begin, POSTERN_HOOK_DELIVERY_BEGIN, event_kind::decision> {
public:
    using outgoing_event::outgoing_event;
    [[nodiscard]] std::string_view sender() const noexcept { return sdk::view(record().sender); }
    /// Of this transaction.
    [[nodiscard]] addresses recipients() const noexcept { return addresses{record().recipients}; }
    [[nodiscard]] stored_params params() const noexcept { return stored_params{record().params}; }
    [[nodiscard]] std::uint64_t size_octets() const noexcept { return record().size_octets; }
    [[nodiscard]] std::chrono::system_clock::time_point received() const noexcept { return time_received(); }
    /// 0: the first.
    [[nodiscard]] std::uint32_t attempt() const noexcept { return record().attempt; }
    /// By SMTP; else a transport takes it.
    [[nodiscard]] bool is_smtp() const noexcept { return record().is_smtp != 0; }
};

/// delivery.peer: who answers, on a new connection.
class peer_offers final
    : public sdk::outgoing_event<postern_ev_delivery_peer, POSTERN_HOOK_DELIVERY_PEER, event_kind::peer_offers> {
public:
    using outgoing_event::outgoing_event;
    [[nodiscard]] std::string_view address() const noexcept { return sdk::view(record().address); }
    [[nodiscard]] std::uint32_t port() const noexcept { return record().port; }
    [[nodiscard]] std::string_view greeting() const noexcept { return sdk::view(record().greeting); }
    [[nodiscard]] offer_list offers() const noexcept { return offer_list{record().offers}; }
    /// The parameters of a keyword (upper case); nothing: it is not offered.
    [[nodiscard]] std::optional<std::string_view> offer_of(std::string_view keyword) const noexcept
    {
        return sdk::find_offer(offers(), keyword);
    }
    /// "TLSv1.3"; empty: no TLS.
    [[nodiscard]] std::string_view tls_version() const noexcept { return sdk::view(record().tls_version); }
    [[nodiscard]] std::string_view tls_cipher() const noexcept { return sdk::view(record().tls_cipher); }
    [[nodiscard]] std::string_view tls_group() const noexcept { return sdk::view(record().tls_group); }
    /// Of a verified certificate.
    [[nodiscard]] std::string_view tls_subject() const noexcept { return sdk::view(record().tls_subject); }
    [[nodiscard]] tls_need policy() const noexcept { return static_cast<tls_need>(record().tls); }
    [[nodiscard]] bool is_extended() const noexcept { return has_flag(POSTERN_NEXT_HOP_EXTENDED); }
    [[nodiscard]] bool has_tls() const noexcept { return has_flag(POSTERN_NEXT_HOP_TLS); }
    [[nodiscard]] bool is_verified() const noexcept { return has_flag(POSTERN_NEXT_HOP_VERIFIED); }
    /// The next hop has addresses that were not tried yet: peer_reply::try_next_host.
    [[nodiscard]] bool has_other_hosts() const noexcept { return has_flag(POSTERN_NEXT_HOP_HAS_OTHERS); }
};

/// client.verb: the next hop offers a keyword that this plugin declared, and the transaction's MAIL is still to come.
class client_verb final : public sdk::outgoing_event<postern_ev_client_verb, POSTERN_HOOK_CLIENT_VERB, event_kind::client_lines> {
public:
    using outgoing_event::outgoing_event;
    [[nodiscard]] std::string_view sender() const noexcept { return sdk::view(record().sender); }
    [[nodiscard]] addresses recipients() const noexcept { return addresses{record().recipients}; }
    [[nodiscard]] stored_params params() const noexcept { return stored_params{record().params}; }
    [[nodiscard]] offer_list offers() const noexcept { return offer_list{record().offers}; }
    [[nodiscard]] std::optional<std::string_view> offer_of(std::string_view keyword) const noexcept
    {
        return sdk::find_offer(offers(), keyword);
    }
    /// The replies to the lines of the last round; empty in round 0.
    [[nodiscard]] said_list said() const noexcept { return said_list{record().said}; }
    [[nodiscard]] std::uint32_t round() const noexcept { return record().round; }
    [[nodiscard]] bool has_tls() const noexcept { return has_flag(POSTERN_NEXT_HOP_TLS); }
};

/// client.params: what is sent of this plugin's parameters. Edits: set_param, require_param, drop_param.
class client_params final
    : public sdk::outgoing_event<postern_ev_client_params, POSTERN_HOOK_CLIENT_PARAMS, event_kind::decision> {
public:
    using outgoing_event::outgoing_event;
    [[nodiscard]] std::string_view sender() const noexcept { return sdk::view(record().sender); }
    [[nodiscard]] addresses recipients() const noexcept { return addresses{record().recipients}; }
    /// All that are stored, of this plugin and others.
    [[nodiscard]] stored_params params() const noexcept { return stored_params{record().params}; }
    [[nodiscard]] offer_list offers() const noexcept { return offer_list{record().offers}; }
    [[nodiscard]] std::optional<std::string_view> offer_of(std::string_view keyword) const noexcept
    {
        return sdk::find_offer(offers(), keyword);
    }
    [[nodiscard]] std::chrono::system_clock::time_point received() const noexcept { return time_received(); }
    /// 0: the first.
    [[nodiscard]] std::uint32_t attempt() const noexcept { return record().attempt; }
    [[nodiscard]] bool has_tls() const noexcept { return has_flag(POSTERN_NEXT_HOP_TLS); }
};

/// The answer to peer_offers: a verdict, and which of the offers are not used.
class peer_reply {
public:
    // NOLINTNEXTLINE(google-explicit-constructor): what refuses is an answer already
    peer_reply(verdict what) : what_{std::move(what)} {}

    /// The keyword (upper case) counts as not offered on this connection. Throws std::invalid_argument for what is none.
    peer_reply& without(std::string keyword) &
    {
        if (!sdk::is_upper_keyword(keyword) || unused_.size() >= sdk::most_unused)
            throw std::invalid_argument("\"" + keyword + "\" is no keyword of EHLO, or one too many");
        unused_.push_back(std::move(keyword));
        return *this;
    }
    peer_reply without(std::string keyword) && { return std::move(without(std::move(keyword))); }
    /// With defer(): another address of the next hop first, if it has one. Throws std::invalid_argument with another verdict.
    peer_reply& try_next_host() &
    {
        if (what_.kind() != POSTERN_TEMPFAIL)
            throw std::invalid_argument("only what defers can ask for the next host");
        next_host_ = true;
        return *this;
    }
    peer_reply try_next_host() && { return std::move(try_next_host()); }

    [[nodiscard]] const verdict& what() const noexcept { return what_; }
    [[nodiscard]] const std::vector<std::string>& unused() const noexcept { return unused_; }
    [[nodiscard]] bool wants_next_host() const noexcept { return next_host_; }
    [[nodiscard]] bool is_pass() const noexcept { return what_.is_pass() && unused_.empty(); }

private:
    verdict what_;
    std::vector<std::string> unused_;
    bool next_host_ = false;
};

/// Whether a line must be answered with 2yz.
enum class line_rule : std::uint32_t {
    optional = POSTERN_LINE_OPTIONAL, ///< it goes on whatever is answered
    required = POSTERN_LINE_REQUIRED, ///< else the recipients fail (5yz) or are put off (4yz)
};

/// The answer to client_verb: a verdict, proceed() among them, or send_line() and more.
class client_lines {
public:
    // NOLINTNEXTLINE(google-explicit-constructor): what refuses is an answer already
    client_lines(verdict what) : what_{std::move(what)} {}

    /// One line more, of at most 16, without CRLF: a verb that is none of the server's, in upper case, and what follows it.
    /// Throws std::invalid_argument for what cannot be one.
    client_lines& line(std::string text, line_rule rule = line_rule::optional) &
    {
        if (!sdk::is_client_line(text) || lines_.size() >= sdk::most_client_lines)
            throw std::invalid_argument("\"" + text + "\" is no line that a plugin may say to a next hop, or one too many");
        lines_.emplace_back(std::move(text), rule);
        return *this;
    }
    client_lines line(std::string text, line_rule rule = line_rule::optional) &&
    {
        return std::move(line(std::move(text), rule));
    }
    /// The event comes again, with the replies.
    client_lines& show() & noexcept
    {
        flags_ |= POSTERN_LINES_SHOW;
        return *this;
    }
    client_lines show() && noexcept { return std::move(show()); }
    /// When the last line is answered with 2yz the session is as new, as after XCLIENT: EHLO is said again.
    client_lines& restart() & noexcept
    {
        flags_ |= POSTERN_LINES_RESTART;
        return *this;
    }
    client_lines restart() && noexcept { return std::move(restart()); }

    [[nodiscard]] const verdict& what() const noexcept { return what_; }
    [[nodiscard]] const std::vector<std::pair<std::string, line_rule>>& lines() const noexcept { return lines_; }
    [[nodiscard]] std::uint32_t flags() const noexcept { return flags_; }
    [[nodiscard]] bool is_pass() const noexcept { return what_.is_pass() && lines_.empty(); }

private:
    verdict what_;
    std::vector<std::pair<std::string, line_rule>> lines_;
    std::uint32_t flags_ = 0;
};

/// The first line; see client_lines::line.
[[nodiscard]] inline client_lines send_line(std::string text, line_rule rule = line_rule::optional)
{
    return client_lines{proceed()}.line(std::move(text), rule);
}

namespace sdk {

inline postern_status send(const services& to, std::uint64_t ticket, const peer_reply& what)
{
    return with_base<postern_delivery_peer_reply>(what.what(), [&](postern_delivery_peer_reply& record) {
        std::vector<postern_str> unused;
        for (const auto& keyword : what.unused())
            unused.push_back(str(keyword));
        record.unused = list_over(unused.data(), unused.size());
        record.next_host = what.wants_next_host() ? 1 : 0;
        return to.core->reply(to.host, ticket, &record.base);
    });
}

inline postern_status send(const services& to, std::uint64_t ticket, const client_lines& what)
{
    return with_base<postern_client_verb_reply>(what.what(), [&](postern_client_verb_reply& record) {
        std::vector<postern_client_line> lines;
        for (const auto& [text, rule] : what.lines())
            lines.push_back({str(text), static_cast<std::uint32_t>(rule), 0});
        record.lines = list_over(lines.data(), lines.size());
        record.flags = what.flags();
        return to.core->reply(to.host, ticket, &record.base);
    });
}

} // namespace sdk
} // namespace postern
