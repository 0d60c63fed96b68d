#include "harness.hpp"
#include "src/crc32c.hpp"

namespace postern_queue_journal::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

class the_journal : public ::testing::Test {
protected:
    simulated_disk disk;
    harness h{disk};
};

TEST_F(the_journal, keeps_a_message_over_a_restart)
{
    ASSERT_EQ(h.commit(1, "content", "envelope\0\xff with any octets", "state"), outcome::ok);
    for (int i = 0; i < 2; ++i, h.start()) {
        EXPECT_EQ(h.content(1), "content");
        message_info info;
        ASSERT_EQ(h.store->fetch(1, info), outcome::ok);
        EXPECT_EQ(info.id, 1U);
        EXPECT_EQ(info.content_size, 7U);
        EXPECT_EQ(info.envelope, "envelope\0\xff with any octets");
        EXPECT_EQ(info.state, "state");
    }
}

TEST_F(the_journal, keeps_messages_of_every_size_however_they_come)
{
    std::uint64_t id = 0;
    std::map<std::uint64_t, std::string> want;
    for (const std::size_t size : {0U, 1U, 7U, 8U, 599U, 600U, 601U, 1199U, 1200U, 1201U, 5000U, 60000U}) {
        for (const std::size_t piece : {1U, 599U, 600U, 601U, 100000U}) {
            if (piece == 1 && size > 2000)
                continue;
            ++id;
            want[id] = text_of(id, size);
            ASSERT_EQ(h.commit_in_pieces(id, want[id], piece), outcome::ok);
        }
        ++id;
        want[id] = text_of(id, size);
        ASSERT_EQ(h.commit(id, want[id]), outcome::ok);
    }
    for (int i = 0; i < 2; ++i, h.start())
        for (const auto& [number, content] : want)
            ASSERT_EQ(h.content(number), content) << number;
}

TEST_F(the_journal, goes_on_in_the_segment_of_the_process_before)
{
    for (std::uint64_t id = 1; id <= 4; ++id) {
        ASSERT_EQ(h.commit(id, text_of(id, 500)), outcome::ok);
        if (id % 2 == 0) {
            disk.die_at = disk.operations;
            h.stop();
            disk.cut_power(power_cut::loses_all);
        }
        ASSERT_TRUE(h.start()) << h.error;
        EXPECT_EQ(disk.segments().size(), 1U);
    }
    for (std::uint64_t id = 1; id <= 4; ++id)
        EXPECT_EQ(h.content(id), text_of(id, 500));
}

TEST_F(the_journal, puts_head_in_front_and_tail_behind_what_was_appended)
{
    std::uint64_t id = 0;
    std::map<std::uint64_t, std::string> want;
    constexpr std::size_t most_inline = 96 * 1024;
    for (const std::size_t head : {std::size_t{0}, std::size_t{10}, most_inline, most_inline + 1, std::size_t{300000}})
        for (const std::size_t body : {0U, 10U, 1300U})
            for (const std::size_t tail : {std::size_t{0}, std::size_t{10}, most_inline - 100, most_inline, most_inline + 1}) {
                const auto all = text_of(++id, head + body + tail);
                const std::string_view view = all;
                if (body != 0)
                    h.store->append(id, view.substr(head, body), [](outcome) {});
                std::optional<outcome> answer;
                h.store->commit(id, "e", "s", view.substr(0, head), view.substr(head + body), [&](outcome r) { answer = r; });
                h.settle();
                ASSERT_EQ(answer, outcome::ok);
                want[id] = all;
            }
    for (int i = 0; i < 2; ++i, h.start())
        for (const auto& [number, content] : want)
            ASSERT_EQ(h.content(number), content) << number;
}

TEST_F(the_journal, reads_any_range)
{
    const auto text = text_of(1, 3000);
    h.store->append(1, std::string_view{text}.substr(100, 2700), [](outcome) {});
    h.store->commit(1, "e", "s", std::string_view{text}.substr(0, 100), std::string_view{text}.substr(2800), [](outcome) {});
    h.settle();
    octets found;
    for (std::uint64_t from = 0; from <= 3001; from += 23)
        for (const std::uint64_t length : {0U, 1U, 50U, 600U, 601U, 5000U}) {
            ASSERT_EQ(h.store->read(1, from, length, found), outcome::ok);
            ASSERT_EQ(found.view, text.substr(std::min<std::size_t>(from, 3000), length)) << from << " " << length;
        }
    EXPECT_EQ(h.store->read(1, UINT64_MAX, UINT64_MAX, found), outcome::ok);
    EXPECT_EQ(found.view, "");
}

