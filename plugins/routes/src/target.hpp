#pragma once
// Where mail may go, as a word of the table: read once, said to the server as it understands it, and known by the name that the
// server gives it when it tells what became of a delivery. STANDARDS: RFC 2033 5, RFC 5321 5.1.

#include <cstdint>
#include <string>
#include <string_view>

namespace routes {

struct target {
    enum class kind : std::uint8_t {
        host,      ///< "relay.example:25": SMTP to that host
        mx,        ///< "mx:example.org": SMTP to the mail exchangers of that domain
        own_mx,    ///< "mx": to those of the recipient's own
        lmtp,      ///< "lmtp:store.example:24"
        socket,    ///< "lmtp:unix:/run/lmtp"
        transport, ///< "transport:maildir": of a plugin
    };
    kind what = kind::host;
    std::string next_hop;  ///< as queue.route has it; own_mx: empty
    std::string transport; ///< the name of the plugin's instance; empty
    std::string name;      ///< as delivery.done has it; own_mx: empty, it is another one for each domain
    std::uint32_t weight = 1;

    bool operator==(const target&) const = default;
};

/// "WORD" or "WORD*WEIGHT". Throws std::invalid_argument, with what is wrong.
[[nodiscard]] target read_target(std::string_view text);

} // namespace routes
