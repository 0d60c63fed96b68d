#define BOOST_DLL_USE_STD_FS
#include "core/host/plugin_library.hpp"

#include "core/base/result.hpp"
#include "core/host/plugin_calls.hpp"
#include "core/host/record_sizes.hpp"

#include <postern/abi/auth.h>
#include <postern/abi/blob.h>
#include <postern/abi/config.h>
#include <postern/abi/dns.h>
#include <postern/abi/ehlo.h>
#include <postern/abi/kv.h>
#include <postern/abi/log.h>
#include <postern/abi/metrics.h>
#include <postern/abi/notes.h>
#include <postern/abi/spool.h>
#include <postern/abi/submit.h>
#include <postern/abi/timers.h>

#include <boost/dll/library_info.hpp>
#include <boost/dll/shared_library.hpp>
#include <fmt/format.h>

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <system_error>
#include <thread>
#include <utility>

namespace postern::daemon {
namespace {

constexpr std::array<std::string_view, 13> services{
    POSTERN_AUTH_1,   POSTERN_CORE_1,  POSTERN_CONFIG_1, POSTERN_BLOB_1, POSTERN_EHLO_1,  POSTERN_METRICS_1, POSTERN_LOG_1,
    POSTERN_TIMERS_1, POSTERN_NOTES_1, POSTERN_DNS_1,    POSTERN_KV_1,   POSTERN_SPOOL_1, POSTERN_SUBMIT_1};
constexpr std::string_view symbol_stem = "postern_plugin_v";
constexpr std::chrono::seconds longest_wait{2}; // for plugins that still run when all else is over

class descriptor {
public:
    descriptor(int directory, const char* path, int flags) noexcept
        : fd_{::openat(directory, path, flags | O_CLOEXEC)}, error_{fd_ < 0 ? errno : 0}
    {
    }
    ~descriptor()
    {
        if (fd_ >= 0)
            ::close(fd_);
    }
    descriptor(const descriptor&) = delete;
    descriptor& operator=(const descriptor&) = delete;