TEST_F(the_journal, peeks_at_what_was_appended_and_not_yet_committed)
{
    const auto text = text_of(1, 2000);
    octets found;
    EXPECT_EQ(h.store->peek(1, 0, 10, found), outcome::missing);
    for (std::size_t at = 0; at < text.size(); at += 100) {
        h.store->append(1, std::string_view{text}.substr(at, 100), [](outcome) {});
        h.settle(); // nobody asks before an append was answered
        for (const std::size_t from : {0UL, 555UL, at, at + 100, at + 200}) {
            ASSERT_EQ(h.store->peek(1, from, 650, found), outcome::ok);
            ASSERT_EQ(found.view, text.substr(0, at + 100).substr(std::min(from, at + 100), 650));
        }
    }
    h.store->append(1, text_of(1, 600), [](outcome) {});
    EXPECT_EQ(h.store->peek(1, 0, 10, found), outcome::failed);
    h.store->abandon(1);
    EXPECT_EQ(h.store->peek(1, 0, 10, found), outcome::missing);
}

TEST_F(the_journal, answers_missing_for_what_is_not_there)
{
    octets found;
    message_info info;
    EXPECT_EQ(h.store->read(9, 0, 1, found), outcome::missing);
    EXPECT_EQ(h.store->fetch(9, info), outcome::missing);
    EXPECT_EQ(h.update(9, "s"), outcome::missing);
    EXPECT_EQ(h.remove(9), outcome::missing);
    h.store->abandon(9);
    ASSERT_EQ(h.commit(9, "x"), outcome::ok);
    EXPECT_EQ(h.remove(9), outcome::ok);
    EXPECT_EQ(h.store->read(9, 0, 1, found), outcome::missing);
    EXPECT_EQ(h.update(9, "s"), outcome::missing);
    EXPECT_EQ(h.remove(9), outcome::missing);
}

TEST_F(the_journal, an_uncommitted_message_is_nothing)
{
    h.store->append(1, text_of(1, 5000), [](outcome) {});
    h.store->append(2, text_of(2, 5000), [](outcome) {});
    h.settle();
    h.store->abandon(2);
    EXPECT_THAT(h.scan(), SizeIs(0));
    h.start();
    EXPECT_THAT(h.scan(), SizeIs(0));
    ASSERT_EQ(h.commit(1, "other"), outcome::ok);
    EXPECT_EQ(h.content(1), "other"); // nothing of the old upload
}

TEST_F(the_journal, an_abandoned_message_can_be_sent_again_under_the_same_id)
{
    h.store->append(1, text_of(7, 5000), [](outcome) {});
    h.store->abandon(1);
    ASSERT_EQ(h.commit_in_pieces(1, text_of(1, 2000)), outcome::ok);
    EXPECT_EQ(h.content(1), text_of(1, 2000));
}

TEST_F(the_journal, refuses_to_commit_an_id_twice)
{
    ASSERT_EQ(h.commit(1, "first"), outcome::ok);
    EXPECT_EQ(h.commit(1, "second"), outcome::failed);
    EXPECT_EQ(h.content(1), "first");
}

TEST_F(the_journal, the_newest_state_counts)
{
    ASSERT_EQ(h.commit(1, "c", "e", "0"), outcome::ok);
    for (int i = 1; i < 30; ++i) {
        ASSERT_EQ(h.update(1, std::to_string(i)), outcome::ok);
        ASSERT_EQ(h.state(1), std::to_string(i));
        if (i % 7 == 0)
            h.start();
        ASSERT_EQ(h.scan().at(1), std::to_string(i));
    }
    ASSERT_EQ(h.update(1, ""), outcome::ok);
    h.start();
    EXPECT_EQ(h.state(1), "");
}

TEST_F(the_journal, removed_messages_stay_away)
{
    for (std::uint64_t id = 1; id <= 20; ++id)
        ASSERT_EQ(h.commit(id, text_of(id, 500)), outcome::ok);
    for (std::uint64_t id = 1; id <= 20; id += 2)
        ASSERT_EQ(h.remove(id), outcome::ok);
    h.start();
    const auto left = h.scan();
    EXPECT_THAT(left, SizeIs(10));
    EXPECT_TRUE(left.contains(2));
}

TEST_F(the_journal, scans_in_pages)
{
    const std::string envelope(3000, 'e'); // pages end by octets, too
    for (std::uint64_t id = 1; id <= 1234; ++id)
        h.store->commit(id, id % 2 != 0 ? envelope : "e", "s", "c", {}, [](outcome) {});
    h.settle();
    for (std::uint64_t id = 5; id <= 1234; id += 5)
        h.store->update(id, "changed", [](outcome) {});
    h.settle();
    scan_page page;
    std::size_t pages = 0;
    std::map<std::uint64_t, std::string> seen;
    do {
        ASSERT_EQ(h.store->scan(page.next, page), outcome::ok);
        EXPECT_LE(page.messages.size(), 500U);
        for (const auto& message : page.messages) {
            EXPECT_TRUE(seen.emplace(message.id, message.state).second);
            EXPECT_EQ(message.envelope.size(), message.id % 2 != 0 ? 3000U : 1U);
            EXPECT_EQ(message.content_size, 1U);
        }
        ++pages;
    } while (page.next != 0);
    EXPECT_GE(pages, 3U);
    EXPECT_THAT(seen, SizeIs(1234));
    EXPECT_EQ(seen.at(5), "changed");
    EXPECT_EQ(seen.at(6), "s");
}

