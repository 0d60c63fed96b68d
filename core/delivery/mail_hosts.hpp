#pragma once
// Which hosts take mail for a domain and in which order, from what the domain name system says. Pure: runtime/ asks.
// STANDARDS: RFC 5321 5.1, RFC 7505.
// SECURITY: records come from whoever owns the domain: any names, any number of them.

#include "core/base/random.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace postern::delivery {

/// A mail exchanger as a record names it.
struct exchanger {
    std::uint16_t preference = 0;
    std::string host; ///< without a dot at its end; empty: the root
};

/// What an answer of the domain name system comes to.
enum class name_state : std::uint8_t {
    known,    ///< there are records
    no_data,  ///< the name exists and has none of that type
    no_name,  ///< there is no such name
    not_known ///< nobody can say now, or what was said cannot be believed
};

struct mail_hosts {
    enum class kind : std::uint8_t {
        known,  ///< `hosts` has at least one
        nobody, ///< nobody takes mail for the domain, and later attempts will find that too
        later,  ///< it cannot be told now
    };
    kind what = kind::later;
    std::vector<std::string> hosts; ///< lower case; best first, no one twice, `most_hosts` at most
    std::string enhanced;           ///< of nobody and later: RFC 3463, as "5.1.10"
    std::string text;               ///< "
};

/// Further ones are not tried: whoever has more has them to waste our time.
inline constexpr std::size_t most_hosts = 20;

/// `records`: of the question for the domain's MX. `own`: the name of this server. Equals are put in random order.
/// Without records the domain is its own host (RFC 5321 5.1). If this server is among the hosts, it and those no better than it
/// are not tried, since they would bring the message back here.
[[nodiscard]] mail_hosts find_mail_hosts(std::string_view domain, name_state state, std::span<const exchanger> records,
                                         std::string_view own, base::random_source& random);

} // namespace postern::delivery
