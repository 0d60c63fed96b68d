#pragma once
// A web server of tests that takes reports by HTTPS: whatever is posted is unpacked, and printed on a line.

#include "tests/support/process.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/support/test_authority.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace postern::test {

class report_host {
public:
    /// With a certificate for `name` by `authority`; answers 200.
    report_host(const test_authority& authority, const std::string& name)
    {
        authority.issue(name, place_.path());
        answers("200 OK");
        child_ = std::make_unique<process>(
            start_options{.command = {"/usr/bin/python3", "-u", "-c", std::string{script}}, .folder = place_.path()});
        if (!child_->wait_for_output([](std::string_view text) { return text.find('\n') != text.npos; }))
            throw std::runtime_error{"the report host does not start: " + child_->errors()};
        port_ = static_cast<std::uint16_t>(std::stoul(child_->output()));
    }

    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    /// From the next request on.
    void answers(std::string_view status) const
    {
        place_.write("status.new", status);
        std::filesystem::rename(place_ / "status.new", place_ / "status");
    }
    /// Requests that came, each "POST /path TYPE JSON".
    [[nodiscard]] std::vector<std::string> posts() const
    {
        const auto all = child_->output();
        std::vector<std::string> lines;
        for (std::size_t at = all.find('\n') + 1, end = 0; (end = all.find('\n', at)) != all.npos; at = end + 1)
            lines.push_back(all.substr(at, end - at));
        return lines;
    }

private:
    static constexpr std::string_view script = R"(
import gzip, http.server, json, ssl

class Reports(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        report = json.dumps(json.loads(gzip.decompress(body)))
        print("POST", self.path, self.headers["Content-Type"], report)
        with open("status") as file:
            code, text = file.read().split(" ", 1)
        self.send_response(int(code), text)
        self.send_header("Content-Length", "0")
        self.end_headers()
    def log_message(self, *_):
        pass

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Reports)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("cert.pem", "key.pem")
server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
print(server.server_address[1])
server.serve_forever()
)";

    temporary_folder place_;
    std::unique_ptr<process> child_;
    std::uint16_t port_ = 0;
};

} // namespace postern::test