TEST_F(the_journal, all_that_wait_share_one_write_and_one_sync)
{
    ASSERT_EQ(h.commit(1, "opens the first segment"), outcome::ok);
    const auto syncs = disk.syncs;
    const auto writes = disk.writes;
    int answers = 0;
    for (std::uint64_t id = 2; id <= 11; ++id)
        h.store->commit(id, "e", "s", text_of(id, 50), {}, [&](outcome result) {
            EXPECT_EQ(result, outcome::ok);
            EXPECT_EQ(disk.syncs, syncs + 1) << "acknowledged before it was synced";
            ++answers;
        });
    EXPECT_EQ(disk.writes, writes);
    EXPECT_TRUE(h.store->commit_step());
    EXPECT_EQ(answers, 10);
    EXPECT_EQ(disk.writes, writes + 1);
    EXPECT_EQ(disk.syncs, syncs + 1);
    EXPECT_FALSE(h.store->commit_step());
}

TEST_F(the_journal, changes_are_answered_when_the_kernel_has_them)
{
    ASSERT_EQ(h.commit(1, "c"), outcome::ok);
    ASSERT_EQ(h.commit(2, "c"), outcome::ok);
    const auto syncs = disk.syncs;
    EXPECT_EQ(h.update(1, "changed"), outcome::ok);
    EXPECT_EQ(h.remove(2), outcome::ok);
    EXPECT_EQ(disk.syncs, syncs);
    disk.cut_power(power_cut::keeps_all); // the process dies at once
    h.store.reset();
    ASSERT_TRUE(h.start());
    EXPECT_EQ(h.scan(), (std::map<std::uint64_t, std::string>{{1, "changed"}}));
}

TEST_F(the_journal, changes_are_synced_a_second_after_the_first_of_them)
{
    for (std::uint64_t id = 1; id <= 3; ++id)
        ASSERT_EQ(h.commit(id, "c"), outcome::ok);
    const auto syncs = disk.syncs;
    EXPECT_EQ(h.update(1, "changed"), outcome::ok);
    let_pass(std::chrono::milliseconds{999});
    EXPECT_EQ(h.remove(2), outcome::ok);
    EXPECT_FALSE(h.store->commit_step());
    EXPECT_EQ(disk.syncs, syncs);
    let_pass(std::chrono::milliseconds{1});
    EXPECT_TRUE(h.store->commit_step());
    EXPECT_EQ(disk.syncs, syncs + 1);
    EXPECT_FALSE(h.store->commit_step()) << "nothing is left to sync";
    EXPECT_EQ(h.remove(3), outcome::ok); // a second of its own begins
    let_pass(std::chrono::milliseconds{999});
    EXPECT_FALSE(h.store->commit_step());
    disk.die_at = disk.operations;
    h.stop();
    disk.cut_power(power_cut::loses_all);
    ASSERT_TRUE(h.start());
    EXPECT_EQ(h.scan(), (std::map<std::uint64_t, std::string>{{1, "changed"}, {3, "new"}}));
}

TEST_F(the_journal, changes_that_keep_coming_do_not_put_their_sync_off)
{
    ASSERT_EQ(h.commit(1, "c"), outcome::ok);
    const auto syncs = disk.syncs;
    for (int i = 1; i <= 33; ++i) { // at 0, 100, ... 3200 ms: due at 1000, and at 2000 and 3000 behind the first unsynced one
        ASSERT_EQ(h.update(1, std::to_string(i)), outcome::ok);
        let_pass(std::chrono::milliseconds{100});
    }
    EXPECT_EQ(disk.syncs, syncs + 3);
}

TEST_F(the_journal, a_sync_of_changes_that_fails_has_them_written_again)
{
    ASSERT_EQ(h.commit(1, "c"), outcome::ok);
    EXPECT_EQ(h.update(1, "changed"), outcome::ok);
    disk.fail_at = disk.operations;
    for (int seconds = 0; seconds < 2; ++seconds) {
        let_pass(std::chrono::seconds{1});
        h.settle();
    }
    EXPECT_TRUE(h.logged("cannot sync"));
    disk.die_at = disk.operations;
    h.stop();
    disk.cut_power(power_cut::loses_all);
    ASSERT_TRUE(h.start());
    EXPECT_EQ(h.state(1), "changed");
}

