#include "core/host/cli_client_options.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

namespace postern::daemon {
namespace {

void take_client(CLI::App& command, client_request& to)
{
    command.add_option("--server", to.server, "Where to send to; unix:PATH for a Unix socket")
        ->required()
        ->type_name("HOST:PORT");
    command.add_option("--tls", to.tls, "none, starttls or implicit")->check(CLI::IsMember({"none", "starttls", "implicit"}));
    auto* const verify =
        command.add_flag("--verify", to.verify,
                         "The server's certificate must be good for HOST; always so with --ca-file, --tls-name and "
                         "--require-tls, and with a login to other than a loopback address or a Unix socket");
    auto* const ca_file =
        command.add_option("--ca-file", to.ca_file, "Whom to trust for that, PEM; left out: the system's")->type_name("FILE");
    command.add_flag("--no-verify", to.no_verify, "Take any certificate, and show the login to whoever has it")
        ->excludes(verify)
        ->excludes(ca_file);
    command
        .add_option("--tls-name", to.tls_name,
                    "The name to ask for and to verify, in place of HOST; with --no-verify only to ask for")
        ->type_name("NAME");
    command.add_option("--cert", to.cert, "A certificate to show, PEM; with --auth EXTERNAL it logs in")->type_name("FILE");
    command.add_option("--key", to.key, "Its key, PEM")->type_name("FILE");
    command.add_flag("--lmtp", to.lmtp, "Speak LMTP: LHLO, and a result for each recipient");
    command.add_option("--helo", to.helo, "The name to say in EHLO")->capture_default_str()->type_name("NAME");
    command.add_option("--user", to.user, "Log in as")->type_name("NAME");
    command.add_option("--password-file", to.password_file, "The password is its first line")->type_name("FILE");
    command.add_option("--token-file", to.token_file, "Log in with a token, its first line (OAUTHBEARER, XOAUTH2)")
        ->type_name("FILE");
    command.add_option("--auth", to.auth, "Log in with this mechanism; left out: the best that the server offers")
        ->type_name("MECH");
    command.add_option("--act-for", to.act_for, "The identity to act for, if not the user's own")->type_name("NAME");
    command.add_flag("--auth-in-clear", to.auth_in_clear, "Send passwords and tokens without TLS too");
    command.add_option("--timeout", to.timeout, "For each reply, such as 30s; left out: the minutes of RFC 5321")
        ->type_name("TIME");
    command.add_flag("--verbose", to.verbose, "Show what is said (->) and heard (<-) on standard error; logins are masked");
}

void add_send(CLI::App& program, send_request& to, int& exit_code)
{
    auto* send = program.add_subcommand("send", "Send one message");
    take_client(*send, to.client);
    send->add_option("--from", to.from, "The sender; \"\" for none")->required()->type_name("ADDRESS");
    send->add_option("--to", to.to, "A recipient; may be given again")
        ->required()
        ->take_all()
        ->expected(1)
        ->allow_extra_args(false) // or a FILE behind it would be one more recipient
        ->type_name("ADDRESS");
    send->add_option("--size", to.size, "SIZE= to declare; left out: the message's")->type_name("OCTETS");
    send->add_option("--body", to.body, "7bit, 8bitmime or binarymime; left out: by the content")
        ->check(CLI::IsMember({"7bit", "8bitmime", "binarymime"}));
    send->add_flag("--smtputf8", to.smtputf8, "The header section is UTF-8; addresses that need it ask for it themselves");
    send->add_option("--notify", to.notify, "DSN: never, or any of success,failure,delay")->type_name("LIST");
    send->add_option("--ret", to.ret, "DSN: what a report returns")->check(CLI::IsMember({"full", "hdrs"}));
    send->add_option("--envid", to.envid, "DSN: a name for the message in reports")->type_name("TEXT");
    send->add_option("--orcpt", to.orcpt, "DSN: the original recipient, such as rfc822;a@example.com")->type_name("TYPE;ADDRESS");
    send->add_option("--auth-sender", to.auth_sender, "AUTH= of MAIL: who submitted it; <> for nobody known")
        ->type_name("ADDRESS");
    send->add_flag("--require-tls", to.require_tls,
                   "REQUIRETLS: only by way of servers that were verified, and keep it encrypted");
    for (const auto& [name, list] : {std::pair{"--param", &to.mail_parameters}, {"--rcpt-param", &to.rcpt_parameters}})
        send->add_option(name, *list, std::string{"A further parameter of "} + (list == &to.mail_parameters ? "MAIL" : "RCPT"))
            ->take_all()
            ->expected(1)
            ->allow_extra_args(false)
            ->type_name("KEY[=VALUE]");
    send->add_flag("--data,!--bdat", to.no_chunking, "DATA, or BDAT where it is offered (the default)");
    send->add_flag("--no-pipelining", to.no_pipelining, "Wait for each reply");
    send->add_option("FILE", to.file, "The message; standard input if left out");
    send->callback([&to, &exit_code] { exit_code = send_command(to); });
}

void add_load(CLI::App& program, load_request& to, int& exit_code)
{
    auto* load = program.add_subcommand("load", "Send many messages and print how fast that went, as JSON");
    take_client(*load, to.client);
    load->add_option("--messages", to.messages, "How many")->capture_default_str()->check(CLI::PositiveNumber);
    load->add_option("--size", to.size, "Octets of each, such as 50000 or 50KiB")->capture_default_str();
    load->add_option("--sessions", to.sessions, "How many connections at a time")
        ->capture_default_str()
        ->check(CLI::Range(1, 100'000));
    load->add_flag("--reuse", to.reuse, "Send many messages on one connection");
    load->add_flag("--pipelining", to.pipelining, "Send commands in batches");
    load->add_flag("--bdat,!--data", to.chunking, "BDAT where it is offered, or DATA (the default)");
    load->add_option("--from", to.from, "The sender")->capture_default_str();
    load->add_option("--to", to.to, "The recipient")->capture_default_str();
    load->callback([&to, &exit_code] { exit_code = load_command(to); });
}

} // namespace

void add_client_commands(CLI::App& program, send_request& send, load_request& load, int& exit_code)
{
    add_send(program, send, exit_code);
    add_load(program, load, exit_code);
}

} // namespace postern::daemon
