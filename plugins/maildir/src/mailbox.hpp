#pragma once
// One Maildir: a message is in it whole and on stable storage, or not at all. It must not know the plugin contract.
// STANDARDS: the Maildir specification; RFC 5321 4.4 (final delivery). SECURITY: content comes from anybody and is only copied.

#include "disk.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <system_error>

namespace maildir {

/// How a step came out. `step` is for the log; null when all is well.
struct outcome {
    std::error_code error;
    const char* step = nullptr;

    [[nodiscard]] bool is_ok() const noexcept { return step == nullptr; }
    /// No room now, but perhaps later.
    [[nodiscard]] bool is_full() const noexcept;
};

/// Where content comes from: up to `length` octets from `offset` into `to`; the count, 0 at the end, negative on failure.
using content_source = std::function<std::int64_t(std::uint64_t offset, char* to, std::size_t length)>;
/// A file name that was never used before. Threads: any.
using name_source = std::function<std::string()>;

/// Threads: any; it keeps no state between calls. All functions block.
class mailbox {
public:
    /// `files` outlives it.
    mailbox(std::string path, disk& files, name_source names);

    /// Makes what is missing of the folder, with its parents.
    [[nodiscard]] outcome prepare() const;
    /// Stores `preface` and then `size` octets of `content` as one new message. On failure nothing is left in new.
    [[nodiscard]] outcome store(std::string_view preface, const content_source& content, std::uint64_t size) const;

private:
    class file;
    [[nodiscard]] outcome store_in(int folder, std::string_view preface, const content_source& content, std::uint64_t size) const;
    [[nodiscard]] outcome publish(int folder, const std::string& name) const;

    std::string path_;
    disk& files_;
    name_source names_;
};

} // namespace maildir
