#pragma once
// The octets of a plugin's file, copied once into memory that nobody can change: what is inspected is what is loaded, and a file
// that is written over or cut short later takes nothing from under the code that runs. It knows no symbols and no plugins.
// SECURITY: the copy is sealed before anything looks at it.

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace postern::daemon {

/// Seals what a memfd holds, for ever. On a busy machine the kernel itself may hold a page of it, for longer than the seventh of
/// a second that it waits before it says EBUSY: it is asked some times, `between` in between. False: not sealed, errno says why.
[[nodiscard]] bool seal(int memory, const std::function<void()>& between);

class plugin_image {
public:
    /// Copies an open regular file. `name` is what debuggers and /proc/PID/maps call the copy. Nothing, with `why`, when the file
    /// changes meanwhile, cannot be read, or is on a file system from which nothing may be executed.
    [[nodiscard]] static std::optional<plugin_image> copy_of(int file, const std::string& name, std::string& why);
    plugin_image(plugin_image&& other) noexcept;
    plugin_image& operator=(plugin_image&&) = delete;
    ~plugin_image();

    /// As long as this object lives.
    [[nodiscard]] std::string_view octets() const noexcept { return {octets_, size_}; }
    /// A path to the copy, good in every process that may look into this one. No other file gets it while this object lives.
    [[nodiscard]] std::string path() const;
    /// The path stays taken for ever: a loader remembers the names that it was given.
    void keep() noexcept { is_kept_ = true; }

private:
    plugin_image(int copy, const char* octets, std::size_t size) noexcept : copy_{copy}, octets_{octets}, size_{size} {}

    int copy_; // -1: moved from
    const char* octets_;
    std::size_t size_;
    bool is_kept_ = false;
};

} // namespace postern::daemon
