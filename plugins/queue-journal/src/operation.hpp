#pragma once
// One thing that waits for the committer: a record to write, prepared as far as possible by the thread that asked.

#include "index.hpp"

#include <functional>

namespace postern_queue_journal {

enum class outcome {
    ok,
    full,        ///< no room
    missing,     ///< no such message
    corrupt,     ///< a checksum does not match; the message was set aside
    failed,      ///< anything else; the log has the cause
    would_block, ///< patience::cached only: ask again with patience::any
};

using completion = std::function<void(outcome)>;

enum class operation_kind {
    commit,       ///< a message record
    extent,       ///< a piece of a message to come; answered when written
    update,       ///< a state record; answered when written
    removal,      ///< answered when written
    move_message, ///< compaction: a message record anew; void if the message was changed since
    move_state,   ///< compaction: a state record anew; likewise
    move_removal, ///< compaction: a removal anew
    barrier,      ///< nothing to write: answered when all before it is on stable storage
};

struct operation {
    operation_kind kind{};
    record_header header;           ///< sizes and checksums; offset and synced are filled in when it is written
    std::string metadata;           ///< behind it, the content's beginning
    std::string body;               ///< the content goes on here (extent: all of it)
    std::string tail;               ///< and ends here
    completion done;                ///< may be empty
    std::shared_ptr<upload> of;     ///< commit, extent, move_message: the pieces
    piece* part = nullptr;          ///< extent: which; owned by `of`
    std::uint64_t content_size = 0; ///< commit, move_message: of the whole message
    std::uint32_t extents_at = 0;   ///< commit, move_message: where the extents stand in the metadata
    place old_home;                 ///< move: what it replaces
    place old_state;
    std::uint32_t version = 0;        ///< move: of the entry when it was read
    std::vector<std::uint64_t> homes; ///< removal: segments that hold a message record

    bool part_is_intake = true; ///< extent: of an upload, not of compaction
    bool is_carried = false;    ///< its answer was given, and a failed sync took its octets: must be written again
    bool is_skipped = false;    ///< decided by the writer: `result` is the answer, nothing is written
    outcome result = outcome::ok;

    [[nodiscard]] std::uint64_t footprint() const noexcept { return kind == operation_kind::barrier ? 0 : header.size(); }
    /// A client waits for its durability, and it may be refused for want of room.
    [[nodiscard]] bool is_intake() const noexcept
    {
        return kind == operation_kind::commit || (kind == operation_kind::extent && part_is_intake);
    }
    /// Compaction's: can wait until there is room.
    [[nodiscard]] bool is_copy() const noexcept
    {
        return !is_carried && (kind == operation_kind::move_message || kind == operation_kind::move_state ||
                               kind == operation_kind::move_removal || (kind == operation_kind::extent && !part_is_intake));
    }
    /// What became of a message: lost, it is delivered again.
    [[nodiscard]] bool is_change() const noexcept
    {
        return is_carried || kind == operation_kind::update || kind == operation_kind::removal;
    }
};

} // namespace postern_queue_journal
