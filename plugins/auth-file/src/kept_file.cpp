#include "kept_file.hpp"

#include "owned_descriptor.hpp"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <unistd.h>

namespace auth_file {
namespace {

constexpr std::size_t most_octets = std::size_t{16} << 20U;
constexpr std::chrono::seconds least_pause{1};

std::int64_t nanoseconds_of(const timespec& time) noexcept
{
    return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

} // namespace

file_stamp stamp_of(const struct stat& facts) noexcept
{
    return {facts.st_dev, facts.st_ino, facts.st_size, nanoseconds_of(facts.st_mtim), nanoseconds_of(facts.st_ctim)};
}

std::optional<std::string> read_all(int descriptor)
{
    std::string all;
    std::string piece(std::size_t{64} << 10U, '\0');
    const wipes_at_end wipes{piece};
    while (all.size() <= most_octets) {
        const auto count = ::read(descriptor, piece.data(), piece.size());
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            break;
        if (count == 0)
            return all;
        all.append(piece, 0, static_cast<std::size_t>(count));
    }
    sodium_memzero(all.data(), all.size());
    return std::nullopt;
}

loaded_file load(const std::filesystem::path& file)
{
    loaded_file made;
    const auto fail = [&](const std::string& why) {
        made.why = file.string() + why;
        return std::move(made);
    };
    const owned_descriptor opened{::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    struct stat facts {};
    if (opened.get() < 0 || ::fstat(opened.get(), &facts) != 0)
        return fail(std::string{" cannot be read: "} + std::strerror(errno));
    made.stamp = stamp_of(facts);
    if (!S_ISREG(facts.st_mode))
        return fail(" is no file");
    if ((facts.st_mode & S_IWOTH) != 0)
        return fail(" can be written by anybody: chmod o-w");
    auto octets = read_all(opened.get());
    if (!octets)
        return fail(" cannot be read, or has more than 16 MiB");
    const wipes_at_end wipes{*octets};
    bad_line wrong;
    made.table = credential_table::parse(*octets, wrong);
    if (made.table == nullptr)
        return fail(":" + std::to_string(wrong.number) + ": " + wrong.what);
    if ((facts.st_mode & S_IROTH) != 0)
        made.warning = file.string() + " can be read by anybody: chmod o-r";
    return made;
}

std::string kept_file::read()
{
    const std::lock_guard lock{mutex_};
    return read_locked();
}

std::string kept_file::read_locked()
{
    looked_ = now_();
    auto made = load(file_);
    seen_ = made.stamp;
    if (made.table == nullptr)
        return made.why;
    table_ = std::move(made.table);
    if (!made.warning.empty())
        say_(made.warning);
    return {};
}

std::shared_ptr<const credential_table> kept_file::current()
{
    const std::lock_guard lock{mutex_};
    if (now_() - looked_ < least_pause)
        return table_;
    looked_ = now_();
    struct stat facts {};
    const auto stamp = ::stat(file_.c_str(), &facts) == 0 ? stamp_of(facts) : file_stamp{};
    if (stamp == seen_)
        return table_;
    if (const std::string why = read_locked(); !why.empty())
        say_(why + "; what it said before still holds");
    return table_;
}

} // namespace auth_file
