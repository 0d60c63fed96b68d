#pragma once
// Writes what waits, a batch at a time: one write, one sync, then the answers. The only writer of segments.
//
// Failures, reasoned out:
// - No room: what came in from clients is refused (`full`) and cut away again; changes, removals and compaction are tried
//   once more alone, since they are what makes room.
// - A write fails: the segment is cut back to where the batch began, the batch has failed, the next one may work.
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
    explicit batch_writer(journal& owner, std::uint64_t first_number) noexcept : journal_{owner}, next_number_{first_number} {}

    /// Writes and answers every operation.
    void write(std::vector<operation>& batch);
    /// Seals the segment in use, and gives its unused room back.
    void close();

private:
    enum class readiness { ready, no_room, failed, lost };

    void take_carried(std::vector<operation>& batch);
    [[nodiscard]] bool is_short_of_room() const;
    [[nodiscard]] bool refuse_intake(std::vector<operation>& batch, std::error_code why);
    [[nodiscard]] std::uint64_t plan(std::vector<operation>& batch);
    void plan_one(operation& waiting);
    [[nodiscard]] bool is_safe(const upload& pieces) const;
    [[nodiscard]] readiness write_planned(std::vector<operation>& batch);
    [[nodiscard]] readiness prepare_segment(std::uint64_t octets, bool intake);
    [[nodiscard]] readiness create_segment(std::uint64_t octets, bool intake);
    [[nodiscard]] std::error_code start_file(segment& fresh);
    void encode_batch(std::vector<operation>& batch);
    [[nodiscard]] bool roll_back(std::vector<operation>& batch);
    void fail(std::vector<operation>& batch, outcome result, std::error_code why);
    void apply_written(std::vector<operation>& batch);
    void apply_synced(std::vector<operation>& batch);
    void apply_commit(operation& written);
    void apply_move(operation& written);
    void apply_state(operation& written);
    void apply_removal(operation& written);
    void answer(std::vector<operation>& batch, bool synced_kinds);
    [[nodiscard]] bool wants_sync(const std::vector<operation>& batch) const;
    [[nodiscard]] bool sync();
    [[nodiscard]] bool seal();
    void lose_segment(std::vector<operation>* batch);

    journal& journal_;
    std::uint64_t next_number_;
    std::shared_ptr<segment> active_;
    std::vector<operation> unsynced_; ///< answered, written, not yet on stable storage
    std::uint64_t unsynced_octets_ = 0;
    std::vector<operation> carried_; ///< answered, and to be written again
    std::vector<header_octets> headers_;
    std::vector<std::string_view> parts_;
    std::error_code error_; ///< of the last failure
};

} // namespace postern_queue_journal
