#include "../src/exit_meaning.hpp"

#include <gtest/gtest.h>

#include <sysexits.h>

namespace pipe_transport {
namespace {

using kind = meaning::kind;

TEST(an_exit_code, says_what_became_of_the_message)
{
    struct expected {
        int code;
        kind what;
        const char* status;
    };
    for (const auto& [code, what, status] : {expected{EX_OK, kind::delivered, "2.0.0"},
                                             expected{EX_USAGE, kind::deferred, "4.3.5"},
                                             expected{EX_DATAERR, kind::failed, "5.6.0"},
                                             expected{EX_NOINPUT, kind::deferred, "4.3.0"},
                                             expected{EX_NOUSER, kind::failed, "5.1.1"},
                                             expected{EX_NOHOST, kind::failed, "5.1.2"},
                                             expected{EX_UNAVAILABLE, kind::failed, "5.3.0"},
                                             expected{EX_SOFTWARE, kind::deferred, "4.3.0"},
                                             expected{EX_OSERR, kind::deferred, "4.3.0"},
                                             expected{EX_OSFILE, kind::deferred, "4.3.0"},
                                             expected{EX_CANTCREAT, kind::deferred, "4.2.0"},
                                             expected{EX_IOERR, kind::deferred, "4.3.0"},
                                             expected{EX_TEMPFAIL, kind::deferred, "4.3.0"},
                                             expected{EX_PROTOCOL, kind::failed, "5.5.0"},
                                             expected{EX_NOPERM, kind::failed, "5.7.0"},
                                             expected{EX_CONFIG, kind::deferred, "4.3.5"},
                                             expected{1, kind::deferred, "4.3.0"},
                                             expected{63, kind::deferred, "4.3.0"},
                                             expected{79, kind::deferred, "4.3.0"},
                                             expected{255, kind::deferred, "4.3.0"}}) {
        const auto means = meaning_of({ending::kind::exited, code, "why\n"});
        EXPECT_EQ(means.what, what) << code;
        EXPECT_EQ(means.enhanced, status) << code;
        EXPECT_EQ(means.text.ends_with(": why"), code != EX_OK) << means.text;
    }
}

TEST(any_other_end, puts_the_message_off)
{
    using end = ending::kind;
    for (const auto how : {end::killed, end::timed_out, end::cancelled, end::torn, end::unstarted})
        EXPECT_EQ(meaning_of({how, 9, "x"}).what, kind::deferred);
}

TEST(last_words, are_the_last_three_lines_with_words_in_them)
{
    EXPECT_EQ(last_words(""), "");
    EXPECT_EQ(last_words("\n \n\r\n"), "");
    EXPECT_EQ(last_words("one"), "one");
    EXPECT_EQ(last_words("one\ntwo\r\n\n  three\nfour\n\n"), "two / three / four");
}

TEST(last_words, are_one_line_of_printable_octets_and_bounded)
{
    EXPECT_EQ(last_words("a\tb\x1b[31mc\xc3\xbc\x7f"), "a?b?[31mc???");
    const auto most = last_words(std::string(1000, 'x') + "end");
    EXPECT_EQ(most.size(), 200u);
    EXPECT_TRUE(most.starts_with("...x") && most.ends_with("xend"));
}

} // namespace
} // namespace pipe_transport
