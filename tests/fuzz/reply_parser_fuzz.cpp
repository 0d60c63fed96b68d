// Any octets as a server's replies and capabilities: whatever the portions, the same replies; what is taken can be written
// again as one reply.

#include "core/base/enhanced_code.hpp"
#include "core/protocol/capabilities.hpp"
#include "core/protocol/reply_parser.hpp"

#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

using namespace postern::protocol;

namespace {

constexpr reply_limits limits = {.line = 200, .total = 1000, .lines = 20};

void require(bool holds)
{
    if (!holds)
        std::abort();
}

struct conversation {
    std::vector<reply> replies;
    std::string fault;
    bool operator==(const conversation&) const = default;
};

conversation read(std::string_view octets, std::size_t portion)
{
    reply_parser parser{limits};
    conversation found;
    while (!octets.empty()) {
        const std::string arrived{octets.substr(0, portion)};
        octets.remove_prefix(arrived.size());
        std::string_view rest = arrived;
        auto status = parser.feed(rest);
        for (; status == reply_parser::status::complete; status = parser.feed(rest))
            found.replies.push_back(parser.value());
        require((status == reply_parser::status::malformed) == !parser.fault().empty());
        if (status == reply_parser::status::malformed)
            break;
        require(rest.empty());
    }
    found.fault = parser.fault();
    return found;
}

void check_reply(const reply& what)
{
    require(what.code >= 200 && what.code < 600 && !what.lines.empty() && what.lines.size() <= limits.lines);
    require(what.enhanced.empty() || postern::base::is_enhanced_code(what.enhanced, what.code));
    for (const auto& line : what.lines)
        require(line.find_first_of(std::string_view{"\r\n\0", 3}) == std::string::npos);
    std::string wire;
    append_reply(wire, what);
    std::string_view octets = wire;
    reply_parser parser;
    require(parser.feed(octets) == reply_parser::status::complete && octets.empty() && parser.value().code == what.code);

    const auto offered = parse_capabilities(what);
    std::string ehlo;
    append_ehlo_reply(ehlo, "host.example", offered);
    octets = ehlo;
    require(parser.feed(octets) == reply_parser::status::complete && octets.empty());
    const auto again = parse_capabilities(parser.value());
    require(again.pipelining == offered.pipelining && again.size == offered.size && again.limits == offered.limits);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size)
{
    const std::string_view octets{reinterpret_cast<const char*>(data), size};
    const auto whole = read(octets, size + 1);
    for (const std::size_t portion : {std::size_t{1}, std::size_t{2}, std::size_t{13}, limits.line, limits.line + 1})
        require(read(octets, portion) == whole);
    for (const auto& what : whole.replies)
        check_reply(what);
    return 0;
}
