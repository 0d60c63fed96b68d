#pragma once
// What `on` answers: a verdict and the edits that go with it. Values; nothing here talks to a host.
// A verdict without edits allocates nothing but for texts that outgrow a std::string's own buffer.

#include <postern/sdk/extension_form.hpp>
#include <postern/sdk/records.hpp>
#include <postern/sdk/reply_form.hpp>

#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postern {

inline constexpr std::size_t most_edits = sdk::most_edits; ///< in one answer; the host refuses more

/// An answer to a decision hook. Made by proceed(), reject() and their like below; edits are added by chaining.
class verdict {
public:
    /// One change. Indices refer to the state before the batch.
    struct edit {
        std::uint32_t op;
        std::uint32_t index;
        std::string name;
        std::string value;
    };

    explicit verdict(std::uint32_t kind) noexcept : kind_{kind} {}
    verdict(std::uint32_t kind, std::uint32_t smtp_code, std::string enhanced, std::string text) noexcept
        : kind_{kind}, smtp_code_{smtp_code}, enhanced_{std::move(enhanced)}, text_{std::move(text)}
    {
    }

    /// A header field at the end of the header section. `value` has no CR or LF except in front of a space (a fold).
    verdict& add_header(std::string name, std::string value) &
    {
        return with(POSTERN_EDIT_HEADER_ADD, 0, std::move(name), std::move(value));
    }
    verdict add_header(std::string name, std::string value) &&
    {
        return std::move(add_header(std::move(name), std::move(value)));
    }

    /// A header field in front of field `index`.
    verdict& insert_header(std::uint32_t index, std::string name, std::string value) &
    {
        return with(POSTERN_EDIT_HEADER_INSERT, index, std::move(name), std::move(value));
    }
    verdict insert_header(std::uint32_t index, std::string name, std::string value) &&
    {
        return std::move(insert_header(index, std::move(name), std::move(value)));
    }

    /// A new value for field `index`.
    verdict& replace_header(std::uint32_t index, std::string value) &
    {
        return with(POSTERN_EDIT_HEADER_REPLACE, index, {}, std::move(value));
    }
    verdict replace_header(std::uint32_t index, std::string value) &&
    {
        return std::move(replace_header(index, std::move(value)));
    }

    verdict& remove_header(std::uint32_t index) & { return with(POSTERN_EDIT_HEADER_REMOVE, index, {}, {}); }
    verdict remove_header(std::uint32_t index) && { return std::move(remove_header(index)); }

    /// A new reverse path; empty: the null reverse path.
    verdict& set_sender(std::string address) & { return with(POSTERN_EDIT_SENDER_SET, 0, {}, std::move(address)); }
    verdict set_sender(std::string address) && { return std::move(set_sender(std::move(address))); }

    verdict& add_rcpt(std::string address) & { return with(POSTERN_EDIT_RCPT_ADD, 0, {}, std::move(address)); }
    verdict add_rcpt(std::string address) && { return std::move(add_rcpt(std::move(address))); }

    verdict& replace_rcpt(std::uint32_t index, std::string address) &
    {
        return with(POSTERN_EDIT_RCPT_REPLACE, index, {}, std::move(address));
    }
    verdict replace_rcpt(std::uint32_t index, std::string address) &&
    {
        return std::move(replace_rcpt(index, std::move(address)));
    }

    verdict& remove_rcpt(std::uint32_t index) & { return with(POSTERN_EDIT_RCPT_REMOVE, index, {}, {}); }
    verdict remove_rcpt(std::uint32_t index) && { return std::move(remove_rcpt(index)); }

    /// At msg.body this chunk, at msg.end the whole body. Canonical: CRLF, not dot-stuffed.
    verdict& replace_body(std::string octets) & { return with(POSTERN_EDIT_BODY_REPLACE, 0, {}, std::move(octets)); }
    verdict replace_body(std::string octets) && { return std::move(replace_body(std::move(octets))); }

    /// At queue.route: the next hop, "host:port", "mx:domain", "lmtp:host:port" or "lmtp:unix:/path"; or by a plugin's
    /// `transport`.
    verdict& route_to(std::string next_hop, std::string transport = {}) &
    {
        return with(POSTERN_EDIT_ROUTE_SET, 0, std::move(transport), std::move(next_hop));
    }
    verdict route_to(std::string next_hop, std::string transport = {}) &&
    {
        return std::move(route_to(std::move(next_hop), std::move(transport)));
    }

