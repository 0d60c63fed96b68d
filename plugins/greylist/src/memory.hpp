#pragma once
// What is kept in the store of who came, and who may pass by it. It must not know SMTP's replies.
// SECURITY: senders and recipients come from clients, and of IPv6 a client has more networks than a store has room. Keys are
// SHA-256 of addresses; a network leaves a bounded number of them, and so does a site.

#include "record.hpp"

#include <postern/plugin.hpp>

#include <cstdint>
#include <string>

namespace greylist {

/// Whom an attempt is from, and to whom; ASCII in lower case.
struct triplet {
    std::string network;
    std::string site;   ///< of many networks that may be one's, for counting; the network itself: of no more than that
    std::string sender; ///< empty: the null reverse path
    std::string recipient;
};

/// Why somebody passes, or does not.
enum class reason : std::uint8_t {
    waits,   ///< it is too early
    waited,  ///< it came back in time
    known,   ///< the triplet has passed before
    network, ///< enough triplets of the network have
};

struct finding {
    reason why = reason::waits;
    nanoseconds wait{0};    ///< waits: until it would pass
    nanoseconds delayed{0}; ///< waited: since the first contact
};

class memory {
public:
    struct limits {
        terms time;
        std::int64_t auto_allow = 0;          ///< so many triplets make a network known; 0: none do
        std::int64_t pending_per_network = 0; ///< first contacts that are kept; of a site networks_per_site times as many
    };
    static constexpr std::int64_t networks_per_site = 10;

    memory(const postern::host& host, const limits& by) noexcept : host_{host}, by_{by} {}

    /// Notes the attempt. Throws postern::kv_error.
    [[nodiscard]] postern::task<finding> attempt(triplet who) const;

private:
    [[nodiscard]] postern::task<finding> remembered(triplet who, std::string key, std::string value, nanoseconds age) const;
    [[nodiscard]] postern::task<finding> crowded(std::string area, std::string recipient) const;
    [[nodiscard]] postern::task<finding> note(std::string key, postern::kv_outcome found, std::string counter) const;

    postern::host host_;
    limits by_;
};

} // namespace greylist
