#pragma once
// What the table says of some recipients: targets and how well the way to them is secured, or an end of the way.
//   "a:25*3 b:25 else c:25 tls=verified"    "usual"    "fail 5.1.2 no mail here"    "defer text"    "hold text"
// STANDARDS: RFC 3463. SECURITY: texts of "fail" and "defer" go to senders.

#include "target.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace routes {

struct tls_wish {
    enum class need : std::uint8_t { usual, required, verified };
    need what = need::usual;
    std::string name{}; ///< that the certificate has to be for; empty: the host's

    bool operator==(const tls_wish&) const = default;
};

struct rule {
    enum class kind : std::uint8_t {
        targets,
        usual, ///< as without a table
        fail,
        defer,
        hold,
    };
    kind what = kind::usual;
    std::vector<std::vector<target>> groups{}; ///< of targets: the first, and each that stands behind "else"
    tls_wish tls{};
    std::string enhanced{}; ///< of fail and defer
    std::string text{};     ///< likewise, and of hold
};

/// Throws std::invalid_argument, with what is wrong.
[[nodiscard]] rule read_rule(std::string_view text);

/// Indices of all targets, group by group, in the order in which they are tried for that message: within a group by chance, by
/// weight, and always the same for the same message.
[[nodiscard]] std::vector<const target*> in_turn(const rule& of, std::string_view message);

} // namespace routes
