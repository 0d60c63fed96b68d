#pragma once
// One conversation with a next hop as a plugin sees it: each function is an event, and what the answers change is kept as a real
// server would keep it. Set the facts before an event. Included by fake_host.hpp.
//
//     postern::testing::fake_delivery delivery{host};
//     delivery.to = {"a@example.org"};
//     delivery.offers = {{"XFORWARD", "NAME ADDR"}};
//     EXPECT_THAT(delivery.client_verb().client_lines(), ElementsAre("XFORWARD NAME=client.example"));

#include <postern/abi/outgoing.h>
#include <postern/abi/shaping.h>
#include <postern/testing/answer.hpp>
#include <postern/testing/report_line.hpp>

#include <chrono>
#include <cstdint>
#include <iosfwd>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postern::testing {

class fake_host;

/// A parameter of the message; `recipient`: the place of its recipient in `to`, nothing: of MAIL.
struct outgoing_param {
    std::string name;
    std::optional<std::string> value;
    std::optional<std::uint32_t> recipient = std::nullopt;
    std::uint32_t relay = POSTERN_RELAY_OPTIONAL;

    bool operator==(const outgoing_param&) const = default;
    friend std::ostream& operator<<(std::ostream& to, const outgoing_param& p);
};

/// A delivery on its way out, whose steps the test takes.
class fake_delivery {
public:
    explicit fake_delivery(fake_host& host, std::uint64_t id = 1000);
    ~fake_delivery();
    fake_delivery(const fake_delivery&) = delete;
    fake_delivery& operator=(const fake_delivery&) = delete;

    // Facts.

    std::string message = "4F1A";
    std::string from = "sender@client.example";
    std::vector<std::string> to{"user@example.com"}; ///< of this transaction; delivery_begin() takes out who was put off
    std::vector<outgoing_param> params;              ///< as stored; client_params() makes them what is sent
    std::string next_hop = "mx.example.com:25";
    std::string host_name = "mx.example.com";
    bool is_smtp = true;
    std::uint64_t size_octets = 1000;
    std::uint64_t received_s = 1'700'000'000;
    std::uint32_t attempt = 0;
    std::uint32_t configured = POSTERN_TLS_OPPORTUNISTIC;
    std::uint32_t tls = POSTERN_TLS_OPPORTUNISTIC; ///< tls_policy() makes it what holds
    std::string tls_name = "mx.example.com";       ///< likewise
    std::string canonical;                         ///< where aliases of the host lead
    bool is_by_mx = false;                         ///< `next_hop` is a domain, and the host one of its mail exchangers
    bool is_mx_secure = false;                     ///< DNSSEC vouches for that
    bool is_address_secure = false;                ///< and for its addresses
    std::string address = "192.0.2.25";
    std::uint32_t port = 25;
    std::string greeting = "mx.example.com ESMTP";
    std::vector<std::pair<std::string, std::string>> offers; ///< keyword and parameters; peer_offers() takes out what is not used
    bool has_tls = false;
    bool has_other_hosts = false;
    std::string pool;               ///< of source addresses; delivery_source() makes it what holds
    std::vector<std::string> pools; ///< that the configuration has; empty: whatever is named is one
    std::vector<std::pair<std::string, std::string>>
        fields;                    ///< of the header section; delivery_content() and delivery_sign() edit them
    std::string body = "text\r\n"; ///< delivery_content() may replace it
    std::uint32_t concurrency = 20;
    std::int32_t priority = 0;
    std::string envid;                ///< decoded
    bool returns_all = false;         ///< a notification gives the whole message back
    std::string told;                 ///< by dsn_make(); empty: nobody
    std::vector<std::string> put_off; ///< those whom delivery_begin() took out of `to`

    [[nodiscard]] std::uint64_t id() const noexcept { return id_; }

    answer delivery_begin();
    answer delivery_source();
    answer tls_policy();
    answer delivery_connect();
    /// What a task says in the end, as session_base::finish: `delivery.finish(delivery.tls_policy())`. It is applied then.
    answer finish(const answer& said);
    /// The same of an answer that comes from a thread of the plugin's own, as fake_host::wait_for.
    answer wait_for(const answer& said, std::chrono::nanoseconds patience = std::chrono::seconds{2});
    /// By what the last tls_policy() said. `result`: POSTERN_TLS_RESULT_...
    answer tls_result(std::uint32_t result = POSTERN_TLS_RESULT_OK, std::string_view text = {}, bool is_refused = false);
    answer peer_offers();
    /// Passed, without a call, where the next hop offers no keyword that the plugin declared. `said`: the replies to the lines of
    /// the last round.
    answer client_verb(const std::vector<std::pair<std::uint32_t, std::string>>& said = {}, std::uint32_t round = 0);
    answer client_params();
    answer delivery_content();
    answer delivery_sign();
    answer queue_policy();
    answer queue_admit(std::uint32_t active = 0, std::uint32_t waiting = 0);
    /// Of all recipients. `stage`: POSTERN_STAGE_...
    answer delivery_reply(std::uint32_t code, std::string_view enhanced, std::string_view text,
                          std::uint32_t stage = POSTERN_STAGE_RCPT);
    /// `code`, `text`: what was last heard of each recipient. The proposal is in an hour, the end in five days, from received_s.
    answer queue_retry(std::uint32_t code, std::string_view text, std::uint32_t attempts = 1);
    /// A notification is due about the message; `told` is then who gets it. `kind`: POSTERN_DSN_...
    answer dsn_make(const std::vector<report_line>& about, std::uint32_t kind = POSTERN_DSN_FAILURE);
    void end();

private:
    /// Keep what it returns until the record is sent.
    struct lists {
        std::vector<postern_str> recipients;
        std::vector<postern_stored_param> params;
    };

    template <class Record>
    [[nodiscard]] lists begin(Record& record, std::uint32_t hook) const;

    [[nodiscard]] static std::vector<postern_str> records_of(const std::vector<std::string>& texts);
    [[nodiscard]] std::vector<postern_keyword> records_of_offers(bool own_only) const;
    [[nodiscard]] std::uint32_t flags() const noexcept;
    [[nodiscard]] std::uint32_t host_flags() const noexcept;

    [[nodiscard]] std::string octets() const;
    answer send_content(std::uint32_t hook);
    void edit_content(const answer& said);
    void take_out(const answer& said);
    void take_policy(const answer& said);
    /// What an answer changes, now or when it is there.
    answer applied(std::uint32_t hook, answer said);
    void apply(std::uint32_t hook, answer& said);
    answer finished(const answer& question, answer said);
    void fail(answer& said, std::string why);

    /// Whether it is the plugin's own is judged here, where it is known what was declared.
    void rewrite(answer& said);

    fake_host& host_;
    std::uint64_t id_;
    outgoing_reply policy_;                       // what the last tls_policy() said
    std::map<std::uint64_t, std::uint32_t> open_; // hooks whose answers are to come, by ticket
};

} // namespace postern::testing

#include <postern/testing/fake_host.hpp>
