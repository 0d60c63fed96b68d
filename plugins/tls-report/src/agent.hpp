#pragma once
// The plugin itself: sessions of deliveries into counts, counts into reports, reports of others into log and metrics. Knows no
// libcurl and reads no clock: both are given. STANDARDS: RFC 8460, RFC 8689 3. SECURITY: see tally, rua, received.

#include "keys.hpp"
#include "poster.hpp"
#include "reader.hpp"
#include "report.hpp"
#include "round.hpp"
#include "rua.hpp"
#include "tally.hpp"

#include <postern/plugin.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tls_report {

/// What the world outside of the host is to the plugin.
struct surroundings {
    std::function<std::int64_t()> now_s;              ///< since 1970
    std::function<std::chrono::nanoseconds()> steady; ///< a clock that only goes on
    std::function<std::int64_t(std::int64_t)> random_up_to;
    poster_maker make_poster;
};

/// Threads: any.
class agent {
public:
    static constexpr const char* requires_[] = {"postern.dns/1", "postern.kv/1",     "postern.submit/1", "postern.metrics/1",
                                                "postern.log/1", "postern.timers/1", "postern.blob/1"};
    static constexpr std::string_view own_keyword = "XTLSREPORT"; ///< of mails that are reports; no client is offered it

    agent(const postern::host& host, surroundings outside);
    agent(const agent&) = delete;
    agent& operator=(const agent&) = delete;
    ~agent();

    static postern::offers on(const postern::ehlo& /*event*/) { return {}; }
    postern::tls_reply on(const postern::tls_policy& event);
    void on(const postern::tls_result& event);
    postern::pending on(const postern::message_end& event);
    void on(const postern::commit& event);
    postern::task<postern::admin_reply> on(postern::admin event);
    [[nodiscard]] postern::health_report on(const postern::health& event) const;

private:
    struct options {
        reporter by;
        std::chrono::seconds delay;
        std::chrono::seconds retry;
        std::chrono::seconds flush;
        std::chrono::seconds budget; ///< of a domain in a round
        bool takes_private;
        std::vector<std::string> own; ///< domains that records() is for, in lower case
        std::vector<std::string> exempt;
        std::vector<std::string> rua;
        std::set<std::string> receives; ///< in lower case
    };
    static constexpr std::chrono::hours kept_for{240}; ///< what is never reported is gone then
    static constexpr std::size_t most_closed = 32;     ///< days that are remembered

    /// Set for as long as it lives.
    class busy {
    public:
        explicit busy(std::atomic<bool>& flag) noexcept : flag_{flag}, is_first_{!flag.exchange(true)} {}
        busy(const busy&) = delete;
        busy& operator=(const busy&) = delete;
        ~busy()
        {
            if (is_first_)
                flag_ = false;
        }
        [[nodiscard]] bool is_first() const noexcept { return is_first_; }

    private:
        std::atomic<bool>& flag_;
        bool is_first_;
    };
    /// What came of sending a report to somebody.
    enum class sending : std::uint8_t {
        sent,
        sent_before,
        not_now, ///< it failed, or somebody else is about to send it
    };

    [[nodiscard]] static options options_of(const postern::host& host);
    void read_key();
    [[nodiscard]] bool sends() const noexcept { return !how_.by.from.empty(); }

    // agent_keep.cpp: counts into the store.
    [[nodiscard]] postern::task<> keep();
    [[nodiscard]] postern::task<bool> keep_some(std::vector<row>& rows, std::size_t first, std::size_t count);
    void add_to(postern::kv_batch& items, const row& what);
    [[nodiscard]] day open_day(day when);
    [[nodiscard]] bool knows_closed() const;
    [[nodiscard]] postern::task<> load_closed();
    [[nodiscard]] postern::task<> close(day when);
    void note_store(bool works);
    void remember_own(std::string message);

    // agent_send.cpp: counts out of the store, and reports on their way.
    [[nodiscard]] postern::task<> tick();
    [[nodiscard]] postern::task<walked> walk(bool has_patience);
    [[nodiscard]] postern::task<std::deque<keys::place>> find_due(bool has_patience);
    [[nodiscard]] postern::task<> work(std::shared_ptr<round> on);
    [[nodiscard]] std::optional<std::vector<destination>> wanted_by(const postern::dns_found<std::string>& said) const;
    [[nodiscard]] bool is_put_off(const keys::place& where, std::int64_t now);
    /// Whether it is given up instead.
    [[nodiscard]] bool put_off(const keys::place& where, std::int64_t now);
    [[nodiscard]] std::int64_t due(day when);
    [[nodiscard]] postern::task<> report(keys::place where, round& on);
    [[nodiscard]] postern::task<std::optional<gathered>> gather(keys::place where);
    [[nodiscard]] postern::task<> remove(keys::place where);
    [[nodiscard]] postern::task<bool> claim(std::string key, std::string& state);
    [[nodiscard]] postern::task<sending> send(const gathered& what, const std::string& packed, const destination& to, round& on);
    [[nodiscard]] postern::task<std::string> deliver(const gathered& what, const std::string& packed, const destination& to,
                                                     round& on);
    [[nodiscard]] postern::task<std::string> deliver_mail(const gathered& what, const std::string& packed, const destination& to);
    [[nodiscard]] postern::task<std::string> deliver_https(const std::string& packed, const destination& to, round& on);

    // agent_orders.cpp: what operators say.
    [[nodiscard]] postern::task<postern::admin_reply> show(std::string domain);
    [[nodiscard]] postern::admin_reply records(const std::vector<std::string>& domains) const;
    [[nodiscard]] postern::admin_reply received() const;

    // agent_receive.cpp: reports of others.
    void take(const reader& by, const std::string& sender, const found_json& found);

    postern::host host_;
    surroundings outside_;
    options how_;
    std::optional<postern::kit::dkim_signer> signer_;
    postern::submitter mail_;
    std::string claimant_; ///< of this instance: random
    std::int64_t started_s_;

    tally counted_;
    std::atomic<bool> is_walking_{false};
    std::atomic<bool> is_keeping_{false};
    std::atomic<bool> is_store_down_{false};
    std::atomic<std::size_t> put_off_{0}; ///< reports, at the last walk

    mutable std::mutex mutex_; // guards what follows; no call to the host is made under it
    std::set<day> closed_;
    bool knows_closed_ = false;
    std::map<day, std::int64_t> delays_;                           ///< drawn once a day
    std::map<std::pair<day, std::string>, std::int64_t> tries_at_; ///< of reports that could not be sent
    std::deque<std::string> own_messages_;                         ///< ids of the last ones
    struct seen_reporter {
        std::uint64_t reports = 0;
        std::int64_t successful = 0;
        std::int64_t failed = 0;
        std::string last;
    };
    std::map<std::string, seen_reporter> reporters_;

    std::array<postern::counter, 12> sessions_; ///< by finding
    postern::counter uncounted_;
    postern::counter shortened_;
    std::array<postern::counter, 3> reports_;          ///< sent, failed, dropped
    std::array<postern::counter, 2> received_reports_; ///< good, bad
    postern::counter received_successes_;
    std::map<std::string, postern::counter, std::less<>> received_failures_; ///< by type
    std::unique_ptr<reader> reader_;
    postern::timer_handle tick_;
    std::unique_ptr<poster> poster_; ///< last: tasks that wait for it end with it, and use the rest
};

} // namespace tls_report
