#pragma once
// One SMTP session, or one delivery job, as a plugin sees it: each function is an event. Included by fake_host.hpp.

#include <postern/testing/fake_host.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postern::testing {

/// Parameters of MAIL or RCPT: keyword, and the value if there is one.
using parameters = std::vector<std::pair<std::string, std::optional<std::string>>>;
/// Fields of a header section, in order.
using fields = std::vector<std::pair<std::string, std::string>>;

/// Who is connected; change it before an event.
struct peer_facts {
    std::string address = "192.0.2.1";
    std::uint32_t port = 40000;
    std::string local_address = "198.51.100.1";
    std::uint32_t local_port = 25;
    std::string listener = "inbound";
    std::string helo = "client.example";
    std::string identity;
    bool is_extended = true;
    bool has_tls = false;
};

class fake_session {
public:
    explicit fake_session(fake_host& host, std::uint64_t id = 1) noexcept : host_{host}, id_{id} {}

    peer_facts who;
    std::string from;            ///< set by mail()
    std::vector<std::string> to; ///< rcpt() appends those that were vouched for

    [[nodiscard]] std::uint64_t id() const noexcept { return id_; }

    answer conn_open() { return send_plain<postern_ev_conn_open>(POSTERN_HOOK_CONN_OPEN); }
    answer helo(std::string name)
    {
        who.helo = std::move(name);
        return send_plain<postern_ev_helo>(POSTERN_HOOK_HELO);
    }
    answer tls_established(std::string_view version = "TLSv1.3", std::string_view cipher = "TLS_AES_256_GCM_SHA384",
                           std::string_view server_name = {}, std::string_view peer_subject = {})
    {
        who.has_tls = true;
        auto record = make<postern_ev_tls>(POSTERN_HOOK_TLS_ESTABLISHED);
        record.version = sdk::str(version);
        record.cipher = sdk::str(cipher);
        record.group = sdk::str("x25519");
        record.server_name = sdk::str(server_name);
        record.peer_subject = sdk::str(peer_subject);
        return host_.send(record);
    }
    answer mail(std::string sender, const parameters& params = {}, std::uint64_t size_octets = 0)
    {
        from = std::move(sender);
        to.clear();
        ++transaction_;
        auto record = make<postern_ev_mail>(POSTERN_HOOK_MAIL);
        record.sender = sdk::str(from);
        const auto list = records_of(params);
        record.params = sdk::list_over(list.data(), list.size());
        record.size_octets = size_octets;
        return host_.send(record);
    }
    answer rcpt(const std::string& recipient, const parameters& params = {})
    {
        auto record = make<postern_ev_rcpt>(POSTERN_HOOK_RCPT);
        record.sender = sdk::str(from);
        record.recipient = sdk::str(recipient);
        const auto list = records_of(params);
        record.params = sdk::list_over(list.data(), list.size());
        record.index = static_cast<std::uint32_t>(to.size());
        answer said = host_.send(record);
        if (said.vouches())
            to.push_back(recipient);
        return said;
    }
    answer data(bool is_bdat = false)
    {
        auto record = make<postern_ev_data>(POSTERN_HOOK_DATA);
        const auto list = with_envelope(record);
        record.is_bdat = is_bdat ? 1 : 0;
        return host_.send(record);
    }
    answer headers(const fields& section)
    {
        auto record = make<postern_ev_headers>(POSTERN_HOOK_HEADERS);
        const auto list = with_envelope(record);
        const auto lines = records_of(section);
        record.headers = sdk::list_over(lines.data(), lines.size());
        return host_.send(record);
    }
    answer body(std::string_view chunk, std::uint64_t offset = 0, bool is_last = true)
    {
        auto record = make<postern_ev_body>(POSTERN_HOOK_BODY);
        record.chunk = sdk::str(chunk);
        record.offset = offset;
        record.is_last = is_last ? 1 : 0;
        return host_.send(record);
    }
    /// The whole message: `section` as fields, and all of its octets.
    answer end(const fields& section, std::string octets)
    {
        auto record = make<postern_ev_end>(POSTERN_HOOK_END);
        const auto list = with_envelope(record);
        const auto lines = records_of(section);
        record.headers = sdk::list_over(lines.data(), lines.size());
        record.size_octets = octets.size();
        return host_.send(record, std::move(octets));
    }
    answer commit_before(std::string_view message) { return transaction(POSTERN_HOOK_COMMIT_BEFORE, message, {}); }
    answer committed(std::string_view message) { return transaction(POSTERN_HOOK_COMMITTED, message, {}); }
    answer aborted(std::string_view message, std::string_view reason)
    {
        return transaction(POSTERN_HOOK_ABORTED, message, reason);
    }
    answer conn_close(std::string_view reason, std::uint64_t messages = 0)
    {
        auto record = make<postern_ev_conn_close>(POSTERN_HOOK_CONN_CLOSE);
        record.reason = sdk::str(reason);
        record.messages = messages;
        return host_.send(record);
    }