    /// At delivery.begin: the recipient at that place gets a transaction of its own behind this one. Needs may = ["route"].
    verdict& put_off(std::uint32_t index) & { return with(POSTERN_EDIT_RCPT_LATER, index, {}, {}); }
    verdict put_off(std::uint32_t index) && { return std::move(put_off(index)); }

    // At client.params: a parameter that the plugin declared, as it is sent with MAIL, or with RCPT of the recipient at that
    // place. At cmd.mail and msg.headers set_param stores one of MAIL with the message, as if the client had said it. An empty
    // value: the keyword alone. Throws std::invalid_argument for what cannot be a value.

    verdict& set_param(std::string name, std::string value, std::uint32_t of = POSTERN_OF_MAIL) &
    {
        return with_param(POSTERN_EDIT_PARAM_SET, std::move(name), std::move(value), of);
    }
    verdict set_param(std::string name, std::string value, std::uint32_t of = POSTERN_OF_MAIL) &&
    {
        return std::move(set_param(std::move(name), std::move(value), of));
    }
    /// And the delivery fails where the next hop lacks the keyword.
    verdict& require_param(std::string name, std::string value, std::uint32_t of = POSTERN_OF_MAIL) &
    {
        return with_param(POSTERN_EDIT_PARAM_REQUIRE, std::move(name), std::move(value), of);
    }
    verdict require_param(std::string name, std::string value, std::uint32_t of = POSTERN_OF_MAIL) &&
    {
        return std::move(require_param(std::move(name), std::move(value), of));
    }
    /// It is not sent.
    verdict& drop_param(std::string name, std::uint32_t of = POSTERN_OF_MAIL) &
    {
        return with(POSTERN_EDIT_PARAM_DROP, of, std::move(name), {});
    }
    verdict drop_param(std::string name, std::uint32_t of = POSTERN_OF_MAIL) &&
    {
        return std::move(drop_param(std::move(name), of));
    }

    // At param, cmd.mail, msg.headers and msg.end: the message's order and times in the queue. Needs may = ["queue"]. Each throws
    // std::invalid_argument for what is out of range, such as a time before 1970.

    /// From -9 to 9 (RFC 6710): who goes first.
    verdict& set_priority(int priority) &
    {
        if (priority < -9 || priority > 9)
            throw std::invalid_argument("a priority is -9 to 9, not " + std::to_string(priority));
        return with(POSTERN_EDIT_PRIORITY_SET, 0, {}, std::to_string(priority));
    }
    verdict set_priority(int priority) && { return std::move(set_priority(priority)); }
    /// Not attempted before.
    verdict& release_at(std::chrono::system_clock::time_point when) & { return at(POSTERN_EDIT_RELEASE_AT, when); }
    verdict release_at(std::chrono::system_clock::time_point when) && { return std::move(release_at(when)); }
    /// Given up then, and returned to its sender.
    verdict& expire_at(std::chrono::system_clock::time_point when) & { return at(POSTERN_EDIT_EXPIRE_AT, when); }
    verdict expire_at(std::chrono::system_clock::time_point when) && { return std::move(expire_at(when)); }
    /// Its sender is told if it waits still.
    verdict& warn_at(std::chrono::system_clock::time_point when) & { return at(POSTERN_EDIT_WARN_AT, when); }
    verdict warn_at(std::chrono::system_clock::time_point when) && { return std::move(warn_at(when)); }

    /// Its sender is told when the message goes on to a next hop: to any, or only to one that does not offer `keyword`.
    verdict& report_relay(std::string keyword = {}) & { return with(POSTERN_EDIT_REPORT_RELAY, 0, std::move(keyword), {}); }
    verdict report_relay(std::string keyword = {}) && { return std::move(report_relay(std::move(keyword))); }
    /// What the client hears besides when the message is accepted: 250 with `enhanced`, of class 2, and `text`.
    verdict& say_when_accepted(std::string enhanced, std::string text) &
    {
        if (!sdk::is_enhanced_code(enhanced, 2) || text.empty() || text.size() > 400)
            throw std::invalid_argument("what is said when a message is accepted is a 2.y.z code and a text of 1 to 400 octets");
        return with(POSTERN_EDIT_ACCEPTED_SET, 0, std::move(enhanced), sdk::as_reply_text(std::move(text)));
    }
    verdict say_when_accepted(std::string enhanced, std::string text) &&
    {
        return std::move(say_when_accepted(std::move(enhanced), std::move(text)));
    }

