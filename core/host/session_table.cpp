#include "core/host/session_table.hpp"

#include <utility>

namespace postern::daemon {

session_seat& session_table::sit(std::uint64_t session, const std::shared_ptr<hooks::session_port>& port)
{
    auto& in = of(session);
    const std::scoped_lock lock{in.guard};
    const auto [at, is_new] = in.sessions.try_emplace(session);
    if (is_new)
        at->second.port = port;
    return at->second;
}

std::uint64_t session_table::enter(std::uint64_t session, const std::shared_ptr<hooks::session_port>& port)
{
    return sit(session, port).cookie.load(std::memory_order_relaxed);
}

bool session_table::set_cookie(std::uint64_t session, std::uint64_t cookie) noexcept
{
    auto& in = of(session);
    const std::scoped_lock lock{in.guard};
    const auto at = in.sessions.find(session);
    if (at == in.sessions.end())
        return false;
    at->second.cookie.store(cookie, std::memory_order_relaxed);
    return true;
}

std::uint64_t session_table::cookie(std::uint64_t session) const noexcept
{
    const auto& in = of(session);
    const std::scoped_lock lock{in.guard};
    const auto at = in.sessions.find(session);
    return at == in.sessions.end() ? 0 : at->second.cookie.load(std::memory_order_relaxed);
}

std::shared_ptr<hooks::session_port> session_table::port(std::uint64_t session) const noexcept
{
    const auto& in = of(session);
    const std::scoped_lock lock{in.guard};
    const auto at = in.sessions.find(session);
    return at == in.sessions.end() ? nullptr : at->second.port;
}

bool session_table::leave(std::uint64_t session) noexcept
{
    auto& in = of(session);
    // Freed outside the lock: what the port owns may call back.
    std::unordered_map<std::uint64_t, session_seat>::node_type gone;
    const std::scoped_lock lock{in.guard};
    gone = in.sessions.extract(session);
    return !gone.empty();
}

} // namespace postern::daemon
