#include "core/runtime/proxied_arrival.hpp"

#include "core/protocol/proxy_header.hpp"

#include <array>
#include <string_view>
#include <utility>

namespace postern::runtime {

io::task<std::optional<io::accepted>> proxied_arrival::meet(std::chrono::milliseconds within, std::string& why)
{
    using status = protocol::proxy_header_parser::status;
    protocol::proxy_header_parser parser;
    std::array<char, 512> octets{}; // most headers are shorter
    stream_.expires_after(within);
    for (auto at = status::incomplete; at == status::incomplete;) {
        // Looked at first and then taken, so that what follows is still there for a handshake.
        const auto seen = stream_.try_peek(octets.data(), octets.size());
        if (seen.what == io::read_result::kind::would_block) {
            const auto ec = co_await stream_.wait_readable();
            if (!ec)
                continue;
            why = stream_.timed_out() ? "no PROXY header came in time" : "PROXY header: " + ec.message();
        } else if (seen.what == io::read_result::kind::octets) {
            std::string_view rest{octets.data(), seen.size};
            at = parser.feed(rest);
            const auto taken = stream_.try_read(octets.data(), seen.size - rest.size());
            if (at != status::malformed && taken.what == io::read_result::kind::octets)
                continue;
            why = "PROXY header: " + std::string{at == status::malformed ? parser.fault() : "the connection broke"};
        } else {
            why = "the connection ended before a PROXY header";
        }
        stream_.close();
        co_return std::nullopt;
    }
    const auto& said = parser.value();
    is_proxys_own_ = said.what == protocol::proxy_header::kind::local;
    io::accepted out{stream_.release(), peer_, local_};
    if (!is_proxys_own_) {
        out.peer = said.source; // of a Unix socket: as those who come by one of ours have it
        out.local = said.destination;
    }
    co_return out;
}

} // namespace postern::runtime
