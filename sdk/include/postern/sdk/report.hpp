#pragma once
// Delivery status notifications: those that the server is about to make (dsn.make), and those that arrive (report.in).
// <postern/abi/report.h> says when each comes. STANDARDS: RFC 3461, RFC 3464. SECURITY: diagnostics are next hops'; of a report
// that arrives every word is its sender's, and anybody can write one.

#include <postern/abi/report.h>
#include <postern/sdk/events.hpp>
#include <postern/sdk/report_form.hpp>
#include <postern/sdk/services.hpp>
#include <postern/sdk/verdict.hpp>

#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postern {
namespace sdk {

template <>
struct layout<postern_reported>
    : described<postern_reported,
                octets<&postern_reported::recipient, &postern_reported::original, &postern_reported::status,
                       &postern_reported::remote_mta, &postern_reported::diagnostic_type, &postern_reported::diagnostic,
                       &postern_reported::last_attempt, &postern_reported::retry_until>> {
};
template <>
struct layout<postern_ev_dsn_make>
    : described<postern_ev_dsn_make,
                octets<&postern_ev_dsn_make::message, &postern_ev_dsn_make::sender, &postern_ev_dsn_make::envid,
                       &postern_ev_dsn_make::recipient, &postern_ev_dsn_make::text, &postern_ev_dsn_make::from_name>,
                list_of<&postern_ev_dsn_make::reported, postern_reported>> {
};
template <>
struct layout<postern_ev_report_in>
    : described<postern_ev_report_in,
                octets<&postern_ev_report_in::message, &postern_ev_report_in::sender, &postern_ev_report_in::reporting_mta,
                       &postern_ev_report_in::envid, &postern_ev_report_in::arrival, &postern_ev_report_in::message_id>,
                list_of<&postern_ev_report_in::peer, postern_peer>, list_of<&postern_ev_report_in::recipients, postern_str>,
                list_of<&postern_ev_report_in::reported, postern_reported>> {
};

} // namespace sdk

/// What became of a recipient (RFC 3464 2.3.3).
enum class report_action : std::uint32_t {
    unknown = POSTERN_REPORT_UNKNOWN,
    failed = POSTERN_REPORT_FAILED,
    delayed = POSTERN_REPORT_DELAYED,
    delivered = POSTERN_REPORT_DELIVERED,
    relayed = POSTERN_REPORT_RELAYED, ///< to a mail system that will not tell
    expanded = POSTERN_REPORT_EXPANDED,
};

/// One recipient of a notification. Empty: not said.
struct reported {
    std::string_view recipient;
    std::string_view original;   ///< as the sender wrote it
    std::string_view status;     ///< "5.1.1"
    std::string_view remote_mta; ///< who said so: name or address
    std::string_view diagnostic_type;
    std::string_view diagnostic;
    std::string_view last_attempt; ///< a date as RFC 5322 writes them
    std::string_view retry_until;  ///< likewise
    report_action action;
    std::uint32_t smtp_code; ///< that a diagnostic of type smtp begins with; 0: none

    explicit reported(const postern_reported& record) noexcept
        : recipient{sdk::view(record.recipient)}, original{sdk::view(record.original)}, status{sdk::view(record.status)},
          remote_mta{sdk::view(record.remote_mta)}, diagnostic_type{sdk::view(record.diagnostic_type)},
          diagnostic{sdk::view(record.diagnostic)}, last_attempt{sdk::view(record.last_attempt)},
          retry_until{sdk::view(record.retry_until)}, action{static_cast<report_action>(record.action)}, smtp_code{
                                                                                                             record.smtp_code}
    {
    }
};

/// Recipients of a notification. Borrowed, as the event is.
using reported_list = sdk::list_view<postern_reported, reported>;

/// What a notification is about.
enum class dsn_kind : std::uint32_t {
    failure = POSTERN_DSN_FAILURE,
    delay = POSTERN_DSN_DELAY,
    success = POSTERN_DSN_SUCCESS,
};

/// dsn.make: a notification is due. It goes out unless suppress_dsn() says otherwise: no failure keeps it back.
class dsn_make final : public sdk::plain_event<postern_ev_dsn_make, POSTERN_HOOK_DSN_MAKE, event_kind::dsn_make> {
public:
    using plain_event::plain_event;
    [[nodiscard]] dsn_kind about() const noexcept { return static_cast<dsn_kind>(record().kind); }
    /// The queue id of the message that it is about, as text.
    [[nodiscard]] std::string_view message() const noexcept { return sdk::view(record().message); }
    /// Of that message.
    [[nodiscard]] std::string_view sender() const noexcept { return sdk::view(record().sender); }
    /// What its sender called it; empty: nothing.
    [[nodiscard]] std::string_view envid() const noexcept { return sdk::view(record().envid); }
    /// Who is told: the sender, or whom a plugin before this one named.
    [[nodiscard]] std::string_view recipient() const noexcept { return sdk::view(record().recipient); }
    /// What plugins before this one said; empty: nothing.
    [[nodiscard]] std::string_view text() const noexcept { return sdk::view(record().text); }
    [[nodiscard]] std::string_view from_name() const noexcept { return sdk::view(record().from_name); }
    [[nodiscard]] reported_list recipients() const noexcept { return reported_list{record().reported}; }
    [[nodiscard]] std::chrono::system_clock::time_point received() const noexcept
    {
        return std::chrono::system_clock::time_point{std::chrono::seconds{record().received_s}};
    }
    /// The whole message is given back, not its header section alone.
    [[nodiscard]] bool returns_all() const noexcept { return (record().flags & POSTERN_DSN_RETURNS_ALL) != 0; }
};

