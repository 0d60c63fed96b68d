#pragma once
// What a delivery status notification says, as values: one that came in (dsn_reader), or one that is about to be made (dsn).
// STANDARDS: RFC 3464 2. SECURITY: of one that came in every word is its sender's, whoever that is: nothing here is proof.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace postern::message {

/// RFC 3464 2.3.3. The numbers are those of the plugin ABI.
enum class report_action : std::uint8_t { unknown = 0, failed = 1, delayed = 2, delivered = 3, relayed = 4, expanded = 5 };

/// What became of one recipient. Texts are single lines of UTF-8; empty: not said.
struct reported_recipient {
    std::string recipient;       ///< Final-Recipient
    std::string original;        ///< Original-Recipient: as the sender wrote it
    std::string status;          ///< "5.1.1"
    std::string remote_mta;      ///< name or address
    std::string diagnostic_type; ///< "smtp"
    std::string diagnostic;      ///< what was said
    std::string last_attempt;    ///< a date as RFC 5322 writes them
    std::string retry_until;     ///< likewise
    std::uint16_t smtp_code = 0; ///< that a diagnostic of type smtp begins with
    report_action action = report_action::unknown;

    bool operator==(const reported_recipient&) const = default;
};

/// What a notification tells.
struct status_report {
    std::string reporting_mta;
    std::string envid;      ///< Original-Envelope-Id
    std::string arrival;    ///< of the message it is about: a date as RFC 5322 writes them
    std::string message_id; ///< of that message, out of the part that returns it: with its angle brackets
    std::vector<reported_recipient> recipients;
    bool is_cut = false; ///< it says more than is read

    bool operator==(const status_report&) const = default;
};

} // namespace postern::message
