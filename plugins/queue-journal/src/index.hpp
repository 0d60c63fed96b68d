#pragma once
// What the journal keeps in memory: one compact entry a live message, one record a segment, one a message that is arriving.
// Plain data; journal.cpp and its sisters own the rules and the lock.

#include "file_system.hpp"
#include "record.hpp"

#include <cassert>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace postern_queue_journal {

/// A record: its segment and its offset divided by the alignment.
struct place {
    std::uint32_t segment = 0; ///< 0: none
    std::uint32_t unit = 0;

    [[nodiscard]] std::uint64_t offset() const noexcept { return std::uint64_t{unit} * alignment; }
    bool operator==(const place&) const = default;
};

[[nodiscard]] inline place make_place(std::uint64_t segment, std::uint64_t offset) noexcept
{
    return {static_cast<std::uint32_t>(segment), static_cast<std::uint32_t>(offset / alignment)};
}

/// Octets of a segment that belong to a message's extents.
struct share {
    std::uint64_t segment = 0;
    std::uint64_t octets = 0;
};

/// A live message: 48 octets, and about 40 more for its node in the table. Envelope, state and content stay on disk.
struct entry {
    place home;  ///< the message record
    place state; ///< the record that holds the newest state: home, or a state record
    std::uint64_t content_size = 0;
    std::uint32_t home_units = 0;  ///< footprints, divided by the alignment
    std::uint32_t state_units = 0; ///< 0 if the state stands in home
    std::uint32_t version = 0;     ///< counts changes asked for, so that compaction notices one that overtook it
    std::uint16_t changing =
        0;                 ///< updates that wait to be written: compaction must not write the state before them anew behind them
    bool removing = false; ///< a removal waits to be written
    std::unique_ptr<std::vector<share>> shares; ///< of extents; null: none
};

struct segment {
    segment_name name;
    std::shared_ptr<file> content;
    std::uint64_t capacity = 0;   ///< reserved in the file system
    std::uint64_t tail = 0;       ///< where the next record goes; all before it is written
    std::uint64_t synced = 0;     ///< all before it is on stable storage
    std::uint64_t live = 0;       ///< octets of records that still matter, removals apart
    std::uint64_t removals = 0;   ///< octets of removal records, dead ones too
    std::uint32_t uploads = 0;    ///< extents of messages not yet committed
    bool is_sealed = false;       ///< nothing is written to it any more
    bool is_lost = false;         ///< a sync failed: what lies behind `synced` cannot be trusted
    bool keep = false;            ///< damaged octets could not be copied: the file stays as it is
    bool is_unreadable = false;   ///< the file cannot even be opened: what lies in it is out of reach
    bool is_damaged = false;      ///< worth compacting whatever is live
    bool is_stuck = false;        ///< compaction failed; left alone until another segment is sealed, or nothing matters in it
    std::uint64_t stuck_with = 0; ///< what mattered in it then
    /// For each other segment that holds records of messages removed here: how many removals need to outlive it.
    std::unordered_map<std::uint64_t, std::uint32_t> kills;
};

/// A piece of a message that is arriving, or is being moved: 16 octets, for there is one for each 64 KiB.
struct piece {
    place record;            ///< none: not yet written
    std::uint32_t crc = 0;   ///< of its octets
    std::uint32_t size : 30; ///< octets; with what follows one word, so under the lock as that is, once others know the piece
    bool counted : 1;        ///< in its segment's `uploads`
    bool is_written : 1;     ///< else an operation has its octets, or had: it failed

    piece(std::uint32_t octets, std::uint32_t checksum) noexcept
        : crc{checksum}, size{octets & ((1U << 30U) - 1)}, counted{false}, is_written{false}
    {
        assert(size == octets);
    }
    /// One that is there.
    explicit piece(const extent& there) noexcept : piece{there.size, there.crc}
    {
        record = make_place(there.segment, there.offset - header_size);
        is_written = true;
    }
    [[nodiscard]] extent where() const noexcept { return {record.segment, record.offset() + header_size, size, crc}; }
};
static_assert(sizeof(piece) == 16);

/// A message that is arriving.
struct upload {
    std::deque<piece> pieces; ///< in content order; references stay valid while it grows at either end
    std::string pending;      ///< appended, not enough for a piece of its own; touched by the caller of append alone
    std::string room;         ///< of a piece that was written, empty: the next one's
    std::uint64_t size = 0;   ///< appended in all
    std::error_code failure;  ///< why a piece could not be written
    bool is_abandoned = false;
};

struct index {
    std::unordered_map<std::uint64_t, entry> messages;
    std::unordered_map<std::uint64_t, std::shared_ptr<upload>> uploads;
    std::map<std::uint64_t, std::shared_ptr<segment>> segments;
    /// Segments that still hold a dead message record of a live message (moved by compaction): a removal must outlive those too.
    std::unordered_map<std::uint64_t, std::vector<std::uint64_t>> stale;

    [[nodiscard]] segment* find(std::uint64_t number) const noexcept
    {
        const auto found = segments.find(number);
        return found == segments.end() ? nullptr : found->second.get();
    }
    /// Counts the octets of a message as live, or no longer so.
    void credit(const entry& message) noexcept;
    void debit(const entry& message) noexcept;
    void debit_state(const entry& message) noexcept;
    /// The segments in which a message record of `id` may be found.
    [[nodiscard]] std::vector<std::uint64_t> homes(std::uint64_t id, const entry& message) const;
    /// That segment holds a message record that is no longer the one that counts.
    void note_stale(std::uint64_t id, std::uint64_t number);
    /// A removal of that message in segment `here` must outlive each of `homes` but `here`.
    void note_removal(std::uint64_t here, std::uint64_t footprint, const std::vector<std::uint64_t>& homes);
    /// An upload is over: its pieces no longer hold their segments.
    void release(upload& done) noexcept;
    /// A segment's file is gone for good: removals that waited for it are free.
    void forget(std::uint64_t number);
};

/// The live octets of each segment among extents, added up.
[[nodiscard]] std::unique_ptr<std::vector<share>> shares_of(const std::vector<extent>& extents);

} // namespace postern_queue_journal
