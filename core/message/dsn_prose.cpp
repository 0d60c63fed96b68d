#include "core/message/dsn_prose.hpp"

#include "core/message/address.hpp"
#include "core/message/date.hpp"
#include "core/message/dsn_text.hpp"

#include <algorithm>
#include <cstddef>

#include <fmt/format.h>

namespace postern::message {

namespace {

// Recipients that are named: a list of thousands is not read.
constexpr std::size_t most_told = 50;

void append_explanation(std::string& out, const dsn_report& report)
{
    if (!report.wording.text.empty()) {
        for (std::string_view rest = report.wording.text; !rest.empty();) {
            const auto end = rest.find('\n');
            append_prose(out, rest.substr(0, end));
            rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
        }
        return;
    }
    switch (report.kind) {
    case dsn_kind::failure:
        append_prose(out, "Your message could not be delivered to one or more recipients. What was tried and what the reason is "
                          "stands below; the message, or its header, is attached.");
        return;
    case dsn_kind::delay:
        append_prose(out, "This is a warning only: you need not send your message again. It could not be delivered yet to one or "
                          "more recipients, and is still being tried.");
        if (report.retry_until)
            append_prose(out, "It will be returned if it cannot be delivered until " + date_text(*report.retry_until) + ".");
        return;
    case dsn_kind::success:
        append_prose(out, "You asked to be told when your message is delivered. What became of it stands below.");
        if (std::any_of(report.recipients.begin(), report.recipients.end(), [](const auto& to) { return to.is_relayed; }))
            append_prose(out,
                         "Relayed means that it has left for a mail system that sends no such notices: no other will follow.");
        return;
    }
}

// What became of one recipient, for people.
[[nodiscard]] std::string outcome_of(const dsn_recipient& to, dsn_kind kind, bool utf8)
{
    const bool is_success = kind == dsn_kind::success;
    if (is_success && !to.is_relayed)
        return "delivered";
    std::string said = is_success ? "relayed; " : "";
    if (!to.remote_mta.empty())
        said += clean_text(to.remote_mta, utf8) + (to.smtp_code != 0 ? " said: " : ": ");
    if (to.smtp_code != 0)
        said += fmt::format("{} ", to.smtp_code);
    if (!to.enhanced.empty())
        said += clean_text(to.enhanced, false) + " ";
    return said + clean_text(to.text, utf8);
}

} // namespace

std::string notification_text(const dsn_report& report, bool utf8, bool is_shortened)
{
    std::string out;
    append_prose(out, fmt::format("This is the mail system at {}.", clean_text(report.hostname, false)));
    out += "\r\n";
    append_explanation(out, report);
    if (is_shortened) {
        out += "\r\n";
        append_prose(out, "Only the header of your message is attached: its body is not text of 7 bits.");
    }
    if (!report.queue_id.empty()) {
        out += "\r\n";
        append_prose(out, fmt::format("Its number here is {}.", clean_text(report.queue_id, false)));
    }
    const auto told = std::min(report.recipients.size(), most_told);
    for (std::size_t i = 0; i < told; ++i) {
        const auto& to = report.recipients[i];
        out += "\r\n";
        append_prose(out, to_path(clean_text(to.address, utf8)) + ":");
        append_prose(out, "  " + outcome_of(to, report.kind, utf8));
    }
    if (told < report.recipients.size()) {
        out += "\r\n";
        append_prose(
            out, fmt::format("And {} more: the second part of this report has all of them.", report.recipients.size() - told));
    }
    out += "\r\n";
    return out;
}

} // namespace postern::message
