#include "tests/support/postfix_server.hpp"

#include "tests/support/socket.hpp"

#include <fmt/format.h>

#include <chrono>
#include <csignal>
#include <stdexcept>

namespace postern::test {

postfix_server::postfix_server(std::string_view main_cf, std::string_view services, unsigned smtpd_limit)
{
    constexpr int attempts = 10;
    namespace fs = std::filesystem;
    // Its processes are the user postfix and pass through here.
    fs::permissions(folder(), fs::perms{0755});
    for (const auto* name : {"etc", "spool", "data"})
        fs::create_directory(folder_ / name);
    std::string more{main_cf};
    constexpr std::string_view place = "{folder}";
    for (auto at = more.find(place); at != std::string::npos; at = more.find(place, at))
        more.replace(at, place.size(), folder().string());
    folder_.write("etc/main.cf", fmt::format("compatibility_level = 3.6\n"
                                             "queue_directory = {0}/spool\n"
                                             "data_directory = {0}/data\n"
                                             "maillog_file =\n"
                                             "myhostname = mx.example.org\n"
                                             "mydestination =\n"
                                             "mynetworks = 127.0.0.0/8\n"
                                             "inet_interfaces = 127.0.0.1\n"
                                             "inet_protocols = ipv4\n"
                                             "smtpd_relay_restrictions = permit_mynetworks, reject\n"
                                             "alias_maps =\n"
                                             "alias_database =\n"
                                             "local_recipient_maps =\n"
                                             "{1}",
                                             folder().string(), more));
    port_ = unused_port();
    write_master(services, smtpd_limit);
    const auto owned = run({"chown", "postfix", (folder_ / "data").string()});
    const auto checked = run({"postfix", "-c", etc(), "check"}); // makes the folders of its queue
    if (owned.status != exit_status{0, 0} || checked.status != exit_status{0, 0})
        throw std::runtime_error{fmt::format("postfix check: {}{}", owned.errors, checked.errors)};
    for (int attempt = 0; attempt < attempts; ++attempt) {
        port_ = unused_port();
        write_master(services, smtpd_limit);
        if (starts())
            return;
    }
    throw std::runtime_error{fmt::format("Postfix does not start: {}", child_->errors())};
}

postfix_server::~postfix_server()
{
    child_->signal(SIGTERM); // master passes it on to its children
    if (!child_->wait(std::chrono::seconds{10}))
        child_->kill();
}

void postfix_server::write_master(std::string_view services, unsigned smtpd_limit)
{
    folder_.write("etc/master.cf", fmt::format("127.0.0.1:{} inet n - n - {} smtpd\n"
                                               "cleanup unix n - n - 0 cleanup\n"
                                               "rewrite unix - - n - - trivial-rewrite\n"
                                               "anvil unix - - n - 1 anvil\n"
                                               "bounce unix - - n - 0 bounce\n"
                                               "defer unix - - n - 0 bounce\n"
                                               "trace unix - - n - 0 bounce\n"
                                               "{}",
                                               port_, smtpd_limit, services));
}

bool postfix_server::starts()
{
    auto place = run({"postconf", "-c", etc(), "-h", "daemon_directory"}).output;
    place.resize(place.find_last_not_of(" \n") + 1);
    child_ =
        std::make_unique<process>(start_options{.command = {place + "/master", "-c", etc(), "-s"}, .folder = folder_ / "spool"});
    while (!child_->wait(std::chrono::milliseconds{5}))
        if (tcp_stream::connect(port_))
            return true;
    return false;
}

} // namespace postern::test
