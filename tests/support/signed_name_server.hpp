#pragma once
// NSD with a zone that ldns signed: DNSSEC as it is, for those who validate.

#include "tests/support/process.hpp"
#include "tests/support/temporary_folder.hpp"

#include <fmt/format.h>

#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace postern::test {

/// Serves example.test.
class signed_name_server {
public:
    /// `records`: lines of the zone's file.
    explicit signed_name_server(std::string_view records = "@ MX 10 mx\nmx A 192.0.2.1\n@ TXT \"v=spf1 -all\"\n")
    {
        place_.write("example.test.zone", fmt::format("$ORIGIN example.test.\n$TTL 300\n"
                                                      "@ SOA ns hostmaster 1 3600 600 86400 300\n@ NS ns\nns A 127.0.0.1\n{}",
                                                      records));
        key_ = make_key();
        other_key_ = make_key();
        (void)in_folder({"ldns-signzone", "example.test.zone", key_});
        const auto folder = place_.path().string();
        port_ = free_port();
        place_.write("nsd.conf", fmt::format("server:\n  ip-address: 127.0.0.1@{}\n  server-count: 1\n  username: \"\"\n"
                                             "  chroot: \"\"\n  zonesdir: \"{}\"\n  database: \"\"\n  pidfile: \"{}/nsd.pid\"\n"
                                             "  xfrdfile: \"{}/xfrd.state\"\n  zonelistfile: \"{}/zone.list\"\n  xfrdir: \"{}\"\n"
                                             "remote-control:\n  control-enable: no\n"
                                             "zone:\n  name: \"example.test\"\n  zonefile: \"example.test.zone.signed\"\n",
                                             port_, folder, folder, folder, folder, folder));
        child_.emplace(start_options{.command = {"nsd", "-d", "-c", (place_ / "nsd.conf").string()}, .folder = place_.path()});
        if (!child_->wait_for_errors([](std::string_view log) { return log.find("nsd started") != log.npos; }))
            throw std::runtime_error{"nsd did not start: " + child_->errors()};
    }

    [[nodiscard]] std::string address() const { return fmt::format("127.0.0.1:{}", port_); }
    /// A file with the key that the zone is signed with.
    [[nodiscard]] std::string trust_anchor() const { return (place_ / (key_ + ".ds")).string(); }
    /// One with a key of that name that signed nothing.
    [[nodiscard]] std::string wrong_trust_anchor() const { return (place_ / (other_key_ + ".ds")).string(); }

private:
    std::string in_folder(std::vector<std::string> command) const
    {
        auto done = run(start_options{.command = std::move(command), .folder = place_.path()});
        if (done.status != exit_status{0, 0})
            throw std::runtime_error{done.errors};
        while (!done.output.empty() && done.output.back() == '\n')
            done.output.pop_back();
        return std::move(done.output);
    }
    std::string make_key() const { return in_folder({"ldns-keygen", "-a", "ECDSAP256SHA256", "-k", "example.test"}); }

    /// NSD takes no port 0: the kernel chooses one that is free at this moment.
    static std::uint16_t free_port()
    {
        const int probe = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof at;
        (void)::bind(probe, reinterpret_cast<sockaddr*>(&at), sizeof at);
        (void)::getsockname(probe, reinterpret_cast<sockaddr*>(&at), &size);
        ::close(probe);
        return ntohs(at.sin_port);
    }

    temporary_folder place_;
    std::string key_;
    std::string other_key_;
    std::uint16_t port_ = 0;
    std::optional<process> child_;
};

} // namespace postern::test
