#include "tests/support/exim_server.hpp"

#include "tests/support/server.hpp"
#include "tests/support/socket.hpp"

#include <fmt/format.h>

#include <stdexcept>

namespace postern::test {

exim_server::exim_server(std::string_view settings)
{
    namespace fs = std::filesystem;
    const auto program = source_folder() / "build" / "exim" / "usr" / "sbin" / "exim4";
    if (!fs::exists(program))
        throw std::runtime_error{fmt::format("{}: there is no Exim; ./dev test fetches what the tests need", program.string())};
    fs::permissions(folder_.path(), fs::perms{0755}); // its deliveries are somebody else
    make_certificate(folder_.path());
    folder_.write("passwd",
                  "root:x:0:0::/:/bin/false\nDebian-exim:x:65533:65533::/:/bin/false\nnobody:x:65534:65534::/:/bin/false\n");
    folder_.write("group", "root:x:0:\nDebian-exim:x:65533:\nnogroup:x:65534:\n");
    std::string text = R"(
exim_user = root
exim_group = root
never_users =
keep_environment =
spool_directory = FOLDER/spool
log_file_path = FOLDER/%slog
pid_file_path = FOLDER/pid
primary_hostname = mx.example.org
local_interfaces = 127.0.0.1
)";
    text += settings;
    constexpr std::string_view place = "FOLDER";
    for (auto at = text.find(place); at != std::string::npos; at = text.find(place))
        text.replace(at, place.size(), folder_.path().string());
    const auto settings_file = folder_.write("exim.conf", text).string();
    constexpr int attempts = 20;
    for (int attempt = 0; attempt < attempts; ++attempt) {
        port_ = unused_port();
        child_ = std::make_unique<process>(
            std::vector<std::string>{"env", "LD_PRELOAD=libnss_wrapper.so", "NSS_WRAPPER_PASSWD=" + (folder_ / "passwd").string(),
                                     "NSS_WRAPPER_GROUP=" + (folder_ / "group").string(), program.string(), "-C", settings_file,
                                     "-bdf", "-oX", std::to_string(port_)});
        while (!child_->wait(std::chrono::milliseconds{5}))
            if (tcp_stream::connect(port_))
                return;
    }
    throw std::runtime_error{fmt::format("Exim does not start; ./dev test installs what the tests need: {}", child_->errors())};
}

std::string exim_server::file(std::string_view name) const
{
    return std::filesystem::exists(folder_ / name) ? read_file(folder_ / name) : "";
}

} // namespace postern::test
