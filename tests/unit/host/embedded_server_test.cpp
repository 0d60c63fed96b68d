#include "core/host/embedded_server.hpp"

#include "core/runtime/client.hpp"
#include "tests/support/dns_peer.hpp"
#include "tests/support/temporary_folder.hpp"

#include <postern/plugin.hpp>

#include <boost/asio/io_context.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace postern {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

/// Takes every message, as the program's own code would.
class inbox {
public:
    static constexpr const char* provides[] = {"postern.recipients/1"};
    static constexpr const char* requires_[] = {"postern.blob/1"};

    explicit inbox(const host& host) : host_{host} {}
    verdict on(const rcpt&) { return vouch(); }
    verdict on(const message_end& event)
    {
        const std::scoped_lock lock{guard};
        arrived.push_back(host_.blob(event).text(event.size_octets()).value_or(""));
        return discard();
    }

    static inline std::mutex guard;
    static inline std::vector<std::string> arrived;

private:
    host host_;
};

/// Vouches, and takes nothing.
class lazy {
public:
    static constexpr const char* provides[] = {"postern.recipients/1"};
    verdict on(const rcpt&) { return vouch(); }
};

constexpr postern_plugin inbox_table = sdk::describe<inbox>("org.example.inbox", "1.0", "tests");

server_options options_with(std::string_view more = {})
{
    const std::string toml = R"(
hostname = "mx.example"
data_dir = "data"
[[listener]]
name = "in"
address = "127.0.0.1:0"
chain = ["inbox"]
[[plugin]]
name = "inbox"
library = "inbox"
)" + std::string{more};
    problems found;
    auto config = daemon::read_config_text(toml, "/nowhere/embedded.toml", found);
    EXPECT_THAT(found, IsEmpty());
    return {.config = std::move(config).value_or(daemon::config{}), .plugins = {{"inbox", &inbox_table}}, .has_queue = false};
}

runtime::send_result send_to(const std::string& address, std::size_t octets = 5)
{
    runtime::client_options to;
    to.host = "127.0.0.1";
    to.port = static_cast<std::uint16_t>(std::stoul(address.substr(address.rfind(':') + 1)));
    runtime::outgoing message;
    message.envelope.from.address = "a@client.example";
    message.envelope.to.emplace_back().address = "b@mx.example";
    message.content = "Subject: hi\r\n\r\n" + std::string(octets, 'x') + "\r\n";
    return runtime::send_message(to, message);
}

