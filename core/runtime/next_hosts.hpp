#pragma once
// The hosts of a next hop and their addresses, best first, looked up as they are needed: of a relay by the system's resolver, of
// a domain's mail exchangers by the domain name system.
// STANDARDS: RFC 5321 5.1, RFC 7505.
// SECURITY: addresses come from whoever owns the domain: none of ours, nor of this machine's loopback, is tried.

#include "core/base/ip_address.hpp"
#include "core/base/random.hpp"
#include "core/delivery/route.hpp"
#include "core/delivery/settings.hpp"
#include "core/io/loop.hpp"
#include "core/io/resolver_thread.hpp"
#include "core/runtime/name_lookup.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace postern::runtime {

/// Threads: its loop's. One next hop, for one transaction.
class next_hosts {
public:
    struct place {
        std::string host; ///< whose address it is: for SNI and certificates; or the path of a Unix socket, without an address
        base::ip_endpoint address;
        std::string canonical = {};     ///< where aliases of the host lead; empty: there are none
        bool is_by_mx = false;          ///< the host is one of a domain's; else nobody looked at what follows
        bool is_mx_secure = false;      ///< DNSSEC vouches for that
        bool is_address_secure = false; ///< and for its addresses
    };
    /// Why there is no (further) place.
    struct failure {
        bool is_final = false; ///< no later attempt can find one either
        std::string enhanced;
        std::string text;
        bool is_policy = false; ///< that text is about a host that might well have been there, and was left out
        /// Why a place that was tried, or looked for, cannot be reached now; nothing: none was. Others may have been left out.
        std::optional<std::string> unreached = {};
        bool has_left_out = false; ///< a whole host, in which another message may find what it needs
    };
    struct surroundings {
        io::loop& home;
        name_lookups& lookups;
        std::shared_ptr<io::resolver_thread> names; ///< null: mail exchangers cannot be looked up
        base::random_source& random;
        std::span<const base::ip_endpoint> own; ///< where this server is reached
    };

    next_hosts(const surroundings& of, delivery::route to, const delivery::settings& settings);

    /// The next place to try; nothing: there is none, and failure() says why if there never was one.
    [[nodiscard]] io::task<std::optional<place>> next();
    /// next() gives the place that it gave last once more.
    void repeat() noexcept { repeats_ = last_.has_value(); }
    /// Why that host, or the place that was given last, is of no use: nobody is there, for good or now.
    void fail(bool is_final, std::string enhanced, std::string text);
    /// That host is not to be used, for a policy's sake: its other addresses are not given.
    void leave_out(std::string_view host, std::string enhanced, std::string text);
    /// Nor is the place that was given last, but its host's others may be. Of either nothing is known that concerns others.
    void pass_over(std::string enhanced, std::string text);
    /// Whether next() may give a further one.
    [[nodiscard]] bool has_others() const noexcept { return !addresses_.empty() || host_ < hosts_.size(); }
    [[nodiscard]] const failure& why_none() const noexcept { return failure_; }

private:
    void keep(failure why);
    [[nodiscard]] io::task<void> find_hosts();
    [[nodiscard]] io::task<void> find_addresses(std::string host);
    [[nodiscard]] io::task<void> ask_system(std::string host);
    [[nodiscard]] io::task<void> ask_names(std::string host);
    [[nodiscard]] bool may_be_tried(const base::ip_endpoint& address);

    surroundings of_;
    delivery::route to_;
    std::string hostname_;
    bool takes_loopback_;
    bool is_begun_ = false;
    bool is_ours_ = false; // this server is among the hosts: those that follow are no better
    bool repeats_ = false;
    bool is_mx_secure_ = false;
    bool is_address_secure_ = false; // of the host that was looked up last
    std::string canonical_;          // likewise
    std::vector<std::string> hosts_;
    std::size_t host_ = 0;                     // the next of them
    std::vector<base::ip_endpoint> addresses_; // of the host before that, those that were not given yet, the next one last
    std::size_t given_ = 0;                    // places
    std::optional<place> last_;
    failure failure_;
};

} // namespace postern::runtime
