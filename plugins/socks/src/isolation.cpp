#include "isolation.hpp"

#include <postern/kit/sha256.hpp>

#include <sys/random.h>

#include <array>
#include <stdexcept>

namespace socks {

isolation::isolation()
{
    std::array<char, 32> octets{};
    if (::getrandom(octets.data(), octets.size(), 0) != static_cast<ssize_t>(octets.size()))
        throw std::runtime_error("the system has no random octets");
    secret_.assign(octets.data(), octets.size());
}

login isolation::login_for(std::string_view what) const
{
    postern::kit::sha256 sum;
    sum.add(secret_);
    sum.add(what);
    return {"postern-" + sum.text(), "isolated"};
}

} // namespace socks
