#pragma once
// What is said to a SOCKS5 proxy until it has connected us: octets in, octets out, without a socket. It must not know where its
// octets come from.
// STANDARDS: RFC 1928, RFC 1929. SECURITY: all that feed() takes is the proxy's. Not an octet more is asked for than the reply
// has: what follows is the host's greeting.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace socks {

/// Of RFC 1929: 1 to 255 octets each.
struct login {
    std::string user;
    std::string password;
    bool operator==(const login&) const = default;
};

/// Where the proxy is to connect to.
struct target {
    std::string host; ///< the text of an address, or a name of at most 255 octets, which the proxy looks up
    std::uint16_t port = 0;
};

/// The client's side of one connection. Threads: one. Send output(), then read what wants() says, and again, until is_done() or
/// has_failed().
class handshake {
public:
    /// With a login, no method without one is offered: who may choose would not keep those apart who log in to be kept apart.
    handshake(const target& to, std::optional<login> as);

    [[nodiscard]] std::string_view output() const noexcept { return output_; }
    void sent(std::size_t octets) { output_.erase(0, octets); }
    /// Octets that may be read now: never any of what is behind the reply.
    [[nodiscard]] std::size_t wants() const noexcept;
    /// At most wants() octets.
    void feed(std::string_view octets);

    [[nodiscard]] bool is_done() const noexcept { return at_ == step::done; }
    [[nodiscard]] bool has_failed() const noexcept { return at_ == step::failed; }
    /// Why, in words.
    [[nodiscard]] const std::string& fault() const noexcept { return fault_; }
    /// It is the host that could not be reached: another address of it may be.
    [[nodiscard]] bool is_of_target() const noexcept { return is_of_target_; }

private:
    enum class step : std::uint8_t { method, login, reply, name_length, address, done, failed };

    void take_method();
    void take_login();
    void take_reply();
    void request();
    void expect(step next, std::size_t octets);
    void fail(std::string why);

    std::string output_;
    std::string request_;
    std::optional<login> as_;
    step at_ = step::method;
    std::size_t expected_ = 2;
    std::string heard_; ///< of this step
    std::string fault_;
    bool is_of_target_ = false;
};

} // namespace socks
