#include "core/io/connect.hpp"
#include "core/io/listener.hpp"
#include "core/io/stream.hpp"
#include "tests/support/memory_log.hpp"

#include <boost/asio/post.hpp>

#include <array>

namespace postern::io {
namespace {

using namespace std::chrono_literals;

/// A listener on a free port and both ends of a connection through it.
struct pair : testing::Test {
    test::memory_log lines;
    loop home{base::log{lines}};
    std::unique_ptr<listener> door;
    std::unique_ptr<stream> ours;
    std::unique_ptr<stream> theirs;

    task<void> meet()
    {
        auto opened = listener::open(home, "127.0.0.1:0", false);
        EXPECT_TRUE(opened);
        door = std::move(*opened);
        const auto where = base::ip_endpoint::from_text(door->address());
        auto out = co_await connect(home, *where, 5s);
        EXPECT_TRUE(out);
        theirs = std::make_unique<stream>(home, std::move(out->connection));
        auto in = door->try_accept();
        while (!in) {
            const auto ec = co_await door->wait();
            EXPECT_FALSE(ec);
            in = door->try_accept();
        }
        EXPECT_TRUE(in->peer.address.is_loopback());
        EXPECT_EQ(in->local.text(), door->address());
        ours = std::make_unique<stream>(home, std::move(in->connection));
    }
    static task<std::string> receive(stream& from, std::size_t size)
    {
        std::string got;
        std::array<char, 4096> part{};
        while (got.size() < size) {
            const auto read = from.try_read(part.data(), part.size());
            if (read.what == read_result::kind::octets) {
                got.append(part.data(), read.size);
            } else if (read.what == read_result::kind::would_block) {
                const auto ec = co_await from.wait_readable();
                if (ec)
                    break;
            } else {
                break;
            }
        }
        co_return got;
    }
    void run(task<void> work)
    {
        home.spawn("test", std::move(work));
        home.context().run();
        EXPECT_FALSE(lines.contains("task_failed"));
    }
};

task<void> exchange(pair& p)
{
    co_await p.meet();
    const auto ec = co_await p.theirs->write("EHLO client.example\r\n");
    EXPECT_FALSE(ec);
    const auto got = co_await pair::receive(*p.ours, 21);
    EXPECT_EQ(got, "EHLO client.example\r\n");
    p.theirs->close();
    const auto rest = co_await pair::receive(*p.ours, 1);
    EXPECT_EQ(rest, "");
    std::array<char, 1> one{};
    EXPECT_EQ(p.ours->try_read(one.data(), one.size()).what, read_result::kind::end);
}
TEST_F(pair, carries_octets_and_the_end_of_the_stream)
{
    run(exchange(*this));
}

task<void> look_and_release(pair& p)
{
    co_await p.meet();
    const auto ec = co_await p.theirs->write("PROXY EHLO");
    EXPECT_FALSE(ec);
    const auto ready = co_await p.ours->wait_readable();
    EXPECT_FALSE(ready);
    std::array<char, 16> octets{};
    for (int i = 0; i < 2; ++i)
        EXPECT_EQ(p.ours->try_peek(octets.data(), octets.size()).size, 10U) << "they stay";
    EXPECT_EQ(p.ours->try_read(octets.data(), 6).size, 6U);
    p.ours = std::make_unique<stream>(p.home, p.ours->release());
    const auto rest = co_await pair::receive(*p.ours, 4);
    EXPECT_EQ(rest, "EHLO");
}
TEST_F(pair, lets_octets_be_looked_at_and_the_socket_go_on_elsewhere)
{
    run(look_and_release(*this));
}

task<void> fill_and_drain(pair& p, std::size_t size)
{
    co_await p.meet();
    const std::string much(size, 'x');
    auto reader = [](pair& q, std::size_t wanted) -> task<void> {
        const auto got = co_await pair::receive(*q.ours, wanted);
        EXPECT_EQ(got.size(), wanted);
    };
    p.home.spawn("reader", reader(p, size));
    const auto ec = co_await p.theirs->write(much);
    EXPECT_FALSE(ec);
}
TEST_F(pair, writes_more_than_the_socket_takes_at_once)
{
    run(fill_and_drain(*this, std::size_t{16} << 20U));
}

task<void> send_from_several_places(pair& p)
{
    co_await p.meet();
    const std::string much(std::size_t{4} << 20U, 'x');
    auto reader = [](pair& q, std::string wanted) -> task<void> {
        const auto got = co_await pair::receive(*q.ours, wanted.size());
        EXPECT_TRUE(got == wanted);
    };
    p.home.spawn("reader", reader(p, "BDAT 1\r\n" + much + ".\r\n" + much + "end"));
    for (const auto& what : {stream::pieces{"BDAT 1\r\n", much, ".\r\n"}, stream::pieces{"", much, "end"}, stream::pieces{}}) {
        const auto ec = co_await p.theirs->write(what);
        EXPECT_FALSE(ec);
    }
}
TEST_F(pair, writes_what_lies_in_several_places_as_if_it_were_one)
{
    run(send_from_several_places(*this));
}

task<void> wait_too_long(pair& p)
{
    co_await p.meet();
    p.ours->expires_after(1ms);
    const auto ec = co_await p.ours->wait_readable();
    EXPECT_TRUE(ec);
    EXPECT_TRUE(p.ours->timed_out());
    const auto again = co_await p.ours->wait_readable();
    EXPECT_TRUE(again) << "a stream whose time is over does not wait";
    p.ours->expires_never();
    const auto written = co_await p.theirs->write("x");
    EXPECT_FALSE(written);
    const auto ready = co_await p.ours->wait_readable();
    EXPECT_FALSE(ready) << "a new time limit starts anew";
}
TEST_F(pair, tells_that_its_time_is_over)
{
    run(wait_too_long(*this));
}

task<void> wait_and_be_interrupted(pair& p)
{
    co_await p.meet();
    asio::post(p.home.context(), [&p] { p.ours->interrupt(); });
    const auto ec = co_await p.ours->wait_readable();
    EXPECT_TRUE(ec);
    EXPECT_TRUE(p.ours->is_interrupted());
    EXPECT_FALSE(p.ours->timed_out());
}
TEST_F(pair, can_be_interrupted_while_it_waits)
{
    run(wait_and_be_interrupted(*this));
}

task<void> connect_to_nobody(loop& home)
{
    auto opened = listener::open(home, "127.0.0.1:0", false);
    const auto where = base::ip_endpoint::from_text((*opened)->address());
    opened->reset();
    const auto made = co_await connect(home, *where, 5s);
    EXPECT_FALSE(made);
}
TEST_F(pair, is_not_made_where_nobody_listens)
{
    run(connect_to_nobody(home));
}

TEST_F(pair, needs_a_port_that_no_other_server_has)
{
    const auto first = listener::open(home, "127.0.0.1:0", false);
    ASSERT_TRUE(first);
    EXPECT_FALSE(listener::open(home, (*first)->address(), false)) << "two servers must not share a port by accident";
    EXPECT_TRUE(listener::open(home, (*first)->address(), true)) << "threads of one server do";
}

TEST_F(pair, refuses_an_address_that_is_none)
{
    for (const auto* address : {"", "example.com", "127.0.0.1", "127.0.0.1:65536", "::1:25", "unix:"})
        EXPECT_FALSE(listener::open(home, address, false)) << address;
}

} // namespace
} // namespace postern::io
