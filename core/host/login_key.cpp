#include "core/host/login_key.hpp"

#include "core/sasl/crypto.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdlib>

namespace postern::daemon {
namespace {

constexpr std::size_t key_octets = 32; // printable: 24 random ones

[[nodiscard]] base::error_code last_error() noexcept
{
    return {errno, boost::system::system_category()};
}

class descriptor {
public:
    explicit descriptor(int number) noexcept : number_{number} {}
    ~descriptor()
    {
        if (number_ >= 0)
            ::close(number_);
    }
    descriptor(const descriptor&) = delete;
    descriptor& operator=(const descriptor&) = delete;
    [[nodiscard]] int number() const noexcept { return number_; }

private:
    int number_;
};

base::result<std::string> read_key(const std::filesystem::path& file)
{
    // NONBLOCK: a pipe of that name holds up nobody.
    const descriptor from{::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)};
    if (from.number() < 0)
        return last_error();
    std::array<char, key_octets + 1> octets{};
    const auto got = ::read(from.number(), octets.data(), octets.size());
    if (got < 0)
        return last_error();
    if (static_cast<std::size_t>(got) != key_octets)
        return boost::system::errc::make_error_code(boost::system::errc::bad_message);
    return std::string{octets.data(), key_octets};
}

/// Under a name of its own first: another process sees a whole key or none.
base::error_code make_key(const std::filesystem::path& file)
{
    const auto octets = sasl::make_nonce();
    if (octets.size() != key_octets)
        return boost::system::errc::make_error_code(boost::system::errc::io_error);
    std::string name = file.string() + ".XXXXXX";
    const descriptor to{::mkostemp(name.data(), O_CLOEXEC)}; // 0600
    if (to.number() < 0)
        return last_error();
    base::error_code failed;
    const auto written = ::write(to.number(), octets.data(), octets.size());
    if (written != static_cast<ssize_t>(octets.size()) || ::fsync(to.number()) != 0)
        failed = written >= 0 && written != static_cast<ssize_t>(octets.size())
                     ? boost::system::errc::make_error_code(boost::system::errc::no_space_on_device)
                     : last_error();
    else if (::link(name.c_str(), file.c_str()) != 0) // unlike rename, it replaces none
        failed = last_error();
    ::unlink(name.c_str());
    if (failed)
        return failed;
    const descriptor folder{::open(file.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (folder.number() < 0 || ::fsync(folder.number()) != 0)
        return last_error();
    return {};
}

} // namespace

base::result<std::string> keep_login_key(const std::filesystem::path& file)
{
    auto key = read_key(file);
    if (key || key.error() != boost::system::errc::no_such_file_or_directory)
        return key;
    const auto failed = make_key(file);
    if (failed && failed != boost::system::errc::file_exists) // somebody else was faster
        return failed;
    return read_key(file);
}

} // namespace postern::daemon
