#pragma once
// What all events of a session are made of: who is connected, the numbers of session and transaction, lists of records. Part of
// fake_session.

#include <postern/abi/hooks.h>
#include <postern/testing/answer.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postern::testing {

class fake_host;

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

/// What a session of a fake host is, whatever it is about.
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
    answer go_on();

    /// The answer to a call of this session that was pending, after what is due now; a command goes on as far as it gets. Throws
    /// std::logic_error when it is pending still: host.advance() moves the clock.
    ///
    ///     EXPECT_TRUE(session.finish(session.mail("a@example.org")).rejects());
    answer finish(answer said);

    void end_session();

protected:
    session_base(fake_host& host, std::uint64_t id);
    ~session_base();

    using continuation = std::function<answer(answer)>;

    /// What is to be done with an answer, now or when it is there.
    answer after(answer said, continuation rest);
    /// Before the next command: finishes the last one, or drops what of it is not answered.
    void settle();

    [[nodiscard]] fake_host& host() const noexcept { return host_; }
    void begin_transaction() noexcept { ++transaction_; }

    // Made in session_records.hpp.

    template <class Record>
    void begin(Record& record, std::uint32_t hook) const noexcept;
    /// The record of the next event, good until one more is made. What went before is finished first.
    template <class Record>
    [[nodiscard]] Record make(std::uint32_t hook);
    template <class Record>
    answer send_plain(std::uint32_t hook);

    // Keep what these return until the record is sent.

    template <class Record>
    [[nodiscard]] std::vector<postern_str> with_envelope(Record& record) const;
    [[nodiscard]] static std::vector<postern_str> records_of(const std::vector<std::string>& texts);
    [[nodiscard]] static std::vector<postern_param> records_of(const parameters& params);
    [[nodiscard]] static std::vector<postern_header> records_of(const fields& section);

private:
    fake_host& host_;
    std::uint64_t id_;
    std::uint64_t transaction_ = 0;
    std::uint64_t waits_for_ = 0;
    continuation rest_; ///< of the command that waits for that ticket
    postern_peer peer_{};
};

} // namespace postern::testing
