#pragma once
// Where a proxy is. Text of the configuration in, a socket's address out; it must not know what is said there. Names are not
// looked up: that would wait, and tell somebody.

#include <string>
#include <string_view>

#include <sys/socket.h>
#include <sys/un.h>

namespace socks {

struct proxy {
    std::string text; ///< as it was configured
    sockaddr_storage address = {};
    socklen_t size = 0;
};

/// "192.0.2.1:1080", "[2001:db8::1]:1080" or "unix:/path". Throws std::invalid_argument with what is wrong.
[[nodiscard]] proxy read_proxy(std::string_view text);

} // namespace socks
