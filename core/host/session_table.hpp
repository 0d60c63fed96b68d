#pragma once
// The live sessions that one plugin instance has seen: its cookie for each, and the way to reach it for a wake.

#include "core/hooks/plugin.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>

namespace postern::daemon {

/// A session that a plugin has seen.
struct session_seat {
    std::shared_ptr<hooks::session_port> port;
    std::atomic<std::uint64_t> cookie{0};
};

/// Threads: any.
class session_table {
public:
    /// The session's place, until leave(); made on first sight. `port` may be null: then it cannot be woken.
    [[nodiscard]] session_seat& sit(std::uint64_t session, const std::shared_ptr<hooks::session_port>& port);
    /// The same, of which only the cookie is wanted.
    [[nodiscard]] std::uint64_t enter(std::uint64_t session, const std::shared_ptr<hooks::session_port>& port);
    /// False: no such session.
    [[nodiscard]] bool set_cookie(std::uint64_t session, std::uint64_t cookie) noexcept;
    [[nodiscard]] std::uint64_t cookie(std::uint64_t session) const noexcept; ///< 0: none
    [[nodiscard]] std::shared_ptr<hooks::session_port> port(std::uint64_t session) const noexcept;
    /// False: it was not known.
    bool leave(std::uint64_t session) noexcept;

private:
    struct alignas(64) shard {
        mutable std::mutex guard;
        std::unordered_map<std::uint64_t, session_seat> sessions;
    };

    [[nodiscard]] shard& of(std::uint64_t session) noexcept { return shards_[index(session)]; }
    [[nodiscard]] const shard& of(std::uint64_t session) const noexcept { return shards_[index(session)]; }
    [[nodiscard]] static std::size_t index(std::uint64_t session) noexcept
    {
        return static_cast<std::size_t>((session * 0x9e3779b97f4a7c15U) >> 60U);
    }

    std::array<shard, 16> shards_;
};

} // namespace postern::daemon
