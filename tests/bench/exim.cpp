// Exim as one of those that are measured.

#include "tests/bench/peers.hpp"
#include "tests/support/exim_server.hpp"

#include <unistd.h>

namespace postern::bench {
namespace {

/// Stores and delivers nothing; no limits that a load from one address would meet.
constexpr std::string_view settings = R"(
queue_only = true
smtp_accept_max = 0
smtp_accept_queue_per_connection = 0
smtp_accept_max_per_connection = 0
smtp_connect_backlog = 512
host_lookup =
rfc1413_query_timeout = 0s
message_size_limit = 100M
tls_advertise_hosts =
log_selector = -all
acl_smtp_rcpt = accept
begin acl
begin routers
all:
  driver = manualroute
  route_list = * 127.0.0.1
  self = send
  transport = out
begin transports
out:
  driver = smtp
)";

class exim final : public subject {
public:
    exim() : server_{settings} {}
    [[nodiscard]] std::string name() const override { return "Exim"; }
    [[nodiscard]] std::uint16_t port() const override { return server_.port(); }
    [[nodiscard]] pid_t pid() override { return server_.child().pid(); }
    [[nodiscard]] unsigned cores() const override { return all_cores(); }
    [[nodiscard]] std::optional<std::size_t> messages() override { return files_below(server_.folder() / "spool/input", "-H"); }

private:
    test::exim_server server_;
};

} // namespace

std::unique_ptr<subject> make_exim(std::string& why)
{
    if (::geteuid() != 0) {
        why = "Exim is left out: it has to be root";
        return nullptr;
    }
    return std::make_unique<exim>();
}

} // namespace postern::bench
