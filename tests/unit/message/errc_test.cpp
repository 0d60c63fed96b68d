#include "core/message/errc.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace postern::message {
namespace {

TEST(errc, has_words_of_its_own_for_each_error)
{
    std::set<std::string> texts;
    for (int value = static_cast<int>(errc::bad_path); value <= static_cast<int>(errc::no_such_field); ++value)
        texts.insert(make_error_code(static_cast<errc>(value)).message());
    EXPECT_EQ(texts.size(), 7U);
    EXPECT_EQ(texts.count("unknown error"), 0U);
    EXPECT_STREQ(make_error_code(errc::bad_path).category().name(), "postern.message");
}

} // namespace
} // namespace postern::message