    [[nodiscard]] int get() const noexcept { return fd_; }
    [[nodiscard]] int error() const noexcept { return error_; } ///< why it is not open

private:
    int fd_;
    int error_;
};

// The real user, not the effective one: a process that is root underneath takes code from root only.
std::optional<std::string> why_writable(const struct stat& facts, const char* what)
{
    if (facts.st_uid != 0 && facts.st_uid != ::getuid())
        return fmt::format("{} belongs to user {}; it must belong to root or to the user who runs this program", what,
                           facts.st_uid);
    if ((facts.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return fmt::format("{} can be written by others (mode {:o}); do: chmod go-w", what, facts.st_mode & 07777U);
    return std::nullopt;
}

/// A file and the folder that it really is in, both held open.
struct held_file {
    std::filesystem::path real;
    descriptor folder;
    descriptor file;
    struct stat facts {};

    explicit held_file(const std::filesystem::path& resolved)
        : real{resolved}, folder{AT_FDCWD, real.parent_path().c_str(), O_RDONLY | O_DIRECTORY}, file{folder.get(),
                                                                                                     real.filename().c_str(),
                                                                                                     O_RDONLY | O_NOFOLLOW |
                                                                                                         O_NONBLOCK}
    {
    }

    [[nodiscard]] std::optional<std::string> why_untrusted()
    {
        for (const auto* each : {&folder, &file})
            if (each->get() < 0)
                return fmt::format("cannot be opened: {}", std::generic_category().message(each->error()));
        if (::fstat(file.get(), &facts) != 0)
            return fmt::format("cannot be examined: {}", std::generic_category().message(errno));
        if (!S_ISREG(facts.st_mode))
            return std::string{"not a regular file"};
        struct stat around {};
        if (::fstat(folder.get(), &around) != 0)
            return fmt::format("its folder cannot be examined: {}", std::generic_category().message(errno));
        if (auto why = why_writable(facts, "the file"))
            return why;
        return why_writable(around, "its folder");
    }
};

std::optional<std::filesystem::path> resolve(const std::filesystem::path& file, std::string& why)
{
    std::error_code failed;
    auto real = std::filesystem::canonical(file, failed);
    if (failed) {
        why = "cannot be opened: " + failed.message();
        return std::nullopt;
    }
    // The link's own folder decides what it leads to, so it is held to the same rule as the file's.
    struct stat around {};
    const auto folder = std::filesystem::absolute(file).parent_path();
    if (::stat(folder.c_str(), &around) == 0)
        if (auto bad = why_writable(around, "its folder")) {
            why = std::move(*bad);
            return std::nullopt;
        }
    return real;
}

/// Reads the symbols of a file without running any of it. Empty: it is a plugin of this ABI.
std::string why_not_a_plugin(const plugin_image& image)
{
    std::vector<std::string> symbols;
    try {
        boost::dll::library_info info{image.path()};
        symbols = info.symbols();
    } catch (const std::exception&) {
        return "not a shared library for this machine";
    }
    if (std::ranges::find(symbols, "postern_plugin_v1") != symbols.end())
        return {};
    for (const auto& each : symbols) {
        unsigned version = 0;
        if (!each.starts_with(symbol_stem))
            continue;
        const auto* end = each.data() + each.size();
        const auto [at, failed] = std::from_chars(each.data() + symbol_stem.size(), end, version);
        if (failed == std::errc{} && at == end)
            return fmt::format("built for plugin ABI {}; this host speaks 1", version);
    }
    return "not a Postern plugin (no symbol postern_plugin_v1)";
}

/// Maps the library for ever. A loader that is given the same name twice answers with the library that it has, so each image has
/// a name of its own, and keeps it.
const postern_plugin* map_library(plugin_image& image, const std::filesystem::path& real, std::string& why)
{
    namespace dll = boost::dll;
    const auto name = image.path();
    const auto mode = static_cast<dll::load_mode::type>(dll::load_mode::rtld_now | dll::load_mode::rtld_local) |
                      static_cast<dll::load_mode::type>(RTLD_NODELETE);
    dll::shared_library library;
    dll::fs::error_code failed;
    library.load(name, failed, mode);
    if (failed) {
        const char* reason = ::dlerror();
        why = reason == nullptr ? failed.message() : reason;
        // The loader's line names the file by its descriptor; the operator knows it by its path.
        if (const auto at = why.find(name); at != std::string::npos)
            why.replace(at, name.size(), real.string());
        return nullptr;
    }
    image.keep();
    const auto* table = &library.get<const postern_plugin>("postern_plugin_v1"); // NODELETE: it outlives the handle
    remember_code(table, real.string());
    return table;
}

std::string why_unusable(const postern_plugin& table)
{
    if (table.size < first_size<postern_plugin>)
        return fmt::format("its table has {} octets, version 1 has {}; rebuild it", table.size, first_size<postern_plugin>);
    if (table.id == nullptr || table.version == nullptr || table.create == nullptr || table.handle == nullptr ||
        table.destroy == nullptr)
        return "its table lacks an id, a version or a function";
    for (const char* const* each = table.requires_; each != nullptr && *each != nullptr; ++each)
        if (std::ranges::find(services, std::string_view{*each}) == services.end())
            return fmt::format("plugin {} {} needs \"{}\", which this host does not offer", table.id, table.version, *each);
    return {};
}

} // namespace

std::span<const std::string_view> offered_services() noexcept
{
    return services;
}

// Instances hold their library until their plugin is destroyed, which a thread of their own may do. (use_count is relaxed;
// letting go of the last reference, as happens next, orders.)
loaded_libraries::~loaded_libraries()
{
    const auto until = std::chrono::steady_clock::now() + longest_wait;
    const auto is_used = [](const entry& each) { return each.came.library.use_count() > 1; };
    while (std::ranges::any_of(loaded_, is_used) && std::chrono::steady_clock::now() < until)
        std::this_thread::yield(); // a matter of microseconds, at the very end
}

const loaded_libraries::outcome* loaded_libraries::find(const std::filesystem::path& real, std::string_view octets) const noexcept
{
    const auto found =
        std::ranges::find_if(loaded_, [&](const entry& each) { return each.real == real && each.image.octets() == octets; });
    return found == loaded_.end() ? nullptr : &found->came;
}

void loaded_libraries::add(std::filesystem::path real, plugin_image image, outcome came)
{
    loaded_.push_back({std::move(real), std::move(image), std::move(came)});
}

plugin_library::plugin_library(std::filesystem::path file, const postern_plugin& table) noexcept
    : file_{std::move(file)}, table_{read_record<postern_plugin>(&table, table.size)}
{
}

std::shared_ptr<const plugin_library> plugin_library::load(const std::filesystem::path& file, std::string& why,
                                                           loaded_libraries* known)
{
    const auto refused = [&](const std::string& reason) {
        why = file.filename().string() + ": " + reason;
        return nullptr;
    };
    std::string reason;
    const auto real = resolve(file, reason);
    if (!real)
        return refused(reason);
    held_file held{*real};
    if (const auto bad = held.why_untrusted())
        return refused(*bad);
    auto image = plugin_image::copy_of(held.file.get(), real->filename().string(), reason);
    if (!image)
        return refused(reason);
    const auto* seen = known == nullptr ? nullptr : known->find(*real, image->octets());
    loaded_libraries::outcome came;
    if (seen != nullptr) {
        came = *seen;
    } else {
        if (auto bad = why_not_a_plugin(*image); !bad.empty())
            return refused(bad);
        const auto* table = map_library(*image, *real, reason);
        if (table == nullptr)
            return refused(reason);
        came.why_not = why_unusable(*table);
        if (came.why_not.empty())
            came.library.reset(new plugin_library{file, *table});
        if (known != nullptr)
            known->add(*real, std::move(*image), came);
    }
    return came.library != nullptr ? came.library : refused(came.why_not);
}

std::shared_ptr<const plugin_library> plugin_library::linked_in(const postern_plugin& table, const std::string& name,
                                                                std::string& why)
{
    if (auto bad = why_unusable(table); !bad.empty()) {
        why = name + ": " + bad;
        return nullptr;
    }
    return std::shared_ptr<const plugin_library>{new plugin_library{name, table}};
}

bool plugin_library::needs(std::string_view id) const noexcept
{
    for (const char* const* each = table_.requires_; each != nullptr && *each != nullptr; ++each)
        if (id == *each)
            return true;
    return false;
}

bool plugin_library::provides(std::string_view id) const noexcept
{
    for (const char* const* each = table_.provides; each != nullptr && *each != nullptr; ++each)
        if (id == *each)
            return true;
    return false;
}

std::optional<std::filesystem::path> find_library(const std::vector<std::filesystem::path>& folders, std::string_view name)
{
    for (const auto& each : folders) {
        auto file = each / (std::string{name} + ".so");
        std::error_code ignored;
        if (std::filesystem::exists(file, ignored))
            return file;
    }
    return std::nullopt;
}

std::optional<std::string> why_untrusted(const std::filesystem::path& file)
{
    std::string why;
    const auto real = resolve(file, why);
    if (!real)
        return why;
    return held_file{*real}.why_untrusted();
}

} // namespace postern::daemon
