#include "core/host/secret_file.hpp"

#include "core/base/descriptor.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace postern::daemon {
namespace {

std::string last_error()
{
    return std::generic_category().message(errno);
}

/// Why it is not read; empty: it is.
std::string fault_of(const struct stat& facts)
{
    if (!S_ISREG(facts.st_mode))
        return "is no file";
    if (facts.st_uid != ::geteuid() && facts.st_uid != 0)
        return "must be owned by root or by the user who serves";
    if (is_for_others(facts))
        return fmt::format("can be read or written by others (mode {:o}); do: chmod 600", facts.st_mode & 07777U);
    return {};
}

/// Up to one octet more than may be; empty after an error, with `why`.
base::secret_text read_all(int from, std::string& why)
{
    std::string octets(most_secret_octets + 1, '\0');
    std::size_t length = 0;
    while (length < octets.size()) {
        const auto got = ::read(from, octets.data() + length, octets.size() - length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            why = "cannot be read: " + last_error();
        if (got <= 0)
            break;
        length += static_cast<std::size_t>(got);
    }
    octets.resize(why.empty() ? length : 0); // it stays where it is, and the rest of it is wiped with it
    return base::secret_text{std::move(octets)};
}

} // namespace

bool is_for_others(const struct stat& facts) noexcept
{
    const auto forbidden = static_cast<mode_t>(S_IRWXO | S_IWGRP | (facts.st_uid == 0 ? 0 : S_IRGRP));
    return (facts.st_mode & forbidden) != 0;
}

std::optional<base::secret_text> read_secret_file(const std::filesystem::path& file, std::string& why)
{
    const auto fails = [&](const std::string& cause) {
        why = fmt::format("{} {}", file.string(), cause);
        return std::nullopt;
    };
    // NONBLOCK: a pipe of that name holds up nobody.
    const base::descriptor from{::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    struct stat facts {};
    if (from.get() < 0 || ::fstat(from.get(), &facts) != 0)
        return fails("cannot be read: " + last_error());
    if (const auto fault = fault_of(facts); !fault.empty())
        return fails(fault);
    std::string cause;
    const auto all = read_all(from.get(), cause);
    if (!cause.empty())
        return fails(cause);
    if (all.size() > most_secret_octets)
        return fails(fmt::format("has more than {} octets", most_secret_octets));
    auto line = all.view().substr(0, all.view().find('\n'));
    if (line.ends_with('\r'))
        line.remove_suffix(1);
    if (line.empty())
        return fails("has nothing in its first line, where the secret belongs");
    if (line.find('\0') != std::string_view::npos)
        return fails("has a NUL in its first line, which no secret has");
    return base::secret_text{line};
}

} // namespace postern::daemon
