#pragma once
// What all events of a session are made of: who is connected, the numbers of session and transaction, lists of records. Part of
// fake_session.

#include <postern/testing/fake_host.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
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

class session_base {
public:
    session_base(const session_base&) = delete;
    session_base& operator=(const session_base&) = delete;

    peer_facts who;
    std::string from;            ///< set by mail()
    std::vector<std::string> to; ///< rcpt() appends those that were vouched for

    [[nodiscard]] std::uint64_t id() const noexcept { return id_; }

    /// Where a command waits for a pending answer that came meanwhile: it goes on, as far as it gets. What comes next on the
    /// session does that too. Throws std::logic_error where nothing waits.
    answer go_on()
    {
        if (!rest_)
            throw std::logic_error("no command of this session waits for an answer");
        return after(host_.answer_to(waits_for_), std::exchange(rest_, nullptr));
    }

    void end_session()
    {
        rest_ = nullptr;
        host_.end_session(id_);
    }

protected:
    session_base(fake_host& host, std::uint64_t id) noexcept : host_{host}, id_{id} {}
    ~session_base() = default;

    using continuation = std::function<answer(answer)>;

    /// What is to be done with an answer, now or when it is there.
    answer after(answer said, continuation rest)
    {
        if (!said.is_pending())
            return rest(std::move(said));
        waits_for_ = said.ticket;
        rest_ = std::move(rest);
        return said;
    }
    /// Before the next command: finishes the last one, or drops what of it is not answered.
    void settle()
    {
        while (rest_ && !host_.answer_to(waits_for_).is_pending())
            go_on();
        rest_ = nullptr;
    }

    [[nodiscard]] fake_host& host() const noexcept { return host_; }
    void begin_transaction() noexcept { ++transaction_; }

    template <class Record>
    void begin(Record& record, std::uint32_t hook) const noexcept
    {
        record.ev.size = sizeof record;
        record.ev.hook = hook;
        record.ev.session = id_;
        record.ev.transaction = transaction_;
    }

    /// The record of the next event, good until one more is made. What went before is finished first.
    template <class Record>
    [[nodiscard]] Record make(std::uint32_t hook)
    {
        settle();
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

    // Keep what these return until the record is sent.

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

private:
    fake_host& host_;
    std::uint64_t id_;
    std::uint64_t transaction_ = 0;
    std::uint64_t waits_for_ = 0;
    continuation rest_; ///< of the command that waits for that ticket
    postern_peer peer_{};
};

} // namespace postern::testing
