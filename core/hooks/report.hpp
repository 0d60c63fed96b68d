#pragma once
// A delivery status notification that is about to be made: what plugins are told of it at dsn.make, and what they make of it.
// Values; it must not know queues or plugins. What may be said of it is the business of message/dsn_wording.hpp.
// STANDARDS: RFC 3461 6, 3464. SECURITY: diagnostics are next hops'; wordings are plugins', which may quote anybody.

#include "core/base/clock.hpp"
#include "core/message/dsn.hpp"
#include "core/message/dsn_wording.hpp"
#include "core/message/status_report.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace postern::hooks {

struct dsn_making {
    message::dsn_kind kind = message::dsn_kind::failure;
    std::string envid; ///< what MAIL gave, decoded
    std::vector<message::reported_recipient> recipients;
    base::wall_time received;     ///< when the message came
    bool is_smtputf8 = false;     ///< it asked for SMTPUTF8, so that its sender may have any address
    bool returns_all = false;     ///< all of the message is given back, rather than its header section
    message::dsn_wording wording; ///< what was said of it so far
};

/// What an answer says of it.
struct dsn_reply : message::dsn_wording {};

/// Why it may not be taken: a literal for the log; empty if it may.
[[nodiscard]] std::string_view fault_of(const dsn_reply& said, bool is_smtputf8);

/// What the last one says counts; fields add up, as far as there is room.
void take_wording(const dsn_reply& said, message::dsn_wording& to);

} // namespace postern::hooks
