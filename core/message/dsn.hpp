#pragma once
// Delivery status notifications: the text of the message that tells a sender what became of its mail. Text only; whether one
// is due, and storing it, are others' business.
// Received-From-MTA (RFC 3464 2.2.4) is not written: the returned header section has that in its Received, and who reads a report
// need not be who sent the message.
// STANDARDS: RFC 3461 6, 3464, 6522, 3834 (Auto-Submitted), 6533 (internationalised), 3463, 2852 5, 4865 5.1.2.
// SECURITY: every field quotes a peer. Nothing that is quoted can begin a line, end a part or leave the character set.

#include "core/base/clock.hpp"
#include "core/base/ids.hpp"
#include "core/message/dsn_wording.hpp"
#include "core/message/status_report.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postern::message {

/// success: what NOTIFY=SUCCESS asks for, of recipients that were delivered or relayed.
enum class dsn_kind : std::uint8_t { failure, delay, success };

/// One recipient that is reported. Views are borrowed during make_dsn.
struct dsn_recipient {
    std::string_view address;
    std::string_view orcpt;      ///< "type;xtext" as RCPT gave it, or empty
    std::string_view status;     ///< "5.1.1"; empty, malformed or of another class: 5.0.0, 4.0.0 or 2.0.0 by the kind
    std::string_view remote_mta; ///< host name or IP address of the peer that said so; empty: decided here
    std::uint16_t smtp_code = 0; ///< of its reply; 0: `text` is our own
    std::string_view enhanced;   ///< of its reply, which `status` need not repeat; or empty
    std::string_view text;
    std::optional<base::wall_time> last_attempt;
    bool is_relayed = false; ///< success: to a mail system that will not tell; else into the mailbox, by whatever means
};

struct dsn_report {
    dsn_kind kind = dsn_kind::failure;
    base::message_id id;                        ///< of the DSN: Message-ID and boundary
    base::wall_time date;                       ///< now
    std::string_view hostname;                  ///< Reporting-MTA, and the domain of From and Message-ID
    std::string_view sender;                    ///< the original's reverse path: who is told; empty: the wording says who
    std::string_view envid;                     ///< xtext as MAIL gave it, or empty
    std::string_view queue_id;                  ///< of the original, for people and logs
    std::optional<base::wall_time> arrival;     ///< of the original
    std::optional<base::wall_time> deliver_by;  ///< BY: when it is to be delivered
    std::string future_release;                 ///< "for;3600" or "until;2026-11-29T16:30:00Z": what MAIL asked for, or empty
    std::optional<base::wall_time> retry_until; ///< delay: when it is given up
    bool smtputf8 = false;                      ///< the original asked for SMTPUTF8: its sender can take message/global
    std::vector<dsn_recipient> recipients;      ///< at least one
    std::string_view original;                  ///< header section (CRLF lines), or all of the message if `is_full`; may be empty
    bool is_full = false;                       ///< RET=FULL, and small enough to give back
    dsn_wording wording;                        ///< of somebody else, without a fault
};

/// A message to be sent from <> to the original's sender, or whom the wording names.
struct dsn {
    std::string headers; ///< CRLF lines without the empty one
    std::string body;
    bool has_8bit = false;
    bool needs_smtputf8 = false;
};

/// RET=FULL is honoured for lines of text; of a message with NUL, bare CR, bare LF or a line over 998 octets the header section
/// alone is returned.
/// Headers with octets that 7 bits or UTF-8 cannot carry are returned in quoted-printable.
[[nodiscard]] dsn make_dsn(const dsn_report& report);

/// What it will say of each recipient.
[[nodiscard]] std::vector<reported_recipient> reported_in(const dsn_report& report);

} // namespace postern::message
