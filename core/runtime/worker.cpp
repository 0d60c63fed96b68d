#include "core/runtime/worker.hpp"

#include <boost/asio/post.hpp>

#include <new>
#include <string_view>

#include <sys/socket.h>

namespace postern::runtime {

namespace {

// RFC 2034 4: no enhanced code in a greeting.
constexpr std::string_view too_many = "421 too many connections, try again later\r\n";

constexpr unsigned accepts_at_a_time = 16;

} // namespace

worker::worker(std::uint8_t lane, std::uint64_t seed, published& current, intake& messages, connection_counts& counts,
               base::log log, base::metrics& metrics, const notice_board& notices, const base::clock& clock, trace_home traces)
    : current_{current}, counts_{counts}, log_{log}, random_{seed}, ids_{clock, random_, lane}, loop_{log},
      home_{loop_, ids_, messages, log, clock, metrics, notices, traces}, refusals_{loop_.deadlines(), log},
      welcomed_{metrics.add_counter({"postern_connections_total", "Connections that were served"})},
      turned_away_{metrics.add_counter({"postern_connections_refused_total", "Connections that were turned away"})},
      work_{loop_.context().get_executor()}
{
}

worker::~worker()
{
    if (thread_.joinable()) {
        interrupt();
        join();
    }
}

base::result<void> worker::listen(const std::string& profile, const std::string& address, bool shared)
{
    auto opened = io::listener::open(loop_, address, shared);
    if (!opened)
        return opened.error();
    listeners_.emplace_back(profile, std::move(*opened));
    return {};
}

void worker::start()
{
    for (auto& [profile, listener] : listeners_)
        loop_.spawn("accept", accept(profile, *listener));
    thread_ = std::thread{[this] {
        loop_.run(); // until drain() took the guard away and every task has ended
        drained_.set_value();
    }};
}

io::task<void> worker::accept(const std::string& profile, io::listener& from)
{
    for (unsigned accepted = 1; from.is_open(); ++accepted) {
        try {
            if (auto one = from.try_accept()) {
                welcome(profile, std::move(*one));
            } else {
                const auto ec = co_await from.wait();
                if (ec && from.is_open())
                    log_.error("accept_failed", {{"listener", profile}, {"cause", ec.message()}});
            }
        } catch (const std::bad_alloc&) {
            // This connection is lost; the listener is not. The next one may find memory again.
            log_.error("accept_failed", {{"listener", profile}, {"cause", "out of memory"}});
        }
        // A full backlog is taken in turns with the connections that are here.
        if (accepted % accepts_at_a_time == 0)
            co_await boost::asio::post(loop_.context().get_executor(), io::use_task);
    }
}

void worker::turn_away(const std::string& profile, const base::ip_endpoint& from, std::string_view why)
{
    const auto peer = from.text();
    turned_away_.add();
    refusals_.note(profile, peer, why);
    home_.notices.tell({.kind = hooks::notice_kind::refused, .peer = peer, .listener = profile, .text = why});
}

void worker::welcome(const std::string& profile, io::accepted from)
{
    const auto current = current_.load();
    const auto found = current->listeners.find(profile);
    if (found == current->listeners.end()) {
        return turn_away(profile, from.peer, "the configuration has no such listener any more");
    }
    const auto& profile_now = found->second;
    const auto& limits = current->limits;
    const bool is_proxied = profile_now->proxies.has_value();
    if (is_proxied && !profile_now->proxies->includes(from.peer.address)) // whoever it is, his address would be a guess
        return turn_away(profile, from.peer, "is no trusted proxy");
    // A Unix socket's peers have no addresses to tell apart; a proxy's clients have others than it.
    const auto counted = is_proxied ? base::ip_address{} : from.peer.address;
    const bool is_limited = counted != base::ip_address{};
    auto place = counts_.enter(counted, limits.connections, is_limited ? limits.connections_per_ip : 0);
    if (!place)
        return refuse_one_too_many(*profile_now, std::move(from));
    if (is_proxied)
        loop_.spawn("hear_proxy", hear(profile_now, std::move(from), std::move(*place)));
    else
        begin(profile_now, limits, std::move(from), std::move(*place));
}

void worker::refuse_one_too_many(const listener_profile& profile, io::accepted from)
{
    turn_away(profile.name, from.peer, "too many connections");
    io::stream last{loop_, std::move(from.connection)};
    if (profile.session.tls != session::server_tls::implicit) // which would wait for a handshake
        [[maybe_unused]]
        const auto sent = last.try_write(too_many); // if it does not go, the close says it
}

/// What a proxy has to say first. The connection takes one of the places of all from the start, and then one of the client's.
io::task<void> worker::hear(std::shared_ptr<const listener_profile> profile, io::accepted from, connection_counts::place place)
{
    const auto proxy = from.peer;
    proxied_arrival arrival{loop_, std::move(from)};
    arrivals_.push_back(arrival);
    std::string why;
    auto client = co_await arrival.meet(profile->timeouts.greeting, why);
    if (!client) {
        turn_away(profile->name, proxy, why);
        co_return;
    }
    if (!work_.owns_work())
        co_return; // drained meanwhile: nothing begins any more
    const auto limits = current_.load()->limits;
    const bool is_limited = !arrival.is_proxys_own() && client->peer.address != base::ip_address{};
    if (!counts_.move(place, client->peer.address, is_limited ? limits.connections_per_ip : 0)) {
        refuse_one_too_many(*profile, std::move(*client));
        co_return;
    }
    begin(std::move(profile), limits, std::move(*client), std::move(place));
}

void worker::begin(std::shared_ptr<const listener_profile> profile, const connection_limits& limits, io::accepted from,
                   connection_counts::place place)
{
    welcomed_.add();
    auto made = std::make_unique<connection>(home_, std::move(profile), limits, std::move(from), std::move(place));
    auto& one = *made;
    connections_.push_back(one);
    loop_.spawn("serve_connection", one.run(std::move(made)));
}

void worker::drain()
{
    boost::asio::post(loop_.context(), [this] {
        for (auto& [profile, listener] : listeners_)
            listener->close();
        for (auto& one : arrivals_)
            one.interrupt();
        for (auto& one : connections_)
            one.shut_down();
        refusals_.close();
        work_.reset();
    });
}

void worker::interrupt()
{
    drain();
    boost::asio::post(loop_.context(), [this] {
        for (auto& one : connections_)
            one.interrupt();
    });
}

void worker::join()
{
    if (thread_.joinable())
        thread_.join();
}

} // namespace postern::runtime
