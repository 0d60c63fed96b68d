// A mail store that speaks LMTP (RFC 2033): an MTA brings messages for several users at a time, and is told for each of them what
// became of it. Messages become files FOLDER/USER/1.eml, 2.eml and so on.
//
//     lmtp_server ADDRESS FOLDER USER[=MOST] ..     ADDRESS: 127.0.0.1:2424 or unix:PATH; MOST: messages that USER may have
#include "core/host/embedded_server.hpp"

#include <postern/plugin.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace {

struct user {
    unsigned most = 1000;
    unsigned has = 0;
};

/// The users and their messages. Threads: any.
class mail_store {
public:
    enum class came_to { stored, full, failed };

    void add(const std::string& name, unsigned most) { users_[name] = {most, 0}; }
    [[nodiscard]] bool has(std::string_view name) const { return users_.contains(name); }

    came_to deliver(std::string_view name, const std::string& octets)
    {
        const std::scoped_lock lock{guard_};
        auto& whose = users_.find(name)->second;
        if (whose.has >= whose.most)
            return came_to::full;
        const auto place = folder / name;
        std::error_code failed;
        std::filesystem::create_directories(place, failed);
        std::ofstream file{place / (std::to_string(whose.has + 1) + ".eml"), std::ios::binary};
        file << octets;
        file.close(); // a real store would sync it too, before it answers
        if (failed || !file)
            return came_to::failed;
        ++whose.has;
        return came_to::stored;
    }

    std::filesystem::path folder;

private:
    std::mutex guard_;
    std::map<std::string, user, std::less<>> users_;
};

mail_store store;

class delivery {
public:
    static constexpr const char* provides[] = {"postern.recipients/1"};
    static constexpr const char* requires_[] = {"postern.blob/1"};

    explicit delivery(const postern::host& host) : host_{host} {}

    postern::verdict on(const postern::rcpt& event) const
    {
        return store.has(name_of(event.recipient())) ? postern::vouch() : postern::reject(550, "5.1.1", "no such user");
    }

    /// Once for each recipient, in their order; each reply goes out as soon as it is known.
    postern::verdict on(const postern::end_rcpt& event) const
    {
        const auto octets = host_.blob(event).text(event.size_octets());
        switch (octets ? store.deliver(name_of(event.recipient()), *octets) : mail_store::came_to::failed) {
        case mail_store::came_to::stored:
            return postern::discard(); // delivered: 250, and nothing is left to do
        case mail_store::came_to::full:
            return postern::defer(452, "4.2.2", "the mailbox is full");
        case mail_store::came_to::failed:
            break;
        }
        return postern::defer(451, "4.3.0", "cannot be stored now");
    }

private:
    [[nodiscard]] static std::string_view name_of(std::string_view address) noexcept
    {
        return address.substr(0, address.find('@'));
    }

    postern::host host_;
};

constexpr postern_plugin delivery_table = postern::sdk::describe<delivery>("org.example.delivery", "1.0", "an example");

} // namespace

int main(int argc, char** argv)
{
    if (argc < 4) {
        std::fprintf(stderr, "usage: lmtp_server ADDRESS FOLDER USER[=MOST] ..\n");
        return 2;
    }
    store.folder = argv[2];
    for (int i = 3; i < argc; ++i) {
        const std::string_view said = argv[i];
        const auto equals = said.find('=');
        const bool has_limit = equals != std::string_view::npos;
        store.add(std::string{said.substr(0, equals)},
                  has_limit ? static_cast<unsigned>(std::stoul(std::string{said.substr(equals + 1)})) : 1000);
    }

    postern::daemon::listener_settings listener;
    listener.name = "lmtp";
    listener.address = argv[1];
    listener.protocol = postern::daemon::listener_protocol::lmtp;
    listener.chain.push_back({.name = "delivery", .group = 0, .where = {}});
    postern::daemon::plugin_settings plugin;
    plugin.name = plugin.library = "delivery";
    postern::server_options options{.config = {}, .plugins = {{"delivery", &delivery_table}}, .has_queue = false};
    options.config.hostname = "store.example.com";
    options.config.listeners.push_back(std::move(listener));
    options.config.plugins.push_back(std::move(plugin));

    boost::asio::io_context loop;
    postern::server server{loop.get_executor(), std::move(options)};
    // Before the start: sessions are served by threads of the server's own, and a signal may come as soon as they are.
    boost::asio::signal_set signals{loop, SIGINT, SIGTERM};
    const auto wrong = server.start();
    for (const auto& each : wrong)
        std::fprintf(stderr, "%s\n", each.text().c_str());
    if (!wrong.empty())
        return 1;
    std::printf("listening on %s\n", server.address("lmtp").c_str());
    std::fflush(stdout);
    signals.async_wait([&](const boost::system::error_code&, int) { server.stop(std::chrono::seconds{10}); });
    loop.run();
    return 0;
}
