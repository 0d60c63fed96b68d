#include "core/sasl/saslprep.hpp"

#include "core/base/secret.hpp"
#include "core/sasl/errc.hpp"
#include "tests/support/freed_memory.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>

namespace postern::sasl {
namespace {

TEST(saslprep, does_what_the_examples_of_its_standard_say) // RFC 4013 3
{
    EXPECT_EQ(saslprep("I\xc2\xadX").value(), "IX");
    EXPECT_EQ(saslprep("user").value(), "user");
    EXPECT_EQ(saslprep("USER").value(), "USER");
    EXPECT_EQ(saslprep("\xc2\xaa").value(), "a");
    EXPECT_EQ(saslprep("\xe2\x85\xa8").value(), "IX");
    EXPECT_EQ(saslprep("\x07").error(), errc::bad_text);
    EXPECT_EQ(saslprep("\xd8\xa7\x31").error(), errc::bad_text);
}

TEST(saslprep, leaves_nothing_of_a_password_behind)
{
    constexpr std::string_view text = "tanstaaf-tanstaaf-tanstaaf";
    const auto wide = std::string{text} + "\xc2\xaa";
    const auto unfit = std::string{text} + "\xd8\xa7\x31";
    const test::freed_memory freed{text};
    {
        auto made = saslprep(wide);
        ASSERT_TRUE(made);
        const base::secret_text prepared{std::move(*made)};
        EXPECT_EQ(prepared.size(), text.size() + 1);
    }
    EXPECT_EQ(test::freed_memory::take_found(), 0u);
    EXPECT_FALSE(saslprep(unfit));
    EXPECT_EQ(test::freed_memory::take_found(), 0u) << "one that is refused";
}

TEST(saslprep, turns_other_spaces_into_a_space)
{
    EXPECT_EQ(saslprep("a\xc2\xa0z").value(), "a z");
}

TEST(saslprep, refuses_controls_nul_line_ends_and_what_is_not_utf_8)
{
    for (const auto text :
         {std::string_view{"a\0b", 3}, std::string_view{"a\r"}, std::string_view{"a\n"}, std::string_view{"\x7f"},
          std::string_view{"\xff"}, std::string_view{"\xc3"}, std::string_view{"a\xed\xa0\x80"}})
        EXPECT_EQ(saslprep(text).error(), errc::bad_text) << text;
}

TEST(saslprep, refuses_what_is_empty_before_or_after)
{
    EXPECT_EQ(saslprep("").error(), errc::bad_text);
    EXPECT_EQ(saslprep("\xc2\xad").error(), errc::bad_text);
}

TEST(saslprep, takes_characters_younger_than_unicode_3_2_in_queries_only) // RFC 3454 7
{
    const std::string younger = "\xf0\x9f\x94\x91"; // a key, of Unicode 6
    EXPECT_EQ(saslprep(younger).value(), younger);
    EXPECT_EQ(saslprep(younger, text_use::stored).error(), errc::bad_text);
}

TEST(saslprep, takes_texts_up_to_its_bound)
{
    EXPECT_EQ(saslprep(std::string(most_text_octets, 'a')).value().size(), most_text_octets);
    EXPECT_EQ(saslprep(std::string(most_text_octets + 1, 'a')).error(), errc::too_long);
    std::string longest; // a ligature of three letters, which become eighteen: the longest there is
    while (longest.size() + 3 <= most_text_octets)
        longest += "\xef\xb7\xba";
    EXPECT_FALSE(saslprep(longest).has_value() && saslprep(longest)->size() > most_text_octets * 4);
}

TEST(trace_information, is_a_text_without_controls) // RFC 4505 2
{
    EXPECT_TRUE(is_trace(""));
    EXPECT_TRUE(is_trace("sirhc"));
    EXPECT_TRUE(is_trace("a b@example.com"));
    EXPECT_FALSE(is_trace("a\nb"));
    EXPECT_FALSE(is_trace("\xff"));
    EXPECT_FALSE(is_trace(std::string_view{"a\0", 2}));
    EXPECT_TRUE(is_trace(std::string(1020, 'a')));
    EXPECT_FALSE(is_trace(std::string(1021, 'a')));
}

} // namespace
} // namespace postern::sasl
