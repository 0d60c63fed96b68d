#pragma once
// Walks the records of one segment in order, reading headers and metadata only, and finds its way again behind damage.
// Must not know: what a record means for the queue.

#include "file_system.hpp"
#include "record.hpp"

namespace postern_queue_journal {

class segment_walker {
public:
    enum class step {
        record,  ///< header(), metadata()
        damaged, ///< octets from damage_begin() to damage_end() are no records; a good one follows
        end,     ///< no record follows; what is behind damage_begin() is zeros, a torn tail, or nothing
        failed,  ///< the file could not be read: error()
    };

    /// What the walker makes of octets that the disk cannot read.
    enum class bad_sectors {
        fail,          ///< step::failed
        are_as_damage, ///< goes on behind them
    };

    /// Walks [begin, end) of `from`, which must outlive the walker.
    segment_walker(file& from, std::uint64_t mark, std::uint64_t begin, std::uint64_t end,
                   bad_sectors policy = bad_sectors::fail) noexcept
        : file_{from}, mark_{mark}, at_{begin}, end_{end}, policy_{policy}
    {
    }

    [[nodiscard]] step next();

    [[nodiscard]] const record_header& header() const noexcept { return header_; }
    /// Valid until the next call of next().
    [[nodiscard]] std::string_view metadata() const noexcept { return metadata_; }
    [[nodiscard]] std::uint64_t damage_begin() const noexcept { return damage_begin_; }
    [[nodiscard]] std::uint64_t damage_end() const noexcept { return at_; }
    /// The id in a header whose metadata is damaged; 0: unknown.
    [[nodiscard]] std::uint64_t damaged_id() const noexcept { return damaged_id_; }
    [[nodiscard]] std::error_code error() const noexcept { return error_; }
    /// Octets that the disk could not read, so far.
    [[nodiscard]] std::uint64_t unreadable() const noexcept { return unreadable_; }

private:
    [[nodiscard]] std::size_t read_around_bad_sectors(std::uint64_t offset);
    [[nodiscard]] bool record_at(std::uint64_t offset);
    [[nodiscard]] bool find_mark();
    [[nodiscard]] std::string_view view(std::uint64_t offset, std::uint64_t size);

    file& file_;
    std::uint64_t mark_;
    std::uint64_t at_;
    std::uint64_t end_;
    bad_sectors policy_;
    std::uint64_t unreadable_ = 0;
    std::string window_;
    std::uint64_t window_at_ = 0;
    record_header header_;
    std::string_view metadata_;
    std::uint64_t damage_begin_ = 0;
    std::uint64_t damaged_id_ = 0;
    std::error_code error_;
};

} // namespace postern_queue_journal
