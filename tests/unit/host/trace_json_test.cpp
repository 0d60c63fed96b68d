#include "core/host/trace_json.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace postern::daemon {
namespace {

using namespace std::chrono_literals;

std::string text_of(const std::string& notes)
{
    std::string out;
    for (const auto& each : hooks::read_trail(notes))
        out += boost::json::serialize(describe(each)) + "\n";
    return out;
}

TEST(notes_as_json, say_what_there_is_to_say)
{
    std::string notes;
    hooks::append_fact(notes, "sender", "a@b");
    hooks::append_call(notes, {.hook = hooks::hook_point::cmd_rcpt, .plugin = "relay", .vouches = true, .took = 5us});
    hooks::append_call(notes, {.hook = hooks::hook_point::msg_end,
                               .plugin = "spam",
                               .verdict = hooks::verdict_kind::reject,
                               .smtp_code = 550,
                               .enhanced = "5.7.1",
                               .text = "no"});
    hooks::append_call(notes, {.hook = hooks::hook_point::msg_body, .plugin = "slow", .failure = "late"}, 3);
    hooks::append_edit(notes, "marks", hooks::hook_point::msg_headers, {hooks::edit_op::header_add, 0, "X", "y"});
    hooks::append_line(notes, hooks::trail_note::kind::heard, "NOOP");
    hooks::append_line(notes, hooks::trail_note::kind::said, "250 ok");
    EXPECT_EQ(
        text_of(notes),
        "{\"note\":\"fact\",\"name\":\"sender\",\"text\":\"a@b\"}\n"
        "{\"note\":\"call\",\"hook\":\"cmd.rcpt\",\"plugin\":\"relay\",\"verdict\":\"CONTINUE\",\"us\":5,\"vouches\":true}\n"
        "{\"note\":\"call\",\"hook\":\"msg.end\",\"plugin\":\"spam\",\"verdict\":\"REJECT\",\"code\":550,"
        "\"enhanced\":\"5.7.1\",\"text\":\"no\"}\n"
        "{\"note\":\"call\",\"hook\":\"msg.body\",\"plugin\":\"slow\",\"failed\":true,\"text\":\"late\",\"calls\":3}\n"
        "{\"note\":\"edit\",\"hook\":\"msg.headers\",\"plugin\":\"marks\",\"edit\":\"header.add X\",\"value\":\"y\"}\n"
        "{\"note\":\"heard\",\"line\":\"NOOP\"}\n"
        "{\"note\":\"said\",\"line\":\"250 ok\"}\n");
}

TEST(notes_as_json, are_printable_whatever_a_peer_said)
{
    EXPECT_EQ(printable("a\r\n\x1b[2J\xff\\"), "a\\x0d\\x0a\\x1b[2J\\xff\\\\");
    std::string notes;
    hooks::append_line(notes, hooks::trail_note::kind::heard, "\x1b]0;title\x07");
    EXPECT_EQ(text_of(notes), "{\"note\":\"heard\",\"line\":\"\\\\x1b]0;title\\\\x07\"}\n");
}

TEST(records_as_json, name_what_their_ids_are)
{
    std::string notes;
    hooks::append_fact(notes, "end", "stored");
    const auto of = [&](runtime::record_kind what) {
        return boost::json::serialize(describe(kept_record{base::wall_time{7ms}, what, 1, 2, notes}));
    };
    const auto id = [](std::uint64_t number) { return "\"" + base::id_text(number) + "\""; };
    const std::string rest = ",\"notes\":[{\"note\":\"fact\",\"name\":\"end\",\"text\":\"stored\"}]}";
    EXPECT_EQ(of(runtime::record_kind::transaction),
              "{\"at_ms\":7,\"record\":\"transaction\",\"id\":" + id(1) + ",\"session\":" + id(2) + rest);
    EXPECT_EQ(of(runtime::record_kind::attempt),
              "{\"at_ms\":7,\"record\":\"attempt\",\"id\":" + id(1) + ",\"job\":" + id(2) + rest);
    EXPECT_EQ(of(runtime::record_kind::report),
              "{\"at_ms\":7,\"record\":\"report\",\"id\":" + id(1) + ",\"report\":" + id(2) + rest);
}

TEST(a_seen_note, says_whose_it_is)
{
    std::string note;
    hooks::append_line(note, hooks::trail_note::kind::heard, "NOOP");
    EXPECT_EQ(boost::json::serialize(describe(runtime::seen_note{base::wall_time{7ms}, 1, 0, "in", "192.0.2.1:5", note})),
              "{\"at_ms\":7,\"session\":\"" + base::id_text(1) +
                  "\",\"listener\":\"in\",\"peer\":\"192.0.2.1:5\",\"note\":\"heard\",\"line\":\"NOOP\"}");
    EXPECT_EQ(boost::json::serialize(describe(runtime::seen_note{base::wall_time{7ms}, 1, 2, "", "192.0.2.1:25", note})),
              "{\"at_ms\":7,\"session\":\"" + base::id_text(1) + "\",\"message\":\"" + base::id_text(2) +
                  "\",\"peer\":\"192.0.2.1:25\",\"note\":\"heard\",\"line\":\"NOOP\"}");
}

} // namespace
} // namespace postern::daemon
