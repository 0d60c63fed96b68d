// The part of a connection that reads delivery status notifications as they pass, for those who want to be told of them. Other
// messages cost a comparison a portion of content; where nobody wants to know, all do.

#include "core/runtime/connection.hpp"

#include <utility>

namespace postern::runtime {

using hooks::hook_point;

/// Of a body that is kept, as plugins left it.
void connection::read_along(const hooks::draft& message, std::string_view octets)
{
    if (message.id != report_about_) {
        report_about_ = message.id;
        report_reader_.reset();
        const bool is_wanted = hooks_.has(hook_point::report_in) || order_at(hook_point::report_in).has(hook_point::report_in);
        if (is_wanted && !message.discarded && message::is_status_report(message.headers)) {
            report_reader_ = std::make_unique<message::dsn_reader>();
            report_reader_->take(message.headers.octets() + "\r\n");
        }
    }
    if (report_reader_)
        report_reader_->take(octets);
}

/// The transaction is over. What was read, if it is stored and there was something.
std::optional<message::status_report> connection::take_report(bool is_stored)
{
    report_about_ = {};
    auto reader = std::exchange(report_reader_, nullptr);
    if (!is_stored || !reader)
        return std::nullopt;
    const auto& draft = *session_.draft();
    if (draft.replaced_body) { // at msg.end, when all had been read
        reader = std::make_unique<message::dsn_reader>();
        reader->take(draft.headers.octets() + "\r\n");
        reader->take(*draft.replaced_body);
    }
    auto report = reader->finish();
    if (notes_.is_wanted())
        notes_.fact("report", report ? "of " + report->recipients.front().recipient + " and " +
                                           std::to_string(report->recipients.size() - 1) + " more"
                                     : "not read: " + std::string{reader->why()});
    if (!report)
        home_.log.write(base::log_level::debug, "report_not_read",
                        {{"message", base::to_text(draft.id)}, {"cause", reader->why()}});
    return report;
}

void connection::tell_of_report(const message::status_report& report)
{
    const auto& order = order_at(hook_point::report_in);
    auto what = make_event(hook_point::report_in);
    what.report = &report;
    hooks_.notify(what, &order);
}

} // namespace postern::runtime
