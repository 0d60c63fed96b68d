#include "core/host/plugin_calls.hpp"

#include "tests/unit/host/scripted_plugin.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <thread>

#include <unistd.h>

namespace postern::daemon::test {
namespace {

TEST(plugin_call, says_who_runs_for_as_long_as_it_lives)
{
    const auto& outer = label_of("outer", "/x/outer.so", false);
    const auto& inner = label_of("inner", "/x/inner.so", false);
    {
        const plugin_call first{outer, POSTERN_HOOK_MAIL, 7};
        ASSERT_NE(this_place(), nullptr);
        EXPECT_EQ(this_place()->whose, &outer);
        const auto before = this_place()->calls.load();
        {
            const plugin_call second{inner, POSTERN_HOOK_WAKE, 8};
            EXPECT_EQ(this_place()->whose, &inner);
            EXPECT_EQ(this_place()->session, 8U);
        }
        EXPECT_EQ(this_place()->whose, &outer) << "calls nest";
        EXPECT_EQ(this_place()->hook, POSTERN_HOOK_MAIL);
        EXPECT_EQ(this_place()->session, 7U);
        EXPECT_NE(this_place()->calls, before);
    }
    EXPECT_EQ(this_place()->whose, nullptr);
}

TEST(plugin_call, is_set_around_what_an_instance_runs)
{
    scripted_plugin plugin;
    std::string create;
    std::string handle;
    const auto who = [] {
        const auto* whose = this_place()->whose.load();
        return std::string{whose->instance.data()} + " " + std::string{call_name(this_place()->hook)} + " of " +
               whose->library.data();
    };
    plugin.on_create = [&] {
        create = who();
        return POSTERN_PASS;
    };
    plugin.on = [&](const postern_event&) {
        handle = who();
        return POSTERN_PASS;
    };
    const auto made = plugin.make_instance();
    ASSERT_NE(made, nullptr);
    postern_event event{};
    event.size = sizeof event;
    event.hook = POSTERN_HOOK_SESSION_END;
    event.session = 5;
    (void)made->handle(event);
    EXPECT_EQ(create, "scripted create of scripted");
    EXPECT_EQ(handle, "scripted session_end of scripted");
}

TEST(a_label, is_made_once_and_fits_a_line_of_text)
{
    EXPECT_EQ(&label_of("a", "/b.so", false), &label_of("a", "/b.so", false));
    EXPECT_NE(&label_of("a", "/b.so", false), &label_of("a", "/b.so", true));
    const auto& odd = label_of("two words\n\"x\"", std::string(500, 'p') + "/end.so", false);
    EXPECT_STREQ(odd.instance.data(), "two_words__x_");
    const std::string library = odd.library.data();
    EXPECT_LT(library.size(), odd.library.size());
    EXPECT_TRUE(library.ends_with("ppp/end.so"));
}

TEST(a_place, of_a_thread_that_ended_is_used_again)
{
    const auto places = [] {
        int count = 0;
        for (const auto* each = all_places(); each != nullptr; each = each->next)
            ++count;
        return count;
    };
    const auto& label = label_of("a", "/b.so", false);
    const auto visit = [&] { std::thread{[&] { const plugin_call running{label, 1, 1}; }}.join(); };
    visit();
    const auto before = places();
    for (int i = 0; i < 20; ++i)
        visit();
    EXPECT_EQ(places(), before);
}

TEST(code, of_a_library_is_known_by_its_addresses)
{
    const auto* const inside = reinterpret_cast<const void*>(&::getpid);
    remember_code(inside, "the library of getpid");
    EXPECT_EQ(library_at(reinterpret_cast<std::uintptr_t>(inside)), "the_library_of_getpid");
    EXPECT_EQ(library_at(1), "");
}

} // namespace
} // namespace postern::daemon::test
