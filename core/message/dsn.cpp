#include "core/message/dsn.hpp"

#include "core/base/ip_address.hpp"
#include "core/message/address.hpp"
#include "core/message/date.hpp"
#include "core/message/dsn_fields.hpp"
#include "core/message/dsn_prose.hpp"
#include "core/message/dsn_text.hpp"
#include "core/message/unicode.hpp"
#include "core/message/xtext.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace postern::message {

namespace {

// What the parts need to know of the whole.
struct dsn_form {
    bool utf8 = false; // message/global-*: RFC 6533
    bool is_full = false;
    bool is_shortened = false; // all of it was asked for
    std::string_view original; // what is given back
    original_form returned;
};

// Whoever is told: the sender, or who was named instead.
[[nodiscard]] std::string_view recipient_of(const dsn_report& report) noexcept
{
    return report.wording.recipient.empty() ? report.sender : std::string_view{report.wording.recipient};
}

[[nodiscard]] bool is_international(const dsn_report& report)
{
    // RFC 6533 4: only whoever spoke SMTPUTF8 can be expected to read it. And only where it cannot be avoided: the way back may
    // not know SMTPUTF8, and a report that cannot be delivered is lost.
    return report.smtputf8 && !is_ascii(recipient_of(report));
}

[[nodiscard]] dsn_form form_of(const dsn_report& report)
{
    dsn_form form;
    form.original = report.original;
    form.is_full = report.is_full;
    form.utf8 = is_international(report);
    form.returned = look_at(form.original);
    if (form.is_full && (form.returned.has_defect || (form.returned.has_8bit && !form.utf8))) {
        // RFC 3461 4.3: RET is a request. Content that is not lines of text cannot be put between two boundaries; and 8-bit
        // content (RFC 2046 5.2.1: message/rfc822 cannot encode it) may be what the way back, too, does not take.
        form.is_full = false;
        form.is_shortened = true;
    }
    if (!form.is_full) {
        form.original = header_section(form.original);
        form.returned = look_at(form.original);
    }
    return form;
}

[[nodiscard]] std::string boundary_for(const dsn_report& report)
{
    // RFC 2046 5.1.1: it must not occur inside; and an author who guesses it has guessed wrong.
    const auto id = base::to_text(report.id);
    for (unsigned n = 0;; ++n) {
        auto boundary = fmt::format("=_{}.{}", id, n);
        if (report.original.find(boundary) == std::string_view::npos && report.wording.text.find(boundary) == std::string::npos)
            return boundary;
    }
}

[[nodiscard]] std::string_view subject_of(const dsn_report& report) noexcept
{
    if (report.sender.empty())
        return "Undelivered mail: it has no sender";
    switch (report.kind) {
    case dsn_kind::failure:
        return "Undelivered mail: returned to sender";
    case dsn_kind::delay:
        return "Delayed mail: still being tried";
    case dsn_kind::success:
        return "Delivered mail: the notice that you asked for";
    }
    return {};
}

// RFC 3464 2.3.3
[[nodiscard]] std::string_view action_of(const dsn_recipient& to, dsn_kind kind) noexcept
{
    switch (kind) {
    case dsn_kind::failure:
        return "failed";
    case dsn_kind::delay:
        return "delayed";
    case dsn_kind::success:
        return to.is_relayed ? "relayed" : "delivered";
    }
    return {};
}

[[nodiscard]] std::string header_of(const dsn_report& report, const dsn_form& form, const std::string& boundary)
{
    const auto host = clean_text(report.hostname, false);
    std::string out;
    append_field(out, "Date", date_text(report.date));
    append_field(
        out, "From",
        fmt::format("{} <MAILER-DAEMON@{}>",
                    report.wording.from_name.empty() ? "Mail Delivery System" : to_display_name(report.wording.from_name), host));
    append_field(out, "To", to_path(clean_text(recipient_of(report), form.utf8)));
    append_field(out, "Subject", subject_of(report));
    append_field(out, "Message-ID", fmt::format("<{}@{}>", base::to_text(report.id), host));
    if (const auto about = message_id_of(header_section(report.original)); !about.empty()) { // RFC 5322 3.6.4
        append_field(out, "In-Reply-To", about);
        append_field(out, "References", about);
    }
    append_field(out, "Auto-Submitted", "auto-replied"); // RFC 3834 5
    append_field(out, "MIME-Version", "1.0");
    append_field(out, "Content-Type", fmt::format("multipart/report; report-type=delivery-status; boundary=\"{}\"", boundary));
    const bool has_8bit = form.utf8 || (form.is_full && form.returned.has_8bit);
    if (has_8bit) // RFC 2045 6.4: a multipart says what its parts need
        append_field(out, "Content-Transfer-Encoding", "8bit");
    for (const auto& field : report.wording.fields)
        append_field(out, field.name, field.value);
    return out;
}

void append_notification(std::string& out, const dsn_report& report, const dsn_form& form)
{
    const auto text = notification_text(report, form.utf8, form.is_shortened);
    const bool is_wide = form.utf8 || !is_ascii(text);
    append_field(out, "Content-Type", is_wide ? "text/plain; charset=utf-8" : "text/plain; charset=us-ascii");
    if (form.utf8)
        append_field(out, "Content-Transfer-Encoding", "8bit");
    else if (is_wide) // words of a plugin: the way back may be one of 7 bits
        append_field(out, "Content-Transfer-Encoding", "quoted-printable");
    out += "\r\n";
    if (is_wide && !form.utf8)
        append_quoted_printable(out, text);
    else
        out += text;
}

// The classes of status that go with a kind; the first is that of what is unknown. RFC 3463 3.1; a failure may be a temporary
// one that lasted too long.
[[nodiscard]] std::string_view classes_of(dsn_kind kind) noexcept
{
    switch (kind) {
    case dsn_kind::failure:
        return "54";
    case dsn_kind::delay:
        return "4";
    case dsn_kind::success:
        return "2";
    }
    return {};
}

// RFC 3464 2.3.4: class "." subject "." detail; here of the class that the action allows.
[[nodiscard]] std::string status_of(const dsn_recipient& to, dsn_kind kind)
{
    const auto is_number = [](std::string_view digits) {
        return !digits.empty() && digits.size() <= 3 &&
               std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
    };
    const auto classes = classes_of(kind);
    const auto text = to.status;
    const auto dot = text.find('.', 2);
    const bool is_good = text.size() >= 5 && classes.find(text[0]) != std::string_view::npos && text[1] == '.' &&
                         dot != std::string_view::npos && is_number(text.substr(2, dot - 2)) && is_number(text.substr(dot + 1));
    return is_good ? std::string{text} : fmt::format("{}.0.0", classes.front());
}

// What ORCPT says behind its type.
[[nodiscard]] std::string original_recipient(std::string_view orcpt, bool utf8)
{
    const auto semicolon = orcpt.find(';');
    if (semicolon == std::string_view::npos)
        return {};
    const auto value = orcpt.substr(semicolon + 1);
    if (lower_ascii(orcpt.substr(0, semicolon)) != "utf-8") {
        const auto decoded = decode_xtext(value);
        return clean_text(decoded ? *decoded : value, utf8);
    }
    // RFC 6533 3: whichever form it came in, \x{..} in a report of 7 bits, and UTF-8 in one of 8.
    const auto wide = from_utf8_addr(value);
    if (!wide)
        return clean_text(value, utf8);
    return utf8 ? clean_text(*wide, true) : to_utf8_addr_xtext(*wide);
}

// RFC 3464 2.3.1: from ORCPT, decoded: what the sender wrote, before anybody expanded or forwarded it.
void append_original_recipient(std::string& out, std::string_view orcpt, bool utf8)
{
    const auto semicolon = orcpt.find(';');
    if (semicolon == std::string_view::npos || semicolon == 0)
        return;
    append_field(out, "Original-Recipient",
                 clean_text(orcpt.substr(0, semicolon), false) + "; " + original_recipient(orcpt, utf8));
}

// RFC 3464 2.3.2, RFC 6533 3: in a report of 7 bits, characters above ASCII are written as \x{..}.
[[nodiscard]] std::string final_recipient(std::string_view address, bool utf8)
{
    if (is_ascii(address))
        return "rfc822; " + clean_text(address, false);
    return "utf-8; " + (utf8 ? clean_text(address, true) : to_utf8_addr_xtext(address));
}

// RFC 3464 2.1.2: a domain, or an address as RFC 5321 4.1.3 writes it.
[[nodiscard]] std::string mta_name(std::string_view host)
{
    if (!base::ip_address::from_text(host))
        return clean_text(host, false);
    return fmt::format("[{}{}]", host.find(':') == std::string_view::npos ? "" : "IPv6:", host);
}

// A reply, in one line.
[[nodiscard]] std::string smtp_diagnostic(const dsn_recipient& to, bool utf8)
{
    return fmt::format("{}{}{} {}", to.smtp_code, to.enhanced.empty() ? "" : " ", clean_text(to.enhanced, false),
                       clean_text(to.text, utf8));
}

void append_recipient_fields(std::string& out, const dsn_report& report, const dsn_recipient& to, bool utf8)
{
    out += "\r\n";
    append_original_recipient(out, to.orcpt, utf8);
    append_field(out, "Final-Recipient", final_recipient(to.address, utf8));
    append_field(out, "Action", action_of(to, report.kind));
    append_field(out, "Status", status_of(to, report.kind));
    if (!to.remote_mta.empty())
        append_field(out, "Remote-MTA", "dns; " + mta_name(to.remote_mta));
    // RFC 3464 2.3.6: the type says whose language the diagnostic is in.
    if (to.smtp_code != 0)
        append_field(out, "Diagnostic-Code", "smtp; " + smtp_diagnostic(to, utf8));
    else if (!to.text.empty())
        append_field(out, "Diagnostic-Code", "x-postern; " + clean_text(to.text, utf8));
    if (to.last_attempt)
        append_field(out, "Last-Attempt-Date", date_text(*to.last_attempt));
    // RFC 3464 2.3.8: of who had it last, which is us unless somebody took it.
    if (!report.queue_id.empty() && report.kind == dsn_kind::success && !to.is_relayed)
        append_field(out, "Final-Log-ID", clean_text(report.queue_id, false));
    if (report.kind == dsn_kind::delay && report.retry_until)
        append_field(out, "Will-Retry-Until", date_text(*report.retry_until));
}

void append_status(std::string& out, const dsn_report& report, const dsn_form& form)
{
    append_field(out, "Content-Type", form.utf8 ? "message/global-delivery-status" : "message/delivery-status");
    if (form.utf8)
        append_field(out, "Content-Transfer-Encoding", "8bit");
    out += "\r\n";
    if (const auto envid = decode_xtext(report.envid); envid && !envid->empty())
        append_field(out, "Original-Envelope-Id", clean_text(*envid, false));
    append_field(out, "Reporting-MTA", "dns; " + clean_text(report.hostname, false));
    if (report.arrival)
        append_field(out, "Arrival-Date", date_text(*report.arrival));
    if (report.deliver_by) // RFC 2852 5
        append_field(out, "Deliver-By-Date", date_text(*report.deliver_by));
    if (!report.future_release.empty()) // RFC 4865 5.1.2
        append_field(out, "Future-Release-Request", clean_text(report.future_release, false));
    if (!report.queue_id.empty()) // RFC 3464 2.2: an extension, for who looks for it in our log
        append_field(out, "X-Postern-Queue-ID", clean_text(report.queue_id, false));
    for (const auto& to : report.recipients)
        append_recipient_fields(out, report, to, form.utf8);
    out += "\r\n";
}

void append_original(std::string& out, const dsn_form& form)
{
    const bool is_wide = form.utf8 && form.returned.has_8bit && form.returned.is_utf8;
    if (form.is_full) {
        append_field(out, "Content-Type", is_wide ? "message/global" : "message/rfc822");
        if (form.returned.has_8bit) // RFC 2046 5.2.1: message/rfc822 knows no other encoding
            append_field(out, "Content-Transfer-Encoding", "8bit");
        out += "\r\n";
        out += form.original;
    } else if (is_wide && !form.returned.has_defect) {
        append_field(out, "Content-Type", "message/global-headers");
        append_field(out, "Content-Transfer-Encoding", "8bit");
        out += "\r\n";
        out += form.original;
    } else if (form.returned.has_8bit || form.returned.has_defect) {
        // RFC 6522 4: headers that are not legal in 7 bits travel encoded.
        append_field(out, "Content-Type", "text/rfc822-headers");
        append_field(out, "Content-Transfer-Encoding", "quoted-printable");
        out += "\r\n";
        append_quoted_printable(out, form.original);
    } else {
        append_field(out, "Content-Type", "text/rfc822-headers");
        out += "\r\n";
        out += form.original;
    }
    if (!out.ends_with("\r\n"))
        out += "\r\n";
}

} // namespace

