#pragma once
// The delivery half of a running server: one thread that owns the ledger, starts the attempts that are due and carries out
// operators' wishes. What an attempt does is attempt.cpp; when and whether is decided by queue/ and delivery/.

#include "core/base/clock.hpp"
#include "core/base/ids.hpp"
#include "core/base/log.hpp"
#include "core/base/metrics.hpp"
#include "core/base/random.hpp"
#include "core/delivery/admissions.hpp"
#include "core/io/loop.hpp"
#include "core/queue/domain_wish.hpp"
#include "core/queue/ledger.hpp"
#include "core/queue/store.hpp"
#include "core/runtime/delivery_lines.hpp"
#include "core/runtime/name_lookup.hpp"
#include "core/runtime/next_hop_rules.hpp"
#include "core/runtime/notice_board.hpp"
#include "core/runtime/published.hpp"
#include "core/runtime/server.hpp"
#include "core/runtime/smtp_pool.hpp"
#include "core/runtime/trace_notes.hpp"

#include <boost/asio/executor_work_guard.hpp>

#include <cstdint>
#include <deque>
#include <future>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace postern::runtime {

class attempt;

/// Totals since start, in recipients. Threads: any.
struct delivery_counts {
    explicit delivery_counts(base::metrics& in);

    base::counter& delivered;
    base::counter& deferred;
    base::counter& failed;
    base::gauge& queued; ///< messages in the ledger now
};

/// Threads: as marked; unmarked ones on its own thread.
class delivery_engine {
public:
    delivery_engine(published& current, queue::store& store, base::log log, base::metrics& metrics, const notice_board& notices,
                    const base::clock& clock, std::uint64_t seed, trace_home traces);
    ~delivery_engine();

    /// Reads the whole store into the ledger. Before start(). On the owner's thread; blocks.
    [[nodiscard]] base::result<void> load();
    /// `own`: addresses that we listen on, where nothing is delivered to.
    void start(std::vector<base::ip_endpoint> own);
    /// No new attempts from now on, and those that have not begun to send content end. [any]
    void drain();
    /// drain(); what runs may finish for `grace`, then its connections are cut. Blocks. [owner's thread]
    void shut_down(std::chrono::milliseconds grace);

    /// A message that is in the store. [any]
    void enqueue(base::message_id id, queue::record what);
    /// A new generation was published: limits may have changed. [any]
    void refresh();

    /// What waits for that domain is to be tried now: soon, and nobody is told. False: too many such wishes wait. [any]
    [[nodiscard]] bool try_now(queue::domain_wish what);

    /// For operators. [any but its own]; each blocks until its thread has answered.
    [[nodiscard]] std::vector<queue_item> list(base::message_id after, std::size_t limit);
    [[nodiscard]] std::optional<queue_item> show(base::message_id id);
    [[nodiscard]] bool change(base::message_id id, server::queue_command what);
    std::size_t flush();
    [[nodiscard]] std::vector<destination_item> destinations(std::string after, std::size_t limit);
    /// All that an operator wants suspended, in place of what was before. Also before start().
    void suspend(delivery::suspensions all);
    [[nodiscard]] const delivery_counts& counts() const noexcept { return counts_; }

private:
    friend class attempt;
    void add(base::message_id id, queue::record what);
    void pump();
    void pump_soon();
    void schedule_pump();
    void bring_forward(base::wall_time now);
    void remember(base::message_id id, queue::record what);
    [[nodiscard]] std::optional<queue::record> take_fresh(base::message_id id);
    void finished(base::message_id id);
    [[nodiscard]] io::task<void> run_attempt(base::message_id id);
    [[nodiscard]] io::task<queue_item> describe(queue::ledger_entry entry, bool with_results);
    [[nodiscard]] io::task<std::vector<queue_item>> describe_page(base::message_id after, std::size_t limit);
    [[nodiscard]] io::task<std::vector<queue_item>> describe_one(base::message_id id);
    [[nodiscard]] io::task<std::size_t> flush_all();
    [[nodiscard]] io::task<std::vector<destination_item>> describe_destinations(std::string after, std::size_t limit);
    [[nodiscard]] io::task<bool> suspend_all(delivery::suspensions all);
    [[nodiscard]] std::string waits_at(const std::string& destination) const;
    void tell_why_it_waits(queue_item& item, const queue::record& record) const;
    void note_wish(base::message_id id, std::string_view what, bool done);
    [[nodiscard]] io::task<void> try_domains();
    [[nodiscard]] io::task<std::size_t> try_page(const std::vector<queue::ledger_entry>& page,
                                                 const std::vector<queue::domain_wish>& wanted);
    [[nodiscard]] io::task<bool> carry_out(base::message_id id, server::queue_command what);
    [[nodiscard]] io::task<bool> store_hold(base::message_id id, std::optional<std::string> reason);
    [[nodiscard]] io::task<void> honour(base::message_id id, queue::wish wanted);
    void limit_lines();
    [[nodiscard]] bool try_urgently(base::message_id id);
    [[nodiscard]] std::string destination_of(const queue::record& what) const;
    [[nodiscard]] std::optional<base::message_id> take_next(base::wall_time now);
    [[nodiscard]] std::optional<base::wall_time> closed_until(const queue::ledger_entry& which, std::string_view destination);
    void wait_outside(base::message_id id, const std::string& destination, const queue::record& what);
    [[nodiscard]] base::wall_time outside_until(const queue::record& what) const;
    [[nodiscard]] io::task<bool> pause(std::chrono::milliseconds how_long);
    template <class Start>
    [[nodiscard]] io::task<bool> insist(std::string_view complaint, base::message_id id, Start start);
    template <class T, class Work>
    [[nodiscard]] T on_thread(Work work);

    published& current_;
    queue::store& store_;
    base::log log_;
    base::metrics& metrics_;
    const notice_board& notices_;
    const base::clock& clock_;
    trace_home traces_;
    base::seeded_random random_;
    base::id_source ids_;
    io::loop loop_;
    smtp_pool pool_;
    name_lookups lookups_;
    queue::ledger ledger_;
    delivery_lines lines_;
    next_hop_rules rules_;
    delivery::admissions admissions_; // queue.admit
    std::set<io::timer*> pauses_;
    std::set<attempt*> running_;
    std::unordered_map<base::message_id, queue::record> fresh_; // fresher than the store's, or saves asking it
    std::size_t fresh_recipients_ = 0;
    std::unordered_set<base::message_id> urgent_; // that somebody wants tried whether or not their next hops rest
    std::vector<base::message_id> over_;          // found at the start
    bool is_by_domain_ = false;                   // where a message goes is its recipients' domain's to say, and nobody else's
    std::uint16_t mx_port_ = 0;
    std::deque<std::string> has_idle_; // destinations that a connection stands idle to, for the next message
    std::vector<base::ip_endpoint> own_;
    io::timer next_due_;
    std::vector<queue::domain_wish> wanted_domains_;
    std::atomic<std::size_t> domains_wanted_{0}; ///< among them those that are on their way to this thread
    bool is_trying_domains_ = false;
    std::size_t attempts_running_ = 0; ///< but for those that only look for a way
    bool pumps_soon_ = false;
    base::wall_time pumped_at_; // last
    bool stopping_ = false;
    std::promise<void> ended_;
    std::future<void> ended_future_ = ended_.get_future();
    delivery_counts counts_;
    boost::asio::executor_work_guard<io::executor> work_;
    std::thread thread_;
};

} // namespace postern::runtime
