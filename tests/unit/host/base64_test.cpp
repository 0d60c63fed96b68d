#include "core/host/base64.hpp"

#include <gtest/gtest.h>

namespace postern::daemon {
namespace {

TEST(base64, shows_text_for_json)
{
    EXPECT_EQ(as_utf8("a\xc3\xa4\nb"), "a??\nb");
}

} // namespace
} // namespace postern::daemon
