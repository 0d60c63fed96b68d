#pragma once
// The plugin itself: events of the host to discovery, its steps to the host and to whoever fetches. Knows no libcurl and reads no
// clock: both are given. STANDARDS: RFC 8461. SECURITY: see discovery.

#include "fetcher.hpp"
#include "ruling.hpp"
#include "told.hpp"

#include <postern/plugin.hpp>

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mta_sts {

struct clockwork {
    std::function<moment()> now; ///< its `steady` is that of an event's deadline()
    discovery::jitter varied;
};

/// Threads: any.
class agent {
public:
    static constexpr const char* requires_[] = {"postern.dns/1", "postern.kv/1", "postern.metrics/1", "postern.log/1",
                                                "postern.timers/1"};

    agent(const postern::host& host, const fetcher_maker& made, clockwork clock);
    agent(const agent&) = delete;
    agent& operator=(const agent&) = delete;
    ~agent();

    postern::pending on(const postern::tls_policy& event);
    void on(const postern::tls_result& event);
    void on(const postern::commit& event);
    void on(const postern::dns_answer& event);
    void on(const postern::kv_answer& event);
    void on(const postern::wake& event);
    postern::pending on(const postern::admin& event);
    [[nodiscard]] postern::health_report on(const postern::health& event);

protected:
    [[nodiscard]] const postern::host& host() const noexcept { return host_; }
    [[nodiscard]] const own_policy& own() const noexcept { return own_; }

private:
    static constexpr const char* ends = "the instance ends";

    /// Whom a question to the host is for.
    struct open_question {
        enum class kind : std::uint8_t { txt, address, load, keep, scan, own_mx };
        kind what;
        std::string domain{};
        std::uint64_t ticket = 0; ///< own_mx: of the operator
        bool is_file = false;     ///< own_mx: the file alone is wanted
    };
    /// A delivery, or an operator (no wake, no question), who waits for a domain to be settled.
    struct waiter {
        std::uint64_t ticket = 0;
        std::string domain;
        std::optional<question> about;
    };
    /// Both kinds of addresses of a web server.
    struct gathering {
        unsigned open = 2;
        std::vector<std::string> addresses{};
        std::string why{};
    };

    void perform(steps todo);
    void perform(step& one, steps& next);
    void settle(const std::string& domain, const standing& known);
    void answer(std::uint64_t ticket, const question& about, const standing& known) const;

    [[nodiscard]] std::uint64_t expect(open_question what);
    [[nodiscard]] std::optional<open_question> take(std::uint64_t token);
    /// False: nobody will answer.
    [[nodiscard]] bool ask_dns(open_question what, const std::string& name, std::uint32_t type);
    [[nodiscard]] bool ask_kv(open_question what, const postern::kv_batch& items);
    void ask_scan(const std::string& after);
    void ask_addresses(const std::string& domain, steps& next);
    void take_address(const std::string& domain, const postern::dns_answer* said, steps& next);
    void take_page(const postern::kv_answer& said, steps& next);
    void note_store(bool works);

    [[nodiscard]] postern::admin_reply show(std::string_view domain);
    void refresh(std::uint64_t ticket, const std::string& domain);
    void publish(const open_question& asked, const postern::dns_answer& said) const;
    [[nodiscard]] std::optional<postern::admin_reply> obey(const postern::admin& event);
    void count_policies();

    postern::host host_;
    clockwork clock_;
    std::chrono::nanoseconds wait_;
    bool takes_private_;
    std::vector<std::string> exempt_;
    own_policy own_;

    std::mutex mutex_; // guards what follows; no call to the host is made under it
    discovery known_;
    std::map<std::uint64_t, open_question> open_;
    std::map<std::uint64_t, waiter> waiting_; ///< by the token of their wake
    std::map<std::string, gathering> gathered_;
    std::uint64_t last_token_ = 0;

    std::atomic<bool> is_store_down_{false};
    std::array<postern::counter, 7> hosts_;   ///< by outcome
    std::array<postern::counter, 4> fetches_; ///< by trouble
    std::array<postern::gauge, 3> policies_;  ///< by mode
    postern::gauge kept_;
    postern::timer_handle tick_;
    std::unique_ptr<fetcher> fetcher_;
};

} // namespace mta_sts
