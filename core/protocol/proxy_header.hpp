#pragma once
// What a proxy says in front of a connection about the client that it stands for: the PROXY protocol, versions 1 and 2.
// It must not know: sockets, SMTP, whom to believe. STANDARDS: the PROXY protocol, as of HAProxy's doc/proxy-protocol.txt
// (2020/03/05). SECURITY: fed by whoever connects; only those whom the operator trusts may be believed.

#include "core/base/ip_address.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace postern::protocol {

struct proxy_header {
    enum class kind : std::uint8_t {
        local,       ///< LOCAL, UNKNOWN, AF_UNSPEC: no client is named; the connection's own addresses are the true ones
        client,      ///< `source` speaks, and had connected to `destination`
        unix_socket, ///< somebody on the proxy's machine, by a Unix socket: without an address
    };
    kind what = kind::local;
    base::ip_endpoint source;
    base::ip_endpoint destination;
};

/// Takes the header from the front of what arrived, and not an octet more: a handshake or a greeting may follow.
/// Threads: one. Memory: most_octets.
class proxy_header_parser {
public:
    static constexpr std::size_t most_octets_v1 = 107; ///< of a line with its CRLF (2.1)
    static constexpr std::size_t most_octets = std::size_t{16}
                                               << 10U; ///< of a header of version 2, whose TLVs may hold certificates

    enum class status : std::uint8_t { incomplete, complete, malformed };

    /// Moves `octets` past what belongs to the header. malformed: fault() says why, and the connection must not be served.
    [[nodiscard]] status feed(std::string_view& octets);
    [[nodiscard]] const proxy_header& value() const noexcept { return value_; }
    [[nodiscard]] std::string_view fault() const noexcept { return fault_; } ///< empty: none

private:
    [[nodiscard]] status fail(std::string_view why) noexcept;
    [[nodiscard]] status take_octet(char octet);
    [[nodiscard]] status end_of_line();
    [[nodiscard]] status end_of_block();
    [[nodiscard]] status read_addresses(std::string_view block, unsigned family);

    std::string held_;
    std::size_t wanted_ = 0; ///< version 2: octets of the whole header, once known
    proxy_header value_;
    std::string_view fault_;
    status status_ = status::incomplete;
};

} // namespace postern::protocol
