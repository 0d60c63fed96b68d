#pragma once
// One recipient of a delivery status notification, as a test writes it down.

#include <postern/abi/report.h>
#include <postern/sdk/records.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace postern::testing {

/// What became of one recipient.
struct report_line {
    std::string recipient;
    std::uint32_t action = POSTERN_REPORT_FAILED;
    std::string status = "5.1.1";
    std::string diagnostic = "550 5.1.1 no such user";
    std::uint32_t smtp_code = 550;
    std::string remote_mta = "mx.example.com";
    std::string original = {}; ///< ORCPT
    std::string diagnostic_type = "smtp";
    std::string last_attempt = "Tue, 14 Nov 2023 22:13:20 +0000";
    std::string retry_until = {};
};

/// What came of a message elsewhere, as a notification that arrives tells it.
struct incoming_report {
    std::vector<report_line> about;
    std::string reporting_mta = "mx.example.com";
    std::string envid = {};
    std::string arrival = "Tue, 14 Nov 2023 22:13:19 +0000";
    std::string message_id = "<1@client.example>";
    bool is_cut = false;
};

/// Borrows from the lines.
[[nodiscard]] inline std::vector<postern_reported> records_of(const std::vector<report_line>& lines)
{
    std::vector<postern_reported> records;
    for (const report_line& one : lines)
        records.push_back({sdk::str(one.recipient), sdk::str(one.original), sdk::str(one.status), sdk::str(one.remote_mta),
                           sdk::str(one.diagnostic_type), sdk::str(one.diagnostic), sdk::str(one.last_attempt),
                           sdk::str(one.retry_until), one.action, one.smtp_code});
    return records;
}

} // namespace postern::testing
