// Whole crashes are in tests/integration/crashing_plugin_test.cpp.
#include "core/host/crash_blame.hpp"

#include "core/host/plugin_calls.hpp"
#include "tests/support/memory_log.hpp"
#include "tests/support/sanitizers.hpp"
#include "tests/support/temporary_folder.hpp"

#include <postern/abi/hooks.h>

#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <string>

#include <sys/wait.h>
#include <unistd.h>

namespace postern::daemon::test {
namespace {

namespace fs = std::filesystem;

TEST(a_line_of_blame, is_told_with_what_it_says)
{
    postern::test::memory_log log;
    EXPECT_TRUE(tell_blame("crash signal=SIGSEGV plugin=spam hook=msg.end session=000000000002A library=/p/spam.so address=0x2a "
                           "instruction=0x7f pid=3 time=1700000000",
                           base::log{log}));
    EXPECT_EQ(
        log.count("crash.blame plugin=spam hook=msg.end session=000000000002A library=/p/spam.so signal=SIGSEGV address=0x2a "
                  "instruction=0x7f time=1700000000"),
        1);
    EXPECT_TRUE(tell_blame("crash signal=SIGABRT pid=3", base::log{log}));
    EXPECT_EQ(log.count("crash.blame plugin=none"), 1);
}

TEST(a_line_of_blame, that_is_none_is_not_told)
{
    postern::test::memory_log log;
    for (const auto* line : {"", "crash", "crash signal=", "something else signal=SIGSEGV", "crash nosignal=SIGSEGV"})
        EXPECT_FALSE(tell_blame(line, base::log{log})) << line;
    EXPECT_EQ(log.count(""), 0);
}

/// In a child of its own, which `ends`; how it ended.
int in_a_child(const fs::path& file, void (*ends)())
{
    const auto child = ::fork();
    if (child == 0) {
        postern::test::memory_log log;
        blame_crashes(file, base::log{log});
        const plugin_call running{label_of("wrong", "/p/wrong.so", false), POSTERN_HOOK_RCPT, 42};
        ends();
        ::_exit(0);
    }
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    return status;
}

TEST(a_crash, writes_who_ran_and_ends_the_process_as_it_would_have)
{
    if (postern::test::is_sanitized)
        GTEST_SKIP() << "a sanitizer ends the process in its own way";
    const postern::test::temporary_folder folder;
    const auto file = folder / "crash.blame";
    const auto status = in_a_child(file, [] { *reinterpret_cast<volatile int*>(std::uintptr_t{0x2a}) = 1; });
    EXPECT_TRUE(WIFSIGNALED(status));
    EXPECT_EQ(WTERMSIG(status), SIGSEGV);
    const auto written = postern::test::read_file(file);
    EXPECT_TRUE(written.starts_with("crash signal=SIGSEGV plugin=wrong hook=cmd.rcpt session=000000000001A library=/p/wrong.so "
                                    "address=0x2a instruction=0x"))
        << written;
    EXPECT_EQ((fs::status(file).permissions() & fs::perms::mask), (fs::perms::owner_read | fs::perms::owner_write));

    EXPECT_EQ(WTERMSIG(in_a_child(file, [] { std::abort(); })), SIGABRT);
    EXPECT_TRUE(fs::exists(folder / "crash.blame.1")) << "put aside by the second";
    EXPECT_EQ(WTERMSIG(in_a_child(file, [] { (void)::raise(SIGFPE); })), SIGFPE);
    EXPECT_TRUE(fs::exists(folder / "crash.blame.2"));
    for (int i = 0; i < 4; ++i)
        (void)in_a_child(file, [] { std::abort(); });
    EXPECT_FALSE(fs::exists(folder / "crash.blame.4")) << "the last three are kept";
}

TEST(a_file_of_blame, that_cannot_be_written_is_a_warning)
{
    const postern::test::temporary_folder folder;
    const auto child = ::fork();
    if (child == 0) {
        postern::test::memory_log log;
        blame_crashes(folder / "nowhere/crash.blame", base::log{log});
        ::_exit(log.contains("crash.unrecorded") ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
}

} // namespace
} // namespace postern::daemon::test
