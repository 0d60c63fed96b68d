#pragma once
// The store of postern.queue/1 as a library: an append-only journal in segments, an index in memory, one thread that writes
// for all (group commit) and one that gives space back. Must not know: the plugin contract, mail.
//
// What is promised, and kept through crashes at any point:
// - commit answered ok: the message is on stable storage (unless settings.sync is false).
// - update, remove answered ok: the kernel has it; stable storage with the next sync, which comes within sync_changes_after, and
//   before anything that relies on it goes. Answered otherwise: it could not be written; it is kept, and written when it can be.
// - octets given out match the checksum that they were stored with.
//
// Threads: every function from any thread; calls for one message one after the other. Completions run exactly once, inside the
// call or on the journal's thread, never under its lock. They must not destroy the journal.

#include "file_system.hpp"
#include "index.hpp"
#include "operation.hpp"
#include "segment_walker.hpp"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace postern_queue_journal {

struct settings {
    std::uint64_t segment_size = 64U << 20U;    ///< of a segment's file; a larger record gets a segment to measure
    std::uint64_t reserve = 64U << 20U;         ///< with fewer octets free, commits are `full`; changes and compaction go on
    std::uint64_t compaction_rate = 16U << 20U; ///< octets a second that compaction copies; 0: no limit
    bool sync = true;                           ///< false: ok without stable storage, for measurements
    std::uint32_t extent_size = 64U << 10U;     ///< of a large message's pieces, so of what a session holds in memory
    std::uint64_t batch_size = 4U << 20U;       ///< octets that share a sync, about
    std::chrono::milliseconds sync_changes_after{1000}; ///< at most so long after an update or removal was answered it is synced
    std::size_t most_kept_changes = 100'000;            ///< that could not be written, and wait in memory until they can
    bool threads = true;                                ///< false: the owner calls commit_step and compact_step (tests)
    std::chrono::steady_clock::time_point (*now)() = std::chrono::steady_clock::now;
    std::uint64_t (*random)() = nullptr; ///< for the marks of segments; null: getrandom. Must be unpredictable
};

enum class severity { info, warning, error };
/// One line for the operator. Called from any thread.
using log_line = std::function<void(severity, std::string_view)>;

/// Octets that stay valid while this lives.
struct octets {
    std::unique_ptr<char[]> owner;
    std::string_view view;
};
/// So many octets, not yet filled.
[[nodiscard]] octets allocate_octets(std::size_t size);

struct message_info {
    std::uint64_t id = 0;
    std::uint64_t content_size = 0;
    std::string envelope;
    std::string state;
};

struct scan_page {
    std::vector<message_info> messages;
    std::uint64_t next = 0; ///< cursor of the next page; 0: done
};

struct statistics {
    std::uint64_t messages = 0;
    std::uint64_t segments = 0;
    std::uint64_t live_octets = 0;
    std::uint64_t file_octets = 0;
};

class journal {
public:
    /// Takes the folder, repairs what a crash left, reads where every message lies, and has room for changes reserved. Null, and
    /// why in `error`, if the folder is another process's, or cannot be read; never because of damaged records, of sectors that
    /// cannot be read, or of a full disk.
    [[nodiscard]] static std::unique_ptr<journal> open(std::unique_ptr<file_system> folder, settings options, log_line log,
                                                       std::string& error);
    /// Writes and answers all that waits, syncs, and ends. Nobody may call any more.
    ~journal();
    journal(const journal&) = delete;
    journal& operator=(const journal&) = delete;

    void append(std::uint64_t id, std::string_view body, completion done);
    void commit(std::uint64_t id, std::string_view envelope, std::string_view state, std::string_view head, std::string_view tail,
                completion done);
    void abandon(std::uint64_t id) noexcept;
    void update(std::uint64_t id, std::string_view state, completion done);
    void remove(std::uint64_t id, completion done);

    /// These read on the caller's thread. With patience::cached: would_block instead of waiting for the disk.
    [[nodiscard]] outcome fetch(std::uint64_t id, message_info& info, patience how = patience::any);
    [[nodiscard]] outcome read(std::uint64_t id, std::uint64_t offset, std::uint64_t length, octets& to,
                               patience how = patience::any);
    [[nodiscard]] outcome peek(std::uint64_t id, std::uint64_t offset, std::uint64_t length, octets& to,
                               patience how = patience::any);
    /// Pages of a few hundred messages in the order in which they lie on disk. Compaction rests from cursor 0 to the last page.
    [[nodiscard]] outcome scan(std::uint64_t cursor, scan_page& page);

    [[nodiscard]] statistics measure() const;

    /// Writes one batch of what waits, or what has become due; false: there was nothing. Only with settings.threads false.
    bool commit_step();
    /// Deletes or compacts one segment; false: there was nothing to do, or it failed. Only with settings.threads false.
    bool compact_step();

private:
    struct loaded;
    struct recovered;
    struct message_source { ///< what a message record is made of
        std::string envelope, state, content;
        std::vector<extent> extents;
        std::uint64_t content_size = 0;
        std::uint32_t head_size = 0;
    };
    friend class batch_writer;

    journal(std::unique_ptr<file_system> folder, settings options, log_line log);

