#include "core/runtime/spool.hpp"
#include "tests/support/failing_store.hpp"
#include "tests/support/memory_log.hpp"
#include "tests/support/memory_store.hpp"

#include <thread>

namespace postern::runtime {
namespace {

constexpr auto capacity = io::buffer_pool::buffer_size;
constexpr base::message_id id{7};

struct spools : testing::Test {
    test::memory_log lines;
    io::loop home{base::log{lines}};
    test::memory_store store;
    spool body{store, home};

    void append(std::string octets)
    {
        home.spawn("append", append_task(octets));
        home.context().run();
        home.context().restart();
    }
    io::task<void> append_task(std::string octets)
    {
        const auto done = co_await body.append(octets, false);
        EXPECT_TRUE(done);
    }
    std::string read_all()
    {
        std::string all;
        char part[1000];
        for (;;) {
            const auto got = body.read(all.size(), part, sizeof part);
            EXPECT_GE(got, 0);
            if (got <= 0)
                return all;
            all.append(part, static_cast<std::size_t>(got));
        }
    }
};

TEST_F(spools, keep_a_body_of_one_buffer_without_the_store)
{
    body.begin(id);
    EXPECT_TRUE(body.keep(std::string(capacity, 'x'), false));
    EXPECT_EQ(body.tail().size(), capacity);
    EXPECT_EQ(store.uncommitted(), 0U);
}

TEST_F(spools, do_not_keep_one_octet_more)
{
    body.begin(id);
    EXPECT_TRUE(body.keep(std::string(capacity, 'x'), false));
    EXPECT_FALSE(body.keep("y", false));
    EXPECT_EQ(body.body_size(), capacity);
}

TEST_F(spools, give_the_store_what_is_too_large_and_read_it_back_as_one)
{
    std::string all;
    body.begin(id);
    for (int i = 0; i < 30; ++i) {
        const std::string part(10'000, static_cast<char>('a' + i % 26));
        all += part;
        append(part);
    }
    EXPECT_EQ(body.body_size(), all.size());
    EXPECT_LE(body.tail().size(), capacity);
    EXPECT_EQ(store.uncommitted(), 1U);

    hooks::draft draft;
    draft.headers = message::header_block{"Subject: hi\r\n"};
    body.present(&draft);
    EXPECT_EQ(body.size(), 15 + all.size());
    EXPECT_EQ(read_all(), "Subject: hi\r\n\r\n" + all);
}

TEST_F(spools, have_the_store_forget_what_an_append_that_failed_may_have_left)
{
    test::failing_store failing{store, "append", 1, test::failing_store::manner::untold};
    spool half{failing, home};
    half.begin(id);
    struct task {
        static io::task<void> run(spool& of)
        {
            const auto done = co_await of.append(std::string(capacity, 'x'), false);
            EXPECT_FALSE(done);
        }
    };
    home.spawn("append", task::run(half));
    home.context().run();
    EXPECT_EQ(store.uncommitted(), 1U);
    half.abandon();
    EXPECT_EQ(store.uncommitted(), 0U);
}

TEST_F(spools, are_read_by_several_plugins_at_the_same_time)
{
    body.begin(id);
    std::string all;
    for (std::size_t i = 0; all.size() < 2 * capacity + 1000; ++i)
        all += std::to_string(i) + " ";
    append(all);
    std::string seen[2];
    std::thread other{[&] { seen[1] = read_all(); }};
    seen[0] = read_all();
    other.join();
    EXPECT_EQ(seen[0], all);
    EXPECT_EQ(seen[1], all);
}

TEST_F(spools, know_whether_an_octet_is_above_127)
{
    body.begin(id);
    EXPECT_TRUE(body.keep("plain text, longer than one word", false));
    EXPECT_FALSE(body.has_8bit());
    EXPECT_TRUE(body.keep("gr\xc3\xbc\xc3\x9f", false));
    EXPECT_TRUE(body.has_8bit());
    for (std::size_t at = 0; at < 19; ++at) {
        std::string octets(19, 'x');
        octets[at] = '\x80';
        EXPECT_TRUE(spool::contains_8bit(octets)) << at;
    }
}

TEST_F(spools, do_not_look_where_somebody_knows)
{
    body.begin(id);
    EXPECT_TRUE(body.keep("told to be plain: \xc3\xbc", true));
    EXPECT_FALSE(body.has_8bit());
    EXPECT_TRUE(body.keep("\xc3\xbc", false));
    EXPECT_TRUE(body.keep("plain", true));
    EXPECT_TRUE(body.has_8bit());
}

TEST_F(spools, drop_what_is_left_of_another_message)
{
    body.begin(id);
    append(std::string(capacity + 10, 'x'));
    body.begin(base::message_id{8});
    EXPECT_EQ(body.body_size(), 0U);
    EXPECT_EQ(store.uncommitted(), 0U) << "the store forgot it too";
}

TEST_F(spools, present_a_message_as_edited)
{
    hooks::draft message;
    message.headers = message::header_block{"Subject: a\r\n"};
    body.begin(id);
    EXPECT_TRUE(body.keep("as it came\r\n", false));
    body.present(&message);
    EXPECT_EQ(read_all(), "Subject: a\r\n\r\nas it came\r\n");

    EXPECT_FALSE(message.headers.insert(1, "X-Seen", "yes"));
    message.replaced_body = "as it was made\r\n";
    message.journal.push_back({});
    body.refresh();
    EXPECT_EQ(read_all(), "Subject: a\r\nX-Seen: yes\r\n\r\nas it was made\r\n");
    EXPECT_EQ(body.size(), read_all().size());
    body.present(nullptr);
    EXPECT_EQ(body.size(), body.body_size());
}

} // namespace
} // namespace postern::runtime
