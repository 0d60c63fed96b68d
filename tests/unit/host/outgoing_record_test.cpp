#include "core/host/event_record.hpp"
#include "core/host/record_layout.hpp"
#include "tests/unit/host/scripted_plugin.hpp"

#include <postern/abi/content.h>
#include <postern/abi/outgoing.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

namespace postern::daemon {
namespace {

using namespace postern::daemon::test;
using hooks::hook_point;
using testing::ElementsAre;

class an_outgoing_record : public ::testing::Test {
protected:
    an_outgoing_record()
    {
        message.id = base::message_id{1};
        message.envelope.from.address = "a@client.example";
        message.envelope.from.parameters = {{"XA", "1", message::relay_rule::required, "XA", "5.7.0"}};
        message.envelope.to = {{"b@One.example", {}, {}, {}},
                               {"c@two.example", {}, {}, {}},
                               {"d@one.example", {}, {}, {{"XR", std::nullopt, message::relay_rule::optional, "XA", "5.7.0"}}}};
        out.next_hop = "mx.example:25";
        out.host = "mx.example";
        out.recipients = {0, 2};
        out.size = 1234;
        out.received = base::wall_time{std::chrono::seconds{1'700'000'000}};
        out.tls = {hooks::tls_need::verified, "mx.example"};
        out.peer = *base::ip_endpoint::from_text("192.0.2.1:25");
        out.greeting = "mx ESMTP";
        out.extended = true;
        out.secured = hooks::tls_facts{"TLSv1.3", "AES", "X25519", "", "CN=mx"};
        out.offers = {{"SIZE", "1000"}, {"XA", ""}};
        out.own_offers = {{"XA", ""}};
        out.said = {{250, "ok"}};
        out.round = 1;
    }

    /// Looks at the record, and at the copy of it whose original is gone: both must say the same.
    void look(hook_point hook, const std::function<void(const postern_event&)>& at)
    {
        hooks::event what;
        what.hook = hook;
        what.message = &message;
        what.out = &out;
        what.attempt = 3;
        what.blob = blob;
        auto record = std::make_unique<event_record>(what, 5, 6, 7);
        EXPECT_EQ(record->get().hook, static_cast<std::uint32_t>(hook));
        const owned_event copy{record->get()};
        at(record->get());
        record.reset();
        at(copy.get());
    }
    static std::vector<std::string> texts_of(const postern_list& list)
    {
        std::vector<std::string> all;
        for (const auto& each : records_of<postern_str>(list))
            all.push_back(std::string{text_of(each)});
        return all;
    }

    hooks::draft message;
    hooks::outgoing out;
    base::blob_source* blob = nullptr;
};

TEST_F(an_outgoing_record, tells_what_a_transaction_consists_of)
{
    look(hook_point::delivery_begin, [](const postern_event& event) {
        const auto& begin = as<postern_ev_delivery_begin>(event);
        EXPECT_EQ(event.size, sizeof begin);
        EXPECT_EQ(text_of(begin.message), "0000000000001");
        EXPECT_EQ(text_of(begin.sender), "a@client.example");
        EXPECT_EQ(text_of(begin.next_hop), "mx.example:25");
        EXPECT_THAT(texts_of(begin.recipients), ElementsAre("b@One.example", "d@one.example"));
        const auto params = records_of<postern_stored_param>(begin.params);
        ASSERT_EQ(params.size(), 2U);
        EXPECT_EQ(text_of(params[0].keyword), "XA");
        EXPECT_EQ(text_of(params[0].value), "1");
        EXPECT_EQ(params[0].of, POSTERN_OF_MAIL);
        EXPECT_EQ(params[0].relay, POSTERN_RELAY_REQUIRED);
        EXPECT_EQ(params[1].of, 1U); // the second of this transaction
        EXPECT_EQ(params[1].has_value, 0U);
        EXPECT_EQ(begin.size_octets, 1234U);
        EXPECT_EQ(begin.received_s, 1'700'000'000U);
        EXPECT_EQ(begin.attempt, 3U);
        EXPECT_EQ(begin.is_smtp, 1U);
    });
}

TEST_F(an_outgoing_record, tells_the_domains_once_each_and_what_tls_holds)
{
    look(hook_point::delivery_tls_policy, [](const postern_event& event) {
        const auto& policy = as<postern_ev_tls_policy>(event);
        EXPECT_EQ(event.size, sizeof policy);
        EXPECT_EQ(text_of(policy.host), "mx.example");
        EXPECT_THAT(texts_of(policy.domains), ElementsAre("one.example"));
        EXPECT_EQ(policy.configured, POSTERN_TLS_OPPORTUNISTIC);
        EXPECT_EQ(policy.tls, POSTERN_TLS_VERIFIED);
        EXPECT_EQ(text_of(policy.name), "mx.example");
        EXPECT_EQ(records_of<postern_stored_param>(policy.params).size(), 2U);
    });
}

TEST_F(an_outgoing_record, tells_how_a_host_was_found)
{
    out.canonical = "real.example";
    out.port = 26;
    out.is_by_mx = out.is_mx_secure = true;
    look(hook_point::delivery_tls_policy, [](const postern_event& event) {
        const auto& policy = as<postern_ev_tls_policy>(event);
        EXPECT_EQ(text_of(policy.canonical), "real.example");
        EXPECT_EQ(policy.port, 26U);
        EXPECT_EQ(policy.flags, POSTERN_HOST_BY_MX | POSTERN_HOST_MX_SECURE);
    });
}

TEST_F(an_outgoing_record, tells_what_came_of_securing_a_connection)
{
    out.is_by_mx = out.is_address_secure = out.is_connected = out.is_refused = true;
    out.source = *base::ip_address::from_text("198.51.100.1");
    out.port = 25;
    out.origin = {"sts", "example", {"version: STSv1", "mode: enforce"}, {"*.example"}};
    out.finding = hooks::tls_finding::certificate_expired;
    out.finding_text = "certificate has expired";
    look(hook_point::delivery_tls_result, [](const postern_event& event) {
        const auto& result = as<postern_ev_tls_result>(event);
        EXPECT_EQ(event.size, sizeof result);
        EXPECT_EQ(text_of(result.next_hop), "mx.example:25");
        EXPECT_EQ(text_of(result.host), "mx.example");
        EXPECT_EQ(text_of(result.address), "192.0.2.1");
        EXPECT_EQ(text_of(result.source), "198.51.100.1");
        EXPECT_EQ(text_of(result.policy_type), "sts");
        EXPECT_EQ(text_of(result.policy_domain), "example");
        EXPECT_THAT(texts_of(result.policy_strings), ElementsAre("version: STSv1", "mode: enforce"));
        EXPECT_THAT(texts_of(result.policy_hosts), ElementsAre("*.example"));
        EXPECT_EQ(text_of(result.text), "certificate has expired");
        EXPECT_EQ(result.port, 25U);
        EXPECT_EQ(result.result, POSTERN_TLS_RESULT_CERTIFICATE_EXPIRED);
        EXPECT_EQ(result.tls, POSTERN_TLS_VERIFIED);
        EXPECT_EQ(result.flags, POSTERN_HOST_BY_MX | POSTERN_HOST_ADDRESS_SECURE | POSTERN_TLS_REFUSED);
    });
    out.is_connected = false;
    look(hook_point::delivery_tls_result, [](const postern_event& event) {
        EXPECT_EQ(text_of(as<postern_ev_tls_result>(event).address), "");
        EXPECT_EQ(text_of(as<postern_ev_tls_result>(event).source), "");
    });
}

TEST_F(an_outgoing_record, tells_who_answers_and_what_is_offered)
{
    out.has_others = true;
    look(hook_point::delivery_peer, [](const postern_event& event) {
        const auto& peer = as<postern_ev_delivery_peer>(event);
        EXPECT_EQ(event.size, sizeof peer);
        EXPECT_EQ(text_of(peer.address), "192.0.2.1");
        EXPECT_EQ(peer.port, 25U);
        EXPECT_EQ(text_of(peer.greeting), "mx ESMTP");
        const auto offers = records_of<postern_keyword>(peer.offers);
        ASSERT_EQ(offers.size(), 2U);
        EXPECT_EQ(text_of(offers[0].keyword), "SIZE");
        EXPECT_EQ(text_of(offers[0].parameters), "1000");
        EXPECT_EQ(text_of(peer.tls_version), "TLSv1.3");
        EXPECT_EQ(text_of(peer.tls_subject), "CN=mx");
        EXPECT_EQ(peer.flags,
                  POSTERN_NEXT_HOP_EXTENDED | POSTERN_NEXT_HOP_TLS | POSTERN_NEXT_HOP_VERIFIED | POSTERN_NEXT_HOP_HAS_OTHERS);
    });
}

TEST_F(an_outgoing_record, has_no_address_for_a_unix_socket)
{
    out.peer = {};
    out.source = {};
    out.is_connected = true;
    look(hook_point::delivery_peer,
         [](const postern_event& event) { EXPECT_EQ(text_of(as<postern_ev_delivery_peer>(event).address), ""); });
    look(hook_point::delivery_tls_result, [](const postern_event& event) {
        EXPECT_EQ(text_of(as<postern_ev_tls_result>(event).address), "");
        EXPECT_EQ(text_of(as<postern_ev_tls_result>(event).source), "");
    });
}

TEST_F(an_outgoing_record, tells_owners_of_their_own_keywords_and_replies)
{
    look(hook_point::client_verb, [](const postern_event& event) {
        const auto& verb = as<postern_ev_client_verb>(event);
        EXPECT_EQ(event.size, sizeof verb);
        EXPECT_EQ(records_of<postern_keyword>(verb.offers).size(), 1U);
        const auto said = records_of<postern_client_said>(verb.said);
        ASSERT_EQ(said.size(), 1U);
        EXPECT_EQ(said[0].code, 250U);
        EXPECT_EQ(text_of(said[0].text), "ok");
        EXPECT_EQ(verb.round, 1U);
    });
}

TEST_F(an_outgoing_record, tells_owners_of_parameters_what_will_be_sent)
{
    out.rewritten = message.envelope;
    out.rewritten->from.parameters[0].value = "2";
    look(hook_point::client_params, [](const postern_event& event) {
        const auto& params = as<postern_ev_client_params>(event);
        EXPECT_EQ(event.size, sizeof params);
        EXPECT_EQ(text_of(records_of<postern_stored_param>(params.params)[0].value), "2");
        EXPECT_EQ(params.received_s, 1'700'000'000U);
        EXPECT_EQ(params.attempt, 3U);
    });
}

/// So large, and nobody reads it.
class sized_blob final : public base::blob_source {
public:
    [[nodiscard]] std::uint64_t size() const noexcept override { return 77; }
    [[nodiscard]] std::int64_t read(std::uint64_t, char*, std::size_t) noexcept override { return -1; }
};

TEST_F(an_outgoing_record, tells_of_the_content_at_both_its_hooks)
{
    sized_blob octets;
    blob = &octets;
    message.headers = message::header_block{"Subject: hi\r\nX: 1\r\n\t2\r\n"};
    for (const auto hook : {hook_point::delivery_content, hook_point::delivery_sign})
        look(hook, [](const postern_event& event) {
            const auto& content = as<postern_ev_content>(event);
            EXPECT_EQ(event.size, sizeof content);
            EXPECT_EQ(text_of(content.message), "0000000000001");
            EXPECT_EQ(text_of(content.sender), "a@client.example");
            EXPECT_EQ(text_of(content.next_hop), "mx.example:25");
            EXPECT_THAT(texts_of(content.recipients), ElementsAre("b@One.example", "d@one.example"));
            EXPECT_EQ(records_of<postern_stored_param>(content.params).size(), 2U);
            const auto offers = records_of<postern_keyword>(content.offers);
            ASSERT_EQ(offers.size(), 2U);
            EXPECT_EQ(text_of(offers[0].keyword), "SIZE");
            const auto headers = records_of<postern_header>(content.headers);
            ASSERT_EQ(headers.size(), 2U);
            EXPECT_EQ(text_of(headers[0].name), "Subject");
            EXPECT_EQ(text_of(headers[0].value), "hi");
            EXPECT_EQ(text_of(headers[1].value), "1\r\n\t2");
            EXPECT_EQ(content.size_octets, 77U);
            EXPECT_EQ(content.received_s, 1'700'000'000U);
            EXPECT_EQ(content.attempt, 3U);
            EXPECT_EQ(content.flags, POSTERN_NEXT_HOP_EXTENDED | POSTERN_NEXT_HOP_TLS | POSTERN_NEXT_HOP_VERIFIED);
        });
}

} // namespace
} // namespace postern::daemon
