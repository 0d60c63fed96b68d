#pragma once
// A web server for MTA-STS policies, which says and shows what a test wants: octets as they are, by HTTPS, on 127.0.0.1. Python's
// ssl, so that nothing of the project's own libraries is shared with it.

#include "tests/support/process.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/support/test_authority.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

namespace postern::test {

/// A policy of a domain with one mail exchanger.
[[nodiscard]] inline std::string sts_policy(std::string_view mode, std::string_view mx = "mx.example.test")
{
    return fmt::format("version: STSv1\r\nmode: {}\r\nmx: {}\r\nmax_age: 86400\r\n", mode, mx);
}

class policy_host {
public:
    /// With a good certificate for `name` by `authority`, and nothing to say.
    policy_host(const test_authority& authority, const std::string& name)
    {
        shows(authority, name);
        says("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
        child_ = std::make_unique<process>(
            start_options{.command = {"/usr/bin/python3", "-u", "-c", std::string{script}}, .folder = place_.path()});
        if (!child_->wait_for_output([](std::string_view text) { return text.find('\n') != text.npos; }))
            throw std::runtime_error{"the policy host does not start: " + child_->errors()};
        port_ = static_cast<std::uint16_t>(std::stoul(child_->output()));
    }

    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    /// From the next connection on: the certificate that it shows.
    void shows(const test_authority& authority, const std::string& name, int days = 30, named how = named::by_dns_id) const
    {
        authority.issue(name, place_.path(), days, how);
    }
    /// From the next request on: a whole response. An empty one: nothing is said, and the connection stays open.
    void says(const std::string& response) const
    {
        place_.write("response.new", response);
        std::filesystem::rename(place_ / "response.new", place_ / "response");
    }
    /// A response of 200 and text/plain.
    void publishes(const std::string& body) const { says(response_with(body)); }
    [[nodiscard]] static std::string response_with(const std::string& body, std::string_view status = "200 OK",
                                                   std::string_view type = "text/plain")
    {
        return fmt::format("HTTP/1.1 {}\r\nContent-Type: {}\r\nContent-Length: {}\r\n\r\n{}", status, type, body.size(), body);
    }
    /// Request lines and header fields so far, of requests that came.
    [[nodiscard]] std::string requests() const { return child_->output(); }
    [[nodiscard]] std::size_t request_count() const
    {
        const auto all = requests();
        std::size_t count = 0;
        for (auto at = all.find("GET "); at != all.npos; at = all.find("GET ", at + 1))
            ++count;
        return count;
    }
    /// It is gone, and nobody answers at its port.
    void ends() { child_->kill(); }

private:
    static constexpr std::string_view script = R"(
import socket, ssl, threading
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1])
never = threading.Event()

def serve(connection):
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain("cert.pem", "key.pem")
        with context.wrap_socket(connection, server_side=True) as tls:
            request = b""
            while b"\r\n\r\n" not in request:
                piece = tls.recv(4096)
                if not piece:
                    return
                request += piece
            print(request.decode())
            with open("response", "rb") as file:
                response = file.read()
            if not response:
                never.wait()
            tls.sendall(response)
            while tls.recv(4096):
                pass
    except OSError:
        pass

while True:
    connection, _ = listener.accept()
    threading.Thread(target=serve, args=(connection,), daemon=True).start()
)";

    temporary_folder place_;
    std::unique_ptr<process> child_;
    std::uint16_t port_ = 0;
};

} // namespace postern::test
