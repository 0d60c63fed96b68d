// postern.spool/1: who may ask for what, and where it goes.

#include "tests/unit/host/scripted_plugin.hpp"

#include <postern/abi/spool.h>

#include <gtest/gtest.h>

namespace postern::daemon::test {
namespace {

class a_plugin_with_a_queue : public ::testing::Test {
protected:
    postern_status start(std::string_view domain, std::uint32_t flags = 0)
    {
        const auto* const table = static_cast<const postern_spool_1*>(plugin_.get(plugin_.host, POSTERN_SPOOL_1));
        return table->start(plugin_.host, {domain.data(), domain.size()}, flags);
    }

    scripted_plugin plugin_;
    std::vector<queue::domain_wish> wishes_;
};

TEST_F(a_plugin_with_a_queue, has_its_wishes_passed_on_while_the_door_is_open)
{
    plugin_.may_queue = true;
    const auto made = plugin_.make_instance();
    EXPECT_EQ(start("example.com"), POSTERN_E_AGAIN) << "the server is not there yet";
    bool has_room = true;
    plugin_.services.spool->open([&](queue::domain_wish what) {
        wishes_.push_back(std::move(what));
        return has_room;
    });
    EXPECT_EQ(start("example.com"), POSTERN_PASS);
    EXPECT_EQ(start(std::string(255, 'a'), POSTERN_SPOOL_SUBDOMAINS), POSTERN_PASS);
    has_room = false;
    EXPECT_EQ(start("example.com"), POSTERN_E_AGAIN);
    plugin_.services.spool->close();
    EXPECT_EQ(start("example.com"), POSTERN_E_AGAIN);
    ASSERT_EQ(wishes_.size(), 3U);
    EXPECT_EQ(wishes_[0].domain, "example.com");
    EXPECT_FALSE(wishes_[0].has_subdomains);
    EXPECT_TRUE(wishes_[1].has_subdomains);
}

TEST_F(a_plugin_with_a_queue, is_denied_what_the_configuration_does_not_allow)
{
    plugin_.services.spool->open([](const queue::domain_wish&) { return true; });
    const auto made = plugin_.make_instance();
    EXPECT_EQ(start("example.com"), POSTERN_E_DENIED);
}

TEST_F(a_plugin_with_a_queue, is_told_what_makes_no_sense)
{
    plugin_.may_queue = true;
    const auto made = plugin_.make_instance();
    EXPECT_EQ(start(""), POSTERN_E_INVALID);
    EXPECT_EQ(start(std::string(256, 'a')), POSTERN_E_INVALID);
    EXPECT_EQ(start("example.com", 2), POSTERN_E_INVALID);
    const auto* const table = static_cast<const postern_spool_1*>(plugin_.get(plugin_.host, POSTERN_SPOOL_1));
    EXPECT_EQ(table->start(plugin_.host, {nullptr, 3}, 0), POSTERN_E_INVALID);
    EXPECT_EQ(table->start(nullptr, {"a", 1}, 0), POSTERN_E_INVALID);
    EXPECT_EQ(start("example.com"), POSTERN_E_AGAIN) << "as while a configuration is only checked";
}

} // namespace
} // namespace postern::daemon::test