TEST_F(the_journal, the_name_of_a_segment_is_durable_before_anything_in_it_is_acknowledged)
{
    simulated_disk fresh;
    std::vector<std::string> order;
    fresh.trace = [&](const std::string& what) { order.push_back(what.substr(0, what.find(" 0"))); };
    harness other{fresh};
    EXPECT_THAT(std::exchange(order, {}), ElementsAre("sync folder ", "create", "write", "sync", "sync folder "));
    for (std::uint64_t id = 1; id <= 2; ++id) { // two do not go into one segment
        other.store->commit(id, "e", "s", text_of(id, 2500), {}, [&](outcome) { order.emplace_back("answer"); });
        other.settle();
    }
    EXPECT_THAT(order, ElementsAre("write", "sync", "answer",                 //
                                   "create", "write", "sync", "sync folder ", // before the first is sealed
                                   "write", "sync", "answer"));
}

TEST_F(the_journal, nothing_is_synced_when_the_owner_says_so)
{
    simulated_disk fast;
    auto options = small_settings();
    options.sync = false;
    harness unsafe{fast, options};
    for (std::uint64_t id = 1; id <= 50; ++id)
        ASSERT_EQ(unsafe.commit(id, text_of(id, 300)), outcome::ok);
    EXPECT_EQ(fast.syncs + fast.folder_syncs, 0U);
    unsafe.start();
    EXPECT_THAT(unsafe.scan(), SizeIs(50));
}

TEST_F(the_journal, an_append_is_answered_when_the_pieces_that_it_filled_are_written)
{
    std::vector<std::uint64_t> answered;
    const auto append = [&](std::uint64_t id, std::size_t size) {
        h.store->append(id, text_of(id, size), [&answered, id](outcome r) {
            if (r == outcome::ok)
                answered.push_back(id);
        });
    };
    append(1, 599);
    EXPECT_THAT(answered, ElementsAre(1));
    append(1, 1);
    append(2, 1900);
    EXPECT_THAT(answered, SizeIs(1));
    h.settle();
    EXPECT_THAT(answered, ElementsAre(1, 1, 2));
}

TEST_F(the_journal, an_append_whose_piece_could_not_be_written_hears_of_it)
{
    std::optional<outcome> answer;
    disk.fail_at = disk.operations;
    h.store->append(1, text_of(1, 600), [&](outcome r) { answer = r; });
    h.settle();
    EXPECT_EQ(answer, outcome::failed);
}

TEST_F(the_journal, an_envelope_beyond_the_limit_is_refused)
{
    const std::string envelope(largest_metadata - 24 - 3, 'e');
    EXPECT_EQ(h.commit(1, "c", envelope, "new"), outcome::ok);
    EXPECT_EQ(h.commit(2, "c", envelope + "x", "new"), outcome::failed);
    h.start();
    message_info info;
    EXPECT_EQ(h.store->fetch(1, info), outcome::ok);
    EXPECT_EQ(info.envelope, envelope);
    EXPECT_EQ(h.content(1), "c");
}

TEST_F(the_journal, a_second_store_on_the_folder_is_refused)
{
    std::string error;
    EXPECT_EQ(journal::open(disk.folder(), small_settings(), {}, error), nullptr);
    EXPECT_THAT(error, ::testing::HasSubstr("another process"));
    h.stop();
    EXPECT_NE(journal::open(disk.folder(), small_settings(), {}, error), nullptr);
}

TEST_F(the_journal, answers_what_waits_when_it_is_closed)
{
    std::vector<outcome> answers;
    h.store->commit(1, "e", "s", "c", {}, [&](outcome r) { answers.push_back(r); });
    h.stop();
    EXPECT_THAT(answers, ElementsAre(outcome::ok));
    ASSERT_TRUE(h.start());
    EXPECT_EQ(h.content(1), "c");
}

TEST_F(the_journal, a_the_journalof_another_version_is_left_alone)
{
    ASSERT_EQ(h.commit(1, "c"), outcome::ok);
    h.stop();
    const auto name = disk.segments().front();
    const auto parsed = parse_segment_name(name);
    auto metadata = encode_segment(parsed->number);
    metadata[0] = 2;
    record_header header{.kind = record_kind::segment, .metadata_size = 16, .metadata_crc = crc32c(metadata)};
    const auto octets = encode(header, parsed->mark);
    std::copy(octets.begin(), octets.end(), disk.content(name).begin());
    std::copy(metadata.begin(), metadata.end(), disk.content(name).begin() + 64);
    const auto before = disk.content(name);
    EXPECT_FALSE(h.start());
    EXPECT_THAT(h.error, ::testing::HasSubstr("another version"));
    EXPECT_EQ(disk.content(name), before);
}

} // namespace
} // namespace postern_queue_journal::testing
