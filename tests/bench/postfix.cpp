// A Postfix of our own: configuration, queue and data in a temporary folder, two ports on loopback, ended with its folder.

#include "tests/bench/subjects.hpp"
#include "tests/support/socket.hpp"

#include <fmt/format.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <stdexcept>

#include <unistd.h>

namespace postern::bench {
namespace {

/// The tuning is that of a relay under load: as many processes as sessions, no waiting between cleanup and queue manager.
[[nodiscard]] std::string main_cf(const std::filesystem::path& folder, std::uint16_t next_hop)
{
    return fmt::format("compatibility_level = 3.6\n"
                       "queue_directory = {0}/spool\n"
                       "data_directory = {0}/data\n"
                       "maillog_file =\n"
                       "myhostname = mx.example.org\n"
                       "mydestination =\n"
                       "relay_domains = example.com\n"
                       "relay_transport = smtp\n"
                       "mynetworks = 127.0.0.0/8\n"
                       "inet_interfaces = 127.0.0.1\n"
                       "inet_protocols = ipv4\n"
                       "smtpd_relay_restrictions = permit_mynetworks, reject\n"
                       "smtpd_client_connection_count_limit = 0\n"
                       "alias_maps =\n"
                       "alias_database =\n"
                       "local_recipient_maps =\n"
                       "relayhost = [127.0.0.1]:{1}\n"
                       "smtp_tls_security_level = none\n"
                       "smtp_connection_cache_on_demand = yes\n"
                       "default_process_limit = 100\n"
                       "in_flow_delay = 0\n"
                       "initial_destination_concurrency = 20\n"
                       "smtp_destination_concurrency_limit = 20\n"
                       "qmgr_message_active_limit = 40000\n",
                       folder.string(), next_hop);
}

[[nodiscard]] std::string master_cf(postfix_kind kind, std::uint16_t port)
{
    auto text = fmt::format("127.0.0.1:{} inet n - n - 100 smtpd\n"
                            "cleanup unix n - n - 0 cleanup\n"
                            "rewrite unix - - n - - trivial-rewrite\n"
                            "anvil unix - - n - 1 anvil\n"
                            "bounce unix - - n - 0 bounce\n"
                            "defer unix - - n - 0 bounce\n"
                            "trace unix - - n - 0 bounce\n",
                            port);
    if (kind == postfix_kind::relay)
        text += "qmgr unix n - n 300 1 qmgr\n"
                "smtp unix - - n - - smtp\n"
                "scache unix - - n - 1 scache\n"
                "error unix - - n - - error\n"
                "retry unix - - n - - error\n"
                "proxymap unix - - n - - proxymap\n";
    return text;
}

class postfix final : public subject {
public:
    postfix(postfix_kind kind, std::uint16_t next_hop)
    {
        constexpr int attempts = 10;
        prepare(next_hop);
        for (int attempt = 0; attempt < attempts; ++attempt)
            if (start(kind))
                return;
        throw std::runtime_error{fmt::format("Postfix does not start: {}", child_->errors())};
    }
    ~postfix() override
    {
        child_->signal(SIGTERM); // master passes it on to its children
        if (!child_->wait(std::chrono::seconds{10}))
            child_->kill();
    }
    [[nodiscard]] std::string name() const override { return "Postfix"; }
    [[nodiscard]] std::uint16_t port() const override { return port_; }
    [[nodiscard]] pid_t pid() override { return child_->pid(); }
    [[nodiscard]] std::chrono::nanoseconds cpu() override { return test::cpu_time_of_tree(child_->pid()); }

private:
    void prepare(std::uint16_t next_hop)
    {
        namespace fs = std::filesystem;
        // Its processes are the user postfix and pass through here.
        fs::permissions(folder_.path(), fs::perms{0755});
        for (const auto* name : {"etc", "spool", "data"})
            fs::create_directory(folder_ / name);
        folder_.write("etc/main.cf", main_cf(folder_.path(), next_hop));
        folder_.write("etc/master.cf", master_cf(postfix_kind::accept_only, test::unused_port()));
        const auto owned = test::run({"chown", "postfix", (folder_ / "data").string()});
        const auto checked = test::run({"postfix", "-c", etc(), "check"});
        if (owned.status != test::exit_status{0, 0} || checked.status != test::exit_status{0, 0})
            throw std::runtime_error{fmt::format("postfix check: {}{}", owned.errors, checked.errors)};
    }

    [[nodiscard]] bool start(postfix_kind kind)
    {
        port_ = test::unused_port();
        folder_.write("etc/master.cf", master_cf(kind, port_));
        auto place = test::run({"postconf", "-c", etc(), "-h", "daemon_directory"}).output;
        place.resize(place.find_last_not_of(" \n") + 1);
        child_ = std::make_unique<test::process>(
            test::start_options{.command = {place + "/master", "-c", etc(), "-s"}, .folder = folder_ / "spool"});
        while (!child_->wait(std::chrono::milliseconds{5}))
            if (test::tcp_stream::connect(port_))
                return true;
        return false;
    }

    [[nodiscard]] std::string etc() const { return (folder_ / "etc").string(); }

    test::temporary_folder folder_;
    std::unique_ptr<test::process> child_;
    std::uint16_t port_ = 0;
};

} // namespace

std::unique_ptr<subject> make_postfix(postfix_kind kind, std::uint16_t next_hop, std::string& why)
{
    if (::geteuid() != 0) {
        why = "Postfix is left out: its master process has to be root";
        return nullptr;
    }
    return std::make_unique<postfix>(kind, next_hop);
}

} // namespace postern::bench
