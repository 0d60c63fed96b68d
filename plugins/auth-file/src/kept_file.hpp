#pragma once
// The file's content as it was last good: read at once, looked at again when it is asked for, at most once a second.
// SECURITY: a file that anybody can write is not read. Threads: any.

#include "credential_table.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include <sys/stat.h>

namespace auth_file {

/// By which a changed file is known.
struct file_stamp {
    dev_t device = 0;
    ino_t inode = 0;
    off_t size = 0;
    std::int64_t modified_ns = 0;
    std::int64_t changed_ns = 0;
    friend bool operator==(const file_stamp&, const file_stamp&) = default;
};
[[nodiscard]] file_stamp stamp_of(const struct stat& facts) noexcept;

struct loaded_file {
    std::shared_ptr<const credential_table> table; ///< null: `why`
    std::string why;                               ///< begins with the file's name, and the line if one is bad
    std::string warning;                           ///< empty: none
    file_stamp stamp;
};
[[nodiscard]] loaded_file load(const std::filesystem::path& file);

/// The octets of an open file, at most 16 MiB; nothing: it has more, or cannot be read.
[[nodiscard]] std::optional<std::string> read_all(int descriptor);

class kept_file {
public:
    using clock = std::function<std::chrono::steady_clock::time_point()>;
    /// Hears of what is wrong, once a change of the file.
    using complaint = std::function<void(std::string_view)>;

    kept_file(std::filesystem::path file, clock now, complaint say)
        : file_{std::move(file)}, now_{std::move(now)}, say_{std::move(say)}
    {
    }

    /// Whatever was looked at before. Empty, or what is wrong: then all stays as it was.
    [[nodiscard]] std::string read();
    /// Never null once read() was good.
    [[nodiscard]] std::shared_ptr<const credential_table> current();
    [[nodiscard]] const std::filesystem::path& path() const noexcept { return file_; }

private:
    std::string read_locked();

    const std::filesystem::path file_;
    const clock now_;
    const complaint say_;
    std::mutex mutex_;
    std::shared_ptr<const credential_table> table_;
    file_stamp seen_; ///< of what was read last, good or bad; all zero: there was no file
    std::chrono::steady_clock::time_point looked_;
};

} // namespace auth_file
