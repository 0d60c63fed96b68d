#include "proxy.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <charconv>
#include <cstdint>
#include <cstring>
#include <stdexcept>

namespace socks {

namespace {

template <class Address>
void put(const Address& from, proxy& to)
{
    std::memcpy(&to.address, &from, sizeof from);
    to.size = sizeof from;
}

[[noreturn]] void refuse(std::string_view text)
{
    throw std::invalid_argument("\"" + std::string{text} +
                                "\" is no proxy such as \"127.0.0.1:9050\", \"[::1]:9050\" or \"unix:/run/tor/socks\"");
}

} // namespace

proxy read_proxy(std::string_view text)
{
    proxy made;
    made.text = text;
    if (constexpr std::string_view local = "unix:"; text.starts_with(local)) {
        const auto path = text.substr(local.size());
        sockaddr_un at{};
        if (!path.starts_with('/') || path.size() < 2 || path.size() >= sizeof at.sun_path || path.find('\0') != path.npos)
            refuse(text);
        at.sun_family = AF_UNIX;
        path.copy(at.sun_path, path.size());
        put(at, made);
        return made;
    }
    const auto colon = text.rfind(':');
    if (colon == text.npos)
        refuse(text);
    const auto digits = text.substr(colon + 1);
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (error != std::errc{} || end != digits.data() + digits.size() || port == 0)
        refuse(text);
    const std::string host{text.substr(0, colon)};
    sockaddr_in four{};
    sockaddr_in6 six{};
    if (inet_pton(AF_INET, host.c_str(), &four.sin_addr) == 1) {
        four.sin_family = AF_INET;
        four.sin_port = htons(port);
        put(four, made);
    } else if (host.size() > 2 && host.front() == '[' && host.back() == ']' &&
               inet_pton(AF_INET6, host.substr(1, host.size() - 2).c_str(), &six.sin6_addr) == 1) {
        six.sin6_family = AF_INET6;
        six.sin6_port = htons(port);
        put(six, made);
    } else {
        refuse(text);
    }
    return made;
}

} // namespace socks
