#pragma once
// A host with rate-limit in it, its rules given as a test needs them.

#include <postern/testing/plugin_manifest.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace rate_limit::test {

/// Each name and text of a rule.
using rules = std::vector<std::pair<std::string, std::string>>;

/// A fake_host; change its options before made().
class limited_host : public postern::testing::fake_host {
public:
    explicit limited_host(const rules& given) : fake_host{postern_plugin_v1} { table("rules", given); }

    /// Creates the instance, with the defaults of plugin.toml.
    limited_host& made()
    {
        EXPECT_THAT(postern::testing::use_manifest(*this, POSTERN_PLUGIN_MANIFEST), testing::IsEmpty());
        EXPECT_EQ(create(), POSTERN_PASS);
        return *this;
    }
    /// How often a rule had no tokens.
    [[nodiscard]] std::int64_t over(const std::string& rule) { return metric("over_limit_total", {{"rule", rule}}).value_or(-1); }
};

/// Another client than the default one.
inline void is_at(postern::testing::fake_session& session, const char* address)
{
    session.who.address = address;
}

} // namespace rate_limit::test
