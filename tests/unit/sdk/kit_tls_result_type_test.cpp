#include <postern/kit/tls_result_type.hpp>

#include <gtest/gtest.h>

namespace postern::kit {
namespace {

TEST(kit_tls_result_type, is_one_of_the_standard) // RFC 8460 4.3
{
    EXPECT_EQ(tls_result_type(POSTERN_TLS_RESULT_OK), "");
    EXPECT_EQ(tls_result_type(POSTERN_TLS_RESULT_CERTIFICATE_EXPIRED), "certificate-expired");
    EXPECT_EQ(tls_result_type(POSTERN_TLS_RESULT_STS_WEBPKI_INVALID), "sts-webpki-invalid");
    EXPECT_EQ(tls_result_type(POSTERN_TLS_RESULT_STS_WEBPKI_INVALID + 1), "validation-failure") << "of a later host";
    EXPECT_TRUE(is_tls_failure_type("dane-required"));
    EXPECT_FALSE(is_tls_failure_type(""));
    EXPECT_FALSE(is_tls_failure_type("other"));
}

} // namespace
} // namespace postern::kit
