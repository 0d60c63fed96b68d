// OpenSMTPD as one of those that are measured. Its package would exclude Postfix, so it is unpacked only; its folders below /var
// are compiled in, so it sees a folder of ours there, in a mount namespace; its users are told it by nss_wrapper.

#include "tests/bench/peers.hpp"

#include "tests/support/socket.hpp"
#include "tests/support/temporary_folder.hpp"

#include <fmt/format.h>

#include <stdexcept>

#include <unistd.h>

namespace postern::bench {
namespace {

/// FOLDER, PROGRAM: as they are. -P mta: nothing leaves the queue.
constexpr std::string_view start = R"(set -e
spool=FOLDER/var/spool/smtpd
mkdir -p $spool/offline $spool/purge $spool/temporary $spool/incoming $spool/corrupt $spool/queue
mkdir -p FOLDER/var/lib/opensmtpd/empty FOLDER/var/run FOLDER/var/mail FOLDER/var/tmp
chmod 711 $spool
chown 65502 $spool/purge $spool/temporary $spool/incoming $spool/corrupt $spool/queue
chmod 700 $spool/purge $spool/temporary $spool/incoming $spool/corrupt $spool/queue
chown root:65502 $spool/offline
chmod 770 $spool/offline
mount --bind FOLDER/var /var
LD_PRELOAD=libnss_wrapper.so NSS_WRAPPER_PASSWD=FOLDER/passwd NSS_WRAPPER_GROUP=FOLDER/group exec PROGRAM -d -P mta -f FOLDER/smtpd.conf
)";

class opensmtpd final : public subject {
public:
    explicit opensmtpd(const std::filesystem::path& program)
    {
        std::filesystem::permissions(folder_.path(), std::filesystem::perms{0755}); // its processes are other users
        folder_.write("passwd", "root:x:0:0::/root:/bin/sh\n"
                                "opensmtpd:x:65501:65501::/var/lib/opensmtpd/empty:/bin/false\n"
                                "opensmtpq:x:65502:65502::/var/lib/opensmtpd/empty:/bin/false\n"
                                "nobody:x:65534:65534::/:/bin/false\n");
        folder_.write("group", "root:x:0:\nopensmtpd:x:65501:\nopensmtpq:x:65502:\nnogroup:x:65534:\n");
        std::string script{start};
        for (const auto& [place, value] : {std::pair{"FOLDER", folder_.path().string()}, std::pair{"PROGRAM", program.string()}})
            for (auto at = script.find(place); at != std::string::npos; at = script.find(place, at + value.size()))
                script.replace(at, std::string_view{place}.size(), value);
        constexpr int attempts = 5;
        for (int attempt = 0; attempt < attempts; ++attempt) {
            port_ = test::unused_port();
            std::filesystem::permissions(
                folder_.write("smtpd.conf", fmt::format("listen on 127.0.0.1 port {} hostname mx.example.org\n"
                                                        "smtp max-message-size 100M\n"
                                                        "action \"out\" relay host smtp://127.0.0.1:1\n"
                                                        "match from any for any action \"out\"\n",
                                                        port_)),
                std::filesystem::perms{0600}); // it insists
            child_ = std::make_unique<test::process>(
                std::vector<std::string>{"unshare", "--mount", "--propagation", "private", "sh", "-c", script});
            while (!child_->wait(std::chrono::milliseconds{20}))
                if (test::tcp_stream::connect(port_))
                    return;
        }
        throw std::runtime_error{"OpenSMTPD is left out, it does not start: " + child_->output() + child_->errors()};
    }
    [[nodiscard]] std::string name() const override { return "OpenSMTPD"; }
    [[nodiscard]] std::uint16_t port() const override { return port_; }
    [[nodiscard]] pid_t pid() override { return child_->pid(); }
    [[nodiscard]] unsigned cores() const override { return all_cores(); }
    [[nodiscard]] std::optional<std::size_t> messages() override
    {
        return files_below(folder_ / "var/spool/smtpd/queue", "/message");
    }

private:
    test::temporary_folder folder_;
    std::unique_ptr<test::process> child_;
    std::uint16_t port_ = 0;
};

} // namespace

std::unique_ptr<subject> make_opensmtpd(std::string& why)
{
    const auto program = test::build_folder() / "opensmtpd" / "usr" / "sbin" / "smtpd";
    if (::geteuid() != 0)
        why = "OpenSMTPD is left out: it has to be root";
    else if (!std::filesystem::exists(program))
        why = fmt::format("OpenSMTPD is left out: there is no {}, which ./dev bench unpacks", program.string());
    else
        return std::make_unique<opensmtpd>(program);
    return nullptr;
}

} // namespace postern::bench