/// report.in: a notification has come in and is durable. Nothing of what it says is proof: anybody can write a bounce. Act on one
/// only if something else says that it answers mail of yours: a signed address among recipients(), or an envid() that nobody can
/// guess.
class report_in final : public sdk::session_event<postern_ev_report_in, POSTERN_HOOK_REPORT_IN, event_kind::notification> {
public:
    using session_event::session_event;
    /// The queue id as text.
    [[nodiscard]] std::string_view message() const noexcept { return sdk::view(record().message); }
    /// Of the envelope: empty, if it was made by the rules.
    [[nodiscard]] std::string_view sender() const noexcept { return sdk::view(record().sender); }
    /// Of the envelope: whom the report was sent to.
    [[nodiscard]] addresses recipients() const noexcept { return addresses{record().recipients}; }
    [[nodiscard]] std::string_view reporting_mta() const noexcept { return sdk::view(record().reporting_mta); }
    /// Original-Envelope-Id.
    [[nodiscard]] std::string_view envid() const noexcept { return sdk::view(record().envid); }
    /// When the message that it is about came there: a date as RFC 5322 writes them.
    [[nodiscard]] std::string_view arrival() const noexcept { return sdk::view(record().arrival); }
    /// Message-ID of that message, with its angle brackets.
    [[nodiscard]] std::string_view message_id() const noexcept { return sdk::view(record().message_id); }
    /// At least one.
    [[nodiscard]] reported_list about() const noexcept { return reported_list{record().reported}; }
    /// It says more than was read.
    [[nodiscard]] bool is_cut() const noexcept { return (record().flags & POSTERN_REPORT_CUT) != 0; }
};

/// The answer to dsn_make. All but a plain proceed() takes may = ["dsn"].
class dsn_reply {
public:
    // NOLINTNEXTLINE(google-explicit-constructor): what does not object is an answer already
    dsn_reply(verdict what) : what_{std::move(what)} {}

    /// It goes to that address instead. Throws std::invalid_argument for what certainly is none.
    dsn_reply& send_to(std::string address) &
    {
        if (address.find('@') == std::string::npos || !sdk::is_dsn_text(address, false) || address.find(' ') != std::string::npos)
            throw std::invalid_argument("\"" + address + "\" is no address");
        recipient_ = std::move(address);
        return *this;
    }
    dsn_reply send_to(std::string address) && { return std::move(send_to(std::move(address))); }
    /// The explanation for people: lines of UTF-8, up to 16 KiB. Throws std::invalid_argument for what is none.
    dsn_reply& say(std::string text) &
    {
        for (std::size_t at = 0; (at = text.find("\r\n", at)) != std::string::npos;)
            text.erase(at, 1);
        if (text.size() > sdk::longest_dsn_text || !sdk::is_dsn_text(text, true))
            throw std::invalid_argument("a text of a report that is too long, no UTF-8, or with control characters");
        text_ = std::move(text);
        return *this;
    }
    dsn_reply say(std::string text) && { return std::move(say(std::move(text))); }
    /// Who it is from, by name: UTF-8, up to 100 octets. Throws std::invalid_argument for what is none.
    dsn_reply& from(std::string name) &
    {
        if (name.size() > sdk::longest_dsn_name || !sdk::is_dsn_text(name, false))
            throw std::invalid_argument("a name that is too long, no UTF-8, or with control characters");
        from_name_ = std::move(name);
        return *this;
    }
    dsn_reply from(std::string name) && { return std::move(from(std::move(name))); }
    /// One more field of the header section, at most 20. Throws std::invalid_argument for what is no line of printable ASCII, and
    /// for fields that a report has itself.
    dsn_reply& add_field(std::string name, std::string value) &
    {
        if (fields_.size() >= sdk::most_dsn_fields || !sdk::is_dsn_field(name, value))
            throw std::invalid_argument("\"" + name + "\" is no field that can be added to a report, or one too many");
        fields_.emplace_back(std::move(name), std::move(value));
        return *this;
    }
    dsn_reply add_field(std::string name, std::string value) &&
    {
        return std::move(add_field(std::move(name), std::move(value)));
    }

    [[nodiscard]] const verdict& what() const noexcept { return what_; }
    [[nodiscard]] const std::string& recipient() const noexcept { return recipient_; }
    [[nodiscard]] const std::string& text() const noexcept { return text_; }
    [[nodiscard]] const std::string& from_name() const noexcept { return from_name_; }
    [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& fields() const noexcept { return fields_; }
    [[nodiscard]] bool is_pass() const noexcept
    {
        return what_.is_pass() && recipient_.empty() && text_.empty() && from_name_.empty() && fields_.empty();
    }

private:
    verdict what_;
    std::string recipient_;
    std::string text_;
    std::string from_name_;
    std::vector<std::pair<std::string, std::string>> fields_;
};

/// It is not sent, and nobody is told. `reason` is for the log.
[[nodiscard]] inline dsn_reply suppress_dsn(std::string reason)
{
    return verdict{POSTERN_DISCARD, 0, {}, sdk::as_reply_text(std::move(reason))};
}

namespace sdk {

inline postern_status send(const services& to, std::uint64_t ticket, const dsn_reply& what)
{
    return with_base<postern_dsn_make_reply>(what.what(), [&](postern_dsn_make_reply& record) {
        std::vector<postern_header> fields;
        for (const auto& [name, value] : what.fields())
            fields.push_back({str(name), str(value)});
        record.recipient = str(what.recipient());
        record.text = str(what.text());
        record.from_name = str(what.from_name());
        record.fields = list_over(fields.data(), fields.size());
        return to.core->reply(to.host, ticket, &record.base);
    });
}

} // namespace sdk
} // namespace postern
