#pragma once
// Logins that keep apart what must not share a circuit: Tor gives each user and password one of its own (IsolateSOCKSAuth). They
// say nothing of whom they are for: a proxy need not know that. It must not know a socket.

#include "handshake.hpp"

#include <string>
#include <string_view>

namespace socks {

/// Threads: any.
class isolation {
public:
    /// `secret`: of this process alone, so that nobody finds out by trying what a login is for.
    explicit isolation(std::string secret) : secret_{std::move(secret)} {}
    /// With a secret of the system's.
    isolation();

    /// The same for the same text, and of nobody else's.
    [[nodiscard]] login login_for(std::string_view what) const;

private:
    std::string secret_;
};

} // namespace socks
