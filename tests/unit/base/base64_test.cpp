#include "core/base/base64.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace postern::base {
namespace {

TEST(base64, is_that_of_rfc_4648)
{
    const std::vector<std::pair<std::string, std::string>> pairs{{"", ""},
                                                                 {"f", "Zg=="},
                                                                 {"fo", "Zm8="},
                                                                 {"foo", "Zm9v"},
                                                                 {"foob", "Zm9vYg=="},
                                                                 {"fooba", "Zm9vYmE="},
                                                                 {"foobar", "Zm9vYmFy"}}; // RFC 4648 10
    for (const auto& [plain, coded] : pairs) {
        EXPECT_EQ(to_base64(plain), coded);
        EXPECT_EQ(from_base64(coded), plain);
    }
}

TEST(base64, holds_every_octet)
{
    std::string all;
    for (int i = 0; i < 256; ++i)
        all += static_cast<char>(i);
    EXPECT_EQ(from_base64(to_base64(all)), all);
}

TEST(base64, takes_its_exact_form_only)
{
    for (const auto* wrong : {"Z", "Zg", "Zg=", "Zg==Zg==", "Z===", "====", "Zm9\n", "Zm 9", "Zh==", "Zm9=", "Zm-_"})
        EXPECT_FALSE(from_base64(wrong).has_value()) << wrong;
}

} // namespace
} // namespace postern::base
