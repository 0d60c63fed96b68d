#include "core/base/secret.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace postern::base {

void wipe(char* octets, std::size_t size) noexcept
{
    ::explicit_bzero(octets, size);
}

void wipe(std::string& secret) noexcept
{
    secret.resize(secret.capacity()); // a short one that was moved from still has its octets
    wipe(secret.data(), secret.size());
    secret.clear();
}

secret_text::secret_text(std::string&& octets) : octets_{std::move(octets)}
{
    wipe(octets); // a short one was copied
}

secret_text::secret_text(secret_text&& other) noexcept : octets_{std::move(other.octets_)}
{
    wipe(other.octets_);
}

secret_text& secret_text::operator=(const secret_text& other)
{
    if (this != &other)
        *this = secret_text{other};
    return *this;
}

secret_text& secret_text::operator=(secret_text&& other) noexcept
{
    if (this == &other)
        return *this;
    std::string taken{std::move(other.octets_)};
    octets_.swap(taken); // and what it had goes, memory and all
    wipe(taken);
    wipe(other.octets_);
    return *this;
}

void secret_text::append(std::string_view more)
{
    const auto size = octets_.size() + more.size();
    if (size > octets_.capacity()) {
        std::string grown;
        grown.reserve(std::max(size, 2 * octets_.size()));
        grown = octets_;
        octets_.swap(grown);
        wipe(grown);
    }
    octets_ += more;
}

} // namespace postern::base
