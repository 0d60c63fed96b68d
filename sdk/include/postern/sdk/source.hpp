#pragma once
// From where a delivery goes and by which way: its source addresses (delivery.source), and its connection (delivery.connect).
// <postern/abi/outgoing.h> says when each comes.

#include <postern/abi/outgoing.h>
#include <postern/sdk/outgoing.hpp>
#include <postern/sdk/shaping.hpp>
#include <postern/sdk/tls_policy.hpp>

#include <unistd.h>

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace postern {
namespace sdk {

template <>
struct layout<postern_ev_delivery_source>
    : described<postern_ev_delivery_source,
                octets<&postern_ev_delivery_source::message, &postern_ev_delivery_source::sender,
                       &postern_ev_delivery_source::next_hop, &postern_ev_delivery_source::pool>,
                list_of<&postern_ev_delivery_source::recipients, postern_str>,
                list_of<&postern_ev_delivery_source::params, postern_stored_param>> {
};
template <>
struct layout<postern_ev_delivery_connect>
    : described<postern_ev_delivery_connect, octets<&postern_ev_delivery_connect::message, &postern_ev_delivery_connect::next_hop,
                                                    &postern_ev_delivery_connect::host, &postern_ev_delivery_connect::address,
                                                    &postern_ev_delivery_connect::source, &postern_ev_delivery_connect::pool>> {
};

} // namespace sdk

/// delivery.source: from which of our addresses a transaction goes.
class delivery_source final
    : public sdk::outgoing_event<postern_ev_delivery_source, POSTERN_HOOK_DELIVERY_SOURCE, event_kind::source> {
public:
    using outgoing_event::outgoing_event;
    [[nodiscard]] std::string_view sender() const noexcept { return sdk::view(record().sender); }
    [[nodiscard]] addresses recipients() const noexcept { return addresses{record().recipients}; }
    [[nodiscard]] stored_params params() const noexcept { return stored_params{record().params}; }
    /// That holds, after what other plugins said; empty: none in particular.
    [[nodiscard]] std::string_view pool() const noexcept { return sdk::view(record().pool); }
    /// 0: the first.
    [[nodiscard]] std::uint32_t attempt() const noexcept { return record().attempt; }
};

/// delivery.connect: a new connection is about to be opened.
class delivery_connect final
    : public sdk::host_event<postern_ev_delivery_connect, POSTERN_HOOK_DELIVERY_CONNECT, event_kind::connecting> {
public:
    using host_event::host_event;
    /// Empty: a Unix socket.
    [[nodiscard]] std::string_view address() const noexcept { return sdk::view(record().address); }
    /// Our end's; empty: as the system chooses.
    [[nodiscard]] std::string_view source() const noexcept { return sdk::view(record().source); }
    [[nodiscard]] std::string_view pool() const noexcept { return sdk::view(record().pool); }
};

/// The answer to delivery_source: a verdict, or use_pool().
class source_reply {
public:
    // NOLINTNEXTLINE(google-explicit-constructor): what refuses is an answer already
    source_reply(verdict what) : what_{std::move(what)} {}
    source_reply(verdict what, std::string pool) : what_{std::move(what)}, pool_{std::move(pool)} {}

    [[nodiscard]] const verdict& what() const noexcept { return what_; }
    [[nodiscard]] const std::string& pool() const noexcept { return pool_; }
    [[nodiscard]] bool is_pass() const noexcept { return what_.is_pass() && pool_.empty(); }

private:
    verdict what_;
    std::string pool_;
};

/// One of the configuration, [[delivery.source_pool]]. Throws std::invalid_argument for what no pool may be called.
[[nodiscard]] inline source_reply use_pool(std::string name)
{
    if (name.empty() || !sdk::is_pool_name(name))
        throw std::invalid_argument("\"" + name + "\" is no name of a source pool");
    return {proceed(), std::move(name)};
}

/// The answer to delivery_connect: a verdict, or use_socket().
class connect_reply {
public:
    // NOLINTNEXTLINE(google-explicit-constructor): what refuses is an answer already
    connect_reply(verdict what) : what_{std::move(what)} {}
    connect_reply(verdict what, int socket) : what_{std::move(what)}, socket_{std::make_shared<owned_socket>(socket)} {}

    /// With defer(): another address of the next hop, if it has one. Throws std::invalid_argument with another verdict.
    connect_reply& try_next_host() &
    {
        if (what_.kind() != POSTERN_TEMPFAIL)
            throw std::invalid_argument("only what defers can ask for the next host");
        next_host_ = true;
        return *this;
    }
    connect_reply try_next_host() && { return std::move(try_next_host()); }

    [[nodiscard]] const verdict& what() const noexcept { return what_; }
    [[nodiscard]] bool wants_next_host() const noexcept { return next_host_; }
    /// -1: none.
    [[nodiscard]] int socket() const noexcept { return socket_ ? socket_->value : -1; }
    /// It is somebody else's from now on.
    void let_go() const noexcept
    {
        if (socket_)
            socket_->value = -1;
    }
    [[nodiscard]] bool is_pass() const noexcept { return what_.is_pass() && socket() < 0; }

private:
    struct owned_socket {
        explicit owned_socket(int of) noexcept : value{of} {}
        ~owned_socket()
        {
            if (value >= 0)
                ::close(value);
        }
        owned_socket(const owned_socket&) = delete;
        owned_socket& operator=(const owned_socket&) = delete;
        int value;
    };
    verdict what_;
    std::shared_ptr<owned_socket> socket_;
    bool next_host_ = false;
};

/// Nobody can be reached that way now, and that has been tried: the next hop rests, as if the server itself had tried in vain.
/// With try_next_host() it is about this address; it rests when no other can be reached either. What is not wanted is defer() or
/// reject(). `text` is for senders and operators.
[[nodiscard]] inline connect_reply unreachable(std::string text)
{
    return {defer(451, "4.4.1", std::move(text))};
}

/// A connected stream that leads there, by a proxy or otherwise; takes may = ["route"]. It is this answer's, which closes it
/// unless the server took it. Throws std::invalid_argument for none.
[[nodiscard]] inline connect_reply use_socket(int socket)
{
    if (socket < 0)
        throw std::invalid_argument("no socket");
    return {proceed(), socket};
}

namespace sdk {

inline postern_status send(const services& to, std::uint64_t ticket, const source_reply& what)
{
    return with_base<postern_delivery_source_reply>(what.what(), [&](postern_delivery_source_reply& record) {
        record.pool = str(what.pool());
        return to.core->reply(to.host, ticket, &record.base);
    });
}

inline postern_status send(const services& to, std::uint64_t ticket, const connect_reply& what)
{
    return with_base<postern_delivery_connect_reply>(what.what(), [&](postern_delivery_connect_reply& record) {
        record.next_host = what.wants_next_host() ? 1 : 0;
        record.has_socket = what.socket() >= 0 ? 1 : 0;
        record.socket = what.socket();
        const postern_status status = to.core->reply(to.host, ticket, &record.base);
        if (status >= 0)
            what.let_go();
        return status;
    });
}

} // namespace sdk
} // namespace postern
