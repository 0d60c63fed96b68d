#pragma once
// What the log is made of: a file's head, and records, each all changes of one request. A record begins with the file's secret
// mark, so that no value can pass for one, and has a checksum. Knows no files.
// STANDARDS: CRC-32C as in RFC 3720 appendix B.4.
// SECURITY: keys and values come from anybody; a file may be damaged anywhere.

#include "table.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace postern_kv_memory {

using file_mark = std::uint64_t;

inline constexpr std::size_t head_size = 16;        ///< "postkv1\n" and the mark
inline constexpr std::size_t record_head_size = 16; ///< mark, length and checksum of what follows
inline constexpr std::size_t most_record = std::size_t{16} << 20U;

[[nodiscard]] std::uint32_t crc32c(std::string_view octets) noexcept;

[[nodiscard]] std::string file_head(file_mark mark);
/// Nothing: it is no file of this plugin's.
[[nodiscard]] std::optional<file_mark> read_head(std::string_view octets) noexcept;

/// Collects the changes of one request, without the mark of the file that they go to.
class record_writer final : public change_sink {
public:
    void put(std::string_view key, const row& now) override;
    void remove(std::string_view key) override;
    [[nodiscard]] bool empty() const noexcept { return changes_.empty(); }
    [[nodiscard]] std::size_t size() const noexcept { return changes_.size(); }
    [[nodiscard]] std::string take() noexcept { return std::exchange(changes_, {}); }

private:
    std::string changes_;
};

/// Puts collected changes as one record at the end of `to`.
void append_record(std::string& to, file_mark mark, std::string_view changes);

/// The record at `at`: its changes. Nothing: there is none, or it is damaged.
[[nodiscard]] std::optional<std::string_view> record_at(std::string_view file, std::size_t at, file_mark mark) noexcept;

/// Does a record's changes. False: they are not what a record holds; those before the fault are done.
[[nodiscard]] bool apply(std::string_view changes, change_sink& to);

} // namespace postern_kv_memory
