// The glue: requests as the host sends them, through the exported table.

#include "harness.hpp"

#include <postern/sdk/services.hpp>
#include <postern/testing/fake_host.hpp>
#include <postern/testing/plugin_manifest.hpp>

#include <gmock/gmock.h>

namespace postern_kv_memory::testing {
namespace {

using postern::testing::answer;
using postern::testing::fake_host;

answer ask(fake_host& host, postern_ev_kv_store event, std::uint32_t hook)
{
    event.ev.size = sizeof event;
    event.ev.hook = hook;
    event.space = postern::sdk::str("spam");
    auto said = host.send(event);
    while (said.is_pending()) { // answered by the plugin's own thread
        std::this_thread::yield();
        said = host.answer_to(said.ticket);
    }
    return said;
}

TEST(kv_memory, does_requests_and_scans_at_once_and_durable_ones_when_they_are)
{
    const temporary_folder place;
    fake_host host{postern_plugin_v1};
    host.option("path", place.kv());
    EXPECT_THAT(use_manifest(host, POSTERN_PLUGIN_MANIFEST), ::testing::IsEmpty());
    ASSERT_EQ(host.create(), POSTERN_PASS);
    ASSERT_TRUE(host.provides(POSTERN_KV_STORE_1));

    const postern_kv_item items[] = {{POSTERN_KV_PUT, 0, postern::sdk::str("b"), postern::sdk::str("2"), {}, 0, 0},
                                     {POSTERN_KV_ADD, 0, postern::sdk::str("a"), {}, {}, 7, 0},
                                     {POSTERN_KV_GET, 0, postern::sdk::str("b"), {}, {}, 0, 0}};
    postern_ev_kv_store event{};
    event.items = postern::sdk::list_over(items, 3);
    event.flags = POSTERN_KV_DURABLE;
    const auto done = ask(host, event, POSTERN_HOOK_KV_STORE_REQUEST);
    EXPECT_EQ(done.kv.result, POSTERN_KV_OK);
    ASSERT_EQ(done.kv.results.size(), 3U);
    EXPECT_EQ(done.kv.results[1].number, 7);
    EXPECT_EQ(done.kv.results[2].value, "2");

    postern_ev_kv_store all{};
    all.limit = 10;
    const auto listed = ask(host, all, POSTERN_HOOK_KV_STORE_SCAN);
    ASSERT_EQ(listed.kv.results.size(), 2U);
    EXPECT_EQ(listed.kv.results[0].key, "a");
    EXPECT_EQ(listed.kv.results[1].value, "2");
    EXPECT_THAT(host.complaints(), ::testing::IsEmpty());
}

TEST(kv_memory, says_which_option_it_cannot_work_with)
{
    const temporary_folder place;
    for (const std::string_view wrong : {"memory", "write_after", "path"}) {
        fake_host host{postern_plugin_v1};
        host.option("path", wrong == "path" ? "/dev/null/kv" : place.kv());
        if (wrong == "memory")
            host.option("memory", std::int64_t{1000});
        if (wrong == "write_after")
            host.option("write_after", std::chrono::seconds{2});
        EXPECT_EQ(host.create(), POSTERN_E_INVALID);
        ASSERT_EQ(host.refusals().size(), 1U);
        EXPECT_EQ(host.refusals()[0].first, wrong);
    }
}

} // namespace
} // namespace postern_kv_memory::testing
