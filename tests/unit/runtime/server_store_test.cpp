// A whole server over a store one of whose operations fails: each in turn, the first time that it comes, the second and so on,
// through the whole life of a message that is accepted, taken at once, put off, refused and reported. Whatever fails, what was
// acknowledged is not lost.

#include "core/runtime/client.hpp"
#include "core/runtime/server.hpp"
#include "tests/support/failing_store.hpp"
#include "tests/support/lambda_plugin.hpp"
#include "tests/support/memory_log.hpp"
#include "tests/support/memory_store.hpp"
#include "tests/support/next_hop.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace postern::runtime {
namespace {

using namespace std::chrono_literals;
using hooks::call_result;
using hooks::call_status;
using hooks::hook_point;
using test::failing_store;

/// Takes "taken" and reports at once, puts "late" off once, refuses "nobody"; and nothing at all before open().
class a_gate {
public:
    void open() { opened_.set_value(); }
    [[nodiscard]] test::hop_answer answer(test::hop_stage at, std::string_view line)
    {
        if (at == test::hop_stage::greeting)
            is_open_.wait();
        if (at != test::hop_stage::rcpt)
            return {};
        if (line.find("<nobody@") != line.npos)
            return {.reply = "550 5.1.1 nobody here"};
        if (line.find("<late@") != line.npos && !std::exchange(has_put_off_, true))
            return {.reply = "451 4.2.1 come later"};
        return {};
    }

private:
    std::promise<void> opened_;
    std::shared_future<void> is_open_{opened_.get_future()};
    bool has_put_off_ = false; // the script is called one at a time
};

/// More than one buffer, so that it is appended in parts, and read in parts.
[[nodiscard]] std::string content_of_some_size()
{
    std::string content = "Subject: hi\r\n\r\n";
    while (content.size() < 200'000)
        content += "0123456789012345678901234567890123456789012345678901234567890123456789\r\n";
    return content;
}

class life {
public:
    life(const std::string& operation, std::size_t nth, failing_store::manner how)
        : how_{how}, fails_to_scan_{operation == "scan"}, store_{kept_, operation, nth, how}
    {
    }

    /// Accepted, and on its way as far as it goes without being tried again; `restart`: by another process from then on.
    void pass(bool has_restart)
    {
        start();
        send();
        gate_.open();
        if (has_restart) {
            until([this] { return running_->status().deferred + running_->status().delivered > 0; });
            stop();
            start();
        }
        until_delivered();
        // And what another process finds in the store: nothing, or what was stored although that was told as a failure.
        stop();
        start();
        until_delivered();
        stop();
        EXPECT_TRUE(kept_.messages().empty());
        EXPECT_EQ(kept_.uncommitted(), 0U);
    }

    [[nodiscard]] bool has_failed() const { return store_.has_failed(); }
    /// How often that recipient got it, whole.
    [[nodiscard]] std::size_t copies(const std::string& recipient) const
    {
        std::size_t count = 0;
        for (const auto& each : hop_.arrived())
            if (std::ranges::find(each.recipients, recipient) != each.recipients.end()) {
                ++count;
                EXPECT_TRUE(each.sender.empty() || each.content.ends_with(what_.content)) << "a part of it";
            }
        return count;
    }
    [[nodiscard]] std::size_t reports() const
    {
        return static_cast<std::size_t>(std::ranges::count_if(hop_.arrived(), [](const auto& each) {
            return each.sender.empty() && each.content.find("Final-Recipient: rfc822; nobody@example.com") != std::string::npos;
        }));
    }

private:
    /// A store that cannot be read at the start is said so, and nothing runs; whoever is in charge mends that.
    void start()
    {
        for (int i = 0; i < 3; ++i) {
            make();
            if (running_->start())
                return;
            EXPECT_TRUE(fails_to_scan_ || how_ == failing_store::manner::outage);
            store_.mend();
        }
        FAIL() << "it does not start";
    }
    void make()
    {
        auto current = std::make_shared<generation>();
        listener_profile profile;
        profile.name = "in";
        profile.session.hostname = "mx.example";
        const auto look = [](const test::asked& about) {
            std::string all(about.what.blob->size(), '\0');
            for (std::size_t at = 0; at < all.size();) {
                const auto count = about.what.blob->read(at, all.data() + at, all.size() - at);
                if (count <= 0)
                    return call_result{call_status::failed};
                at += static_cast<std::size_t>(count);
            }
            return call_result{call_status::passed};
        };
        profile.chain = std::make_shared<hooks::chain>(std::vector<hooks::link>{
            {std::make_shared<test::lambda_plugin>("ours", std::set{hook_point::cmd_rcpt}, test::vouch, true)},
            {std::make_shared<test::lambda_plugin>("look", std::set{hook_point::msg_end}, look)}});
        current->listeners["in"] = std::make_shared<listener_profile>(profile);
        current->delivery.hostname = "mx.example";
        current->delivery.relay = hop_.address();
        current->delivery_chain = std::make_shared<hooks::chain>();
        running_ =
            std::make_unique<server>(std::vector<listener_address>{{"in", "127.0.0.1:0"}}, current, store_, base::log{lines_}, 1);
        std::string why;
        ASSERT_TRUE(running_->bind(why)) << why;
    }
    void stop()
    {
        running_->shut_down(10s);
        running_.reset();
    }
    /// As clients do: again, until it is acknowledged.
    void send()
    {
        what_.envelope.from.address = "a@client.example";
        for (const auto* to : {"taken@example.com", "late@example.com", "nobody@example.com"})
            what_.envelope.to.push_back({to, {}, {}, {}});
        what_.content = content_of_some_size();
        const auto where = base::ip_endpoint::from_text(running_->bound_address("in"));
        client_options options;
        options.host = where->address.text();
        options.port = where->port;
        options.hostname = "client.example";
        for (int i = 0; i < 3; ++i) {
            const auto sent = send_message(options, what_);
            ASSERT_EQ(sent.recipients.size(), 3U) << sent.failure;
            const auto stored = kept_.messages();
            if (sent.all_accepted()) {
                ASSERT_FALSE(stored.empty()) << "acknowledged, and not stored";
                EXPECT_TRUE(stored.rbegin()->second.content.ends_with(what_.content));
                return;
            }
            for (const auto& each : sent.recipients)
                EXPECT_EQ(each.smtp_code / 100, 4) << each.text;
            if (how_ != failing_store::manner::untold) {
                EXPECT_TRUE(stored.empty());
                EXPECT_EQ(kept_.uncommitted(), 0U);
            }
            store_.mend();
        }
        FAIL() << "never accepted";
    }
    /// Whatever waits is tried again and again.
    void until_delivered()
    {
        until([this] {
            if (store_.has_failed())
                store_.mend();
            (void)running_->queue_flush();
            return running_->status().queued == 0;
        });
    }
    void until(const std::function<bool()>& holds)
    {
        const auto limit = std::chrono::steady_clock::now() + 30s;
        while (!holds()) {
            ASSERT_LT(std::chrono::steady_clock::now(), limit) << "it did not happen";
            (void)running_->queue_list(base::message_id{~std::uint64_t{0}},
                                       1); // lets its thread work, and asks the store nothing
        }
    }

    failing_store::manner how_;
    bool fails_to_scan_;
    test::memory_log lines_;
    test::memory_store kept_;
    failing_store store_;
    a_gate gate_;
    test::next_hop hop_{[this](test::hop_stage at, std::string_view line) { return gate_.answer(at, line); }};
    outgoing what_;
    std::unique_ptr<server> running_;
};

constexpr const char* operations[] = {"scan", "append", "read_uncommitted", "commit", "read", "update", "fetch", "remove"};

class an_operation_of_the_store : public testing::TestWithParam<failing_store::manner> {
protected:
    /// A life for each time that each operation comes; how many.
    std::map<std::string, int> fail_each(bool has_restart,
                                         const std::function<void(const life&, const std::string& operation)>& look)
    {
        std::map<std::string, int> lives;
        for (const std::string operation : operations)
            for (std::size_t nth = 1;; ++nth) {
                SCOPED_TRACE(fmt::format("{} number {}", operation, nth));
                life one{operation, nth, GetParam()};
                one.pass(has_restart);
                look(one, operation);
                if (HasFailure() || !one.has_failed())
                    break;
                ++lives[operation];
            }
        return lives;
    }
};

TEST_P(an_operation_of_the_store, may_fail_and_nothing_is_lost_or_comes_twice)
{
    const auto lives = fail_each(false, [](const life& one, const std::string& operation) {
        // Stored although the client heard that it was not: that it comes again is what the client wanted.
        const bool is_twice = GetParam() == failing_store::manner::untold && operation == "commit";
        const std::size_t most = is_twice ? 2 : 1;
        for (const auto* who : {"taken@example.com", "late@example.com"}) {
            EXPECT_GE(one.copies(who), 1U) << who;
            EXPECT_LE(one.copies(who), most) << who;
        }
        EXPECT_EQ(one.copies("nobody@example.com"), 0U);
        EXPECT_GE(one.reports(), 1U);
        EXPECT_LE(one.reports(), most);
    });
    for (const auto* each : operations)
        EXPECT_TRUE(lives.contains(each)) << each;
    for (const auto* each : {"commit", "update", "remove"}) // of the message, and of its report
        EXPECT_TRUE(lives.contains(each) && lives.at(each) >= 2) << each;
}

TEST_P(an_operation_of_the_store, may_fail_and_nothing_is_lost_though_another_process_goes_on_with_it)
{
    const auto lives = fail_each(true, [](const life& one, const std::string& operation) {
        for (const auto* who : {"taken@example.com", "late@example.com"})
            EXPECT_GE(one.copies(who), 1U) << who;
        EXPECT_EQ(one.copies("nobody@example.com"), 0U);
        EXPECT_GE(one.reports(), 1U);
        // Only what could not be written down before its process ended may be done again. In an outage that is everything.
        const bool may_be_again = operation == "update" || operation == "remove" || operation == "commit" ||
                                  GetParam() == failing_store::manner::outage;
        EXPECT_LE(one.copies("taken@example.com"), may_be_again ? 2U : 1U);
    });
    EXPECT_TRUE(lives.contains("scan") && lives.at("scan") >= 2) << "of an empty queue, and of one with messages";
}

std::string name_of(const testing::TestParamInfo<failing_store::manner>& which)
{
    switch (which.param) {
    case failing_store::manner::undone:
        return "undone";
    case failing_store::manner::untold:
        return "untold";
    case failing_store::manner::outage:
        break;
    }
    return "outage";
}

INSTANTIATE_TEST_SUITE_P(as, an_operation_of_the_store,
                         testing::Values(failing_store::manner::undone, failing_store::manner::untold,
                                         failing_store::manner::outage),
                         name_of);

} // namespace
} // namespace postern::runtime
