#include "core/sasl/errc.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace postern::sasl {
namespace {

TEST(errc, has_words_of_its_own_for_each_error)
{
    std::set<std::string> texts;
    for (int value = static_cast<int>(errc::bad_text); value <= static_cast<int>(errc::no_cryptography); ++value)
        texts.insert(make_error_code(static_cast<errc>(value)).message());
    EXPECT_EQ(texts.size(), 10U);
    EXPECT_EQ(texts.count("unknown error"), 0U);
    EXPECT_STREQ(make_error_code(errc::bad_text).category().name(), "postern.sasl");
}

} // namespace
} // namespace postern::sasl
