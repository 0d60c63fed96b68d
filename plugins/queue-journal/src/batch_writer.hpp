#pragma once
// Writes what waits, a batch at a time: one write, one sync, then the answers. The only writer of segments.
//
// Failures, reasoned out:
// - No room, or no segment to be had: what came in from clients is left out, then compaction, then the changes that do not fit
//   (batch_changes.cpp). Room for changes is reserved in every segment, and from one process to the next (batch_room.cpp).
// - A write fails: the segment is cut back to where the batch began, the batch has failed, the next one may work. Changes are
//   kept, as above.
// - A sync fails: Linux then marks the dirty pages clean, so a second sync would say "fine" of octets that never arrived. The
//   segment is closed and never written again ("lost"): what lies behind its last good sync counts for nothing. Commits of
//   the batch have failed; pieces of messages under way that lie there fail their commit. Changes that were answered since
//   that last good sync are kept in memory until then, and are written again into a new segment. So are removals of the
//   messages whose commit failed, lest a restart find them and deliver what the client was told to send again.
// Threads: the committer's alone; takes the journal's lock where it touches the index.

#include "journal.hpp"

namespace postern_queue_journal {

class batch_writer {
public:
    using instant = std::chrono::steady_clock::time_point;

    explicit batch_writer(journal& owner, std::uint64_t first_number) noexcept : journal_{owner}, next_number_{first_number} {}

    /// Takes up the last segment, or begins one, so that changes have room whatever happens to the disk. Says so if it cannot.
    void begin();
    /// Writes and answers every operation. With none: syncs, and writes what waits for room, as far as that is due.
    void write(std::vector<operation>& batch);
    /// When write has to be called though nothing new waits; nothing: not before something does.
    [[nodiscard]] std::optional<instant> due() const;
    /// Makes all durable, and leaves the segment in use with its room for the next process.
    void close();

private:
    enum class readiness {
        ready,
        no_room, ///< or no segment: without a part of the batch it may work
        failed,
        lost, ///< the segment; what has to be written again waits in carried_
    };

    // batch_writer.cpp
    [[nodiscard]] readiness write_what_fits(std::vector<operation>& batch);
    [[nodiscard]] readiness write_planned(std::vector<operation>& batch);
    [[nodiscard]] std::uint64_t plan(std::vector<operation>& batch);
    void plan_one(operation& waiting);
    [[nodiscard]] bool is_safe(const upload& pieces) const;
    void encode_batch(std::vector<operation>& batch);
    void answer(std::vector<operation>& batch, bool synced_kinds);
    [[nodiscard]] bool wants_sync(const std::vector<operation>& batch) const;
    [[nodiscard]] bool sync();

    // batch_room.cpp: segments
    [[nodiscard]] std::uint64_t room_for_changes() const noexcept;
    [[nodiscard]] std::uint64_t room_for_removals() const noexcept;
    [[nodiscard]] std::uint64_t room_kept(const std::vector<operation>& batch) const;
    [[nodiscard]] std::uint64_t free_beyond(std::uint64_t reserve) const;
    [[nodiscard]] bool adopt_last(std::uint64_t least);
    [[nodiscard]] bool begin_segment(std::uint64_t most, std::uint64_t least, std::uint64_t reserve);
    [[nodiscard]] readiness prepare_segment(std::uint64_t octets, const std::vector<operation>& batch);
    [[nodiscard]] std::shared_ptr<segment> create_segment(std::uint64_t most, std::uint64_t least, std::uint64_t reserve);
    [[nodiscard]] std::error_code start_file(segment& fresh, std::uint64_t most, std::uint64_t least, std::uint64_t room);
    [[nodiscard]] bool roll_back(std::vector<operation>& batch);
    [[nodiscard]] bool seal();
    void give_back(segment& full);
    void lose_segment(std::vector<operation>* batch);

    // batch_changes.cpp: what is left out, and what is kept for later
    void take_waiting(std::vector<operation>& batch);
    void take_carried(std::vector<operation>& batch);
    void refuse_below_reserve(std::vector<operation>& batch);
    [[nodiscard]] bool leave_out_least(std::vector<operation>& batch);
    [[nodiscard]] bool leave_out(std::vector<operation>& batch, bool (operation::*which)() const noexcept);
    [[nodiscard]] bool leave_out_changes(std::vector<operation>& batch);
    void fail(std::vector<operation>& batch);
    void keep_for_later(operation& waiting);
    void forget_refused(std::uint64_t id);
    void note_waiting();
    [[nodiscard]] outcome failure() const noexcept;

    // batch_apply.cpp
    void apply_written(std::vector<operation>& batch);
    void apply_synced(std::vector<operation>& batch);
    void apply_commit(operation& written);
    void apply_move(operation& written);
    void apply_state(operation& written);
    void apply_removal(operation& written);

    journal& journal_;
    std::uint64_t next_number_;
    std::shared_ptr<segment> active_;
    std::vector<operation> unsynced_; ///< answered, written, not yet on stable storage
    std::uint64_t unsynced_octets_ = 0;
    instant unsynced_since_{};       ///< if there are any
    std::vector<operation> carried_; ///< answered, and to be written again
    bool is_writing_again_ = false;
    std::unordered_map<std::uint64_t, operation> refused_; ///< by message: its newest change, if it could not be written
    instant retry_at_{};
    std::error_code kept_because_;
    bool is_waiting_told_ = false;     ///< the log knows that changes wait
    std::optional<instant> full_told_; ///< and, since then, that new messages are refused
    std::vector<header_octets> headers_;
    std::vector<std::string_view> parts_;
    std::error_code error_; ///< of the last failure
};

} // namespace postern_queue_journal
