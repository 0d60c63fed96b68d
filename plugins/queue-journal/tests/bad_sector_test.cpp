// The disk cannot read a sector any more.

#include "harness.hpp"

namespace postern_queue_journal::testing {
namespace {

constexpr std::uint64_t page = 4096;
constexpr std::uint64_t messages = 40;

settings large_segments()
{
    auto options = small_settings();
    options.segment_size = 64U << 10U;
    return options;
}

class a_bad_sector : public ::testing::Test {
protected:
    a_bad_sector()
    {
        for (std::uint64_t id = 1; id <= messages; ++id)
            EXPECT_EQ(h.commit(id, content(id)), outcome::ok);
        name = disk.segments().front();
    }
    static std::string content(std::uint64_t id) { return text_of(id, 700); }
    std::size_t find(const std::string& what) const
    {
        const auto at = const_cast<simulated_disk&>(disk).content(name).find(what);
        EXPECT_NE(at, std::string::npos);
        return at;
    }

    simulated_disk disk;
    harness h{disk, large_segments()};
    std::string name;
};

TEST_F(a_bad_sector, anywhere_costs_what_lies_in_it_and_not_the_start)
{
    for (std::uint64_t at = 0; at < find(content(messages)); at += page) {
        SCOPED_TRACE("sector at " + std::to_string(at));
        h.stop();
        disk.bad_ranges = {{name, at, at + page}};
        h.log.clear();
        ASSERT_TRUE(h.start()) << h.error;
        EXPECT_TRUE(h.logged("the disk cannot read all of"));
        const auto listed = h.scan();
        ASSERT_GE(listed.size(), messages - 7);
        for (const auto& [id, state] : listed) {
            octets found;
            const auto result = h.store->read(id, 0, UINT64_MAX, found);
            ASSERT_TRUE(result == outcome::ok || result == outcome::failed) << id; // failed: the end of its content lies there
            if (result == outcome::ok) {
                ASSERT_EQ(found.view, content(id));
            }
        }
        disk.bad_ranges.clear();
        ASSERT_TRUE(h.start()) << h.error;
        ASSERT_EQ(h.scan().size(), messages) << "it can be read again, and nothing was thrown away";
        for (std::uint64_t id = 1; id <= messages; ++id)
            ASSERT_EQ(h.content(id), content(id));
    }
}

TEST_F(a_bad_sector, keeps_its_segment_from_being_deleted_or_written)
{
    h.stop();
    const auto before = disk.content(name);
    disk.bad_ranges = {{name, find(content(3)) + 100, find(content(3)) + 101}};
    ASSERT_TRUE(h.start()) << h.error;
    for (const auto& [id, state] : h.scan())
        ASSERT_EQ(h.remove(id), outcome::ok);
    ASSERT_EQ(h.commit(100, "new mail"), outcome::ok);
    h.compact();
    EXPECT_EQ(disk.content(name), before);
    ASSERT_TRUE(h.start()) << h.error;
    EXPECT_EQ(h.scan(), (std::map<std::uint64_t, std::string>{{100, "new"}}));
}

TEST_F(a_bad_sector, in_the_reserved_room_costs_nothing)
{
    h.stop();
    disk.bad_ranges = {{name, disk.content(name).size() - 1, disk.content(name).size()}};
    ASSERT_TRUE(h.start()) << h.error;
    EXPECT_EQ(h.scan().size(), messages);
    EXPECT_EQ(h.commit(100, "new mail"), outcome::ok);
}

TEST_F(a_bad_sector, under_the_inode_puts_that_segment_out_of_reach_and_no_other)
{
    for (std::uint64_t id = 101; disk.segments().size() < 3; ++id)
        ASSERT_EQ(h.commit(id, content(id)), outcome::ok);
    const auto all = h.scan();
    for (const auto& bad : disk.segments()) {
        SCOPED_TRACE(bad);
        h.stop();
        disk.unopenable = bad;
        h.log.clear();
        ASSERT_TRUE(h.start()) << h.error;
        EXPECT_TRUE(h.logged("cannot open " + bad));
        const auto left = h.scan();
        EXPECT_LT(left.size(), all.size());
        for (const auto& [id, state] : left)
            EXPECT_EQ(h.content(id), content(id));
        EXPECT_EQ(h.commit(1000, "new mail"), outcome::ok);
        EXPECT_EQ(h.remove(1000), outcome::ok);
        h.compact();
        disk.unopenable.clear();
        ASSERT_TRUE(h.start()) << h.error;
        EXPECT_EQ(h.scan(), all);
    }
}

TEST_F(a_bad_sector, under_the_inode_does_not_cost_messages_of_which_only_pieces_lie_there)
{
    h.store->append(500, text_of(500, 1300), [](outcome) {});
    h.settle();
    const auto pieces = disk.segments().back();
    for (std::uint64_t id = 101; disk.segments().back() == pieces; ++id)
        ASSERT_EQ(h.commit(id, content(id)), outcome::ok);
    h.store->commit(500, "e", "s", {}, {}, [](outcome) {});
    h.settle();
    h.stop();
    disk.unopenable = pieces;
    ASSERT_TRUE(h.start()) << h.error;
    EXPECT_TRUE(h.scan().contains(500));
    octets found;
    EXPECT_EQ(h.store->read(500, 0, UINT64_MAX, found), outcome::failed) << "tried again later, not set aside";
    EXPECT_TRUE(disk.names("quarantine/").empty());
    disk.unopenable.clear();
    ASSERT_TRUE(h.start()) << h.error;
    EXPECT_EQ(h.content(500), text_of(500, 1300));
}

TEST_F(a_bad_sector, that_turns_bad_after_the_start_does_not_end_the_list_of_messages)
{
    disk.bad_ranges = {{name, page, 2 * page}};
    EXPECT_GE(h.scan().size(), messages - 7);
    EXPECT_TRUE(h.logged("4096 octets of " + name + " cannot be read any more"));
}

TEST_F(a_bad_sector, keeps_compaction_away)
{
    for (std::uint64_t id = 101; disk.segments().size() < 2; ++id) // the first is sealed
        ASSERT_EQ(h.commit(id, content(id)), outcome::ok);
    for (std::uint64_t id = 2; id <= messages; ++id)
        ASSERT_EQ(h.remove(id), outcome::ok);
    for (std::uint64_t id = 101; h.content(id); ++id)
        ASSERT_EQ(h.remove(id), outcome::ok);
    disk.bad_ranges = {{name, 5 * page, 5 * page + 1}};
    h.compact();
    EXPECT_TRUE(h.logged("cannot read " + name));
    EXPECT_EQ(disk.segments().front(), name);
    EXPECT_EQ(h.content(1), content(1));
}

} // namespace
} // namespace postern_queue_journal::testing
