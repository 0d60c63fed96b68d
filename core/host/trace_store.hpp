#pragma once
// Keeps the records of what was decided, in files of a bounded size altogether: when the newest is full the oldest goes. A record
// is appended in memory and written by a thread of its own within a second, so a crash loses the last ones, and a disk that fails
// costs records and a line in the log, never mail.
// A file: "PTRACE1\n", then records: size of the notes (u32), size again with all bits turned (u32: a half written one shows),
// time in ms (i64), id (u64), other id (u64), kind (u8), 7 octets of zero, the notes, the first size once more. As numbers lie in
// memory: the files are read by the machine that wrote them.
// SECURITY: mode 0600 in a folder of mode 0700. Addresses, subjects of edits and replies are in it, bodies and secrets are not.

#include "core/base/log.hpp"
#include "core/runtime/trace.hpp"

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace postern::daemon {

/// A record as it is read back.
struct kept_record {
    base::wall_time at;
    runtime::record_kind what = runtime::record_kind::transaction;
    std::uint64_t id = 0;
    std::uint64_t other = 0;
    std::string notes;
};

/// Threads: any.
class trace_store final : public runtime::trace_keeper {
public:
    /// `folder` is made when the first record is written. `keep`: octets of all files; 0: nothing is kept.
    trace_store(std::filesystem::path folder, std::uint64_t keep, base::log log);
    /// Writes what is left.
    ~trace_store() override;
    trace_store(const trace_store&) = delete;
    trace_store& operator=(const trace_store&) = delete;

    [[nodiscard]] bool is_keeping() const noexcept override { return keep_.load(std::memory_order_relaxed) != 0; }
    void keep(const runtime::trace_record& what) noexcept override;

    /// After a reload.
    void limit(std::uint64_t octets) noexcept { keep_.store(octets, std::memory_order_relaxed); }
    /// Those with that id, in either place, in the order in which they were kept. Reads all files; blocks.
    [[nodiscard]] std::vector<kept_record> find(std::uint64_t id);
    /// Returns when all that was kept before is in the files, or could not be written.
    void flush();

private:
    void work();
    void write(std::string_view octets);
    [[nodiscard]] bool open_file();
    void make_room();
    [[nodiscard]] std::vector<std::filesystem::path> files() const; ///< the oldest first
    void complain(std::string_view what);

    std::filesystem::path folder_;
    std::atomic<std::uint64_t> keep_;
    base::log log_;

    std::mutex guard_; // of what follows
    std::condition_variable changed_;
    std::string waiting_;
    std::uint64_t lost_ = 0;
    std::uint64_t asked_ = 0; ///< flushes
    std::uint64_t done_ = 0;
    bool stopping_ = false;

    // Of the thread alone.
    int file_ = -1;
    std::uint64_t file_size_ = 0;
    std::uint64_t number_ = 0;
    bool has_failed_ = false; ///< said once, until it works again
    std::thread thread_;
};

} // namespace postern::daemon
