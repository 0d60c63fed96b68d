#include "core/queue/record.hpp"

namespace postern::queue {
namespace {

using namespace std::chrono_literals;

stored_envelope full_envelope()
{
    stored_envelope what;
    what.received = base::wall_time{1'700'000'000'123ms};
    what.size = 0x1'0000'0001;
    what.has_8bit = true;
    what.needs_smtputf8 = true;
    what.session = "0123456789ABC";
    what.origin = "inbound 192.0.2.1";
    auto& from = what.envelope.from;
    from.address = "s\xc3\xa9nder@example.org";
    from.body = message::body_type::eight_bit_mime;
    from.smtputf8 = true;
    from.ret = message::dsn_return::headers;
    from.envid = "QQ+2B";
    from.declared_size = 77;
    from.parameters = {{"SIZE", "77"}, {"SMTPUTF8", std::nullopt}, {"X", ""}};
    what.envelope.to.resize(2);
    what.envelope.to[0].address = "\"a b\"@example.com";
    what.envelope.to[0].notify = {.never = false, .success = true, .failure = true, .delay = false};
    what.envelope.to[0].orcpt = "rfc822;x@example.com";
    what.envelope.to[0].parameters = {{"NOTIFY", "SUCCESS,FAILURE"}};
    what.envelope.to[1].address = "postmaster";
    what.envelope.to[1].notify.never = true;
    what.priority = -9;
    what.expire_at = base::wall_time{1'700'000'200'000ms};
    what.warn_at = base::wall_time{1'700'000'150'000ms};
    what.report_relay = "DELIVERBY";
    from.parameters.push_back({"XTRACEID", "a+2Bb", message::relay_rule::required, "XTRACE", "5.7.0"});
    what.envelope.to[1].parameters = {{"XFLAG", std::nullopt, message::relay_rule::optional, "XTRACE", "5.7.1"}};
    return what;
}

message_state full_state()
{
    auto state = fresh_state(2, "quarantined:\r\nEvil: line");
    state.attempts = 3;
    state.next_attempt = base::wall_time{1'700'000'100'000ms};
    state.is_warned = true;
    state.recipients[0] = {recipient_status::failed, true, 3, 550, "5.1.1", "no\r\nsuch\0user", "mx.example:25"};
    state.recipients[1].status = recipient_status::delivered;
    state.recipients[1].is_relayed = true;
    return state;
}

TEST(queue_record, gives_back_every_field_of_an_envelope)
{
    const auto back = decode_envelope(encode(full_envelope()));
    ASSERT_TRUE(back.has_value());
    EXPECT_EQ(*back, full_envelope());
}

TEST(queue_record, gives_back_every_field_of_a_state)
{
    const auto back = decode_state(encode(full_state()));
    ASSERT_TRUE(back.has_value());
    EXPECT_EQ(*back, full_state());
}

TEST(queue_record, gives_back_what_is_empty)
{
    const auto envelope = decode_envelope(encode(stored_envelope{}));
    ASSERT_TRUE(envelope.has_value());
    EXPECT_EQ(*envelope, stored_envelope{});
    const auto state = decode_state(encode(message_state{}));
    ASSERT_TRUE(state.has_value());
    EXPECT_EQ(*state, message_state{});
}

// CVE-2020-8794: a reply's lines injected fields into a line-based envelope file. Here a text is what its length says.
TEST(queue_record, keeps_line_ends_in_a_reply_as_text)
{
    auto state = full_state();
    state.recipients[0].text = "550-a\r\nS: delivered\r\n\0";
    const auto back = decode_state(encode(state));
    ASSERT_TRUE(back.has_value());
    EXPECT_EQ(back->recipients[0].text, state.recipients[0].text);
    EXPECT_EQ(back->recipients.size(), 2U);
}

TEST(queue_record, refuses_every_truncation)
{
    for (const auto& whole : {encode(full_envelope()), encode(full_state())})
        for (std::size_t size = 0; size < whole.size(); ++size) {
            EXPECT_EQ(decode_envelope(whole.substr(0, size)).error(), record_errc::malformed) << size;
            EXPECT_EQ(decode_state(whole.substr(0, size)).error(), record_errc::malformed) << size;
        }
}

TEST(queue_record, refuses_octets_left_over)
{
    EXPECT_EQ(decode_envelope(encode(full_envelope()) + '\0').error(), record_errc::malformed);
    EXPECT_EQ(decode_state(encode(full_state()) + 'x').error(), record_errc::malformed);
}

// Octets that version 1 wrote: a queue outlives the program.
TEST(queue_record, of_version_1_is_read)
{
    constexpr std::string_view written =
        "45010d7b68e5cf8b01000001000000010000000d0000003031323334353637383941424311000000696e626f756e64203139"
        "322e302e322e310d00000061406578616d706c652e6f726700000200000069644d0000000000000002000000040000005349"
        "5a450102000000373708000000534d54505554463800010000000d00000062406578616d706c652e636f6d01000000000100"
        "0000060000004e4f5449465901050000004e45564552";
    std::string octets;
    for (std::size_t i = 0; i < written.size(); i += 2)
        octets += static_cast<char>(std::stoi(std::string{written.substr(i, 2)}, nullptr, 16));
    const auto read = decode_envelope(octets);
    ASSERT_TRUE(read.has_value());
    stored_envelope what;
    what.received = base::wall_time{1'700'000'000'123ms};
    what.size = 0x1'0000'0001;
    what.has_8bit = true;
    what.needs_smtputf8 = true;
    what.session = "0123456789ABC";
    what.origin = "inbound 192.0.2.1";
    auto& from = what.envelope.from;
    from.address = "a@example.org";
    from.smtputf8 = true;
    from.envid = "id";
    from.declared_size = 77;
    from.parameters = {{"SIZE", "77"}, {"SMTPUTF8", std::nullopt}};
    what.envelope.to.resize(1);
    what.envelope.to[0].address = "b@example.com";
    what.envelope.to[0].notify.never = true;
    what.envelope.to[0].parameters = {{"NOTIFY", "NEVER"}};
    EXPECT_EQ(*read, what);
    for (std::size_t size = 0; size < octets.size(); ++size)
        EXPECT_EQ(decode_envelope(octets.substr(0, size)).error(), record_errc::malformed) << size;
}

// It is version 3 without what that added.
TEST(queue_record, of_version_2_is_read)
{
    auto what = full_envelope();
    auto newer = encode(what);
    newer[1] = 2;
    EXPECT_EQ(decode_envelope(newer).error(), record_errc::malformed) << "a flag that version 2 did not know";
    what.report_relay.reset();
    auto octets = encode(what);
    octets[1] = 2;
    const auto read = decode_envelope(octets);
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(*read, what);
}

TEST(queue_record, tells_a_newer_version_from_damage)
{
    auto envelope = encode(full_envelope());
    envelope[1] = 4;
    EXPECT_EQ(decode_envelope(envelope).error(), record_errc::newer_version);
    envelope[1] = 0;
    EXPECT_EQ(decode_envelope(envelope).error(), record_errc::malformed);
    auto state = encode(full_state());
    state[1] = 2;
    EXPECT_EQ(decode_state(state).error(), record_errc::newer_version);
}

TEST(queue_record, does_not_take_one_kind_for_the_other)
{
    EXPECT_EQ(decode_envelope(encode(full_state())).error(), record_errc::malformed);
    EXPECT_EQ(decode_state(encode(full_envelope())).error(), record_errc::malformed);
}

TEST(queue_record, refuses_unknown_flags_and_enumerators)
{
    auto envelope = encode(full_envelope());
    envelope[2] = 0x10;
    EXPECT_EQ(decode_envelope(envelope).error(), record_errc::malformed);
    auto state = encode(fresh_state(1));
    state[2] = 0x08;
    EXPECT_EQ(decode_state(state).error(), record_errc::malformed);
    state = encode(fresh_state(1)); // mark, version, flags, attempts, count; then the status
    state[11] = 3;
    EXPECT_TRUE(decode_state(state).has_value());
    state[11] = 4;
    EXPECT_EQ(decode_state(state).error(), record_errc::malformed);
}

TEST(queue_record, takes_no_count_that_the_octets_cannot_hold)
{
    auto state = encode(fresh_state(1));
    for (std::size_t i = 7; i < 11; ++i)
        state[i] = '\xff';
    EXPECT_EQ(decode_state(state).error(), record_errc::malformed);
    state = encode(fresh_state(1));
    state[7] = 2;
    EXPECT_EQ(decode_state(state).error(), record_errc::malformed);
}

TEST(queue_record, survives_any_octet_changed)
{
    const auto envelope = encode(full_envelope());
    const auto state = encode(full_state());
    for (std::size_t at = 0; at < envelope.size(); ++at)
        for (const char octet : {'\0', '\x01', '\x7f', '\xff'}) {
            auto damaged = envelope;
            damaged[at] = octet;
            const auto back = decode_envelope(damaged);
            EXPECT_TRUE(!back || encode(*back) == damaged) << at; // what is taken is what encode writes
        }
    for (std::size_t at = 0; at < state.size(); ++at) {
        auto damaged = state;
        damaged[at] = '\xff';
        const auto back = decode_state(damaged);
        EXPECT_TRUE(!back || encode(*back) == damaged) << at;
    }
}

TEST(queue_record, wants_as_many_states_as_recipients)
{
    EXPECT_TRUE(decode(encode(full_envelope()), encode(full_state())).has_value());
    EXPECT_EQ(decode(encode(full_envelope()), encode(fresh_state(1))).error(), record_errc::malformed);
    EXPECT_EQ(decode(encode(full_envelope()), encode(fresh_state(3))).error(), record_errc::malformed);
}

TEST(queue_record, counts_open_recipients)
{
    EXPECT_EQ(full_state().open_count(), 0U);
    EXPECT_EQ(fresh_state(3).open_count(), 3U);
}

} // namespace
} // namespace postern::queue
