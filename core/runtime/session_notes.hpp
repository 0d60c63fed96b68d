#pragma once
// The notes of one session, for plugins that set and read them from any thread.

#include "core/hooks/notes.hpp"

#include <algorithm>
#include <cstdint>
#include <mutex>
#include <string_view>

namespace postern::runtime {

/// Threads: any.
class session_notes {
public:
    void enter(base::transaction_id now) noexcept
    {
        const std::lock_guard lock{guard_};
        all_.enter(now);
    }
    [[nodiscard]] hooks::note_status set(base::transaction_id of, std::string_view name, std::string_view value)
    {
        const std::lock_guard lock{guard_};
        return all_.set(of, name, value);
    }
    /// Its length, and as much of it as fits into `to`; negative: absent.
    [[nodiscard]] std::int64_t copy(std::string_view name, char* to, std::size_t room) const noexcept
    {
        const std::lock_guard lock{guard_};
        const auto found = all_.find(name);
        if (!found)
            return -1;
        std::copy_n(found->data(), std::min(room, found->size()), to);
        return static_cast<std::int64_t>(found->size());
    }

private:
    mutable std::mutex guard_;
    hooks::notes all_;
};

} // namespace postern::runtime
