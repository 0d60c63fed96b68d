#pragma once
// The table, kept on disk: changes are done in memory at once, and written by one thread. A change that was asked to be durable
// is answered after the next sync, which it shares with all that wait; another one at once, and is written soon after.
//
// What fails: a write or a sync that fails refuses the durable changes that waited for it. From then on changes are refused and
// reads go on, until everything has been written to a new file, which is tried every second: after a failed sync nobody knows
// what the old one holds.
// Threads: any.

#include "log_file.hpp"
#include "table.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace postern_kv_memory {

enum class severity : std::uint8_t { info, warning, error };
using log_sink = std::function<void(severity, const std::string&)>;

struct settings {
    std::size_t memory = std::size_t{256} << 20U;
    std::chrono::milliseconds write_after{200};
    std::chrono::milliseconds pause{1000}; ///< between syncs of what nobody waits for, sweeps, and attempts after a failure
    std::uint64_t smallest_compaction = std::uint64_t{4} << 20U;
    std::function<wall_time()> now; ///< empty: the system's clock
    std::shared_ptr<disk> on;       ///< empty: the system's
};

class store {
public:
    /// Each item's result, or nothing: all failed. Called once: inside the call, or on the store's thread.
    using completion = std::function<void(const std::vector<result>* results)>;

    /// Null, and why in `error`.
    [[nodiscard]] static std::unique_ptr<store> open(const std::string& path, settings how, log_sink log, std::string& error);
    /// What was changed is written and synced.
    ~store();
    store(const store&) = delete;
    store& operator=(const store&) = delete;

    void request(std::string_view space, const std::vector<item>& items, bool is_durable, completion done);
    [[nodiscard]] page scan(std::string_view space, std::string_view prefix, std::string_view after, std::uint32_t limit) const;

    struct measure {
        std::size_t pairs;
        std::size_t octets;
        std::uint64_t file_octets;
    };
    [[nodiscard]] measure measured() const;

private:
    struct waiter {
        std::vector<result> results;
        completion done;
    };
    struct batch {
        std::vector<std::string> changes; ///< of a request each, in their order
        std::vector<waiter> waiting;      ///< for these to be on stable storage
    };
    enum class health : std::uint8_t { good, full, failed };

    store(folder in, settings how, log_sink log);
    [[nodiscard]] wall_time now() const;

    [[nodiscard]] bool recover(std::string& error);
    [[nodiscard]] bool load(std::uint64_t number, std::string& error);

    [[nodiscard]] std::uint32_t refusal() const noexcept;
    void work();
    void housekeeping(bool is_last);
    [[nodiscard]] batch take_batch();
    [[nodiscard]] std::vector<std::string> flush(std::vector<waiter>* held);
    [[nodiscard]] static std::pair<int, const char*> write(log_file& to, const std::vector<std::string>& changes, bool sync);
    void give_up(int error, const char* what);
    static void answer(std::vector<waiter>& waiting, bool is_done);

    [[nodiscard]] bool wants_compaction() const;
    void rewrite();
    [[nodiscard]] int copy_all(log_file& to, std::vector<waiter>& held);
    [[nodiscard]] int put_in_place(log_file made);

    folder folder_;
    settings how_;
    log_sink log_;
    disk system_;
    disk& disk_;

    mutable std::shared_mutex table_guard_; ///< before guard_
    table table_;

    std::mutex guard_;
    std::condition_variable changed_;
    batch pending_;
    std::chrono::steady_clock::time_point pending_since_;
    bool stopping_ = false;
    std::atomic<health> health_{health::good};
    std::atomic<std::size_t> pending_octets_{0};

    // Of the thread, and of open() before it starts.
    std::optional<log_file> file_;
    std::uint64_t number_ = 0;
    bool is_dirty_ = false;   ///< written, and not synced
    bool is_damaged_ = false; ///< the file before the one to come
    bool is_good_ = true;     ///< the file: what was written to it counts
    std::atomic<std::uint64_t> file_octets_{0};
    std::thread thread_;
};

} // namespace postern_kv_memory
