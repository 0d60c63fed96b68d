#include "tests/bench/subjects.hpp"

#include "tests/bench/program_peer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <stdexcept>
#include <thread>

namespace postern::bench {
namespace {

class epoll_sink final : public sink_subject {
public:
    explicit epoll_sink(const std::vector<std::string>& options) : child_{command(options)}
    {
        constexpr std::string_view key = "listening ";
        if (!child_.wait_for_output([](std::string_view text) { return text.find('\n') != std::string_view::npos; }))
            throw std::runtime_error{"epoll_sink does not start"};
        const auto text = child_.output();
        port_ = static_cast<std::uint16_t>(std::stoul(text.substr(text.find(key) + key.size())));
    }
    [[nodiscard]] std::string name() const override { return "epoll sink"; }
    [[nodiscard]] std::uint16_t port() const override { return port_; }
    [[nodiscard]] pid_t pid() override { return child_.pid(); }
    [[nodiscard]] std::optional<std::size_t> messages() override { return taken().messages; }
    [[nodiscard]] sink_count taken() override
    {
        ++asked_;
        child_.signal(SIGUSR2);
        if (!child_.wait_for_output([&](std::string_view text) { return !counted_line(text, asked_).empty(); }))
            throw std::runtime_error{"epoll_sink does not tell how many messages it took"};
        const auto line = counted_line(child_.output(), asked_);
        return {std::stoul(line), std::stoull(line.substr(line.find(' ')))};
    }
    [[nodiscard]] bool is_holding() override
    {
        return child_.wait_for_output([](std::string_view text) { return text.find("holding\n") != std::string_view::npos; });
    }
    [[nodiscard]] bool is_complete(std::chrono::milliseconds limit) override
    {
        return child_.wait_for_output([](std::string_view text) { return text.find("complete\n") != std::string_view::npos; },
                                      limit);
    }
    [[nodiscard]] std::size_t stop() override
    {
        constexpr std::string_view key = "messages ";
        child_.signal(SIGTERM);
        const auto status = child_.wait();
        const auto text = child_.output();
        const auto at = text.rfind(key);
        if (status != test::exit_status{0, 0} || at == std::string::npos)
            throw std::runtime_error{"epoll_sink does not say how many messages it took: " + text};
        return std::stoul(text.substr(at + key.size()));
    }

private:
    [[nodiscard]] static std::vector<std::string> command(const std::vector<std::string>& options)
    {
        std::vector<std::string> words{POSTERN_BENCH_SINK};
        words.insert(words.end(), options.begin(), options.end());
        return words;
    }

    test::process child_;
    std::uint16_t port_ = 0;
    std::size_t asked_ = 0; ///< so many times for its count
};

class peer_smtp_sink final : public subject {
public:
    // More sessions than its usual 256, for the idle connections.
    peer_smtp_sink() : sink_{{"-m", "4096"}} {}
    [[nodiscard]] std::string name() const override { return "smtp-sink"; }
    [[nodiscard]] std::uint16_t port() const override { return sink_.port(); }
    [[nodiscard]] pid_t pid() override { return sink_.child().pid(); }
    [[nodiscard]] std::optional<std::size_t> messages() override { return sink_.messages(); }

private:
    test::smtp_sink sink_;
};

class postern final : public subject {
public:
    /// `keeps`: what it takes goes into its queue, and is counted there.
    postern(const test::configuration& what, bool keeps, std::string name, const std::filesystem::path& folder)
        : name_{std::move(name)}, keeps_{keeps}
    {
        if (folder.empty())
            server_.emplace(what);
        else
            server_.emplace(what, folder);
    }
    [[nodiscard]] std::string name() const override { return name_; }
    [[nodiscard]] unsigned cores() const override { return all_cores(); } // a thread for each
    [[nodiscard]] std::uint16_t port() const override { return server_->port(); }
    [[nodiscard]] pid_t pid() override { return server_->child().pid(); }
    [[nodiscard]] std::optional<std::size_t> messages() override
    {
        if (!keeps_)
            return std::nullopt; // nothing is left to be counted: that the client got its 250 has to do
        constexpr std::string_view key = "\"accepted\":";
        const auto status = server_->command({"status", "--json"}).output;
        const auto at = status.find(key);
        if (at == std::string::npos)
            throw std::runtime_error{"postern status does not tell what was accepted: " + status};
        return std::stoul(status.substr(at + key.size()));
    }

private:
    std::string name_;
    bool keeps_;
    std::optional<test::server> server_;
};

} // namespace

unsigned all_cores()
{
    return std::max(1U, std::thread::hardware_concurrency());
}

std::unique_ptr<sink_subject> make_epoll_sink(const std::vector<std::string>& options)
{
    return std::make_unique<epoll_sink>(options);
}

std::unique_ptr<subject> make_smtp_sink()
{
    return std::make_unique<peer_smtp_sink>();
}

test::configuration without_limits_per_address()
{
    test::configuration what;
    what.section("limits", "connections_per_ip = 0").section("log", "level = \"warning\"");
    return what;
}

std::unique_ptr<subject> make_postern(const test::configuration& what, bool keeps, std::string name,
                                      const std::filesystem::path& folder)
{
    return std::make_unique<postern>(what, keeps, std::move(name), folder);
}

std::unique_ptr<subject> make_postern_discard(std::string_view tls)
{
    auto what = without_limits_per_address();
    what.listener("in", {"relay-domains", "discard"}, tls)
        .plugin("relay-domains", "relay-domains", "domains = [\"example.com\"]")
        .plugin("discard", "discard");
    return make_postern(what, false);
}

std::unique_ptr<subject> make_postern_relay(std::uint16_t next_hop)
{
    auto what = without_limits_per_address();
    what.listener("in", {"relay-domains"})
        .plugin("relay-domains", "relay-domains", "domains = [\"example.com\"]")
        .section("delivery", fmt::format("relay = \"127.0.0.1:{}\"\ntls = \"opportunistic\"", next_hop));
    return make_postern(what, true);
}

} // namespace postern::bench
