#include "core/runtime/name_lookup.hpp"

#include "tests/support/dns_peer.hpp"
#include "tests/support/memory_log.hpp"

#include <boost/asio/post.hpp>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace postern::runtime {
namespace {

using namespace std::chrono_literals;
using test::dns_peer;
using test::dns_said;

class a_question : public ::testing::Test {
protected:
    io::task<void> ask(std::string name)
    {
        auto answer = co_await lookups_.ask(names_, name, io::dns_type::a);
        answer_ = std::move(answer);
        if (then_)
            then_();
    }
    /// Ends when nothing is waited for any more.
    void run(const std::string& name)
    {
        answer_.reset();
        home_.spawn("ask", ask(name));
        home_.context().restart();
        home_.context().run();
    }

    test::memory_log lines_;
    std::function<void()> is_asked_;
    dns_peer server_{[this](const std::string& name, std::uint16_t) -> dns_said {
        if (name == "silent.example") {
            if (is_asked_)
                is_asked_();
            return {0, {}, true};
        }
        return {0, {{name, 1, "\xc0\x02\x02\x01"}}};
    }};
    io::loop home_{base::log{lines_}};
    std::shared_ptr<io::resolver_thread> names_ =
        std::make_shared<io::resolver_thread>(io::resolver_settings{{server_.address()}, "", 600s}, base::log{lines_});
    name_lookups lookups_{home_};
    std::function<void()> then_;
    std::optional<io::dns_answer> answer_;
};

TEST_F(a_question, is_answered_on_the_loop)
{
    run("mx.example");
    ASSERT_TRUE(answer_);
    EXPECT_EQ(answer_->status, io::dns_status::ok);
    ASSERT_EQ(answer_->records.size(), 1U);
    EXPECT_EQ(answer_->records.front().name, "192.2.2.1");
}

TEST_F(a_question, that_is_no_name_is_answered_without_asking)
{
    run("not a name");
    ASSERT_TRUE(answer_);
    EXPECT_EQ(answer_->status, io::dns_status::nxdomain);
    EXPECT_EQ(server_.asked(), 0U);
}

TEST_F(a_question, to_nobody_is_not_answered_now)
{
    names_.reset();
    run("mx.example");
    ASSERT_TRUE(answer_);
    EXPECT_EQ(answer_->status, io::dns_status::servfail);
    EXPECT_NE(answer_->cause, "");
}

// A server that goes away must not wait for a name server that says nothing; nor may an answer find its loop gone.
TEST_F(a_question, that_is_open_ends_when_all_are_stopped)
{
    is_asked_ = [this] { io::asio::post(home_.context(), [this] { lookups_.stop(); }); };
    run("silent.example");
    ASSERT_TRUE(answer_);
    EXPECT_EQ(answer_->status, io::dns_status::servfail);
    EXPECT_EQ(answer_->cause, "the server is stopping");
    run("mx.example");
    EXPECT_EQ(answer_->status, io::dns_status::servfail) << "nor is anything asked behind that";
}

} // namespace
} // namespace postern::runtime
