#include "tests/bench/aims.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace postern::bench {
namespace {

constexpr std::array aims{
    aim{"accept.cpu", "accept and discard, all checks and two plugins on: server CPU a message", bound::at_most, 1.3,
        " x epoll sink"},
    aim{"accept.go_smtp", "the same, W1 reused: how many times less than go-smtp's server", bound::at_least, 6,
        " x less than go-smtp"},
    aim{"durable.w2", "durable accept of 4 KB, 20 and 100 sessions: messages/s", bound::at_least, 8, " x Postfix"},
    aim{"durable.w1", "durable accept of 50 KB: messages/s; or 0.9 of the disk's own write rate", bound::at_least, 5,
        " x Postfix"},
    aim{"durable.disk", "durable accept of 50 KB, where 5 x Postfix is not reached", bound::at_least, 0.9, " x the disk"},
    aim{"relay.rate", "relay end to end, durable: messages/s", bound::at_least, 5, " x Postfix"},
    aim{"relay.memory", "relay end to end: peak memory", bound::at_most, 64, " MB"},
    aim{"dead.rate", "a queue for 10,000 domains of which 30 % are dead: messages/s to the living", bound::at_least, 0.95,
        " x none dead"},
    aim{"client.rate", "our client, reused connections: messages/s", bound::at_least, 1.3, " x smtp-source"},
    aim{"tls.connection", "STARTTLS and one message, fresh or resumed: server CPU a connection", bound::at_most, 1.1,
        " x epoll sink"},
    aim{"tls.messages", "messages over one TLS connection: messages/s", bound::at_least, 0.9, " x epoll sink"},
    aim{"idle.plain", "memory of an idle connection after EHLO", bound::at_most, 4, " KiB"},
    aim{"idle.tls", "memory of an idle connection under TLS", bound::at_most, 20, " KiB"},
    aim{"big.memory", "memory of a session above idle while 100 MB pass", bound::at_most, 256, " KiB"},
    aim{"hooks.rate", "ten plugins without an opinion on every hook: messages/s", bound::at_least, 0.95, " x none"},
    aim{"latency.end", "p99 of the end of data at half load, durable", bound::at_most, 3, " x device sync"},
    aim{"scaling.growth", "growth of the cost of a message along a curve", bound::at_most, 1.25, " x"},
    aim{"queue.start", "start with a million messages in the queue", bound::at_most, 60, " s"},
    aim{"queue.memory", "memory with a million messages in the queue", bound::at_most, 400, " MB"},
};

} // namespace

std::span<const aim> all_aims() noexcept
{
    return aims;
}

const aim& aim_of(std::string_view id)
{
    const auto* const found = std::find_if(aims.begin(), aims.end(), [&](const aim& each) { return each.id == id; });
    if (found == aims.end())
        throw std::logic_error{fmt::format("there is no aim {}", id)};
    return *found;
}

bool is_met(const aim& what, double figure) noexcept
{
    return what.way == bound::at_most ? figure <= what.value : figure >= what.value;
}

std::string text_of(const aim& what)
{
    return fmt::format("{} {}{}", what.way == bound::at_most ? "<=" : ">=", what.value, what.unit);
}

} // namespace postern::bench
