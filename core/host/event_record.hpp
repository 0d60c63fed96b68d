#pragma once
// hooks::event -> the record of abi/hooks.h. On the stack; lists in vectors that a thread keeps, so that a call does not
// allocate.

#include "core/hooks/event.hpp"
#include "core/hooks/shaping.hpp"

#include <postern/abi/auth.h>
#include <postern/abi/content.h>
#include <postern/abi/ehlo.h>
#include <postern/abi/hooks.h>
#include <postern/abi/outgoing.h>
#include <postern/abi/report.h>
#include <postern/abi/shaping.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace postern::daemon {

/// Memory for the lists of one record. A thread has one; a record made while it is in use brings its own.
struct record_lists {
    std::vector<postern_str> recipients;
    std::vector<postern_param> params;
    std::vector<postern_header> headers;
    std::vector<postern_stored_param> stored;
    std::vector<postern_keyword> offers;
    std::vector<postern_client_said> said;
    std::vector<postern_str> names;
    std::vector<postern_reported> reported;
    std::vector<postern_tried> tried;
    std::vector<std::string> texts; ///< what is made for the record alone
    bool in_use = false;
};

/// Borrows all that the event points to. Lives in the frame that calls the plugin.
class event_record {
public:
    /// `ticket` 0: a notification. `deadline_ns` is CLOCK_MONOTONIC.
    event_record(const hooks::event& what, std::uint64_t ticket, std::uint64_t cookie, std::int64_t deadline_ns);
    ~event_record();
    event_record(const event_record&) = delete;
    event_record& operator=(const event_record&) = delete;

    [[nodiscard]] const postern_event& get() const noexcept { return record_.head; }
    /// Shows it to somebody else: what each one's record has of its own.
    void address(std::uint64_t ticket, std::uint64_t cookie, std::int64_t deadline_ns) noexcept;

private:
    void peer(const hooks::event& what, postern_list& to);
    [[nodiscard]] std::uint64_t* blob_of(hooks::hook_point hook) noexcept;
    void fill(const hooks::event& what);
    void fill_envelope_hooks(const hooks::event& what, const hooks::draft& draft);
    void fill_content_hooks(const hooks::event& what, const hooks::draft& draft);
    template <class Record>
    Record& begin(Record& record, const hooks::event& what);
    void fill_delivery_hooks(const hooks::event& what);
    void fill_extension_hooks(const hooks::event& what);
    void fill_login_hooks(const hooks::event& what);
    void fill_outgoing_hooks(const hooks::event& what, const hooks::outgoing& out);
    template <class Record>
    Record& begin_outgoing(Record& record, const hooks::event& what, const hooks::outgoing& out);
    [[nodiscard]] postern_list recipients(const hooks::draft& draft, const hooks::outgoing& out);
    [[nodiscard]] postern_list domains(const hooks::draft& draft, const hooks::outgoing& out);
    [[nodiscard]] postern_list stored_params(const hooks::draft& draft, const hooks::outgoing& out);
    void fill_tls_result(const hooks::event& what, const hooks::outgoing& out);
    void fill_report_hooks(const hooks::event& what);
    void fill_content(const hooks::event& what, const hooks::outgoing& out);
    void fill_shaping_hooks(const hooks::event& what);
    [[nodiscard]] postern_list texts(const std::vector<std::string>& from);
    [[nodiscard]] postern_list tried(const std::vector<hooks::tried_recipient>& from);
    [[nodiscard]] postern_list reported(const std::vector<message::reported_recipient>& from);
    [[nodiscard]] postern_list offers(const std::vector<hooks::offered_keyword>& from);
    [[nodiscard]] postern_list said(const std::vector<hooks::client_answer>& from);
    [[nodiscard]] postern_list recipients(const hooks::draft& draft);
    [[nodiscard]] postern_list params(const std::vector<message::parameter>& from);
    [[nodiscard]] postern_list headers(const hooks::draft& draft);

    union records {
        postern_event head;
        postern_ev_conn_open conn_open;
        postern_ev_tls tls;
        postern_ev_helo helo;
        postern_ev_mail mail;
        postern_ev_rcpt rcpt;
        postern_ev_data data;
        postern_ev_headers headers;
        postern_ev_body body;
        postern_ev_end end;
        postern_ev_txn txn;
        postern_ev_conn_close conn_close;
        postern_ev_route route;
        postern_ev_delivery_done delivery_done;
        postern_ev_caps caps;
        postern_ev_verb verb;
        postern_ev_verb_data verb_data;
        postern_ev_param param;
        postern_ev_command command;
        postern_ev_delivery_begin delivery_begin;
        postern_ev_tls_policy tls_policy;
        postern_ev_tls_result tls_result;
        postern_ev_delivery_peer delivery_peer;
        postern_ev_client_verb client_verb;
        postern_ev_client_params client_params;
        postern_ev_auth_mechanisms auth_mechanisms;
        postern_ev_auth_step auth_step;
        postern_ev_auth_verify auth_verify;
        postern_ev_auth_result auth_result;
        postern_ev_end_rcpt end_rcpt;
        postern_ev_dsn_make dsn_make;
        postern_ev_report_in report_in;
        postern_ev_delivery_source delivery_source;
        postern_ev_delivery_connect delivery_connect;
        postern_ev_content content;
        postern_ev_queue_policy queue_policy;
        postern_ev_queue_admit queue_admit;
        postern_ev_delivery_reply delivery_reply;
        postern_ev_queue_retry queue_retry;
    };

    records record_;
    postern_peer peer_;
    char message_text_[13]; ///< the queue id
    record_lists* lists_;
    std::uint64_t* blob_ = nullptr; ///< of the record: what it is called is the ticket, since both close together
};

template <class Record>
Record& event_record::begin(Record& record, const hooks::event& what)
{
    record = {};
    record.ev.size = sizeof record;
    peer(what, record.peer);
    return record;
}

/// The record of an event for one call. Where a chain is asked one after the other and none has changed anything, it is filled
/// once for all of them. Lives in the frame that calls the plugin.
class shown_record {
public:
    shown_record(const hooks::event& what, std::uint64_t ticket, std::uint64_t cookie, std::int64_t deadline_ns);
    ~shown_record()
    {
        if (is_in_use_ != nullptr)
            *is_in_use_ = false;
    }
    shown_record(const shown_record&) = delete;
    shown_record& operator=(const shown_record&) = delete;

    [[nodiscard]] const postern_event& get() const noexcept { return record_->get(); }

private:
    std::optional<event_record> own_; ///< unset: the thread's
    event_record* record_;
    bool* is_in_use_ = nullptr; ///< of the thread's
};

/// "YYYY": 13 digits of base::id_text without its allocation.
void write_id(std::uint64_t id, char (&to)[13]) noexcept;

} // namespace postern::daemon
