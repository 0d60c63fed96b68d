#pragma once
// One question to a chain: the hook, and views of all that its record may carry. Borrowed: valid until the chain has answered.

#include "core/base/blob_source.hpp"
#include "core/hooks/draft.hpp"
#include "core/hooks/hook_point.hpp"
#include "core/hooks/login.hpp"
#include "core/hooks/outgoing.hpp"
#include "core/message/status_report.hpp"

#include <cstdint>
#include <string_view>

namespace postern::hooks {

/// What happened to one recipient (delivery.done).
struct delivery_facts {
    enum class kind : std::uint8_t { delivered = 0, deferred = 1, failed = 2 };
    kind result = kind::delivered;
    std::uint16_t smtp_code = 0;
    std::string_view enhanced;
    std::string_view text;
    std::string_view next_hop;
    std::uint32_t attempts = 0;
};

struct dsn_making; // report.hpp
struct shaping;    // shaping.hpp

struct event {
    hook_point hook = hook_point::conn_open;
    const connection_facts* connection = nullptr; ///< null in delivery
    const draft* message = nullptr;               ///< null before MAIL
    base::session_id session;                     ///< connection or delivery job, for tickets and wake
    std::uint32_t recipient_index = 0; ///< cmd.rcpt, msg.end_rcpt, queue.route, delivery.done: into message->envelope.to
    std::uint32_t attempt = 0;         ///< queue.route, delivery.begin, client.params: 0 for the first
    std::string_view chunk;            ///< msg.body, verb.data: octets
    std::uint64_t chunk_offset = 0;    ///< of the chunk in the whole
    bool is_last_chunk = false;
    bool is_bdat = false;       ///< cmd.data
    std::string_view reason;    ///< conn.close, txn.aborted
    std::uint64_t accepted = 0; ///< conn.close: messages of this connection
    base::blob_source* blob =
        nullptr; ///< msg.end, msg.end_rcpt, delivery.content, delivery.sign: header section, empty line and body
    const delivery_facts* delivery = nullptr;       ///< delivery.done
    std::string_view command;                       ///< verb, verb.data, cmd.*: its name, upper case
    std::string_view argument;                      ///< verb, cmd.*
    const message::parameter* parameter = nullptr;  ///< param
    bool is_rcpt = false;                           ///< param: of RCPT; the recipient is recipient_index
    const outgoing* out = nullptr;                  ///< delivery.begin to client.params, delivery.source to delivery.sign
    const login_question* login = nullptr;          ///< auth.*
    const dsn_making* dsn = nullptr;                ///< dsn.make
    const shaping* shape = nullptr;                 ///< queue.policy, queue.admit, queue.retry, delivery.reply
    const message::status_report* report = nullptr; ///< report.in

    // For those who implement a plugin, to keep things from one call to the next; nothing of it is shown.

    std::uint64_t view = 0; ///< not 0: events of one thread with the same number show the same
    void** seat = nullptr;  ///< the plugin's own place in the session, null at first; null: it has none
};

} // namespace postern::hooks
