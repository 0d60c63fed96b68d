// Postfix as one of those that are measured.

#include "tests/bench/peers.hpp"
#include "tests/support/postfix_server.hpp"

#include <fmt/format.h>

#include <chrono>

#include <unistd.h>

namespace postern::bench {
namespace {

constexpr unsigned smtpd_limit = 100;

/// The tuning is that of a relay under load: as many processes as sessions, no waiting between cleanup and queue manager.
[[nodiscard]] std::string main_cf(postfix_kind kind, std::uint16_t next_hop, const tls_files& tls)
{
    std::string more;
    if (kind == postfix_kind::discard)
        more += "smtpd_recipient_restrictions = check_recipient_access static:discard\n";
    if (!tls.certificate.empty())
        more += fmt::format("smtpd_tls_security_level = may\nsmtpd_tls_cert_file = {}\nsmtpd_tls_key_file = {}\n"
                            "smtpd_tls_session_cache_database = btree:{{folder}}/data/smtpd_scache\n",
                            tls.certificate, tls.key);
    return more + fmt::format("relay_domains = example.com\n"
                              "relay_transport = smtp\n"
                              "smtpd_client_connection_count_limit = 0\n"
                              "relayhost = [127.0.0.1]:{}\n"
                              "smtp_tls_security_level = none\n"
                              "smtp_connection_cache_on_demand = yes\n"
                              "default_process_limit = 100\n"
                              "in_flow_delay = 0\n"
                              "initial_destination_concurrency = 20\n"
                              "smtp_destination_concurrency_limit = 20\n"
                              "message_size_limit = 104857600\n"
                              "qmgr_message_active_limit = 40000\n",
                              next_hop);
}

class postfix final : public subject {
public:
    postfix(postfix_kind kind, std::uint16_t next_hop, const tls_files& tls)
        : kind_{kind}, server_{main_cf(kind, next_hop, tls), services(kind, tls), smtpd_limit}
    {
    }
    [[nodiscard]] std::string name() const override { return "Postfix"; }
    [[nodiscard]] std::uint16_t port() const override { return server_.port(); }
    [[nodiscard]] pid_t pid() override { return server_.child().pid(); }
    [[nodiscard]] unsigned cores() const override { return all_cores(); }
    [[nodiscard]] std::optional<std::size_t> messages() override
    {
        if (kind_ != postfix_kind::accept_only)
            return std::nullopt; // they leave again, and are counted where they arrive
        return files_below(server_.folder() / "spool/incoming") + files_below(server_.folder() / "spool/maildrop");
    }

private:
    [[nodiscard]] static std::string services(postfix_kind kind, const tls_files& tls)
    {
        std::string all;
        if (kind == postfix_kind::relay)
            all += test::postfix_server::relaying;
        if (!tls.certificate.empty())
            all += "tlsmgr unix - - n 1000? 1 tlsmgr\n"; // keeps the sessions that are resumed
        return all;
    }

    postfix_kind kind_;
    test::postfix_server server_;
};

} // namespace

std::unique_ptr<subject> make_postfix(postfix_kind kind, std::uint16_t next_hop, std::string& why, const tls_files& tls)
{
    if (::geteuid() != 0) {
        why = "Postfix is left out: its master process has to be root";
        return nullptr;
    }
    return std::make_unique<postfix>(kind, next_hop, tls);
}

} // namespace postern::bench
