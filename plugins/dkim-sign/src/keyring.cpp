#include "keyring.hpp"

#include <cerrno>
#include <cstring>
#include <functional>
#include <stdexcept>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace dkim_sign {

std::optional<key_place> place_of(std::string_view record_name)
{
    constexpr std::string_view between = "._domainkey.";
    while (record_name.ends_with('.'))
        record_name.remove_suffix(1);
    std::string name = postern::kit::lowered(record_name);
    const auto at = name.find(between);
    if (at == std::string::npos || at == 0 || at + between.size() == name.size())
        return std::nullopt;
    return key_place{name.substr(0, at), name.substr(at + between.size())};
}

std::string read_key_file(const std::string& file)
{
    constexpr std::size_t most_octets = 64U << 10U;
    const auto fail = [&](const std::string& why) { throw std::invalid_argument(file + " " + why); };
    // NONBLOCK: a pipe of that name holds up nobody.
    const int from = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (from < 0)
        fail(std::string{"cannot be read: "} + std::strerror(errno));
    struct closing {
        int file;
        ~closing() { ::close(file); }
    } const later{from};
    struct stat facts {};
    if (::fstat(from, &facts) != 0 || !S_ISREG(facts.st_mode))
        fail("is no file");
    if ((facts.st_mode & S_IRWXO) != 0)
        fail("can be read or written by anybody, who then signs as you do: chmod o= it");
    if (static_cast<std::size_t>(facts.st_size) > most_octets)
        fail("is too long for a key");
    std::string octets(static_cast<std::size_t>(facts.st_size), '\0');
    if (::read(from, octets.data(), octets.size()) != static_cast<ssize_t>(octets.size()))
        fail(std::string{"cannot be read: "} + std::strerror(errno));
    return octets;
}

void keyring::add(postern::kit::dkim_signer signer)
{
    auto& all = by_domain_[signer.domain()];
    all.push_back(std::move(signer));
}

const std::vector<postern::kit::dkim_signer>* keyring::find(std::string_view domain, bool and_above) const
{
    const std::string name = postern::kit::lowered(domain);
    for (std::string_view rest = name; !rest.empty();) {
        if (const auto found = by_domain_.find(rest); found != by_domain_.end())
            return &found->second;
        const auto dot = rest.find('.');
        if (!and_above || dot == std::string_view::npos)
            break;
        rest.remove_prefix(dot + 1);
    }
    return nullptr;
}

std::string keyring::records(std::string_view domain) const
{
    std::string text;
    for (const auto& [name, signers] : by_domain_)
        if (domain.empty() || name == domain)
            for (const auto& each : signers)
                text += each.record_name() + ". IN TXT " + postern::kit::txt_strings(each.key().record()) + "\n";
    return text;
}

std::size_t keyring::size() const noexcept
{
    std::size_t count = 0;
    for (const auto& [name, signers] : by_domain_)
        count += signers.size();
    return count;
}

} // namespace dkim_sign
