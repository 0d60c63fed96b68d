#include "core/host/login_key.hpp"

#include "core/base/descriptor.hpp"
#include "core/host/secret_file.hpp"
#include "core/sasl/crypto.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <system_error>
#include <utility>

namespace postern::daemon {
namespace {

using boost::system::errc::make_error_code;

constexpr std::size_t key_octets = 32; // printable: 24 random ones

[[nodiscard]] base::error_code last_error() noexcept
{
    return {errno, boost::system::system_category()};
}

/// Empty octets: the file is empty, as a start that was cut off may have left it.
base::result<login_key> read_from(int file, const std::filesystem::path& name)
{
    struct stat facts {};
    if (::fstat(file, &facts) != 0)
        return last_error();
    if (!S_ISREG(facts.st_mode))
        return make_error_code(boost::system::errc::bad_message);
    if (facts.st_uid != ::geteuid() && facts.st_uid != 0)
        return make_error_code(boost::system::errc::operation_not_permitted);
    std::array<char, key_octets + 1> octets{};
    const auto got = ::pread(file, octets.data(), octets.size(), 0);
    if (got < 0)
        return last_error();
    if (got != 0 && static_cast<std::size_t>(got) != key_octets)
        return make_error_code(boost::system::errc::bad_message);
    login_key out{std::string{octets.data(), static_cast<std::size_t>(got)}};
    if (is_for_others(facts))
        out.doubt = fmt::format("{}: others may read or write it, and could tell unknown names from known ones: chmod 600 it, or "
                                "remove it, and another is made",
                                name.string());
    return out;
}

base::result<login_key> read_key(const std::filesystem::path& file)
{
    // NONBLOCK: a pipe of that name holds up nobody.
    const base::descriptor from{::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    if (from.get() < 0)
        return last_error();
    return read_from(from.get(), file);
}

base::error_code write_key(int to, const std::filesystem::path& file)
{
    const auto octets = sasl::make_nonce();
    if (octets.size() != key_octets)
        return make_error_code(boost::system::errc::io_error);
    const auto written = ::pwrite(to, octets.data(), octets.size(), 0);
    if (written != static_cast<ssize_t>(octets.size()) || ::fsync(to) != 0) {
        const bool is_short = written >= 0 && written != static_cast<ssize_t>(octets.size());
        const auto failed = is_short ? make_error_code(boost::system::errc::no_space_on_device) : last_error();
        (void)::ftruncate(to, 0); // the next start tries again
        return failed;
    }
    // That it is there after a crash is worth a try, and no more.
    const base::descriptor folder{::open(file.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (folder.get() >= 0)
        (void)::fsync(folder.get());
    return {};
}

/// The one that gets the lock first writes it, the others read it; no file of another name is left behind by whoever dies here,
/// and no file system has to have hard links.
base::result<login_key> make_key(const std::filesystem::path& file)
{
    // NOFOLLOW: whoever may put a link here gets nothing written elsewhere.
    const base::descriptor to{::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600)};
    if (to.get() < 0)
        return last_error();
    while (::flock(to.get(), LOCK_EX) != 0)
        if (errno != EINTR)
            break; // no locks on this file system: then not two starts at the same moment
    auto key = read_from(to.get(), file);
    if (!key || !key->octets.empty())
        return key;
    if (const auto failed = write_key(to.get(), file))
        return failed;
    return read_from(to.get(), file);
}

/// For the life of the process.
const std::string& passing_key()
{
    static const std::string key = sasl::make_nonce();
    return key;
}

std::string advice_for(base::error_code failed)
{
    namespace errc = boost::system::errc;
    return failed == errc::bad_message                     ? "is no key; remove it, and another is made"
           : failed == errc::operation_not_permitted       ? "must be owned by root or by the user who serves"
           : failed == errc::too_many_symbolic_link_levels ? "is a link to a file that is missing; copy another server's there"
                                                           : failed.message();
}

} // namespace

base::result<login_key> keep_login_key(const std::filesystem::path& file, login_key_use use)
{
    auto key = read_key(file);
    const bool is_missing = key ? key->octets.empty() : key.error() == boost::system::errc::no_such_file_or_directory;
    if (!is_missing)
        return key;
    if (use == login_key_use::check)
        return login_key{passing_key()};
    return make_key(file);
}

const std::string& login_key_source::octets()
{
    if (!octets_)
        octets_ = find();
    return *octets_;
}

std::string login_key_source::find()
{
    std::error_code ignored;
    if (data_dir_.empty() || !std::filesystem::is_directory(data_dir_, ignored))
        return passing_key();
    const auto file = data_dir_ / login_key_file;
    auto key = keep_login_key(file, use_);
    if (key) {
        doubt_ = std::move(key->doubt);
        return std::move(key->octets);
    }
    doubt_ = fmt::format("{}: {}; until then unknown names get another salt of SCRAM at each start, and known ones do not",
                         file.string(), advice_for(key.error()));
    return passing_key();
}

void warn_of(const login_key_source& of, const base::log& log)
{
    if (!of.doubt().empty())
        log.warning("login_key.doubtful", {{"problem", of.doubt()}});
}

} // namespace postern::daemon
