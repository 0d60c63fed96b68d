#pragma once
// What the journal asks of the operating system: a dozen operations on one folder. Everything that can fail, tear or vanish
// passes through here, so that the tests can make the n-th operation fail, lose what was not synced, or run out of room.
// Must not know: records, messages, threads of the journal.

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace postern_queue_journal {

/// How long a read may take.
enum class patience {
    any,    ///< as long as the disk needs
    cached, ///< only what the page cache holds: else std::errc::operation_would_block
};

/// Is that want of room? A quota, or a limit on the size of files, is as good as a full disk.
[[nodiscard]] inline bool is_no_room(std::error_code error) noexcept
{
    return error == std::errc::no_space_on_device || error == std::errc::file_too_large ||
           error == std::error_condition{EDQUOT, std::generic_category()};
}

/// Is it the disk that cannot read (a bad sector, damage to the file system), and not a mistake in how things are set up?
[[nodiscard]] inline bool is_unreadable(std::error_code error) noexcept
{
    return error == std::errc::io_error || error == std::errc::no_message_available || error == std::errc::bad_message ||
           error == std::errc::illegal_byte_sequence || error == std::error_condition{EUCLEAN, std::generic_category()};
}

/// One open file. Threads: any; writes come from one thread at a time. Closed with its last owner, removed or not.
class file {
public:
    virtual ~file() = default;

    /// Fills `to` from `offset`; `got` is less than its size only at the end of the file.
    [[nodiscard]] virtual std::error_code read_at(std::uint64_t offset, std::span<char> to, std::size_t& got,
                                                  patience how) noexcept = 0;
    /// Writes all parts, one behind the other, or fails; after a failure any part of them may be in the file.
    [[nodiscard]] virtual std::error_code write_at(std::uint64_t offset, std::span<const std::string_view> parts) noexcept = 0;
    /// Returns when all that was written is on stable storage. After a failure nothing is known of what was not synced before.
    [[nodiscard]] virtual std::error_code sync() noexcept = 0;
    /// Cuts the file, or lengthens it with zeros.
    [[nodiscard]] virtual std::error_code resize(std::uint64_t size) noexcept = 0;
    /// Reserves room up to `size`, zeros; an error that is_no_room if there is not enough. Where the file system cannot, it does
    /// nothing.
    [[nodiscard]] virtual std::error_code allocate(std::uint64_t size) noexcept = 0;
    [[nodiscard]] virtual std::error_code size(std::uint64_t& octets) noexcept = 0;
};

/// One folder. Names are relative to it and may name one of its folders ("quarantine/x").
class file_system {
public:
    virtual ~file_system() = default;

    /// Makes a new file (0600), which must not exist. Its name is durable only after sync_folder.
    [[nodiscard]] virtual std::error_code create(const std::string& name, std::shared_ptr<file>& made) noexcept = 0;
    [[nodiscard]] virtual std::error_code open(const std::string& name, std::shared_ptr<file>& opened) noexcept = 0;
    /// Makes a folder (0700); one that exists is fine.
    [[nodiscard]] virtual std::error_code make_folder(const std::string& name) noexcept = 0;
    [[nodiscard]] virtual std::error_code remove(const std::string& name) noexcept = 0;
    /// Regular files in the folder itself, in any order.
    [[nodiscard]] virtual std::error_code list(std::vector<std::string>& names) noexcept = 0;
    /// Makes the names of a folder durable; "" is the folder itself.
    [[nodiscard]] virtual std::error_code sync_folder(const std::string& name) noexcept = 0;
    /// Octets that may still be allocated.
    [[nodiscard]] virtual std::error_code free_octets(std::uint64_t& octets) noexcept = 0;
    /// Takes the folder for this process alone until this object ends; device_or_resource_busy if another has it.
    [[nodiscard]] virtual std::error_code lock(const std::string& name) noexcept = 0;
};

} // namespace postern_queue_journal