std::vector<reported_recipient> reported_in(const dsn_report& report)
{
    std::vector<reported_recipient> all;
    all.reserve(report.recipients.size());
    for (const auto& to : report.recipients) {
        auto& one = all.emplace_back();
        one.recipient = clean_text(to.address, true);
        one.original = original_recipient(to.orcpt, true);
        one.status = status_of(to, report.kind);
        one.remote_mta = clean_text(to.remote_mta, false);
        one.action = report.kind == dsn_kind::failure ? report_action::failed
                     : report.kind == dsn_kind::delay ? report_action::delayed
                     : to.is_relayed                  ? report_action::relayed
                                                      : report_action::delivered;
        one.smtp_code = to.smtp_code;
        if (to.smtp_code != 0 || !to.text.empty()) {
            one.diagnostic_type = to.smtp_code != 0 ? "smtp" : "x-postern";
            one.diagnostic = to.smtp_code != 0 ? smtp_diagnostic(to, true) : clean_text(to.text, true);
        }
        one.last_attempt = to.last_attempt ? date_text(*to.last_attempt) : std::string{};
        if (report.kind == dsn_kind::delay && report.retry_until)
            one.retry_until = date_text(*report.retry_until);
    }
    return all;
}

dsn make_dsn(const dsn_report& report)
{
    const auto form = form_of(report);
    const auto boundary = boundary_for(report);
    const auto delimiter = "--" + boundary + "\r\n";

    dsn made;
    made.headers = header_of(report, form, boundary);
    auto& body = made.body;
    body.reserve(2048 + form.original.size() + report.recipients.size() * 512);
    body += "This is a report in MIME format about the delivery of your mail.\r\n\r\n";
    body += delimiter;
    append_notification(body, report, form);
    body += delimiter;
    append_status(body, report, form);
    if (!form.original.empty()) {
        body += delimiter;
        append_original(body, form);
    }
    body += "\r\n--" + boundary + "--\r\n";
    made.has_8bit = !is_ascii(body) || !is_ascii(made.headers);
    made.needs_smtputf8 = form.utf8;
    return made;
}

} // namespace postern::message
