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
        loop_.context().run(); // until drain() took the guard away and every task has ended
        drained_.set_value();
    }};
}

io::task<void> worker::accept(const std::string& profile, io::listener& from)
{
    for (unsigned accepted = 1; from.is_open(); ++accepted) {
        try {
            auto one = co_await from.accept();
            if (one)
                welcome(profile, std::move(*one));
            else if (from.is_open())
                log_.error("accept_failed", {{"listener", profile}, {"cause", one.error().message()}});
        } catch (const std::bad_alloc&) {
            // This connection is lost; the listener is not. The next one may find memory again.
            log_.error("accept_failed", {{"listener", profile}, {"cause", "out of memory"}});
        }
        // A full backlog is taken in turns with the connections that are here.
        if (accepted % accepts_at_a_time == 0)
            co_await boost::asio::post(loop_.context().get_executor(), io::use_task);
    }
}

void worker::turn_away(const std::string& profile, const io::accepted& from, std::string_view why)
{
    const auto peer = from.peer.text();
    turned_away_.add();
    refusals_.note(profile, peer, why);
    home_.notices.tell({.kind = hooks::notice_kind::refused, .peer = peer, .listener = profile, .text = why});
}

void worker::welcome(const std::string& profile, io::accepted from)
{
    const auto current = current_.load();
    const auto found = current->listeners.find(profile);
    if (found == current->listeners.end()) {
        return turn_away(profile, from, "the configuration has no such listener any more");
    }
    const auto& limits = current->limits;
    const bool is_local = from.peer.address == base::ip_address{}; // a Unix socket's peers have no addresses to tell apart
    auto place = counts_.enter(from.peer.address, limits.connections, is_local ? 0 : limits.connections_per_ip);
    if (!place) {
        turn_away(profile, from, "too many connections");
        io::stream last{loop_, std::move(from.connection)};
        if (found->second->session.tls != session::server_tls::implicit) // which would wait for a handshake
            [[maybe_unused]]
            const auto sent = last.try_write(too_many); // if it does not go, the close says it
        return;
    }
    welcomed_.add();
    auto one = std::make_unique<connection>(home_, found->second, current->limits, std::move(from));
    connections_.push_back(*one);
    loop_.spawn("serve_connection", serve(std::move(one), std::move(*place)));
}

io::task<void> worker::serve(std::unique_ptr<connection> one, connection_counts::place place)
{
    co_await one->run();
    one.reset();
    (void)place; // given back when this frame goes
}

void worker::drain()
{
    boost::asio::post(loop_.context(), [this] {
        for (auto& [profile, listener] : listeners_)
            listener->close();
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