    // recovery.cpp
    [[nodiscard]] bool recover(std::string& error);
    [[nodiscard]] bool recover_segment(segment& from, std::string& error);
    void accept_records(segment& from, std::deque<recovered>& waiting, std::uint64_t synced);
    void accept_record(segment& from, const recovered& record);
    [[nodiscard]] bool is_whole(segment& from, const recovered& record);
    void accept_message(segment& from, const recovered& record);
    void set_orphans_aside();
    void cut_tail(segment& from, std::uint64_t id);
    void leave_range(segment& from, std::uint64_t begin, std::uint64_t end, std::uint64_t id);
    [[nodiscard]] static std::error_code find_content_end(file& from, std::uint64_t begin, std::uint64_t end,
                                                          std::uint64_t& last);
    void set_aside_range(segment& from, std::uint64_t begin, std::uint64_t end, std::uint64_t id);
    [[nodiscard]] bool finish_recovery(std::string& error);

    // journal.cpp: what waits for the committer
    void enqueue(operation&& waiting, std::unique_lock<std::mutex>& lock);
    [[nodiscard]] static operation extent_operation(const std::shared_ptr<upload>& of, std::uint64_t id, piece& part,
                                                    std::string octets);
    void add_pieces(const std::shared_ptr<upload>& of, std::uint64_t id, std::string_view body, bool at_front);
    void write_all(std::vector<operation>& taken);
    void run_committer();
    void run_compactor();

    // reading.cpp, scanning.cpp, quarantine.cpp
    [[nodiscard]] outcome load(std::uint64_t id, patience how, bool with_content, loaded& message);
    [[nodiscard]] bool is_current(std::uint64_t id, const loaded& message) const;
    [[nodiscard]] outcome fetch_once(std::uint64_t id, message_info& info, patience how, loaded& message);
    [[nodiscard]] outcome read_once(std::uint64_t id, std::uint64_t offset, std::uint64_t length, octets& to, patience how,
                                    loaded& message);
    [[nodiscard]] outcome load_for_move(std::uint64_t id, message_source& source);
    [[nodiscard]] outcome load_state(std::uint64_t id, place at, patience how, std::string& state) const;
    [[nodiscard]] outcome read_extent(const extent& piece, std::span<char> to, patience how) const;
    [[nodiscard]] outcome read_exactly(std::uint64_t number, std::uint64_t offset, std::span<char> to, patience how) const;
    [[nodiscard]] outcome assemble(const loaded& message, std::uint64_t offset, std::span<char> to, patience how) const;
    [[nodiscard]] outcome scan_segment(segment& from, std::uint64_t& offset, scan_page& page);
    void set_aside(std::uint64_t id, const char* why);
    [[nodiscard]] bool copy_to_quarantine(std::uint64_t id) const;
    [[nodiscard]] bool write_quarantine(const std::string& name, std::span<const std::string_view> parts) const;

    // compaction.cpp
    [[nodiscard]] bool is_worth_compacting(const segment& which) const; // under the lock
    [[nodiscard]] std::shared_ptr<segment> choose_victim();
    [[nodiscard]] bool compact(const std::shared_ptr<segment>& victim);
    [[nodiscard]] bool move_records(const std::shared_ptr<segment>& victim);
    [[nodiscard]] bool move_message(std::uint64_t id, std::uint64_t victim, std::vector<operation>& moves);
    void move_removal(std::uint64_t victim, const record_header& header, std::string_view metadata,
                      std::vector<operation>& moves);
    void give_up(upload& pieces, std::vector<operation>& moves);
    bool give_up(std::vector<operation>& moves);
    [[nodiscard]] bool move_state(std::uint64_t id, place from, std::vector<operation>& moves);
    [[nodiscard]] bool submit(std::vector<operation>& moves);
    [[nodiscard]] bool pace(std::uint64_t copied);
    [[nodiscard]] bool delete_segment(const std::shared_ptr<segment>& dead);
    [[nodiscard]] bool delete_file(const segment& dead);
    bool delete_dead_segments();

    [[nodiscard]] std::uint64_t random_mark() const;
    void note_dead_space(std::uint64_t segment_number); // under the lock
    void say(severity how, const std::string& line) const;

    const std::unique_ptr<file_system> folder_;
    const settings settings_;
    const log_line log_;

    mutable std::mutex mutex_; ///< guards everything down to the empty line, and the fields of segments
    index index_;
    std::vector<operation> queue_;
    bool committer_sleeps_ = false;
    bool committer_stops_ = false;
    bool compactor_stops_ = false;
    bool compactor_wanted_ = false;
    bool compactor_may_run_ = false; ///< after the first scan, or the first change
    bool scanning_ = false;

    struct record_range {
        std::uint64_t segment = 0, offset = 0, size = 0;
    };
    std::unordered_map<std::uint64_t, record_range> orphans_; ///< during start-up: message records whose pieces are gone, by id

    std::condition_variable work_;       ///< for the committer
    std::condition_variable dead_space_; ///< for the compactor
    std::mutex compacting_;              ///< held during a compaction step, and while a scan begins

    std::unique_ptr<class batch_writer> writer_; ///< used by the committer alone
    std::thread committer_;
    std::thread compactor_;
};

} // namespace postern_queue_journal
