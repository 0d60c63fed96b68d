// A program with an SMTP server in it: each message for its domain is handed to a class of the program, and nothing is queued.
//
//     embedded_server [ADDRESS]      such as 127.0.0.1:2525; Ctrl-C ends it

#include "core/host/embedded_server.hpp"

#include <postern/plugin.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <string>

namespace {

/// What the program does with its mail. `on` is called on the server's threads: this class is used by several at a time.
class inbox {
public:
    static constexpr const char* provides[] = {"postern.recipients/1"}; // it may vouch for recipients
    static constexpr const char* requires_[] = {"postern.blob/1"};      // it reads whole messages

    explicit inbox(const postern::host& host) : host_{host}, domain_{"@" + host.config("domain", "example.com")} {}

    /// Without somebody who vouches for it a recipient is refused.
    postern::verdict on(const postern::rcpt& event) const
    {
        return event.recipient().ends_with(domain_) ? postern::vouch() : postern::proceed();
    }

    /// All of the message is here. DISCARD says that nothing is left to do: the client hears 250.
    postern::verdict on(const postern::message_end& event) const
    {
        const auto octets = host_.blob(event).text(event.size_octets());
        if (!octets)
            return postern::defer(451, "4.3.0", "cannot be read now");
        std::printf("a message of %zu octets from <%s>\n%s", octets->size(), std::string{event.sender()}.c_str(),
                    octets->c_str());
        std::fflush(stdout);
        return postern::discard();
    }

private:
    postern::host host_;
    std::string domain_;
};

constexpr postern_plugin inbox_table = postern::sdk::describe<inbox>("org.example.inbox", "1.0", "an example");
constexpr const char* inbox_manifest = R"(
id = "org.example.inbox"
status = "example"
summary = "Hands messages to the program"
security = "Messages come from anybody."
[options.domain]
type = "string"
default = "example.com"
doc = "Whose mail is taken."
)";

} // namespace

int main(int argc, char** argv)
{
    const std::string address = argc > 1 ? argv[1] : "127.0.0.1:0";
    postern::problems found;
    auto config = postern::daemon::read_config_text(R"(
hostname = "mx.example.com"
data_dir = "."
[[listener]]
name = "in"
address = ")" + address + R"("
chain = ["inbox"]
[[plugin]]
name = "inbox"
library = "inbox"
[plugin.config]
domain = "example.com"
)",
                                                    "embedded_server.toml", found);
    if (!config) {
        for (const auto& each : found)
            std::fprintf(stderr, "%s\n", each.text().c_str());
        return 2;
    }

    boost::asio::io_context loop;
    postern::server_options options{.config = std::move(*config), .plugins = {{"inbox", &inbox_table, inbox_manifest}}};
    options.has_queue = false;
    postern::server server{loop.get_executor(), std::move(options)};
    boost::asio::signal_set signals{loop, SIGINT, SIGTERM};

    int code = 0;
    server.async_start([&](const postern::problems& wrong) {
        for (const auto& each : wrong)
            std::fprintf(stderr, "%s\n", each.text().c_str());
        if (!wrong.empty()) {
            code = 1;
            signals.cancel();
            return;
        }
        std::printf("listening on %s\n", server.address("in").c_str());
        std::fflush(stdout);
    });
    signals.async_wait([&](const boost::system::error_code& ec, int) {
        if (!ec)
            server.async_stop(std::chrono::seconds{10}, [] { std::puts("stopped"); });
    });
    loop.run();
    return code;
}
