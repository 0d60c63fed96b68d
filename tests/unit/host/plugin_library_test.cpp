#include "core/host/plugin_library.hpp"
#include "core/host/plugin_instance.hpp"
#include "tests/support/memory_log.hpp"
#include "tests/support/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <dlfcn.h>
#include <fcntl.h>
#include <future>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <thread>
#include <unistd.h>

namespace postern::daemon {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
namespace fs = std::filesystem;

const fs::path built{POSTERN_HOST_TEST_PLUGINS};

/// Test plugins in a folder that nobody else can write, whatever the build folder's mode is.
class a_plugin_file : public ::testing::Test {
protected:
    fs::path put(const std::string& name)
    {
        const auto to = folder_ / name;
        fs::copy_file(built / name, to, fs::copy_options::overwrite_existing);
        EXPECT_EQ(::chmod(to.c_str(), 0644), 0);
        return to;
    }
    std::string why_not(const fs::path& file)
    {
        std::string why;
        EXPECT_EQ(plugin_library::load(file, why), nullptr);
        return why;
    }

    postern::test::temporary_folder folder_;
};

TEST_F(a_plugin_file, is_loaded)
{
    std::string why;
    const auto library = plugin_library::load(put("good.so"), why);
    ASSERT_NE(library, nullptr) << why;
    EXPECT_STREQ(library->table().id, "org.example.good");
    EXPECT_FALSE(library->provides("postern.queue/1"));
}

TEST_F(a_plugin_file, for_another_abi_is_refused)
{
    EXPECT_EQ(why_not(put("abi_two.so")), "abi_two.so: built for plugin ABI 2; this host speaks 1");
}

TEST_F(a_plugin_file, without_the_symbol_is_refused)
{
    EXPECT_EQ(why_not(put("no_symbol.so")), "no_symbol.so: not a Postern plugin (no symbol postern_plugin_v1)");
}

TEST_F(a_plugin_file, may_not_be_libm)
{
    Dl_info info{};
    double (*function)(double) = &std::cbrt;
    ASSERT_NE(::dladdr(reinterpret_cast<void*>(function), &info), 0);
    const auto libm = fs::path{info.dli_fname}.parent_path() / "libm.so.6";
    if (!fs::exists(libm))
        GTEST_SKIP() << "no libm.so.6 beside " << info.dli_fname;
    EXPECT_EQ(why_not(libm), "libm.so.6: not a Postern plugin (no symbol postern_plugin_v1)");
}

TEST_F(a_plugin_file, that_needs_what_is_not_offered_is_refused)
{
    EXPECT_EQ(why_not(put("future.so")),
              "future.so: plugin org.example.future 9 needs \"postern.dns/2\", which this host does not offer");
}

TEST_F(a_plugin_file, with_a_table_that_is_too_short_is_refused)
{
    EXPECT_THAT(why_not(put("short_table.so")), StartsWith("short_table.so: its table has 16 octets, version 1 has "));
}

TEST_F(a_plugin_file, must_be_a_library)
{
    EXPECT_EQ(why_not(folder_.write("text.so", "hello")), "text.so: not a shared library for this machine");
    EXPECT_EQ(why_not(folder_.write("empty.so", "")), "empty.so: not a shared library for this machine");
    EXPECT_THAT(why_not(folder_ / "missing.so"), StartsWith("missing.so: cannot be opened: "));
    fs::create_directory(folder_ / "folder.so");
    EXPECT_EQ(why_not(folder_ / "folder.so"), "folder.so: not a regular file");
}

TEST_F(a_plugin_file, cut_short_is_refused_without_harm)
{
    const auto whole = postern::test::read_file(built / "good.so");
    for (const std::size_t size :
         {std::size_t{16}, std::size_t{64}, std::size_t{100}, whole.size() / 4, whole.size() / 2, whole.size() - 1}) {
        const auto file = folder_.write("cut.so", std::string_view{whole}.substr(0, size));
        ASSERT_EQ(::chmod(file.c_str(), 0644), 0);
        EXPECT_THAT(why_not(file), StartsWith("cut.so: ")) << size;
    }
}

TEST_F(a_plugin_file, that_others_can_write_is_refused)
{
    const auto file = put("good.so");
    for (const mode_t mode : {0664, 0646}) {
        ASSERT_EQ(::chmod(file.c_str(), mode), 0);
        EXPECT_THAT(why_not(file), StartsWith("good.so: the file can be written by others (mode "));
    }
}

TEST_F(a_plugin_file, in_a_folder_that_others_can_write_is_refused)
{
    const auto file = put("good.so");
    for (const mode_t mode : {0770, 0707, 01777}) {
        ASSERT_EQ(::chmod(folder_.path().c_str(), mode), 0);
        EXPECT_THAT(why_not(file), StartsWith("good.so: its folder can be written by others (mode "));
        EXPECT_TRUE(why_untrusted(file));
    }
    ASSERT_EQ(::chmod(folder_.path().c_str(), 0755), 0);
    EXPECT_FALSE(why_untrusted(file));
}

TEST_F(a_plugin_file, behind_a_link_is_judged_where_it_is)
{
    put("good.so");
    const postern::test::temporary_folder open;
    fs::copy_file(built / "good.so", open / "good.so");
    ASSERT_EQ(::chmod((open / "good.so").c_str(), 0644), 0);
    ASSERT_EQ(::chmod(open.path().c_str(), 0777), 0);
    fs::create_symlink(open / "good.so", folder_ / "inward.so"); // a trusted folder, a file that is not in it
    EXPECT_THAT(why_not(folder_ / "inward.so"), HasSubstr("its folder can be written by others"));
    fs::create_symlink(folder_ / "good.so", open / "outward.so"); // a trusted file, a link that others can turn
    EXPECT_THAT(why_not(open / "outward.so"), HasSubstr("its folder can be written by others"));
}

// A loader that is given the same name twice answers with what it has; a reload must see the new file all the same.
TEST_F(a_plugin_file, that_was_replaced_is_loaded_anew)
{
    std::string why;
    const auto first = plugin_library::load(put("good.so"), why);
    ASSERT_NE(first, nullptr) << why;
    fs::rename(put("pass_through.so"), folder_ / "good.so");
    const auto second = plugin_library::load(folder_ / "good.so", why);
    ASSERT_NE(second, nullptr) << why;
    EXPECT_STREQ(second->table().id, "org.example.pass-through");
    EXPECT_STREQ(first->table().id, "org.example.good");
}

// An operator's `cp new.so old.so`: same name, same inode. What runs must not notice, and a reload must.
TEST_F(a_plugin_file, that_is_written_over_or_cut_short_harms_nothing_that_runs)
{
    std::string why;
    loaded_libraries known;
    const auto file = put("good.so");
    const auto first = plugin_library::load(file, why, &known);
    ASSERT_NE(first, nullptr) << why;
    fs::resize_file(file, 0);
    postern::test::memory_log lines;
    problems found;
    EXPECT_NE(plugin_instance::create(first, {"p", {}, {"postern.toml", 3}, 1}, base::log{lines}, found), nullptr);
    EXPECT_EQ(plugin_library::load(file, why, &known), nullptr);
    EXPECT_EQ(why, "good.so: not a shared library for this machine");

    put("pass_through.so");
    fs::copy_file(folder_ / "pass_through.so", file, fs::copy_options::overwrite_existing);
    const auto second = plugin_library::load(file, why, &known);
    ASSERT_NE(second, nullptr) << why;
    EXPECT_STREQ(second->table().id, "org.example.pass-through");
    EXPECT_NE(plugin_instance::create(first, {"p", {}, {"postern.toml", 3}, 1}, base::log{lines}, found), nullptr);
}

TEST_F(a_plugin_file, that_is_known_is_judged_again_but_not_loaded_again)
{
    std::string why;
    loaded_libraries known;
    const auto first = plugin_library::load(put("good.so"), why, &known);
    ASSERT_NE(first, nullptr) << why;
    EXPECT_EQ(plugin_library::load(folder_ / "good.so", why, &known), first);
    fs::rename(put("pass_through.so"), folder_ / "good.so");
    const auto second = plugin_library::load(folder_ / "good.so", why, &known);
    ASSERT_NE(second, nullptr) << why;
    EXPECT_STREQ(second->table().id, "org.example.pass-through");
    ASSERT_EQ(::chmod((folder_ / "good.so").c_str(), 0666), 0);
    EXPECT_EQ(plugin_library::load(folder_ / "good.so", why, &known), nullptr);
}

// A thread of a plugin may be the last to let go of it, at the very end of a server; what it uses must still be there.
TEST_F(a_plugin_file, that_is_in_use_is_waited_for_at_the_end)
{
    std::string why;
    auto known = std::make_unique<loaded_libraries>();
    auto held = plugin_library::load(put("good.so"), why, known.get());
    ASSERT_NE(held, nullptr) << why;
    std::promise<void> ending;
    std::atomic<bool> is_let_go{false};
    std::thread last{[&] {
        ending.get_future().wait();
        for (int i = 0; i < 1000; ++i)
            std::this_thread::yield();
        is_let_go = true;
        held.reset();
    }};
    ending.set_value();
    known.reset();
    EXPECT_TRUE(is_let_go);
    last.join();
}

// What was mapped stays: a reload that is tried again and again must not map it again and again.
TEST_F(a_plugin_file, that_was_refused_after_it_was_mapped_is_not_mapped_again)
{
    const auto file = put("future.so");
    const auto mappings = [] {
        const auto maps = postern::test::read_file("/proc/self/maps");
        std::size_t count = 0;
        for (auto at = maps.find("/memfd:future.so"); at != std::string::npos; at = maps.find("/memfd:future.so", at + 1))
            ++count;
        return count;
    };
    std::string why;
    loaded_libraries known;
    EXPECT_EQ(plugin_library::load(file, why, &known), nullptr);
    const auto first_why = why;
    const auto before = mappings();
    EXPECT_GT(before, 0U);
    EXPECT_EQ(plugin_library::load(file, why, &known), nullptr);
    EXPECT_EQ(mappings(), before);
    EXPECT_EQ(why, first_why);
}

TEST(a_plugin_image, is_not_made_of_a_file_from_which_nothing_may_be_executed)
{
    const int file = ::open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    ASSERT_GE(file, 0);
    struct statvfs around {};
    ASSERT_EQ(::fstatvfs(file, &around), 0);
    std::string why;
    const auto image = plugin_image::copy_of(file, "x", why);
    ::close(file);
    if ((around.f_flag & ST_NOEXEC) == 0)
        GTEST_SKIP() << "/proc is not mounted noexec here";
    EXPECT_FALSE(image);
    EXPECT_EQ(why, "is on a file system that is mounted noexec");
}

TEST(a_plugin_image, cannot_be_written_by_anybody)
{
    const postern::test::temporary_folder folder;
    const int file = ::open(folder.write("x.so", "octets").c_str(), O_RDONLY | O_CLOEXEC);
    ASSERT_GE(file, 0);
    std::string why;
    const auto image = plugin_image::copy_of(file, "x.so", why);
    ::close(file);
    ASSERT_TRUE(image) << why;
    EXPECT_EQ(image->octets(), "octets");
    EXPECT_EQ(postern::test::read_file(image->path()), "octets");
    const int copy = ::open(image->path().c_str(), O_RDWR | O_CLOEXEC);
    EXPECT_LT(::pwrite(copy, "x", 1, 0), 0);
    EXPECT_NE(::ftruncate(copy, 0), 0);
    ::close(copy);
    EXPECT_EQ(image->octets(), "octets");
}

TEST(a_plugin_table, of_the_first_release_is_read_and_a_longer_one_too)
{
    struct longer_table {
        postern_plugin table;
        void* more;
    };
    const auto create = [](postern_host*, postern_get_fn, const postern_create_args*, void**) { return POSTERN_PASS; };
    const auto handle = [](void*, const postern_event*) { return POSTERN_PASS; };
    longer_table given{{72, 0, "org.example.sized", "1", "test", nullptr, nullptr, create, handle, [](void*) {}}, nullptr};
    std::string why;
    for (const std::uint32_t size : {std::uint32_t{72}, std::uint32_t{sizeof given}}) {
        given.table.size = size;
        const auto library = plugin_library::linked_in(given.table, "p", why);
        ASSERT_NE(library, nullptr) << size << why;
        EXPECT_STREQ(library->table().id, "org.example.sized");
    }
    given.table.size = 71;
    EXPECT_EQ(plugin_library::linked_in(given.table, "p", why), nullptr);
    EXPECT_EQ(why, "p: its table has 71 octets, version 1 has 72; rebuild it");
}

TEST_F(a_plugin_file, is_found_in_the_first_folder_that_has_it)
{
    put("good.so");
    const postern::test::temporary_folder empty;
    EXPECT_EQ(find_library({empty.path(), folder_.path()}, "good"), folder_ / "good.so");
    EXPECT_EQ(find_library({empty.path()}, "good"), std::nullopt);
}

TEST_F(a_plugin_file, whose_create_throws_is_refused_with_what_it_said)
{
    std::string why;
    auto library = plugin_library::load(put("create_throws.so"), why);
    ASSERT_NE(library, nullptr) << why;
    postern::test::memory_log lines;
    problems found;
    EXPECT_EQ(plugin_instance::create(library, {"p", {}, {"postern.toml", 3}, 1}, base::log{lines}, found), nullptr);
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].text(), "postern.toml:3: plugin p (org.example.throws 1) could not start: it threw no table left");
}

TEST_F(a_plugin_file, refuses_an_option_at_its_place)
{
    std::string why;
    auto library = plugin_library::load(put("good.so"), why);
    ASSERT_NE(library, nullptr) << why;
    postern::test::memory_log lines;
    problems found;
    option_value word;
    word.key = "word";
    word.text = "bad";
    word.line = 9;
    EXPECT_EQ(plugin_instance::create(library, {"p", {word}, {"postern.toml", 3}, 1}, base::log{lines}, found), nullptr);
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].text(), "postern.toml:9: plugin p: word: is a bad word");
    word.text = "fine";
    found.clear();
    EXPECT_NE(plugin_instance::create(library, {"p", {word}, {"postern.toml", 3}, 1}, base::log{lines}, found), nullptr);
}

} // namespace
} // namespace postern::daemon
