#include "core/runtime/client_errc.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace postern::runtime {
namespace {

TEST(client_errc, has_words_of_its_own_for_each_error)
{
    std::set<std::string> texts;
    for (int value = static_cast<int>(client_errc::refused); value <= static_cast<int>(client_errc::content_failed); ++value)
        texts.insert(make_error_code(static_cast<client_errc>(value)).message());
    EXPECT_EQ(texts.size(), 19U);
    EXPECT_EQ(texts.count("unknown error"), 0U);
    EXPECT_STREQ(make_error_code(client_errc::busy).category().name(), "postern.client");
}

TEST(client_errc, has_an_error_for_each_fault_of_a_session)
{
    using enum session::client_fault;
    EXPECT_EQ(error_of(none), base::error_code{});
    for (const auto fault : {refused, closing, no_tls, tls_failed, injected, lost, timed_out, malformed_reply, endless_reply,
                             out_of_place, unasked, unproved, content_failed, hostname})
        EXPECT_TRUE(error_of(fault).failed());
    EXPECT_EQ(error_of(closing), client_errc::closing);
    EXPECT_EQ(error_of(unasked), client_errc::out_of_place) << "a reply that nobody asked for";
    EXPECT_EQ(error_of(hostname), client_errc::bad_argument) << "ours, for EHLO";
}

} // namespace
} // namespace postern::runtime
