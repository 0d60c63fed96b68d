#pragma once
// A host for the unit tests of a plugin: no sockets, no threads, a clock that stands still until it is told. It makes one
// instance from the plugin's table, feeds events, and keeps answers, log lines and complaints.
//
//     postern::testing::fake_host host{postern_plugin_v1};
//     host.option("word", "apple");
//     ASSERT_EQ(host.create(), POSTERN_PASS);
//     postern::testing::fake_session session{host};
//     EXPECT_TRUE(session.mail("apple@example.org").rejects());
//
// It is as strict as a real one: octets of an event are freed when the call returns, an answer that breaks the contract is a
// complaint, so is a second one, one that comes after the deadline is late. A test that asks what cannot be, such as an
// event without an instance, gets a std::logic_error that says what to do.
// Threads: any; sessions may be driven from several threads at once.

#include <postern/abi/submit.h>
#include <postern/testing/answer.hpp>
#include <postern/testing/data_services.hpp>
#include <postern/testing/declarations.hpp>
#include <postern/testing/fake_services.hpp>
#include <postern/testing/given_options.hpp>

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postern::testing {

/// A message of the plugin's own, as postern.submit/1 took it.
struct submitted_mail {
    std::string sender;
    std::vector<std::string> recipients;
    std::string content;
    std::vector<std::pair<std::string, std::string>> params;
    std::uint32_t flags = 0;
    std::string message; ///< the id that it got; empty: it was not stored
};

struct host_state;

/// Options are set with option(), list() and table(), before create; `dns` and `kv` are what postern.dns/1 and postern.kv/1 say.
class fake_host : public given_options, public fake_services, public data_services {
public:
    explicit fake_host(const postern_plugin& plugin);
    fake_host(const fake_host&) = delete;
    fake_host& operator=(const fake_host&) = delete;
    ~fake_host();

    /// What the configuration grants (`may`): headers, sender, rcpt, body, route, accept, client, queue, tls, dsn, submit. Never
    /// said: all but tls.
    void may(std::initializer_list<std::string_view> grants);
    /// Of answers to the events from now on; 0: none. As in a server 5 s until a test says something else.
    void deadline(std::chrono::nanoseconds after);

    /// Makes the instance; its status. Once. What a listener refuses of its declarations is a complaint, and E_INVALID.
    postern_status create(std::string name = "test");
    /// Ends all sessions, then the instance; the destructor does it too. A ticket that is open even then is a complaint.
    void destroy();
    /// Ends the instance although sessions are open: no real host does.
    void destroy_at_once();

    /// Sends an event; `record` is any event record whose first member is set up by fake_session or by hand. The host fills in
    /// ticket, cookie and deadline. A hook that was not subscribed to is not sent and counts as passed; a verb or a parameter
    /// that was not declared is not sent either, and counts as unasked; nor is a login of a kind that it did not declare that it
    /// verifies, which counts as passed.
    template <class Record>
    answer send(Record record, std::optional<std::string> blob_octets = {}); // made for all records in src/sent_events.cpp

    /// `postern plugin tell`: what an operator says to the instance. An instance that passed takes no such words.
    answer tell(const std::vector<std::string>& words, std::optional<std::string_view> input = {});

    /// Of a ticket, as far as it has come.
    [[nodiscard]] answer answer_to(std::uint64_t ticket);
    /// The answer to a call that was pending, after what is due now. Throws std::logic_error when it is pending still: advance()
    /// moves the clock. A session has one of its own, which also takes its command further.
    answer finish(const answer& said);
    /// The answer to a call that was pending, where it comes from a thread of the plugin's own: waits in real time, at most
    /// `patience`, and does what is due now. Throws std::logic_error when nothing came.
    answer wait_for(const answer& said, std::chrono::nanoseconds patience = std::chrono::seconds{2});
    /// Takes a ticket back, as at its deadline, but without a complaint.
    void withdraw(std::uint64_t ticket);

    /// Moves the clock and delivers what is due, in order, here. What has no answer by its deadline is late, and a complaint.
    void advance(std::chrono::nanoseconds by);
    [[nodiscard]] std::chrono::nanoseconds now();
    /// Wakes and answers that were accepted and are not delivered.
    [[nodiscard]] std::size_t waiting();

    /// Cancels its wakes, says that nothing more comes, and takes back the tickets that are open even then.
    void end_session(std::uint64_t session);

    [[nodiscard]] bool is_subscribed(std::uint32_t hook) const;
    /// The flags that it was subscribed to with.
    [[nodiscard]] std::optional<std::uint32_t> subscription(std::uint32_t hook) const;
    [[nodiscard]] bool observes(std::uint32_t hook) const;
    /// Lines that the plugin logged, as level and text.
    [[nodiscard]] std::vector<std::pair<std::uint32_t, std::string>> log_lines();
    /// Options that the plugin refused.
    [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& refusals() const noexcept;
    /// Where the plugin broke the contract, and tickets that are open though nothing is to come, as far as the host knows, that
    /// would have them answered: a wake, or an answer of a service. What a thread of the plugin's own answers is waited for
    /// first.
    [[nodiscard]] std::vector<std::string> complaints();
    [[nodiscard]] bool provides(std::string_view id) const noexcept;
    /// Whether it lists a table in `requires_`.
    [[nodiscard]] bool needs(std::string_view id) const noexcept;
    /// What the plugin added to SMTP.
    [[nodiscard]] const declarations& declared() const noexcept;
    /// A breach that has no answer of its own.
    void complain(std::string text);
    [[nodiscard]] const postern_plugin& plugin() const noexcept { return plugin_; }
    [[nodiscard]] void* self() const noexcept { return self_; }

    std::uint64_t message_size = std::uint64_t{50} << 20u; ///< limits.message_size, octets
    /// Makes every read of a blob from `offset` on fail; nothing: none.
    std::optional<std::uint64_t> blob_fails_at;
    /// What postern.spool/1 was asked to start, "example.org", or ".example.org" for it and all below.
    [[nodiscard]] std::vector<std::string> started();
    postern_status spool_says = POSTERN_PASS; ///< to what it is asked for
    /// Messages of the plugin's own that postern.submit/1 accepted.
    [[nodiscard]] std::vector<submitted_mail> submitted();
    postern_status submit_says = POSTERN_PASS;       ///< to what is submitted
    std::uint32_t submit_result = POSTERN_SUBMIT_OK; ///< of what was accepted
    /// Capabilities that this host does not offer.
    std::set<std::string, std::less<>> missing;

private:
    friend struct host_tables;

    /// Throws if there is none.
    void need_instance(std::string_view what) const;
    template <class Record>
    answer call(const Record& record, std::uint64_t ticket, std::uint32_t hook);
    void expire(std::uint64_t ticket);
    void tell_of_end(std::uint64_t session);

    const postern_plugin& plugin_;
    void* self_ = nullptr;
    std::unique_ptr<host_state> state_;
};

} // namespace postern::testing

#include <postern/testing/fake_delivery.hpp>
#include <postern/testing/fake_session.hpp>
