// The conformance kit's own parts; what it finds is in tests/integration/plugin_check_test.cpp.
#include <postern/plugin.hpp>
#include <postern/testing/conformance/trials.hpp>
#include <postern/testing/mailbox.hpp>
#include <postern/testing/rules.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

namespace postern::testing::conformance {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

template <class... Events>
std::vector<std::uint32_t> unvisited(sdk::event_list<Events...>)
{
    std::vector<std::uint32_t> found;
    const auto look = [&](std::uint32_t hook, bool is_subscribed) {
        if (is_subscribed && hook < POSTERN_HOOK_WAKE && !is_visited(hook)) // those of an instance come with made-up content
            found.push_back(hook);
    };
    (look(Events::hook, sdk::is_subscribed<Events>), ...);
    return found;
}

/// A hook that fails here is sent with made-up content only: give it a place in a client of client.hpp.
TEST(every_hook_that_plugins_subscribe_to, is_one_that_a_client_of_the_kit_comes_by)
{
    EXPECT_THAT(unvisited(sdk::all_events{}), IsEmpty());
}

TEST(values, are_the_same_for_the_same_seed)
{
    for (const auto of : {taste::plain, taste::hostile}) {
        values one{7, of};
        values other{7, of};
        for (int i = 0; i < 50; ++i) {
            EXPECT_EQ(one.address(), other.address());
            EXPECT_EQ(one.body(500), other.body(500));
            EXPECT_EQ(one.fields(), other.fields());
        }
    }
}

TEST(values, keep_the_promises_of_a_host)
{
    for (const auto of : {taste::plain, taste::hostile}) {
        values made{3, of};
        for (int i = 0; i < 300; ++i) {
            EXPECT_TRUE(is_mailbox(made.address(), true)) << i;
            EXPECT_TRUE(is_canonical(made.body(2000))) << i;
            EXPECT_EQ(made.argument().find_first_of(std::string_view{"\r\n\0", 3}), std::string::npos);
            for (const auto& [name, value] : made.fields())
                EXPECT_TRUE(is_header_value(value)) << value;
        }
    }
}

TEST(a_lent_event, is_what_it_was_in_every_form)
{
    const std::string sender = "a@example.org";
    const postern_param params[]{{sdk::str("SIZE"), sdk::str("10"), 1, 0}, {sdk::str("SMTPUTF8"), {}, 0, 0}};
    postern_ev_mail event{};
    event.ev.size = sizeof event;
    event.ev.hook = POSTERN_HOOK_MAIL;
    event.sender = sdk::str(sender);
    event.params = sdk::list_over(params, 2);
    for (const auto form : {record_form::today, record_form::earlier, record_form::later})
        for (std::uint64_t choice = 0; choice < 6; ++choice) {
            const postern_event* lent = nullptr;
            const auto block = lender{form}.lend(event, choice, lent);
            const auto& mail = *reinterpret_cast<const postern_ev_mail*>(lent);
            EXPECT_EQ(sdk::view(mail.sender), sender);
            ASSERT_EQ(mail.params.count, 2u);
            EXPECT_EQ(sdk::view(sdk::record_at<postern_param>(mail.params, 0).value), "10");
            EXPECT_EQ(sdk::view(sdk::record_at<postern_param>(mail.params, 1).keyword), "SMTPUTF8");
            EXPECT_EQ(mail.ev.size, sizeof event + (form == record_form::later ? lender::more_record : 0));
        }
}

TEST(returned_memory, knows_an_address_that_was_lent)
{
    postern_event event{};
    event.size = sizeof event;
    event.hook = POSTERN_HOOK_SESSION_END;
    const postern_event* lent = nullptr;
    const auto block = lender{record_form::today}.lend(event, 0, lent);
    const auto* end = reinterpret_cast<const char*>(lent) + sizeof event;
    EXPECT_EQ(returned_memory::what_is(lent), returned_memory::fault::after_return);
    EXPECT_EQ(returned_memory::what_is(end), returned_memory::fault::behind_the_end);
    EXPECT_EQ(returned_memory::what_is(&event), returned_memory::fault::none);
}

/// What each grant is for, as far as an answer shows it.
class asks_for_all {
public:
    postern::dsn_reply on(const postern::dsn_make&) const { return postern::dsn_reply{postern::proceed()}.say("it came back"); }
    postern::verdict on(const postern::delivery_content&) const
    {
        return postern::proceed().add_header("X-A", "b").replace_body("c\r\n");
    }
};

TEST(what_a_plugin_may, is_for_its_operator_to_say_and_so_no_finding)
{
    constexpr postern_plugin table = postern::sdk::describe<asks_for_all>("org.example.asks", "1", "test");
    findings found;
    whereabouts where;
    kit_host host{table, {}, found, where};
    ASSERT_EQ(host.create(), POSTERN_PASS);
    fake_delivery delivery{host};
    EXPECT_TRUE(delivery.dsn_make({{.recipient = "a@example.org"}}).proceeds());
    EXPECT_TRUE(delivery.delivery_content().proceeds());
    EXPECT_THAT(host.complaints(), IsEmpty());
}

/// Fails without a word where both tables are missing.
postern_status create_by_two_tables(postern_host* host, postern_get_fn get, const postern_create_args* /*args*/, void** self)
{
    *self = host;
    return get(host, POSTERN_BLOB_1) == nullptr && get(host, POSTERN_EHLO_1) == nullptr ? POSTERN_E_PLUGIN : POSTERN_PASS;
}

TEST(the_trial_of_tables, names_what_was_missing)
{
    postern_plugin plugin{};
    plugin.size = sizeof plugin;
    plugin.create = create_by_two_tables;
    plugin.handle = [](void*, const postern_event*) { return POSTERN_PASS; };
    plugin.destroy = [](void*) {};
    findings found;
    whereabouts where;
    subject tried{plugin, [](fake_host&) {}, {}, {POSTERN_BLOB_1, POSTERN_EHLO_1}, 1, found, where};
    trials::tables(tried);
    ASSERT_EQ(found.all().size(), 1u);
    EXPECT_THAT(found.all().front().what, HasSubstr("create fails without all optional tables and does not say why"));
}

} // namespace
} // namespace postern::testing::conformance
