#pragma once
// What a session knows and what it is putting together: the facts of the connection and the message in the making.
// Plugins see snapshots of both and change the draft through edits only.

#include "core/base/clock.hpp"
#include "core/base/ids.hpp"
#include "core/base/ip_address.hpp"
#include "core/base/rare.hpp"
#include "core/hooks/hook_point.hpp"
#include "core/hooks/verdict.hpp"
#include "core/message/envelope.hpp"
#include "core/message/header_block.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace postern::hooks {

struct tls_facts {
    std::string version; ///< "TLSv1.3"
    std::string cipher;
    std::string group;
    std::string server_name;  ///< SNI, empty if none
    std::string peer_subject; ///< of a verified client certificate, empty if none
    std::string binding = {}; ///< tls-exporter (RFC 9266), 32 octets; empty: none, or nobody asked for it
};

/// True for the connection as a whole.
struct connection_facts {
    base::session_id session;
    base::ip_endpoint peer;
    base::ip_endpoint local;
    std::string listener;
    std::string helo;      ///< argument of the last EHLO or HELO; empty before
    bool extended = false; ///< EHLO rather than HELO
    base::rare<tls_facts> tls;
    std::string identity; ///< who logged in; empty if nobody
};

/// One applied edit: who, where, what.
struct journal_entry {
    std::string plugin;
    hook_point hook;
    edit what;
};

/// What plugins want of the queue, and of the reply that accepts the message.
struct queue_wishes {
    std::int8_t priority = 0;                       ///< -9 to 9 (RFC 6710): who goes first in the queue
    std::optional<base::wall_time> release_at = {}; ///< not attempted before
    std::optional<base::wall_time> expire_at = {};  ///< returned afterwards
    std::optional<base::wall_time> warn_at = {};    ///< the sender is told if it still waits then
    std::optional<std::string> report_relay = {};   ///< the sender is told of a relay: to whom lacks that keyword; empty: to any
    std::string accepted_status = {};               ///< of the reply that accepts it; empty: the usual one
    std::string accepted_text = {};
};

/// A message in the making, from MAIL to the end of data.
struct draft : queue_wishes {
    base::transaction_id transaction;
    base::message_id id; ///< the queue id it will have
    message::envelope envelope;
    message::header_block headers;            ///< complete from msg.headers on
    std::uint64_t body_size = 0;              ///< octets behind the empty line so far, after edits
    std::optional<std::string> replaced_body; ///< set by body_replace at msg.end
    std::int32_t score = 0;
    bool discarded = false;
    std::optional<std::string> held; ///< the reason
    std::vector<journal_entry> journal;
};

} // namespace postern::hooks
