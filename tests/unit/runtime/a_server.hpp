#pragma once
// A whole server in one process, with a store in memory, and the transport that its mail goes to.

#include "core/runtime/client.hpp"
#include "core/runtime/server.hpp"
#include "tests/support/lambda_plugin.hpp"
#include "tests/support/memory_log.hpp"
#include "tests/support/memory_store.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace postern::runtime {

using namespace std::chrono_literals;
using hooks::hook_point;

/// A transport that tells the test what it got.
class inbox final : public delivery::transport {
public:
    struct mail {
        std::string sender;
        std::vector<std::string> recipients;
        std::string content;
    };
    void deliver(const delivery::transport_job& what, std::function<void(std::vector<delivery::recipient_result>)> done) override
    {
        mail got{std::string{what.sender}, {what.recipients.begin(), what.recipients.end()}, {}};
        got.content.resize(what.content->size());
        // The content may come from the store's own threads: it is read apart from the delivery thread, as a pool does.
        std::thread{[this, got = std::move(got), content = what.content, done = std::move(done)]() mutable {
            const auto count = content->read(0, got.content.data(), got.content.size());
            EXPECT_EQ(count, static_cast<std::int64_t>(got.content.size()));
            std::vector<delivery::recipient_result> results;
            if (on_mail)
                on_mail();
            for (const auto& recipient : got.recipients)
                results.push_back(recipient.starts_with("nobody") ? failed()
                                  : recipient.starts_with("busy") ? busy()
                                                                  : delivered());
            {
                const std::lock_guard lock{guard_};
                mails_.push_back(std::move(got));
            }
            done(std::move(results));
        }}.detach();
    }
    std::function<void()> on_mail; ///< set before use
    [[nodiscard]] std::vector<mail> mails() const
    {
        const std::lock_guard lock{guard_};
        return mails_;
    }

private:
    static delivery::recipient_result delivered() { return {delivery::recipient_result::kind::delivered, 250, "2.0.0", "taken"}; }
    static delivery::recipient_result failed()
    {
        return {delivery::recipient_result::kind::failed, 550, "5.1.1", "no such user"};
    }
    static delivery::recipient_result busy() { return {delivery::recipient_result::kind::deferred, 450, "4.2.1", "busy"}; }
    mutable std::mutex guard_;
    std::vector<mail> mails_;
};

struct a_server : testing::Test {
    test::memory_log lines;
    test::memory_store store;
    std::shared_ptr<inbox> box = std::make_shared<inbox>();
    std::vector<hooks::link> links{
        {std::make_shared<test::lambda_plugin>("ours", std::set{hook_point::cmd_rcpt}, test::vouch, true)}};
    listener_profile profile;
    std::string transport = "box";
    std::shared_ptr<generation> current = std::make_shared<generation>();
    std::unique_ptr<server> running;

    void start(unsigned threads = 2)
    {
        profile.name = "in";
        profile.session.hostname = "mx.example";
        profile.chain = std::make_shared<hooks::chain>(links);
        current->listeners["in"] = std::make_shared<listener_profile>(profile);
        current->delivery.hostname = "mx.example";
        current->delivery.transport = transport;
        current->transports["box"] = box;
        current->delivery_chain = std::make_shared<hooks::chain>();
        running = std::make_unique<server>(std::vector<listener_address>{{"in", "127.0.0.1:0"}}, current, store, base::log{lines},
                                           threads);
        std::string why;
        ASSERT_TRUE(running->bind(why)) << why;
        ASSERT_TRUE(running->start());
    }
    [[nodiscard]] client_options client() const
    {
        const auto where = base::ip_endpoint::from_text(running->bound_address("in"));
        client_options options;
        options.host = where->address.text();
        options.port = where->port;
        options.hostname = "client.example";
        return options;
    }
    [[nodiscard]] static outgoing mail(std::string to, std::size_t size = 100)
    {
        outgoing what;
        what.envelope.from.address = "a@client.example";
        what.envelope.to.push_back({std::move(to), {}, {}, {}});
        what.content = "Subject: hi\r\n\r\n";
        while (what.content.size() < size)
            what.content += "0123456789012345678901234567890123456789012345678901234567890123456789\r\n";
        return what;
    }
    /// Waits until the delivery side has done something with every message, without sleeping: it polls the queue desk.
    void until(const std::function<bool()>& holds)
    {
        const auto limit = std::chrono::steady_clock::now() + 30s;
        while (!holds()) {
            ASSERT_LT(std::chrono::steady_clock::now(), limit) << "it did not happen";
            (void)running->queue_list({}, 1); // goes through the delivery thread: lets it work
        }
    }
};

} // namespace postern::runtime
