#include "core/host/event_record.hpp"
#include "core/host/record_layout.hpp"
#include "tests/unit/host/scripted_plugin.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

namespace postern::daemon {
namespace {

using namespace postern::daemon::test;
using hooks::hook_point;

/// Looks at a record, and at the copy of it whose original is gone: both must say the same.
void look(const hooks::event& what, const std::function<void(const postern_event&)>& at)
{
    auto record = std::make_unique<event_record>(what, 5, 6, 7);
    const owned_event copy{record->get()};
    at(record->get());
    record.reset();
    at(copy.get());
}

class a_record : public ::testing::Test {
protected:
    scene here;
};

TEST_F(a_record, begins_with_what_every_event_has)
{
    look(here.event(hook_point::cmd_helo), [](const postern_event& event) {
        EXPECT_EQ(event.size, sizeof(postern_ev_helo));
        EXPECT_EQ(event.hook, POSTERN_HOOK_HELO);
        EXPECT_EQ(event.ticket, 5U);
        EXPECT_EQ(event.session, 77U);
        EXPECT_EQ(event.transaction, 88U);
        EXPECT_EQ(event.cookie, 6U);
        EXPECT_EQ(event.deadline_ns, 7);
        EXPECT_EQ(event.flags, 0U);
    });
}

TEST_F(a_record, tells_who_is_connected)
{
    here.connection.identity = "alice";
    here.connection.tls = hooks::tls_facts{};
    look(here.event(hook_point::conn_open), [](const postern_event& event) {
        const auto peers = records_of<postern_peer>(as<postern_ev_conn_open>(event).peer);
        ASSERT_EQ(peers.size(), 1U);
        EXPECT_EQ(peers[0].size, sizeof(postern_peer));
        EXPECT_EQ(text_of(peers[0].peer_address), "192.0.2.1");
        EXPECT_EQ(peers[0].peer_port, 4711U);
        EXPECT_EQ(text_of(peers[0].local_address), "2001:db8::1");
        EXPECT_EQ(peers[0].local_port, 25U);
        EXPECT_EQ(text_of(peers[0].listener), "in");
        EXPECT_EQ(text_of(peers[0].helo), "client.example");
        EXPECT_EQ(text_of(peers[0].identity), "alice");
        EXPECT_EQ(peers[0].flags, POSTERN_PEER_EXTENDED | POSTERN_PEER_TLS);
    });
}

TEST_F(a_record, follows_an_address_that_changes)
{
    for (const auto* address : {"192.0.2.1:1", "192.0.2.2:1", "[::1]:1", "192.0.2.1:1"}) {
        here.connection.peer = *base::ip_endpoint::from_text(address);
        look(here.event(hook_point::conn_open), [&](const postern_event& event) {
            EXPECT_EQ(text_of(records_of<postern_peer>(as<postern_ev_conn_open>(event).peer).at(0).peer_address),
                      here.connection.peer.address.text());
        });
    }
}

TEST_F(a_record, tells_of_tls)
{
    here.connection.tls = hooks::tls_facts{"TLSv1.3", "AES", "X25519", "mx.example.org", "CN=c"};
    look(here.event(hook_point::tls_established), [](const postern_event& event) {
        const auto& tls = as<postern_ev_tls>(event);
        EXPECT_EQ(text_of(tls.version) + text_of(tls.cipher) + text_of(tls.group), "TLSv1.3AESX25519");
        EXPECT_EQ(text_of(tls.server_name) + text_of(tls.peer_subject), "mx.example.orgCN=c");
    });
}

TEST_F(a_record, tells_of_the_envelope)
{
    look(here.event(hook_point::cmd_mail), [](const postern_event& event) {
        const auto& mail = as<postern_ev_mail>(event);
        EXPECT_EQ(text_of(mail.sender), "a@client.example");
        EXPECT_EQ(mail.size_octets, 1000U);
        const auto params = records_of<postern_param>(mail.params);
        ASSERT_EQ(params.size(), 2U);
        EXPECT_EQ(text_of(params[0].keyword) + text_of(params[0].value), "SIZE1000");
        EXPECT_EQ(params[0].has_value, 1U);
        EXPECT_EQ(text_of(params[1].keyword), "SMTPUTF8");
        EXPECT_EQ(params[1].has_value, 0U);
    });
    auto what = here.event(hook_point::cmd_rcpt);
    what.recipient_index = 1;
    look(what, [](const postern_event& event) {
        const auto& rcpt = as<postern_ev_rcpt>(event);
        EXPECT_EQ(text_of(rcpt.sender) + " " + text_of(rcpt.recipient), "a@client.example c@example.com");
        EXPECT_EQ(rcpt.index, 1U);
        EXPECT_EQ(rcpt.params.count, 0U);
    });
    what.recipient_index = 2; // nobody is there
    look(what, [](const postern_event& event) { EXPECT_EQ(text_of(as<postern_ev_rcpt>(event).recipient), ""); });
    what = here.event(hook_point::cmd_data);
    what.is_bdat = true;
    look(what, [](const postern_event& event) {
        EXPECT_EQ(as<postern_ev_data>(event).is_bdat, 1U);
        EXPECT_EQ(text_of(records_of<postern_str>(as<postern_ev_data>(event).recipients).at(1)), "c@example.com");
    });
}

TEST_F(a_record, tells_of_the_content)
{
    look(here.event(hook_point::msg_headers), [](const postern_event& event) {
        const auto headers = records_of<postern_header>(as<postern_ev_headers>(event).headers);
        ASSERT_EQ(headers.size(), 2U);
        EXPECT_EQ(text_of(headers[0].name) + ":" + text_of(headers[0].value), "Subject:hi");
        EXPECT_EQ(as<postern_ev_headers>(event).recipients.count, 2U);
    });
    auto what = here.event(hook_point::msg_body);
    const std::string octets{"a\0b", 3};
    what.chunk = octets;
    what.chunk_offset = 10;
    what.is_last_chunk = true;
    look(what, [&](const postern_event& event) {
        EXPECT_EQ(text_of(as<postern_ev_body>(event).chunk), octets);
        EXPECT_EQ(as<postern_ev_body>(event).offset, 10U);
        EXPECT_EQ(as<postern_ev_body>(event).is_last, 1U);
    });
    look(here.event(hook_point::msg_end), [](const postern_event& event) {
        EXPECT_EQ(as<postern_ev_end>(event).blob, 0U); // there is none
        EXPECT_EQ(as<postern_ev_end>(event).headers.count, 2U);
    });
}

TEST_F(a_record, tells_of_the_connections_end)
{
    auto what = here.event(hook_point::conn_close);
    what.message = nullptr;
    what.reason = "quit";
    what.accepted = 3;
    look(what, [](const postern_event& event) {
        EXPECT_EQ(event.transaction, 0U);
        EXPECT_EQ(text_of(as<postern_ev_conn_close>(event).reason), "quit");
        EXPECT_EQ(as<postern_ev_conn_close>(event).messages, 3U);
    });
}

TEST_F(a_record, tells_of_a_delivery)
{
    auto what = here.event(hook_point::queue_route);
    what.connection = nullptr;
    what.attempt = 4;
    look(what, [&](const postern_event& event) {
        const auto& route = as<postern_ev_route>(event);
        EXPECT_EQ(text_of(route.message), base::to_text(here.draft.id));
        EXPECT_EQ(text_of(route.sender) + " " + text_of(route.recipient), "a@client.example b@example.com");
        EXPECT_EQ(text_of(records_of<postern_param>(route.params).at(0).keyword), "NOTIFY");
        EXPECT_EQ(route.attempt, 4U);
    });
    const hooks::delivery_facts facts{hooks::delivery_facts::kind::failed, 550, "5.1.1", "no such user", "mx:25", 2};
    what.hook = hook_point::delivery_done;
    what.delivery = &facts;
    look(what, [](const postern_event& event) {
        const auto& done = as<postern_ev_delivery_done>(event);
        EXPECT_EQ(done.result, POSTERN_FAILED);
        EXPECT_EQ(done.smtp_code, 550U);
        EXPECT_EQ(text_of(done.enhanced) + text_of(done.text) + text_of(done.next_hop), "5.1.1no such usermx:25");
        EXPECT_EQ(done.attempts, 2U);
    });
}

TEST_F(a_record, may_be_made_while_another_is_in_use)
{
    const event_record outer{here.event(hook_point::msg_headers), 1, 0, 0};
    {
        scene other;
        other.draft.headers = message::header_block{"X: y\r\n"};
        const event_record inner{other.event(hook_point::msg_headers), 2, 0, 0};
        EXPECT_EQ(as<postern_ev_headers>(inner.get()).headers.count, 1U);
    }
    EXPECT_EQ(text_of(records_of<postern_header>(as<postern_ev_headers>(outer.get()).headers).at(1).name), "From");
}

TEST_F(a_record, is_filled_once_for_all_who_are_shown_the_same)
{
    auto what = here.event(hook_point::msg_headers);
    what.view = 1;
    const postern_event* place = nullptr;
    {
        const shown_record first{what, 1, 2, 3};
        place = &first.get();
        EXPECT_EQ(first.get().ticket, 1U);
    }
    here.draft.headers = message::header_block{"X: y\r\n"}; // which nobody may do without a new number: so it shows
    {
        const shown_record second{what, 4, 5, 6};
        EXPECT_EQ(&second.get(), place);
        EXPECT_EQ(second.get().ticket, 4U);
        EXPECT_EQ(second.get().cookie, 5U);
        EXPECT_EQ(second.get().deadline_ns, 6);
        EXPECT_NE(as<postern_ev_headers>(second.get()).headers.count, 1U);
    }
    what.view = 2;
    const shown_record third{what, 7, 8, 9};
    EXPECT_EQ(as<postern_ev_headers>(third.get()).headers.count, 1U);
}

TEST_F(a_record, that_is_shown_stays_as_it_is_while_its_plugin_makes_another_be_asked)
{
    auto what = here.event(hook_point::msg_headers);
    what.view = 3;
    const shown_record outer{what, 1, 0, 0};
    {
        scene other;
        other.draft.headers = message::header_block{"X: y\r\n"};
        auto nested = other.event(hook_point::msg_headers);
        nested.view = 4;
        const shown_record inner{nested, 2, 0, 0};
        EXPECT_EQ(as<postern_ev_headers>(inner.get()).headers.count, 1U);
    }
    EXPECT_EQ(outer.get().ticket, 1U);
    EXPECT_EQ(text_of(records_of<postern_header>(as<postern_ev_headers>(outer.get()).headers).at(1).name), "From");
}

TEST_F(a_record, writes_ids_as_everybody_else_does)
{
    for (const std::uint64_t id : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{31}, std::uint64_t{32}, ~std::uint64_t{0}}) {
        char text[13];
        write_id(id, text);
        EXPECT_EQ(std::string(text, 13), base::id_text(id));
    }
}

} // namespace
} // namespace postern::daemon
