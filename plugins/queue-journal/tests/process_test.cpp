// The journal as it is used: its threads, the real file system, other processes, SIGKILL.

#include "harness.hpp"
#include "src/posix_file_system.hpp"
#include "temporary_folder.hpp"

#include <csignal>
#include <latch>
#include <semaphore>

#include <fcntl.h>
#include <malloc.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace postern_queue_journal::testing {
namespace {

settings threaded_settings()
{
    settings s;
    s.segment_size = 1U << 20U;
    s.reserve = 0;
    s.compaction_rate = 0;
    s.extent_size = 4096;
    return s;
}

std::unique_ptr<journal> open(const std::string& path, settings options = threaded_settings(), log_line log = {})
{
    std::string error;
    auto folder = open_folder(path, error);
    auto opened = folder ? journal::open(std::move(folder), options, std::move(log), error) : nullptr;
    EXPECT_TRUE(opened) << error;
    return opened;
}

template <class Ask>
outcome wait(const Ask& ask)
{
    outcome answer = outcome::failed;
    std::binary_semaphore answered{0};
    ask([&](outcome result) {
        answer = result;
        answered.release();
    });
    answered.acquire();
    return answer;
}

std::map<std::uint64_t, std::string> scan(journal& store)
{
    std::map<std::uint64_t, std::string> found;
    scan_page page;
    do {
        EXPECT_EQ(store.scan(page.next, page), outcome::ok);
        for (const auto& message : page.messages)
            EXPECT_TRUE(found.emplace(message.id, message.state).second);
    } while (page.next != 0);
    return found;
}

/// A sanitizer's allocator says 0.
[[nodiscard]] std::size_t heap_in_use()
{
    return ::mallinfo2().uordblks;
}

TEST(the_process, holds_no_octets_of_pieces_that_are_written)
{
    const temporary_folder folder;
    settings options;
    options.reserve = 0;
    const auto store = open(folder.queue(), options);
    ASSERT_TRUE(store);
    const std::string piece(64 * 1024, 'x');
    const auto append = [&](std::size_t count) {
        for (std::size_t i = 0; i < count; ++i)
            ASSERT_EQ(wait([&](completion done) { store->append(1, piece, std::move(done)); }), outcome::ok);
    };
    append(16);
    const auto before = heap_in_use();
    append(512);
    EXPECT_LT(heap_in_use(), before + 4 * piece.size());
}

TEST(the_process, may_use_the_journal_from_many_threads)
{
    const temporary_folder folder;
    constexpr std::uint64_t threads = 6;
    constexpr std::uint64_t each = 120;
    {
        const auto store = open(folder.queue());
        EXPECT_TRUE(scan(*store).empty()); // and compaction may begin
        std::vector<std::thread> workers;
        std::latch start{threads};
        for (std::uint64_t t = 0; t < threads; ++t)
            workers.emplace_back([&, t] {
                start.arrive_and_wait();
                for (std::uint64_t i = 0; i < each; ++i) {
                    const std::uint64_t id = t * 1000 + i + 1;
                    const auto text = text_of(id, i % 4 == 0 ? 30000 : 900);
                    std::string_view rest = text;
                    octets found;
                    for (; rest.size() > 3000; rest.remove_prefix(3000)) {
                        ASSERT_EQ(wait([&](completion done) { store->append(id, rest.substr(0, 3000), std::move(done)); }),
                                  outcome::ok);
                        ASSERT_EQ(store->peek(id, 0, 3000, found), outcome::ok);
                        ASSERT_EQ(found.view, text.substr(0, 3000));
                    }
                    ASSERT_EQ(wait([&](completion done) { store->commit(id, "e", "0", {}, rest, std::move(done)); }),
                              outcome::ok);
                    ASSERT_EQ(wait([&](completion done) { store->update(id, "1", std::move(done)); }), outcome::ok);
                    ASSERT_EQ(store->read(id, 0, UINT64_MAX, found), outcome::ok);
                    ASSERT_EQ(found.view, text);
                    if (i % 3 != 0) {
                        ASSERT_EQ(wait([&](completion done) { store->remove(id, std::move(done)); }), outcome::ok);
                    }
                    const auto older = t * 1000 + i / 2 / 3 * 3 + 1; // alive, and perhaps being moved
                    message_info info;
                    ASSERT_EQ(store->fetch(older, info), outcome::ok);
                    ASSERT_EQ(store->read(older, 100, 300, found), outcome::ok);
                    ASSERT_EQ(found.view, text_of(older, 900).substr(100, 300));
                }
            });
        for (auto& worker : workers)
            worker.join();
    }
    const auto store = open(folder.queue());
    const auto left = scan(*store);
    EXPECT_EQ(left.size(), threads * each / 3);
    for (const auto& [id, state] : left)
        ASSERT_EQ(state, "1") << id;
}

TEST(the_process, compacts_in_the_background_and_stops_in_the_middle_of_it)
{
    const temporary_folder folder;
    auto options = threaded_settings();
    options.compaction_rate = 1; // it would take years, and must not delay the end
    for (int round = 0; round < 3; ++round) {
        const auto store = open(folder.queue(), options);
        (void)scan(*store);
        std::latch answers{400};
        const auto base = static_cast<std::uint64_t>(round) * 1000;
        for (std::uint64_t id = base + 1; id <= base + 400; ++id)
            store->commit(id, "e", "s", text_of(id, 10000), {}, [&](outcome result) {
                EXPECT_EQ(result, outcome::ok);
                answers.count_down();
            });
        answers.wait();
        for (std::uint64_t id = base + 1; id <= base + 400; ++id)
            if (id % 10 != 0)
                store->remove(id, [](outcome) {});
    }
    const auto store = open(folder.queue());
    EXPECT_EQ(scan(*store).size(), 120U);
}

TEST(the_process, syncs_changes_in_time_though_nobody_asks_for_more)
{
    simulated_disk disk;
    auto options = threaded_settings();
    options.sync_changes_after = std::chrono::milliseconds{1};
    std::string error;
    const auto store = journal::open(disk.folder(), options, {}, error);
    ASSERT_TRUE(store) << error;
    EXPECT_EQ(wait([&](completion done) { store->commit(1, "e", "s", "c", {}, std::move(done)); }), outcome::ok);
    std::counting_semaphore<> synced{0};
    disk.trace = [&](const std::string& what) {
        if (what.starts_with("sync 0"))
            synced.release();
    };
    EXPECT_EQ(wait([&](completion done) { store->remove(1, std::move(done)); }), outcome::ok);
    synced.acquire(); // or the test never ends
}

TEST(the_process, takes_a_limit_on_file_sizes_for_a_full_disk)
{
    const temporary_folder folder;
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        std::signal(SIGXFSZ, SIG_IGN); // as the server has it
        const ::rlimit limit{400'000, 400'000};
        std::string error;
        if (::setrlimit(RLIMIT_FSIZE, &limit) != 0)
            ::_exit(1);
        const auto store = journal::open(open_folder(folder.queue(), error), threaded_settings(), {}, error);
        if (!store)
            ::_exit(2);
        const auto commit = [&](std::uint64_t id, std::size_t size) {
            return wait([&](completion done) { store->commit(id, "e", "s", text_of(id, size), {}, std::move(done)); });
        };
        for (std::uint64_t id = 1; id <= 20; ++id)
            if (commit(id, 50'000) != outcome::ok)
                ::_exit(3);
        if (commit(100, 150'000) != outcome::ok) // in pieces
            ::_exit(4);
        for (std::uint64_t id = 1; id <= 20; ++id)
            if (wait([&](completion done) { store->remove(id, std::move(done)); }) != outcome::ok)
                ::_exit(5);
        ::_exit(0);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 0);
    EXPECT_EQ(scan(*open(folder.queue())).size(), 1U);
}

TEST(the_process, keeps_its_files_to_itself)
{
    const temporary_folder folder;
    const auto store = open(folder.queue());
    EXPECT_EQ(wait([&](completion done) { store->commit(1, "e", "s", "c", {}, std::move(done)); }), outcome::ok);
    int files = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator{folder.path()}) {
        struct ::stat status {};
        ASSERT_EQ(::stat(entry.path().c_str(), &status), 0);
        EXPECT_EQ(status.st_mode & 07777U, entry.is_directory() ? 0700U : 0600U) << entry.path();
        files += entry.is_regular_file() ? 1 : 0;
    }
    EXPECT_EQ(files, 2); // lock and a segment
}

TEST(the_process, refuses_a_folder_that_others_can_write)
{
    const temporary_folder folder;
    std::string error;
    const auto path = (folder.path() / "open").string();
    ASSERT_EQ(::mkdir(path.c_str(), 0700), 0);
    for (const auto& [mode, fine] : {std::pair{0722U, false}, {0720U, false}, {0755U, true}, {0700U, true}}) {
        ASSERT_EQ(::chmod(path.c_str(), mode), 0);
        EXPECT_EQ(open_folder(path, error) != nullptr, fine) << std::oct << mode;
    }
    EXPECT_THAT(error, ::testing::HasSubstr("chmod 0700"));
    EXPECT_EQ(open_folder("/dev/null/queue", error), nullptr);
    EXPECT_THAT(error, ::testing::HasSubstr("/dev/null/queue"));
}

TEST(the_process, leaves_a_folder_that_another_process_uses)
{
    const temporary_folder folder;
    int up[2];
    int down[2];
    ASSERT_EQ(::pipe(up), 0);
    ASSERT_EQ(::pipe(down), 0);
    const pid_t child = ::fork();
    if (child == 0) {
        std::string error;
        auto store = journal::open(open_folder(folder.queue(), error), threaded_settings(), {}, error);
        char octet = store ? 'y' : 'n';
        (void)!::write(up[1], &octet, 1);
        (void)!::read(down[0], &octet, 1); // until it is killed
        ::_exit(0);
    }
    char octet = 'n';
    ASSERT_EQ(::read(up[0], &octet, 1), 1);
    ASSERT_EQ(octet, 'y');
    std::string error;
    EXPECT_EQ(journal::open(open_folder(folder.queue(), error), threaded_settings(), {}, error), nullptr);
    EXPECT_THAT(error, ::testing::HasSubstr("another process uses this queue folder"));
    ASSERT_EQ(::kill(child, SIGKILL), 0);
    ASSERT_EQ(::waitpid(child, nullptr, 0), child);
    EXPECT_TRUE(open(folder.queue())); // the lock went with the process
    for (const int fd : {up[0], up[1], down[0], down[1]})
        ::close(fd);
}

struct acknowledgement {
    std::uint64_t id;
    std::uint64_t what; ///< 0: committed, 1: updated, 2: removed
};

std::size_t size_of(std::uint64_t id)
{
    return id % 5 == 0 ? 20000 : id % 700;
}

/// Never returns: commits, updates and removes as fast as it can, telling `to` of every answer.
[[noreturn]] void work_until_killed(const std::string& path, std::uint64_t base, int to)
{
    std::string error;
    const auto store = journal::open(open_folder(path, error), threaded_settings(), {}, error);
    if (!store)
        ::_exit(1);
    scan_page page;
    do {
        if (store->scan(page.next, page) != outcome::ok)
            ::_exit(1);
    } while (page.next != 0);
    const auto tell = [to](std::uint64_t id, std::uint64_t what) {
        return [to, id, what](outcome result) {
            const acknowledgement told{id, what};
            if (result == outcome::ok && ::write(to, &told, sizeof told) != static_cast<ssize_t>(sizeof told))
                ::_exit(1);
        };
    };
    std::counting_semaphore<> in_flight{16};
    for (std::uint64_t id = base;; ++id) {
        const auto text = text_of(id, size_of(id));
        std::string_view rest = text;
        for (; rest.size() > 5000; rest.remove_prefix(5000))
            store->append(id, rest.substr(0, 5000), [](outcome) {});
        in_flight.acquire();
        store->commit(id, "e", "new", {}, rest, [&, told = tell(id, 0)](outcome result) {
            told(result);
            in_flight.release();
        });
        if (id >= base + 40) {
            if (id % 3 == 0)
                store->update(id - 40, "changed", tell(id - 40, 1));
            else
                store->remove(id - 40, tell(id - 40, 2));
        }
    }
}

TEST(the_process, may_be_killed_at_any_moment)
{
    const temporary_folder folder;
    std::map<std::uint64_t, std::uint64_t> newest; // of each id: what was answered last
    std::mt19937_64 random{42};
    for (std::uint64_t round = 1; round <= 10; ++round) {
        int pipe[2];
        ASSERT_EQ(::pipe2(pipe, O_CLOEXEC), 0);
        const pid_t child = ::fork();
        ASSERT_GE(child, 0);
        if (child == 0)
            work_until_killed(folder.queue(), round * 1'000'000, pipe[1]);
        ::close(pipe[1]);
        // Killed after so many answers: a moment that depends on work done, not on a clock.
        acknowledgement told{};
        for (auto left = 100 + random() % 400; left > 0 && ::read(pipe[0], &told, sizeof told) == sizeof told; --left)
            newest[told.id] = std::max(newest[told.id], told.what);
        ASSERT_EQ(::kill(child, SIGKILL), 0);
        int status = 0;
        ASSERT_EQ(::waitpid(child, &status, 0), child);
        ASSERT_TRUE(WIFSIGNALED(status)) << "the child gave up by itself";
        while (::read(pipe[0], &told, sizeof told) == sizeof told) // what it had said before it died
            newest[told.id] = std::max(newest[told.id], told.what);
        ::close(pipe[0]);

        const auto store = open(folder.queue());
        ASSERT_TRUE(store);
        const auto found = scan(*store);
        for (const auto& [id, what] : newest) {
            if (what == 2) {
                ASSERT_FALSE(found.contains(id)) << id;
                continue;
            }
            const auto there = found.find(id);
            // A removal whose answer the pipe did not carry any more may have been written.
            if (there == found.end()) {
                ASSERT_NE((id + 40) % 3, 0U) << id << " was never removed, and is lost";
                ASSERT_TRUE(!newest.contains(id + 80)) << id << " is lost";
                continue;
            }
            octets content;
            ASSERT_EQ(store->read(id, 0, UINT64_MAX, content), outcome::ok);
            ASSERT_EQ(content.view, text_of(id, size_of(id)));
            if (what == 1) {
                ASSERT_EQ(there->second, "changed") << id;
            }
        }
    }
    EXPECT_GT(newest.size(), 500U);
}

} // namespace
} // namespace postern_queue_journal::testing