    /// At a verb: see reply::set_client.
    verdict& set_client(std::string fact, std::string value) &
    {
        if (fact != "address" && fact != "port" && fact != "local_address" && fact != "local_port" && fact != "helo" &&
            fact != "identity")
            throw std::invalid_argument("\"" + fact + "\" is no fact about a client");
        return with(POSTERN_EDIT_PEER_SET, 0, std::move(fact), std::move(value));
    }

    /// At cmd.rcpt: we take mail for this recipient. Needs `provides` with "postern.recipients/1".
    verdict& vouch() & noexcept
    {
        flags_ |= POSTERN_REPLY_VOUCH;
        return *this;
    }
    verdict vouch() && noexcept { return std::move(vouch()); }

    [[nodiscard]] std::uint32_t kind() const noexcept { return kind_; }
    [[nodiscard]] std::uint32_t smtp_code() const noexcept { return smtp_code_; }
    [[nodiscard]] std::uint32_t flags() const noexcept { return flags_; }
    [[nodiscard]] const std::string& enhanced() const noexcept { return enhanced_; }
    [[nodiscard]] const std::string& text() const noexcept { return text_; }
    /// Of score(): thousandths.
    [[nodiscard]] std::int32_t thousandths() const noexcept { return score_; }
    [[nodiscard]] const std::vector<edit>& edits() const noexcept { return edits_; }
    /// Says nothing at all: needs no reply.
    [[nodiscard]] bool is_pass() const noexcept
    {
        return kind_ == POSTERN_CONTINUE && flags_ == 0 && smtp_code_ == 0 && edits_.empty();
    }

private:
    friend verdict score(std::string symbol, double points);

    verdict& at(std::uint32_t op, std::chrono::system_clock::time_point when)
    {
        const auto seconds = std::chrono::floor<std::chrono::seconds>(when.time_since_epoch()).count();
        if (seconds < 0)
            throw std::invalid_argument("a time before 1970");
        return with(op, 0, {}, std::to_string(seconds));
    }
    verdict& with_param(std::uint32_t op, std::string name, std::string value, std::uint32_t of)
    {
        if (!sdk::is_parameter_value(value))
            throw std::invalid_argument("\"" + value + "\" cannot be the value of a parameter (RFC 5321 4.1.2)");
        return with(op, of, std::move(name), std::move(value));
    }
    verdict& with(std::uint32_t op, std::uint32_t index, std::string name, std::string value)
    {
        edits_.push_back({op, index, std::move(name), std::move(value)});
        return *this;
    }

    std::uint32_t kind_;
    std::uint32_t smtp_code_ = 0;
    std::uint32_t flags_ = 0;
    std::int32_t score_ = 0;
    std::string enhanced_;
    std::string text_;
    std::vector<edit> edits_;
};

namespace sdk {
/// A transport may pass on what a peer said, whatever that was: only the class has to be right.
inline void check_code(const char* what, std::uint32_t code, std::uint32_t first, const std::string& enhanced)
{
    if (code != 0 && (code < first || code > first + 99))
        throw std::invalid_argument(std::string{what} + " cannot answer with code " + std::to_string(code));
    check_enhanced(what, first, enhanced);
}

[[nodiscard]] inline std::string cut(std::string text)
{
    return text.size() <= most_reply_text ? std::move(text) : text.substr(0, most_reply_text);
}
} // namespace sdk

// Of all of these: code 0 and empty texts are the host's defaults. A code or an enhanced code that does not fit throws
// std::invalid_argument; what a reply cannot carry in its text becomes "?", and the text is cut after 4,096 octets.

