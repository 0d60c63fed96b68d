// Any octets as a PROXY header: whatever the portions, the same header and the same octets left; nothing is taken beyond the
// bounds, and nobody is named unless a whole header named him.

#include "core/protocol/proxy_header.hpp"

#include <cstdlib>
#include <string>
#include <string_view>

using namespace postern::protocol;

namespace {

void require(bool holds)
{
    if (!holds)
        std::abort();
}

struct outcome {
    proxy_header_parser::status end = proxy_header_parser::status::incomplete;
    std::string fault;
    std::size_t taken = 0;
    proxy_header value;
};

outcome read(std::string_view octets, std::size_t portion)
{
    proxy_header_parser parser;
    outcome found;
    const auto size = octets.size();
    while (!octets.empty() && found.end == proxy_header_parser::status::incomplete) {
        const std::string arrived{octets.substr(0, portion)};
        std::string_view rest = arrived;
        found.end = parser.feed(rest);
        octets.remove_prefix(arrived.size() - rest.size());
        require(found.end != proxy_header_parser::status::incomplete || rest.empty());
    }
    found.fault = parser.fault();
    found.taken = size - octets.size();
    found.value = parser.value();
    return found;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size)
{
    using status = proxy_header_parser::status;
    const std::string_view octets{reinterpret_cast<const char*>(data), size};
    const auto whole = read(octets, size + 1);
    require((whole.end == status::malformed) == !whole.fault.empty());
    require(whole.taken <= proxy_header_parser::most_octets);
    require(!octets.starts_with('P') || whole.taken <= proxy_header_parser::most_octets_v1);
    const bool names_nobody = whole.value.source == postern::base::ip_endpoint{} && whole.value.what == proxy_header::kind::local;
    require(whole.end == status::complete || names_nobody);
    for (const std::size_t portion : {std::size_t{1}, std::size_t{2}, std::size_t{13}, std::size_t{107}}) {
        const auto again = read(octets, portion);
        require(again.end == whole.end && again.fault == whole.fault && again.taken == whole.taken);
        require(again.value.what == whole.value.what && again.value.source == whole.value.source &&
                again.value.destination == whole.value.destination);
    }
    return 0;
}
