#include "core/base/enhanced_code.hpp"

#include <gtest/gtest.h>

namespace postern::base {
namespace {

TEST(enhanced_code, is_three_numbers_whose_class_is_that_of_the_code) // RFC 3463 2
{
    for (const auto text : {"2.0.0", "2.1.5", "2.10.999"})
        EXPECT_TRUE(is_enhanced_code(text, 250)) << text;
    EXPECT_TRUE(is_enhanced_code("4.3.1", 452));
    EXPECT_TRUE(is_enhanced_code("5.7.26", 550));
    for (const auto text : {"",       "2",        "2.",       "2.0",   "2.0.",  "2..0", "2.0.0.0", "2.0.0 ", " 2.0.0", "2.01.0",
                            "2.0.00", "2.1000.0", "2.0.1000", "3.0.0", "1.0.0", "20.0", "2.a.0",   "2.0.b",  "2-0-0",  "2.+1.0"})
        EXPECT_FALSE(is_enhanced_code(text, 250)) << text;
    EXPECT_FALSE(is_enhanced_code("3.0.0", 354));
}

} // namespace
} // namespace postern::base
