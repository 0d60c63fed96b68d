#pragma once
// NSD with a zone that ldns signed: DNSSEC as it is, for those who validate.

#include "tests/support/process.hpp"
#include "tests/support/socket.hpp"
#include "tests/support/temporary_folder.hpp"

#include <fmt/format.h>

#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

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
        constexpr int attempts = 20;
        for (int attempt = 0; attempt < attempts; ++attempt)
            if (starts())
                return;
        throw std::runtime_error{"nsd does not start: " + child_->errors()};
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

    /// False where somebody else took the port meanwhile: NSD takes no port 0.
    bool starts()
    {
        port_ = unused_port();
        place_.write("nsd.conf",
                     fmt::format("server:\n  ip-address: 127.0.0.1@{0}\n  server-count: 1\n  username: \"\"\n"
                                 "  chroot: \"\"\n  zonesdir: \"{1}\"\n  database: \"\"\n  pidfile: \"{1}/nsd.pid\"\n"
                                 "  xfrdfile: \"{1}/xfrd.state\"\n  zonelistfile: \"{1}/zone.list\"\n  xfrdir: \"{1}\"\n"
                                 "remote-control:\n  control-enable: no\n"
                                 "zone:\n  name: \"example.test\"\n  zonefile: \"example.test.zone.signed\"\n",
                                 port_, place_.path().string()));
        child_.emplace(start_options{.command = {"nsd", "-d", "-c", (place_ / "nsd.conf").string()}, .folder = place_.path()});
        return child_->wait_for_errors([](std::string_view log) { return log.find("nsd started") != log.npos; });
    }

    temporary_folder place_;
    std::string key_;
    std::string other_key_;
    std::uint16_t port_ = 0;
    std::optional<process> child_;
};

} // namespace postern::test
