#include "tests/bench/idle.hpp"

#include "tests/support/smtp_peer.hpp"

#include <fmt/format.h>

#include <list>
#include <stdexcept>

namespace postern::bench {

double memory_of_idle_connection(subject& server, unsigned connections)
{
    std::list<test::smtp_peer> held;
    const auto hold_one = [&] {
        auto& peer = held.emplace_back(server.port());
        if (const auto reply = peer.greets(); reply.code != 250)
            throw std::runtime_error{fmt::format("{}: connection {} got {}", server.name(), held.size(), reply.text())};
    };
    hold_one();
    const auto before = test::resident_memory(server.pid());
    for (unsigned i = 0; i < connections; ++i)
        hold_one();
    const auto after = test::resident_memory(server.pid());
    return (static_cast<double>(after) - static_cast<double>(before)) / connections;
}

} // namespace postern::bench
