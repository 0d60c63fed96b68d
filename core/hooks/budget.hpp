#pragma once
// How long all plugins of a chain together may let a session wait in one phase of it, beside the deadline of each call. Pure: the
// caller measures.

#include "core/hooks/hook_point.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>

namespace postern::hooks {

/// What a budget is for.
enum class phase : std::uint8_t {
    connect,  ///< conn.open, tls.established, cmd.helo, ehlo.caps, auth.mechanisms: of a connection
    envelope, ///< cmd.mail, cmd.rcpt, cmd.data and parameters: of a transaction
    content,  ///< msg.headers, msg.body: of a message
    end,      ///< msg.end, msg.end_rcpt, txn.commit_before: of a message
    none,     ///< commands that belong to no mail, logins, and deliveries: each call has its deadline
};

[[nodiscard]] constexpr phase phase_of(hook_point hook) noexcept
{
    switch (hook) {
    case hook_point::conn_open:
    case hook_point::tls_established:
    case hook_point::cmd_helo:
    case hook_point::ehlo_caps:
    case hook_point::auth_mechanisms:
        return phase::connect;
    case hook_point::cmd_mail:
    case hook_point::cmd_rcpt:
    case hook_point::cmd_data:
    case hook_point::param:
        return phase::envelope;
    case hook_point::msg_headers:
    case hook_point::msg_body:
        return phase::content;
    case hook_point::msg_end:
    case hook_point::msg_end_rcpt:
    case hook_point::txn_commit_before:
        return phase::end;
    default:
        return phase::none;
    }
}

/// By phase; nanoseconds::max(): no limit.
struct budget_limits {
    using time = std::chrono::nanoseconds;
    std::array<time, 5> by_phase{time::max(), time::max(), time::max(), time::max(), time::max()};

    [[nodiscard]] time& operator[](phase of) noexcept { return by_phase[static_cast<std::size_t>(of)]; }
    [[nodiscard]] time operator[](phase of) const noexcept { return by_phase[static_cast<std::size_t>(of)]; }
};

/// What is left of a session's budgets.
class budget {
public:
    explicit budget(const budget_limits& limits = {}) noexcept : limits_{limits}, left_{limits} {}

    /// 0: it is spent.
    [[nodiscard]] std::chrono::nanoseconds left(phase of) const noexcept { return left_[of]; }
    void spend(phase of, std::chrono::nanoseconds waited) noexcept
    {
        auto& left = left_[of];
        if (left != std::chrono::nanoseconds::max())
            left = std::max(std::chrono::nanoseconds{0}, left - std::max(std::chrono::nanoseconds{0}, waited));
    }
    /// Another transaction: all but that of the connection.
    void renew() noexcept
    {
        const auto connect = left_[phase::connect];
        left_ = limits_;
        left_[phase::connect] = connect;
    }

private:
    budget_limits limits_;
    budget_limits left_;
};

} // namespace postern::hooks