/// No objection.
[[nodiscard]] inline verdict proceed() noexcept
{
    return verdict{POSTERN_CONTINUE};
}
/// No objection, and nobody further is asked on this hook. Needs the grant "accept".
[[nodiscard]] inline verdict accept() noexcept
{
    return verdict{POSTERN_ACCEPT};
}
/// No objection, and at cmd.rcpt: we take mail for this recipient. Needs `provides` with "postern.recipients/1".
[[nodiscard]] inline verdict vouch() noexcept
{
    return proceed().vouch();
}
/// For good: a 5xx reply.
[[nodiscard]] inline verdict reject(std::uint32_t code, std::string enhanced, std::string text)
{
    sdk::check_reply("reject", code, 5, enhanced);
    return {POSTERN_REJECT, code, std::move(enhanced), sdk::as_reply_text(std::move(text))};
}
/// For now: a 4xx reply but 421; the client tries again.
[[nodiscard]] inline verdict defer(std::uint32_t code, std::string enhanced, std::string text)
{
    if (code == 421) // RFC 5321 3.8: it says that the connection will be closed
        throw std::invalid_argument("defer cannot answer with code 421, which closes the connection: use disconnect");
    sdk::check_reply("defer", code, 4, enhanced);
    return {POSTERN_TEMPFAIL, code, std::move(enhanced), sdk::as_reply_text(std::move(text))};
}
/// A 4xx or 5xx reply, then the connection is closed. Code 0: 421.
[[nodiscard]] inline verdict disconnect(std::uint32_t code = 0, std::string enhanced = {}, std::string text = {})
{
    sdk::check_reply("disconnect", code, code / 100 == 5 ? 5 : 4, enhanced);
    return {POSTERN_DISCONNECT, code, std::move(enhanced), sdk::as_reply_text(std::move(text))};
}
/// The client hears that all is well; nothing is kept.
[[nodiscard]] inline verdict discard() noexcept
{
    return verdict{POSTERN_DISCARD};
}
/// Kept, but not delivered until an operator releases it.
[[nodiscard]] inline verdict hold(std::string reason)
{
    return {POSTERN_HOLD, 0, {}, sdk::as_reply_text(std::move(reason))};
}
/// Adds to the message's sum; decides nothing by itself. Kept in thousandths of a point, up to two million points.
[[nodiscard]] inline verdict score(std::string symbol, double points)
{
    if (!(points >= -2'000'000 && points <= 2'000'000))
        throw std::invalid_argument("score cannot be " + std::to_string(points));
    verdict made{POSTERN_SCORE, 0, {}, sdk::as_reply_text(std::move(symbol))};
    made.score_ = static_cast<std::int32_t>(points * 1000 + (points < 0 ? -0.5 : 0.5));
    return made;
}

/// `on` took the ticket and will answer with host::answer, from any thread.
struct pending {};

/// What became of one recipient of a deliver event.
struct delivery_result {
    std::uint32_t verdict = POSTERN_CONTINUE; ///< POSTERN_CONTINUE, POSTERN_TEMPFAIL or POSTERN_REJECT
    std::uint32_t smtp_code = 0;
    std::string enhanced;
    std::string text;
};

/// The recipient has the message.
[[nodiscard]] inline delivery_result delivered(std::string text = {})
{
    return {POSTERN_CONTINUE, 250, "2.0.0", sdk::cut(std::move(text))};
}
/// Not now: it is tried again.
[[nodiscard]] inline delivery_result deferred(std::uint32_t code, std::string enhanced, std::string text)
{
    sdk::check_code("deferred", code, 400, enhanced);
    return {POSTERN_TEMPFAIL, code, std::move(enhanced), sdk::cut(std::move(text))};
}
/// Never: the sender is told.
[[nodiscard]] inline delivery_result failed(std::uint32_t code, std::string enhanced, std::string text)
{
    sdk::check_code("failed", code, 500, enhanced);
    return {POSTERN_REJECT, code, std::move(enhanced), sdk::cut(std::move(text))};
}

/// An answer to a deliver event: one result for all recipients, or one each in their order.
class delivery_report {
public:
    // NOLINTBEGIN(google-explicit-constructor): what `on` returns is a report already
    delivery_report(delivery_result all) : all_{std::move(all)} {}
    /// An empty list says nothing, so it defers, as does whoever reads `all` where there are results: no slip may count as
    /// delivered.
    delivery_report(std::vector<delivery_result> each)
        : all_{deferred(451, "4.3.0", each.empty() ? "the transport gave no result" : "see the results")}, each_{std::move(each)}
    {
    }
    // NOLINTEND(google-explicit-constructor)
    [[nodiscard]] const delivery_result& all() const noexcept { return all_; }
    [[nodiscard]] const std::vector<delivery_result>& each() const noexcept { return each_; }

private:
    delivery_result all_;
    std::vector<delivery_result> each_;
};

} // namespace postern