TEST(an_embedded_server, gives_messages_to_a_class_of_the_program)
{
    inbox::arrived.clear();
    boost::asio::io_context home;
    server mine{home.get_executor(), options_with()};
    ASSERT_THAT(mine.start(), IsEmpty());
    EXPECT_TRUE(send_to(mine.address("in")).all_accepted());
    EXPECT_TRUE(send_to(mine.address("in"), 200'000).all_accepted()); // more than a session holds
    EXPECT_EQ(mine.status().accepted, 0U) << "nothing was kept";
    mine.stop(std::chrono::seconds{5});
    ASSERT_THAT(inbox::arrived, SizeIs(2));
    EXPECT_THAT(inbox::arrived[0], HasSubstr("Subject: hi\r\n\r\nxxxxx\r\n"));
    EXPECT_GT(inbox::arrived[1].size(), 200'000U);
    EXPECT_EQ(mine.address("in"), "");
}

TEST(an_embedded_server, completes_on_the_program_s_own_io_context)
{
    boost::asio::io_context home;
    server mine{home.get_executor(), options_with()};
    std::vector<std::string> seen;
    mine.async_start([&](const problems& found) {
        EXPECT_THAT(found, IsEmpty());
        EXPECT_TRUE(home.get_executor().running_in_this_thread());
        seen.emplace_back("started");
        mine.async_stop(std::chrono::seconds{5}, [&] { seen.emplace_back("stopped"); });
    });
    home.run(); // has work until then
    EXPECT_THAT(seen, ElementsAre("started", "stopped"));
}

TEST(an_embedded_server, that_cannot_start_says_why_as_values)
{
    boost::asio::io_context home;
    auto options = options_with("[plugin.config]\nno_such_option = 1\n");
    server mine{home.get_executor(), options};
    const auto found = mine.start();
    ASSERT_THAT(found, SizeIs(1));
    EXPECT_THAT(found[0].text(), HasSubstr("/nowhere/embedded.toml:"));
    EXPECT_THAT(found[0].text(), HasSubstr("no_such_option"));
}

TEST(an_embedded_server, that_cannot_bind_says_which_listener)
{
    boost::asio::io_context home;
    server first{home.get_executor(), options_with()};
    ASSERT_THAT(first.start(), IsEmpty());
    auto options = options_with();
    options.config.listeners.front().address = first.address("in");
    server second{home.get_executor(), options};
    const auto found = second.start();
    ASSERT_THAT(found, SizeIs(1));
    EXPECT_THAT(found[0].text(), HasSubstr("listener in"));
}

TEST(an_embedded_server, without_a_queue_puts_off_what_nobody_takes)
{
    boost::asio::io_context home;
    static constexpr postern_plugin table = sdk::describe<lazy>("org.example.lazy", "1.0", "tests");
    auto options = options_with();
    options.plugins = {{"inbox", &table}};
    server mine{home.get_executor(), options};
    ASSERT_THAT(mine.start(), IsEmpty());
    const auto sent = send_to(mine.address("in"));
    ASSERT_THAT(sent.recipients, SizeIs(1));
    EXPECT_EQ(sent.recipients[0].smtp_code, 452);
}

TEST(an_embedded_server, reloads_without_losing_its_address_or_changes_nothing)
{
    inbox::arrived.clear();
    boost::asio::io_context home;
    server mine{home.get_executor(), options_with()};
    ASSERT_THAT(mine.start(), IsEmpty());
    const auto address = mine.address("in");
    auto worse = options_with("[plugin.config]\nno_such_option = 1\n").config;
    EXPECT_THAT(mine.reload(std::move(worse)), SizeIs(1));
    EXPECT_TRUE(send_to(address).all_accepted());
    auto next = options_with().config;
    next.limits.session.message_size = 100;
    EXPECT_THAT(mine.reload(std::move(next)), IsEmpty());
    EXPECT_EQ(mine.address("in"), address);
    EXPECT_EQ(send_to(address, 1000).recipients.at(0).enhanced, "5.3.4") << "SIZE 100 is offered, so the client does not try";
}

/// With a queue, the plugin that vouches and takes nothing, and `relay`.
server_options options_with_queue(const std::filesystem::path& folder, std::string_view relay)
{
    static constexpr postern_plugin table = sdk::describe<lazy>("org.example.lazy", "1.0", "tests");
    auto options = options_with("[delivery]\nrelay = \"" + std::string{relay} + "\"\n");
    options.plugins = {{"inbox", &table}};
    options.has_queue = true;
    options.config.data_dir = folder;
    options.config.plugin_path = {POSTERN_BUILT_PLUGINS};
    return options;
}

TEST(an_embedded_server, refuses_to_relay_to_itself)
{
    const test::temporary_folder folder;
    boost::asio::io_context home;
    auto circle = options_with_queue(folder.path(), "127.0.0.1:2525");
    circle.config.listeners.front().address = "127.0.0.1:2525"; // which is never bound
    server never{home.get_executor(), circle};
    EXPECT_THAT(never.start().at(0).text(), HasSubstr("in a circle"));

    const auto good = options_with_queue(folder.path(), "127.0.0.1:9");
    server mine{home.get_executor(), good};
    ASSERT_THAT(mine.start(), IsEmpty());
    const auto found = mine.reload(options_with_queue(folder.path(), mine.address("in")).config);
    ASSERT_THAT(found, SizeIs(1));
    EXPECT_THAT(found[0].text(), HasSubstr("in a circle")) << "the port is known by now";
}

/// Asks the domain name system about every recipient.
class asker {
public:
    static constexpr const char* requires_[] = {"postern.dns/1"};
    static constexpr const char* provides[] = {"postern.recipients/1"};

    explicit asker(const host& host) : host_{host} {}
    task<verdict> on(rcpt)
    {
        const auto found = co_await host_.dns().a("who.example");
        co_return found ? vouch() : reject(550, "5.1.1", "nobody");
    }

private:
    host host_;
};

TEST(an_embedded_server, asks_the_name_servers_of_the_configuration_that_is_in_force)
{
    const auto says = [](bool knows) {
        return [knows](const std::string& name, std::uint16_t type) -> test::dns_said {
            if (!knows)
                return {3, {}};
            return {0, {{name, type, std::string("\xc0\x02\x02\x01", 4)}}};
        };
    };
    const test::dns_peer first{says(true)};
    const test::dns_peer second{says(false)};
    static constexpr postern_plugin table = sdk::describe<asker>("org.example.asker", "1.0", "tests");
    const auto options_asking = [](const test::dns_peer& whom) {
        auto options = options_with("[delivery.dns]\nservers = [\"" + whom.address() + "\"]\n");
        options.plugins = {{"inbox", &table}};
        return options;
    };
    boost::asio::io_context home;
    server mine{home.get_executor(), options_asking(first)};
    ASSERT_THAT(mine.start(), IsEmpty());
    EXPECT_EQ(send_to(mine.address("in")).recipients.at(0).smtp_code, 452) << "vouched for, and then there is no queue";
    ASSERT_THAT(mine.reload(options_asking(second).config), IsEmpty());
    EXPECT_EQ(send_to(mine.address("in")).recipients.at(0).smtp_code, 550);
}

TEST(an_embedded_server, has_figures_while_it_runs)
{
    boost::asio::io_context home;
    server mine{home.get_executor(), options_with()};
    EXPECT_EQ(mine.metrics(), "");
    ASSERT_THAT(mine.start(), IsEmpty());
    EXPECT_TRUE(send_to(mine.address("in")).all_accepted());
    EXPECT_THAT(mine.metrics(), HasSubstr("postern_messages_accepted_total 0\n"));
    EXPECT_THAT(mine.metrics(), HasSubstr("# TYPE postern_messages_accepted_total counter\n"));
    mine.stop(std::chrono::seconds{5});
    EXPECT_EQ(mine.metrics(), "");
}

TEST(an_embedded_server, that_goes_stops_at_once)
{
    boost::asio::io_context home;
    std::string address;
    {
        server mine{home.get_executor(), options_with()};
        ASSERT_THAT(mine.start(), IsEmpty());
        address = mine.address("in");
        EXPECT_EQ(mine.address("out"), "") << "there is no such listener";
    }
    EXPECT_THAT(send_to(address).failure, HasSubstr("cannot connect"));
}

TEST(an_embedded_server, starts_again_after_it_was_stopped)
{
    boost::asio::io_context home;
    server mine{home.get_executor(), options_with()};
    for (int i = 0; i < 2; ++i) {
        ASSERT_THAT(mine.start(), IsEmpty());
        EXPECT_THAT(mine.start(), SizeIs(1)) << "it runs already";
        EXPECT_TRUE(send_to(mine.address("in")).all_accepted());
        mine.stop(std::chrono::seconds{5});
    }
}

} // namespace
} // namespace postern
