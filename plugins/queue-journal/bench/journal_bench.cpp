// journal_bench FOLDER [MESSAGES]: put + read + remove with so many messages in flight, on the real file system; messages a
// second and CPU microseconds of the whole process a message. 1,000 messages stay alive behind the writer, as in a queue that
// works. First a yardstick: what appending the same octets and one fdatasync a batch costs without any store.

#include "src/journal.hpp"
#include "src/posix_file_system.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <semaphore>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace {

using namespace postern_queue_journal;

double cpu_seconds()
{
    ::rusage use{};
    ::getrusage(RUSAGE_SELF, &use);
    const auto seconds = [](const ::timeval& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6; };
    return seconds(use.ru_utime) + seconds(use.ru_stime);
}

double wall_seconds()
{
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

[[noreturn]] void give_up(const std::string& why)
{
    std::fprintf(stderr, "journal_bench: %s\n", why.c_str());
    std::exit(1);
}

void print(const char* what, std::size_t size, std::size_t in_flight, std::size_t count, double wall, double cpu)
{
    const auto n = static_cast<double>(count);
    std::printf("%-12s %6zu octets %4zu in flight %9.0f messages/s %7.1f us CPU\n", what, size, in_flight, n / wall,
                cpu / n * 1e6);
}

void yardstick(const std::string& path, std::size_t size, std::size_t in_flight, std::size_t count)
{
    const std::string name = path + "/yardstick";
    const int fd = ::open(name.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        give_up("cannot make " + name);
    const std::string batch(size * in_flight, 'x');
    const double wall = wall_seconds();
    const double cpu = cpu_seconds();
    for (std::size_t i = 0; i < count; i += in_flight)
        if (::write(fd, batch.data(), batch.size()) != static_cast<ssize_t>(batch.size()) || ::fdatasync(fd) != 0)
            give_up("cannot write " + name);
    print("append only", size, in_flight, count, wall_seconds() - wall, cpu_seconds() - cpu);
    ::close(fd);
    ::unlink(name.c_str());
}

void measure(const std::string& path, std::size_t size, std::size_t in_flight, std::size_t count)
{
    std::filesystem::remove_all(path + "/journal");
    std::string error;
    auto folder = open_folder(path + "/journal", error);
    auto store = folder ? journal::open(std::move(folder), {}, {}, error) : nullptr;
    if (!store)
        give_up(error);
    constexpr std::size_t alive = 1000;
    const std::string envelope(200, 'e');
    const std::string content(size, 'x');
    std::counting_semaphore<> free_slots{static_cast<std::ptrdiff_t>(in_flight)};
    std::atomic<std::size_t> failures = 0;
    octets read_back;
    const auto put = [&](std::uint64_t id) {
        free_slots.acquire();
        store->commit(id, envelope, "new", content, {}, [&](outcome result) {
            failures += result != outcome::ok;
            free_slots.release();
        });
    };
    const auto take = [&](std::uint64_t id) {
        failures += store->read(id, 0, UINT64_MAX, read_back) != outcome::ok || read_back.view.size() != size;
        store->remove(id, [&](outcome result) { failures += result != outcome::ok; });
    };
    for (std::uint64_t id = 1; id <= alive; ++id)
        put(id);
    const double wall = wall_seconds();
    const double cpu = cpu_seconds();
    for (std::uint64_t id = alive + 1; id <= alive + count; ++id) {
        put(id);
        if (id > alive + in_flight)
            take(id - alive - in_flight);
    }
    for (std::size_t i = 0; i < in_flight; ++i)
        free_slots.acquire();
    print("queue-journal", size, in_flight, count, wall_seconds() - wall, cpu_seconds() - cpu);
    store.reset();
    if (failures != 0)
        give_up("an operation failed");
    std::filesystem::remove_all(path + "/journal");
}

/// How long a start with so many messages takes, with what the page cache holds of them.
void measure_start(const std::string& path, std::size_t size, std::size_t count)
{
    std::filesystem::remove_all(path + "/journal");
    const auto open = [&] {
        std::string error;
        auto folder = open_folder(path + "/journal", error);
        auto store = folder ? journal::open(std::move(folder), {}, {}, error) : nullptr;
        if (!store)
            give_up(error);
        return store;
    };
    {
        const auto store = open();
        const std::string content(size, 'x');
        std::counting_semaphore<> free_slots{1000};
        for (std::uint64_t id = 1; id <= count; ++id) {
            free_slots.acquire();
            store->commit(id, "envelope", "state", content, {}, [&](outcome) { free_slots.release(); });
        }
        for (int i = 0; i < 1000; ++i)
            free_slots.acquire();
    }
    const double wall = wall_seconds();
    const auto store = open();
    const double opened = wall_seconds();
    scan_page page;
    std::size_t seen = 0;
    do {
        if (store->scan(page.next, page) != outcome::ok)
            give_up("scan failed");
        seen += page.messages.size();
    } while (page.next != 0);
    if (seen != count)
        give_up("messages are missing");
    std::printf("start with %zu messages of %zu octets: %.2f s to open, %.2f s to scan\n", count, size, opened - wall,
                wall_seconds() - opened);
    std::filesystem::remove_all(path + "/journal");
}

} // namespace

int main(int count, char** arguments)
{
    if (count < 2 || count > 4) {
        std::fprintf(stderr, "usage: journal_bench FOLDER [MESSAGES [MESSAGES-AT-START]]\n");
        return 2;
    }
    const std::string path = arguments[1];
    const std::size_t messages = count > 2 ? std::strtoul(arguments[2], nullptr, 10) : 20000;
    std::filesystem::create_directories(path);
    for (const std::size_t size : {4096U, 50000U})
        for (const std::size_t in_flight : {1U, 20U, 100U}) {
            const std::size_t share = in_flight == 1 ? messages / 5 : messages;
            yardstick(path, size, in_flight, share);
            measure(path, size, in_flight, share);
        }
    if (count > 3)
        measure_start(path, 4096, std::strtoul(arguments[3], nullptr, 10));
    return 0;
}
