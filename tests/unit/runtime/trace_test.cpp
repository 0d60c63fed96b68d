#include "core/runtime/trace.hpp"
#include "core/runtime/trace_notes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include <poll.h>

namespace postern::runtime {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

bool rings(const trace_viewer& viewer)
{
    pollfd one{viewer.descriptor(), POLLIN, 0};
    return ::poll(&one, 1, 0) == 1;
}

/// Keeps records as texts of their notes.
class memory_keeper final : public trace_keeper {
public:
    [[nodiscard]] bool is_keeping() const noexcept override { return is_on; }
    void keep(const trace_record& what) noexcept override
    {
        std::vector<std::string> notes;
        for (const auto& each : hooks::read_trail(what.notes))
            notes.push_back(each.what == hooks::trail_note::kind::fact ? each.name + "=" + each.text
                                                                       : each.who + " " + each.name);
        ids.push_back(what.id);
        records.push_back(std::move(notes));
    }

    bool is_on = true;
    std::vector<std::uint64_t> ids;
    std::vector<std::vector<std::string>> records;
};

class a_tracer : public ::testing::Test {
protected:
    static hooks::connection_facts facts()
    {
        hooks::connection_facts made;
        made.session.value = 7;
        made.peer = *base::ip_endpoint::from_text("192.0.2.1:4711");
        made.listener = "in";
        return made;
    }
    std::vector<std::string> texts(trace_viewer& viewer)
    {
        std::vector<std::string> out;
        for (const auto& each : viewer.take().notes)
            for (const auto& note : hooks::read_trail(each.note))
                out.push_back(note.what == hooks::trail_note::kind::call ? note.who : note.text);
        return out;
    }

    base::system_clock clock_;
    tracer live_{clock_};
    memory_keeper keeper_;
    hooks::connection_facts facts_ = facts();
    trace_notes notes_{{live_, &keeper_, clock_}, facts_};
};

TEST_F(a_tracer, is_off_until_somebody_looks_and_again_when_nobody_does)
{
    EXPECT_FALSE(live_.is_on());
    auto viewer = live_.open({});
    EXPECT_TRUE(live_.is_on());
    EXPECT_FALSE(rings(*viewer));
    notes_.heard("NOOP");
    EXPECT_TRUE(rings(*viewer));
    EXPECT_THAT(texts(*viewer), ElementsAre("NOOP"));
    EXPECT_FALSE(rings(*viewer));
    viewer.reset();
    notes_.heard("NOOP");
    EXPECT_FALSE(live_.is_on());
}

TEST_F(a_tracer, shows_each_viewer_what_it_asked_for)
{
    const auto all = live_.open({});
    const auto session = live_.open({.session = 7});
    const auto other_session = live_.open({.session = 8});
    const auto listener = live_.open({.listener = "in"});
    const auto other_listener = live_.open({.listener = "out"});
    const auto address = live_.open({.peer = "192.0.2.1"});
    const auto endpoint = live_.open({.peer = "192.0.2.1:4711"});
    const auto other_peer = live_.open({.peer = "192.0.2.11"});
    notes_.heard("NOOP");
    for (const auto& each : {all, session, listener, address, endpoint})
        EXPECT_THAT(each->take().notes, SizeIs(1));
    for (const auto& each : {other_session, other_listener, other_peer})
        EXPECT_THAT(each->take().notes, IsEmpty());
    trace_notes delivery{{live_, nullptr, clock_}, 9, 8};
    delivery.peer("[2001:db8::1]:25");
    delivery.heard("250 ok");
    EXPECT_THAT(other_session->take().notes, SizeIs(1)) << "a delivery is also found by its message";
    EXPECT_TRUE((trace_filter{.peer = "2001:db8::1"}.takes({9, 8, "", "[2001:db8::1]:25"})));
}

TEST_F(a_tracer, drops_what_a_slow_viewer_does_not_take_and_counts_it)
{
    const auto viewer = live_.open({});
    const std::string line(1000, 'x');
    for (int i = 0; i < 2000; ++i)
        notes_.heard(line);
    const auto taken = viewer->take();
    EXPECT_GT(taken.notes.size(), 500U);
    EXPECT_EQ(taken.notes.size() + taken.lost, 2000U);
    notes_.heard("again");
    EXPECT_THAT(viewer->take().notes, SizeIs(1));
}

TEST_F(a_tracer, sees_lines_whole_whatever_the_portions)
{
    const auto viewer = live_.open({});
    notes_.said("220 a\r\n250-b\r\n250 c\r\n");
    EXPECT_THAT(texts(*viewer), ElementsAre("220 a", "250-b", "250 c"));
    notes_.heard_octets("250-fi");
    notes_.heard_octets("rst\r");
    EXPECT_THAT(texts(*viewer), IsEmpty());
    notes_.heard_octets("\n250 second\r\n");
    EXPECT_THAT(texts(*viewer), ElementsAre("250-first", "250 second"));
    notes_.content("content", 10, false);
    notes_.content("content", 5, true);
    EXPECT_THAT(texts(*viewer), ElementsAre("15 octets"));
}

TEST_F(a_tracer, never_shows_what_is_behind_auth)
{
    const auto viewer = live_.open({});
    notes_.heard("AUTH PLAIN AGEAc2VjcmV0");
    notes_.heard("auth login");
    notes_.heard("AUTHENTIC words");
    EXPECT_THAT(texts(*viewer), ElementsAre("AUTH PLAIN ***", "auth login", "AUTHENTIC words"));
}

TEST_F(a_tracer, keeps_a_record_a_message_with_what_holds_for_all_of_them)
{
    hooks::draft draft;
    notes_.called({.hook = hooks::hook_point::conn_open, .plugin = "gate"}, nullptr);
    notes_.called({.hook = hooks::hook_point::cmd_noop, .plugin = "chatty"}, nullptr);
    notes_.message_begins();
    notes_.fact("sender", "a@b");
    draft.journal.push_back({"marks", hooks::hook_point::cmd_mail, {hooks::edit_op::sender_set, 0, "", "x@y"}});
    notes_.called({.hook = hooks::hook_point::cmd_mail, .plugin = "marks"}, &draft);
    notes_.message_ends(record_kind::transaction, 1, 7);
    notes_.message_begins();
    notes_.fact("sender", "c@d");
    notes_.message_ends(record_kind::transaction, 2, 7, false);
    notes_.message_begins();
    notes_.fact("sender", "e@f");
    notes_.message_ends(record_kind::transaction, 3, 7);
    EXPECT_THAT(keeper_.ids, ElementsAre(1, 3));
    ASSERT_THAT(keeper_.records, SizeIs(2));
    EXPECT_THAT(keeper_.records[0], ElementsAre("gate ", "sender=a@b", "marks ", "marks sender.set"));
    EXPECT_THAT(keeper_.records[1], ElementsAre("gate ", "sender=e@f"));
}

TEST_F(a_tracer, notes_nothing_when_nothing_is_wanted)
{
    keeper_.is_on = false;
    EXPECT_FALSE(notes_.is_wanted());
    notes_.message_begins();
    notes_.fact("sender", "a@b");
    notes_.message_ends(record_kind::transaction, 1, 7);
    EXPECT_THAT(keeper_.records, IsEmpty());
}

} // namespace
} // namespace postern::runtime
