// The part of event_record that fills the records of abi/report.h.
#include "core/host/event_record.hpp"
#include "core/host/record_values.hpp"
#include "core/host/reply_reader.hpp"

#include "core/hooks/report.hpp"

namespace postern::daemon {
namespace {

using hooks::hook_point;

} // namespace

postern_list event_record::reported(const std::vector<message::reported_recipient>& from)
{
    auto& to = lists_->reported;
    to.clear();
    to.reserve(from.size());
    for (const auto& each : from)
        to.push_back({borrowed(each.recipient), borrowed(each.original), borrowed(each.status), borrowed(each.remote_mta),
                      borrowed(each.diagnostic_type), borrowed(each.diagnostic), borrowed(each.last_attempt),
                      borrowed(each.retry_until), static_cast<std::uint32_t>(each.action), each.smtp_code});
    return list_of(to);
}

void event_record::fill_report_hooks(const hooks::event& what)
{
    static const hooks::draft nothing;
    const auto& draft = what.message == nullptr ? nothing : *what.message;
    write_id(draft.id.value, message_text_);
    const postern_str message{message_text_, draft.id ? sizeof message_text_ : 0};
    if (what.hook == hook_point::report_in) {
        auto& to = begin(record_.report_in, what);
        to.message = message;
        to.sender = borrowed(draft.envelope.from.address);
        to.recipients = recipients(draft);
        if (what.report == nullptr)
            return;
        to.reporting_mta = borrowed(what.report->reporting_mta);
        to.envid = borrowed(what.report->envid);
        to.arrival = borrowed(what.report->arrival);
        to.message_id = borrowed(what.report->message_id);
        to.reported = reported(what.report->recipients);
        to.flags = what.report->is_cut ? POSTERN_REPORT_CUT : 0U;
        return;
    }
    auto& to = record_.dsn_make = {};
    to.ev.size = sizeof to;
    to.message = message;
    to.sender = borrowed(draft.envelope.from.address);
    to.recipient = to.sender;
    if (what.dsn == nullptr)
        return;
    const auto& wording = what.dsn->wording;
    to.envid = borrowed(what.dsn->envid);
    if (!wording.recipient.empty())
        to.recipient = borrowed(wording.recipient);
    to.text = borrowed(wording.text);
    to.from_name = borrowed(wording.from_name);
    to.reported = reported(what.dsn->recipients);
    to.received_s = seconds_of(what.dsn->received);
    to.kind = static_cast<std::uint32_t>(what.dsn->kind);
    to.flags = what.dsn->returns_all ? POSTERN_DSN_RETURNS_ALL : 0U;
}

} // namespace postern::daemon
