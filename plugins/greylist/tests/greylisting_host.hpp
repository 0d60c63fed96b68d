#pragma once
// A host with greylist in it, as a test needs it.

#include <postern/testing/plugin_manifest.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace greylist::test {

/// A fake_host; change its options before made().
class greylisting_host : public postern::testing::fake_host {
public:
    greylisting_host() : fake_host{postern_plugin_v1} {}

    /// Creates the instance, with the defaults of plugin.toml.
    greylisting_host& made()
    {
        EXPECT_THAT(postern::testing::use_manifest(*this, POSTERN_PLUGIN_MANIFEST), testing::IsEmpty());
        EXPECT_EQ(create(), POSTERN_PASS);
        return *this;
    }
    [[nodiscard]] std::int64_t passed(const char* by) { return metric("passed_total", {{"by", by}}).value_or(-1); }
};

/// MAIL and RCPT of a client: the answer to RCPT.
inline postern::testing::answer asks(postern::testing::fake_session& session, const std::string& from = "a@client.example",
                                     const std::string& to = "b@mx.example")
{
    EXPECT_TRUE(session.mail(from).proceeds());
    return session.finish(session.rcpt(to));
}
/// The same of a client at `address`.
inline postern::testing::answer asks_from(postern::testing::fake_session& session, const std::string& address,
                                          const std::string& from = "a@client.example", const std::string& to = "b@mx.example")
{
    session.who.address = address;
    return asks(session, from, to);
}

} // namespace greylist::test