    // As a delivery job.

    answer route(const std::string& recipient, std::uint32_t attempt = 0)
    {
        postern_ev_route record{};
        begin(record, POSTERN_HOOK_ROUTE);
        record.message = sdk::str("4F1A");
        record.sender = sdk::str(from);
        record.recipient = sdk::str(recipient);
        record.attempt = attempt;
        return host_.send(record);
    }
    answer delivery_done(const std::string& recipient, std::uint32_t outcome, std::uint32_t code = 0, std::string_view text = {})
    {
        postern_ev_delivery_done record{};
        begin(record, POSTERN_HOOK_DELIVERY_DONE);
        record.message = sdk::str("4F1A");
        record.sender = sdk::str(from);
        record.recipient = sdk::str(recipient);
        record.result = outcome;
        record.smtp_code = code;
        record.text = sdk::str(text);
        record.attempts = 1;
        return host_.send(record);
    }
    answer deliver(const std::string& sender, const std::vector<std::string>& recipients, std::string octets)
    {
        postern_ev_deliver record{};
        begin(record, POSTERN_HOOK_DELIVER);
        record.message = sdk::str("4F1A");
        record.sender = sdk::str(sender);
        const auto list = records_of(recipients);
        record.recipients = sdk::list_over(list.data(), list.size());
        record.size_octets = octets.size();
        return host_.send(record, std::move(octets));
    }
    /// A queue operation; `record.ev` is filled in.
    answer queue(std::uint32_t operation, postern_ev_queue record)
    {
        begin(record, operation);
        return host_.send(record);
    }

    void end_session() { host_.end_session(id_); }

private:
    template <class Record>
    void begin(Record& record, std::uint32_t hook) const noexcept
    {
        record.ev.size = sizeof record;
        record.ev.hook = hook;
        record.ev.session = id_;
        record.ev.transaction = transaction_;
    }

    template <class Record>
    Record make(std::uint32_t hook)
    {
        peer_ = {};
        peer_.size = sizeof peer_;
        peer_.peer_port = who.port;
        peer_.local_port = who.local_port;
        peer_.flags = (who.is_extended ? POSTERN_PEER_EXTENDED : 0u) | (who.has_tls ? POSTERN_PEER_TLS : 0u);
        peer_.peer_address = sdk::str(who.address);
        peer_.local_address = sdk::str(who.local_address);
        peer_.listener = sdk::str(who.listener);
        peer_.helo = sdk::str(who.helo);
        peer_.identity = sdk::str(who.identity);
        Record record{};
        begin(record, hook);
        record.peer = sdk::list_over(&peer_, 1);
        return record;
    }

    template <class Record>
    answer send_plain(std::uint32_t hook)
    {
        return host_.send(make<Record>(hook));
    }

    answer transaction(std::uint32_t hook, std::string_view message, std::string_view reason)
    {
        auto record = make<postern_ev_txn>(hook);
        record.message = sdk::str(message);
        record.reason = sdk::str(reason);
        return host_.send(record);
    }

    /// Keep what it returns until the record is sent.
    template <class Record>
    [[nodiscard]] std::vector<postern_str> with_envelope(Record& record) const
    {
        auto list = records_of(to);
        record.sender = sdk::str(from);
        record.recipients = sdk::list_over(list.data(), list.size());
        return list;
    }

    [[nodiscard]] static std::vector<postern_str> records_of(const std::vector<std::string>& texts)
    {
        std::vector<postern_str> list;
        for (const std::string& text : texts)
            list.push_back(sdk::str(text));
        return list;
    }
    [[nodiscard]] static std::vector<postern_param> records_of(const parameters& params)
    {
        std::vector<postern_param> list;
        for (const auto& [keyword, value] : params)
            list.push_back({sdk::str(keyword), value ? sdk::str(*value) : postern_str{}, value ? 1u : 0u, 0});
        return list;
    }
    [[nodiscard]] static std::vector<postern_header> records_of(const fields& section)
    {
        std::vector<postern_header> list;
        for (const auto& [name, value] : section)
            list.push_back({sdk::str(name), sdk::str(value)});
        return list;
    }

    fake_host& host_;
    std::uint64_t id_;
    std::uint64_t transaction_ = 0;
    postern_peer peer_{};
};

} // namespace postern::testing
