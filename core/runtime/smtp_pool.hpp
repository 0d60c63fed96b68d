#pragma once
// Outgoing SMTP connections that are open and idle, by next hop, so that the next message for it needs no new one.

#include "core/base/descriptor.hpp"
#include "core/base/ip_address.hpp"
#include "core/base/result.hpp"
#include "core/delivery/route.hpp"
#include "core/hooks/outgoing.hpp"
#include "core/runtime/next_hosts.hpp"
#include "core/runtime/server.hpp"
#include "core/runtime/smtp_connection.hpp"

#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace postern::runtime {

/// Threads: its loop's.
class smtp_pool {
public:
    /// A next hop, the one of its hosts, from which addresses, how the connection to it is secured, and who we are there: one
    /// that was opened under another policy, or as another, is another connection.
    struct destination {
        delivery::route to;
        std::string source; ///< a pool of the configuration; empty: none in particular
        std::string host;
        hooks::tls_policy policy;
        std::string login = {}; ///< the user's name; empty: nobody logs in
        auto operator<=>(const destination&) const = default;
    };

    /// A connection in use, known to the pool so that a shutdown can cut it.
    class lease {
    public:
        lease(lease&& other) noexcept = default;
        lease& operator=(lease&&) = delete;
        ~lease();
        [[nodiscard]] smtp_connection& operator*() const noexcept { return *connection_; }
        [[nodiscard]] smtp_connection* operator->() const noexcept { return connection_.get(); }

    private:
        friend class smtp_pool;
        lease(smtp_pool& pool, std::unique_ptr<smtp_connection> connection) : pool_{&pool}, connection_{std::move(connection)} {}
        smtp_pool* pool_;
        std::unique_ptr<smtp_connection> connection_;
    };

    explicit smtp_pool(io::loop& home) : home_{home}, tick_{home.context().get_executor()} {}

    /// Where an idle connection to that next hop leads that take() could give, given the right policy; empty: there is none.
    [[nodiscard]] std::optional<next_hosts::place> idle_place(const delivery::route& to, const std::string& source,
                                                              const std::shared_ptr<const generation>& current) const;
    /// An idle connection to that host; empty if there is none. Only one that was opened under the same generation: another
    /// may have asked for less TLS, or had other plugins judge the peer.
    [[nodiscard]] std::optional<lease> take(const destination& to, const std::shared_ptr<const generation>& current);
    /// Ends the idle connections from there to that host, which were opened under other policies.
    void drop(const delivery::route& to, const std::string& source, const std::string& host);
    /// What a new connection is opened with.
    struct opening {
        bool has_others = false; ///< the name of the next hop has further addresses
        bool in_clear = false;   ///< without STARTTLS: after a failed handshake, where the policy lets a caller try again without
        std::optional<base::ip_address> from = {};             ///< our address; nothing: as the system chooses
        std::shared_ptr<base::descriptor> connected = nullptr; ///< leads there already; null: we connect
    };
    /// Our address whose turn it is in that pool, for a connection there; nothing: as the system chooses. An error where the pool
    /// has none of that family.
    [[nodiscard]] base::result<std::optional<base::ip_address>> source_for(const destination& to, const next_hosts::place& at,
                                                                           const generation& current);
    [[nodiscard]] io::task<base::result<lease>> open(destination to, next_hosts::place at, opening how,
                                                     std::shared_ptr<const generation> current);
    /// Keeps it for the next message for a while, if it can take one. `opened_by`: the generation that take() or open() got.
    void give_back(const destination& to, next_hosts::place at, lease used, const std::shared_ptr<const generation>& opened_by);
    /// The server is going away: drops the idle ones, and cuts those whose message has not begun to leave. Nothing is kept from
    /// now on.
    void drain();
    /// Cuts those in use too.
    void interrupt();

private:
    struct idle {
        std::unique_ptr<smtp_connection> connection;
        next_hosts::place at;
        base::instant since;
        std::shared_ptr<const generation> opened_by;
    };
    void watch();
    void reap();
    [[nodiscard]] io::task<void> retire(std::unique_ptr<smtp_connection> one);

    io::loop& home_;
    std::map<destination, std::list<idle>> idle_;
    std::set<smtp_connection*> in_use_;
    io::timer tick_;
    std::size_t turns_[2] = {}; // among the addresses of pools, by family
    bool is_watching_ = false;
    bool stopping_ = false;
};

} // namespace postern::runtime
