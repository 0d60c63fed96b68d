#pragma once
// By which proxy a connection goes, or without one, or not at all: the table of ways. It must not know a host or a socket.
// SECURITY: hosts come from whoever owns a recipient's domain; the table is the operator's. What it does not know goes by the
// proxy of all.

#include "proxy.hpp"

#include <postern/kit/network_set.hpp>

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace socks {

struct way {
    enum class kind : unsigned char { by_proxy, direct, none };
    kind what = kind::by_proxy;
    std::shared_ptr<const proxy> by = nullptr; ///< of by_proxy
};

class ways {
public:
    /// `usual`: of all that add() says nothing else of. Throws std::invalid_argument, as add().
    explicit ways(std::string_view usual);
    /// `where`: a host or next hop, ".domain", a network or address, or "*". `how`: a proxy, "direct" or "none". Throws
    /// std::invalid_argument with what is wrong with either.
    void add(std::string_view where, std::string_view how);

    /// The closest: the host or next hop as a whole, the longest ".domain" above the host, the first network with the address,
    /// "*".
    [[nodiscard]] const way& to(std::string_view host, std::string_view next_hop, std::string_view address) const;

private:
    std::map<std::string, way, std::less<>> names_; ///< in lower case
    std::map<std::string, way, std::less<>> above_; ///< likewise, with the dot in front
    std::vector<std::pair<postern::kit::network_set, way>> networks_;
    way usual_;
};

} // namespace socks
