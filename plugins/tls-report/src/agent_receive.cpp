// The part of agent that takes reports of others. A message is never refused for what is in it.

#include "agent.hpp"

#include <postern/kit/ascii.hpp>

#include <algorithm>

namespace tls_report {

namespace {
constexpr std::size_t most_reporters = 1'000;     // that "received" tells of
constexpr std::size_t most_failures_logged = 100; // of a report
} // namespace

postern::pending agent::on(const postern::message_end& event)
{
    const auto& all = event.recipients();
    const bool is_for_us = reader_ != nullptr && std::any_of(all.begin(), all.end(), [this](std::string_view each) {
                               return how_.receives.contains(postern::kit::lowered(each));
                           });
    if (!is_for_us) {
        host_.answer(event.ticket(), postern::proceed());
        return {};
    }
    if (!reader_->read({event.ticket(), event.blob(), std::string{event.sender()}})) {
        host_.event_log(event).warning("report_not_read",
                                       {{"sender", event.sender()}, {"cause", "too many messages wait to be read"}});
        host_.answer(event.ticket(), postern::proceed());
    }
    return {};
}

/// On the reader's thread.
void agent::take(const reader& by, const std::string& sender, const found_json& found)
{
    if (!found.what) {
        if (!found.is_report) // a letter to the postmaster of that address
            return;
        received_reports_[1].add();
        host_.event_log().warning("report_not_read", {{"sender", sender}, {"cause", found.why}});
        return;
    }
    const auto parsed = parse_report(*found.what);
    if (!parsed.what) {
        received_reports_[1].add();
        host_.event_log().warning("report_not_read", {{"sender", sender}, {"cause", parsed.why}});
        return;
    }
    const auto& report = *parsed.what;
    received_reports_[0].add();
    std::size_t logged = 0;
    for (const auto& each : report.policies) {
        received_successes_.add(each.successful);
        host_.event_log().info("report_received", {{"sender", sender},
                                                   {"organization", report.organization},
                                                   {"id", report.id},
                                                   {"begin", report.begin},
                                                   {"end", report.end},
                                                   {"domain", each.domain},
                                                   {"policy", each.type},
                                                   {"successful", each.successful},
                                                   {"failed", each.failed}});
        for (const auto& one : each.failures) {
            received_failures_.find(one.type)->second.add(one.count);
            if (++logged <= most_failures_logged)
                host_.event_log().warning("failure_reported", {{"id", report.id},
                                                               {"domain", each.domain},
                                                               {"type", one.type},
                                                               {"mx", one.mx},
                                                               {"receiving_ip", one.receiving_ip},
                                                               {"sending_ip", one.sending_ip},
                                                               {"reason", one.reason},
                                                               {"count", one.count}});
        }
    }
    const auto unique = text_of(day_of(outside_.now_s())) + '-' + std::to_string(outside_.random_up_to(999'999'999));
    if (const auto why = by.save(file_name_of(report, unique), *found.what); !why.empty())
        host_.event_log().error("report_not_saved", {{"id", report.id}, {"cause", why}});
    const auto from = postern::kit::lowered(postern::kit::domain_of(sender));
    const std::lock_guard lock{mutex_};
    if (!reporters_.contains(from) && reporters_.size() >= most_reporters)
        return;
    auto& seen = reporters_[from];
    ++seen.reports;
    seen.successful += report.successful();
    seen.failed += report.failed();
    seen.last = report.end.empty() ? "-" : report.end;
}

} // namespace tls_report
