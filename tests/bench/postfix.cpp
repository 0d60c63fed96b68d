// Postfix as one of those that are measured.

#include "tests/bench/subjects.hpp"
#include "tests/support/postfix_server.hpp"

#include <fmt/format.h>

#include <chrono>

#include <unistd.h>

namespace postern::bench {
namespace {

constexpr unsigned smtpd_limit = 100;

/// The tuning is that of a relay under load: as many processes as sessions, no waiting between cleanup and queue manager.
[[nodiscard]] std::string main_cf(std::uint16_t next_hop)
{
    return fmt::format("relay_domains = example.com\n"
                       "relay_transport = smtp\n"
                       "smtpd_client_connection_count_limit = 0\n"
                       "relayhost = [127.0.0.1]:{}\n"
                       "smtp_tls_security_level = none\n"
                       "smtp_connection_cache_on_demand = yes\n"
                       "default_process_limit = 100\n"
                       "in_flow_delay = 0\n"
                       "initial_destination_concurrency = 20\n"
                       "smtp_destination_concurrency_limit = 20\n"
                       "qmgr_message_active_limit = 40000\n",
                       next_hop);
}

class postfix final : public subject {
public:
    postfix(postfix_kind kind, std::uint16_t next_hop)
        : server_{main_cf(next_hop), kind == postfix_kind::relay ? test::postfix_server::relaying : std::string_view{},
                  smtpd_limit}
    {
    }
    [[nodiscard]] std::string name() const override { return "Postfix"; }
    [[nodiscard]] std::uint16_t port() const override { return server_.port(); }
    [[nodiscard]] pid_t pid() override { return server_.child().pid(); }
    [[nodiscard]] std::chrono::nanoseconds cpu() override { return test::cpu_time_of_tree(pid()); }

private:
    test::postfix_server server_;
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
