#pragma once
// A store in a folder of a test's own, a clock that the test moves, and a disk that fails when it is told.

#include "../src/store.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace postern_kv_memory::testing {

class temporary_folder {
public:
    temporary_folder()
    {
        std::string name = (std::filesystem::temp_directory_path() / "postern-kv-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr)
            throw std::runtime_error("cannot make a temporary folder");
        path_ = name;
    }
    temporary_folder(const temporary_folder&) = delete;
    temporary_folder& operator=(const temporary_folder&) = delete;
    ~temporary_folder()
    {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    [[nodiscard]] std::string kv() const { return (path_ / "data" / "kv").string(); }
    /// The one log in it.
    [[nodiscard]] std::filesystem::path log() const
    {
        std::vector<std::filesystem::path> found;
        for (const auto& entry : std::filesystem::directory_iterator{kv()})
            if (entry.path().extension() == ".kv")
                found.push_back(entry.path());
        EXPECT_EQ(found.size(), 1U);
        return found.at(0);
    }
    [[nodiscard]] bool has_damaged() const
    {
        for (const auto& entry : std::filesystem::directory_iterator{kv()})
            if (entry.path().extension() == ".damaged")
                return true;
        return false;
    }

private:
    std::filesystem::path path_;
};

inline std::string octets_of(const std::filesystem::path& file)
{
    std::ifstream in{file, std::ios::binary};
    return {std::istreambuf_iterator<char>{in}, {}};
}
inline void write_octets(const std::filesystem::path& file, std::string_view octets)
{
    std::ofstream out{file, std::ios::binary | std::ios::trunc};
    out.write(octets.data(), static_cast<std::streamsize>(octets.size()));
}

/// Threads: any.
class failing_disk final : public disk {
public:
    std::atomic<int> write_error{0};
    std::atomic<int> sync_error{0};
    std::atomic<unsigned> syncs{0};

    int write(int fd, std::string_view octets, std::uint64_t at) noexcept override
    {
        return write_error != 0 ? write_error.load() : disk::write(fd, octets, at);
    }
    int sync(int fd) noexcept override
    {
        ++syncs;
        return sync_error != 0 ? sync_error.load() : disk::sync(fd);
    }
};

class opened {
public:
    explicit opened(const std::string& path, settings how = {})
    {
        if (!how.now)
            how.now = [this] { return clock.load(); };
        std::string error;
        kept = store::open(
            path, std::move(how),
            [this](severity, const std::string& line) {
                const std::scoped_lock lock{guard_};
                lines_.push_back(line);
            },
            error);
        EXPECT_NE(kept, nullptr) << error;
    }

    /// One item, answered.
    result run(item one, bool is_durable = false, std::string_view space = "s")
    {
        return run_all({one}, is_durable, space).at(0);
    }
    std::vector<result> run_all(const std::vector<item>& items, bool is_durable = false, std::string_view space = "s")
    {
        std::mutex guard;
        std::condition_variable changed;
        std::optional<std::vector<result>> said;
        kept->request(space, items, is_durable, [&](const std::vector<result>* results) {
            const std::scoped_lock lock{guard};
            said.emplace(results != nullptr ? *results : std::vector<result>(items.size(), result{POSTERN_KV_FAILED}));
            changed.notify_one();
        });
        std::unique_lock lock{guard};
        EXPECT_TRUE(changed.wait_for(lock, std::chrono::seconds{30}, [&] { return said.has_value(); }));
        return said.value_or(std::vector<result>(items.size(), result{POSTERN_KV_FAILED}));
    }
    result put(std::string_view key, std::string_view value, bool is_durable = false, std::uint64_t ttl_ns = 0)
    {
        return run({POSTERN_KV_PUT, 0, key, value, {}, 0, ttl_ns}, is_durable);
    }
    std::optional<std::string> get(std::string_view key, std::string_view space = "s")
    {
        auto found = run({POSTERN_KV_GET, 0, key, {}, {}, 0, 0}, false, space);
        return found.code == POSTERN_KV_OK ? std::optional{std::move(found.value)} : std::nullopt;
    }
    std::vector<std::string> lines()
    {
        const std::scoped_lock lock{guard_};
        return lines_;
    }

    std::atomic<wall_time> clock{1'000'000};
    std::unique_ptr<store> kept;

private:
    std::mutex guard_;
    std::vector<std::string> lines_;
};

} // namespace postern_kv_memory::testing
