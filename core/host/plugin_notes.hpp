#pragma once
// postern.notes/1 for one instance: which notes it may write and read. The notes themselves are the session's.
// SECURITY: names, values and sessions come from the plugin.

#include "core/host/session_table.hpp"

#include <postern/abi/notes.h>

#include <string>
#include <string_view>
#include <vector>

namespace postern::daemon {

class plugin_notes {
public:
    static constexpr std::size_t most_patterns = 64;

    /// `id`: of the plugin, what the names of its own notes begin with.
    explicit plugin_notes(std::string_view id) : own_{std::string{id} + "."} {}

    /// One at a time, from create.
    [[nodiscard]] postern_status want(postern_str pattern);
    /// [any]
    [[nodiscard]] postern_status set(const session_table& sessions, const postern_note* what) const;
    [[nodiscard]] std::int64_t get(const session_table& sessions, std::uint64_t session, postern_str name, char* to,
                                   std::size_t room) const;

private:
    [[nodiscard]] bool is_own(std::string_view name) const noexcept;
    [[nodiscard]] bool may_read(std::string_view name) const noexcept;

    std::string own_;
    std::vector<std::string> wanted_; ///< a pattern without its "*" ends in "."
};

} // namespace postern::daemon
