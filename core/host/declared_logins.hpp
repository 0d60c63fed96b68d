#pragma once
// What one plugin instance says in create of how clients may log in (postern.auth/1): mechanisms of its own, and what it
// verifies.

#include <postern/abi/auth.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace postern::daemon {

/// Threads: one; [control].
class declared_logins {
public:
    /// Else why not, for the operator.
    [[nodiscard]] std::optional<std::string> add(const postern_mechanism& what);
    [[nodiscard]] std::optional<std::string> add(std::uint32_t kinds);

    [[nodiscard]] const std::vector<std::string>& mechanisms() const noexcept { return mechanisms_; }
    [[nodiscard]] bool empty() const noexcept { return mechanisms_.empty() && kinds_ == 0; }
    /// POSTERN_AUTH_..., added up.
    [[nodiscard]] std::uint32_t kinds() const noexcept { return kinds_; }

private:
    std::vector<std::string> mechanisms_;
    std::uint32_t kinds_ = 0;
};

} // namespace postern::daemon
