#pragma once
// What a fake_host knows of its instance, and the way from the contract's handle to it. Part of the sources of the kit.

#include <postern/testing/fake_host.hpp>
#include <postern/testing/lent_blobs.hpp>
#include <postern/testing/pending_wakes.hpp>
#include <postern/testing/question.hpp>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postern::testing {

struct ticket_row {
    question asked;
    answer said;
    std::chrono::nanoseconds until{0}; ///< 0: no deadline
    std::uint64_t session = 0;
    bool is_closed = false;
    bool is_answered = false; ///< by the plugin
};

struct host_state {
    std::string name;
    std::string why_none = "create() makes the instance: call it first, and ASSERT_EQ its status to POSTERN_PASS";
    bool in_create = false;
    bool was_created = false;
    bool has_instance = false;
    std::map<std::uint32_t, std::uint32_t> subscriptions;
    std::vector<std::pair<std::string, std::string>> refusals;
    declarations declared;
    std::optional<std::set<std::string, std::less<>>> grants; ///< nothing: all but "tls"
    std::chrono::nanoseconds deadline = std::chrono::seconds{5};

    std::condition_variable changed; ///< by an answer or a wake of whatever thread
    std::mutex mutex;                // guards the rest
    std::uint64_t changes = 0;
    std::uint64_t last_ticket = 0;
    std::map<std::uint64_t, ticket_row> tickets;
    std::set<std::pair<std::chrono::nanoseconds, std::uint64_t>> expected; ///< tickets by their deadlines
    lent_blobs blobs;
    std::map<std::uint64_t, std::uint64_t> cookies;
    std::set<std::uint64_t> sessions;
    std::map<std::uint64_t, body_facts> bodies; ///< by session, of its last MAIL
    pending_wakes wakes;
    std::vector<std::pair<std::uint32_t, std::string>> log;
    std::vector<std::string> complaints;
    std::vector<std::string> started;
    std::vector<submitted_mail> mails;

    /// Weaker TLS has to be said even in a test: a plugin that asks for it by mistake fails in every server, and puts mail off.
    [[nodiscard]] bool is_granted(std::string_view what) const
    {
        return what.empty() || (grants ? grants->contains(what) : what != "tls");
    }
    void has_changed()
    {
        ++changes;
        changed.notify_all();
    }
    void close(std::uint64_t ticket, ticket_row& row)
    {
        row.is_closed = true;
        expected.erase({row.until, ticket});
        blobs.close(ticket);
    }
};

/// The tables that are no service's: core, config, blob, ehlo, spool, submit; and who may look into a fake_host.
struct host_tables {
    static postern_host* handle(fake_host& host) noexcept { return reinterpret_cast<postern_host*>(&host); }
    static fake_host& of(postern_host* host) noexcept { return *reinterpret_cast<fake_host*>(host); }
    static host_state& state(fake_host& host) noexcept { return *host.state_; }
    static const void* get(postern_host* host, const char* id);
};

} // namespace postern::testing
