#pragma once
// The client's commands as octets, and the checks that keep what an envelope holds inside its argument.
// STANDARDS: RFC 5321 4.1, 1870, 3461, 6152, 3030, 6531, 6533. SECURITY: envelopes hold what peers and plugins wrote.

#include "core/message/envelope.hpp"
#include "core/protocol/capabilities.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace postern::session {

/// Whether `address` can stand between angle brackets and cannot end them: no control octet (CR, LF and NUL among them), no
/// space or angle bracket outside quotes, no quote left open, well-formed UTF-8. An empty one is (the null reverse path).
[[nodiscard]] bool is_safe_path(std::string_view address) noexcept;

/// Whether `value` is one word: printable octets without a space; octets above 127 only as UTF-8.
[[nodiscard]] bool is_safe_word(std::string_view value) noexcept;

/// Whether `line` can be a command as it stands: 1 to 510 octets, without controls, octets above 127 only as UTF-8.
[[nodiscard]] bool is_safe_line(std::string_view line) noexcept;

/// Whether the extension of a parameter is offered, one of the core's among them; an empty name: it needs no offer.
[[nodiscard]] bool is_offered(std::string_view extension, const protocol::capabilities& offered) noexcept;

/// What goes with a message on this connection: what it needs and the peer offers.
struct mail_parameters {
    std::uint64_t size = 0;                                  ///< 0: no SIZE=
    message::body_type body = message::body_type::seven_bit; ///< seven_bit: no BODY=
    bool smtputf8 = false;
    bool dsn = false;                                ///< RET, ENVID, NOTIFY and ORCPT may be said
    const protocol::capabilities* offered = nullptr; ///< whose extensions of plugins go along; null: none do
};

/// Of the parameters of plugins the first that the peer has to know and does not (its extension is not offered); null: none.
[[nodiscard]] const message::parameter* lacking_of(const std::vector<message::parameter>& all,
                                                   const protocol::capabilities& offered) noexcept;

/// Whether those that go along can stand in a command.
[[nodiscard]] bool are_safe(const std::vector<message::parameter>& all) noexcept;

/// Append a command with its CRLF. The envelope's words must be safe.
void append_mail(std::string& out, const message::sender& from, const mail_parameters& with);
void append_rcpt(std::string& out, const message::recipient& to, const mail_parameters& with);
/// RFC 3030 2: the command line that goes before `size` octets.
void append_bdat(std::string& out, std::uint64_t size, bool is_last);

} // namespace postern::session
