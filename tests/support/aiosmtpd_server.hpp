#pragma once
// Python's aiosmtpd, with a certificate for 127.0.0.1 and one user, alice. It prints what it takes.

#include "tests/support/process.hpp"
#include "tests/support/server.hpp"
#include "tests/support/temporary_folder.hpp"

#include <fmt/format.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace postern::test {

class aiosmtpd_server {
public:
    aiosmtpd_server()
    {
        make_certificate(folder_.path());
        child_ = std::make_unique<process>(
            std::vector<std::string>{"/usr/bin/python3", "-c", std::string{script}, folder_.path().string()});
        if (!child_->wait_for_output([](std::string_view said) { return said.find('\n') != std::string_view::npos; }))
            throw std::runtime_error{fmt::format(
                "aiosmtpd does not start; ./dev test installs what the tests need (python3-aiosmtpd): {}", child_->errors())};
        port_ = std::stoul(child_->output());
    }

    [[nodiscard]] std::string address() const { return fmt::format("127.0.0.1:{}", port_); }
    [[nodiscard]] std::string certificate() const { return (folder_ / "cert.pem").string(); }
    [[nodiscard]] std::string secret(std::string_view what) const { return folder_.write("secret", what).string(); }
    /// What it printed, once it holds a whole message; empty: none came.
    [[nodiscard]] std::string taken() const
    {
        const bool came =
            child_->wait_for_output([](std::string_view said) { return said.find("end of message") != std::string_view::npos; });
        return came ? child_->output() : "";
    }
    [[nodiscard]] std::string output() const { return child_->output(); }

private:
    static constexpr std::string_view script = R"(
import asyncio, ssl, sys
from aiosmtpd.smtp import SMTP, AuthResult
folder = sys.argv[1]

def say(octets):
    sys.stdout.buffer.write(octets)
    sys.stdout.buffer.flush()

class Handler:
    async def handle_DATA(self, server, session, envelope):
        say(f'tls={session.ssl is not None} login={session.auth_data}\n'
            f'from={envelope.mail_from} {" ".join(sorted(envelope.mail_options))}\n'
            f'to={" ".join(envelope.rcpt_tos)}\n'.encode() + envelope.content + b'end of message\n')
        return '250 2.0.0 kept'

def knows(server, session, envelope, mechanism, data):
    good = (data.login, data.password) == (b'alice', b'secret')
    return AuthResult(success=good, handled=False, auth_data=f'{mechanism}:{data.login.decode()}')

context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(folder + '/cert.pem', folder + '/key.pem')

async def main():
    loop = asyncio.get_running_loop()
    listener = await loop.create_server(
        lambda: SMTP(Handler(), hostname='mx.example.org', enable_SMTPUTF8=True, tls_context=context, authenticator=knows, loop=loop),
        '127.0.0.1', 0)
    say(f'{listener.sockets[0].getsockname()[1]}\n'.encode())
    await listener.serve_forever()

asyncio.run(main())
)";

    temporary_folder folder_;
    std::unique_ptr<process> child_;
    unsigned long port_ = 0;
};

} // namespace postern::test
