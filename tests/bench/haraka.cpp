// Haraka as one of those that are measured.

#include "tests/bench/peers.hpp"

#include "tests/support/socket.hpp"
#include "tests/support/temporary_folder.hpp"

#include <fmt/format.h>

#include <stdexcept>

namespace postern::bench {
namespace {

/// Vouches for every recipient; drops, or gives to the queue for outgoing mail, which syncs each file.
constexpr std::string_view plugin = R"('use strict';
exports.register = function () {
    this.register_hook('rcpt', 'take');
    if (process.env.BENCH_DISCARD) this.register_hook('queue', 'drop');
};
exports.take = (next, connection) => {
    connection.relaying = !process.env.BENCH_DISCARD;
    next(OK);
};
exports.drop = (next) => next(OK);
)";

class haraka final : public subject {
public:
    explicit haraka(storing what) : keeps_{what == storing::keeps}
    {
        namespace fs = std::filesystem;
        const auto home = test::build_folder() / "npm_bench" / "node_modules" / "Haraka";
        fs::create_directory(folder_ / "config");
        // Without its own settings of a connection it greets nobody.
        fs::copy_file(home / "config" / "connection.ini", folder_ / "config/connection.ini");
        folder_.write("config/plugins", "take\n");
        folder_.write("config/log.ini", "[main]\nlevel=CRIT\nformat=default\ntimestamps=false\n");
        folder_.write("config/me", "mx.example.org\n");
        folder_.write("config/outbound.ini", "disabled=true\n"); // what is queued stays
        folder_.write("plugins/take.js", plugin);
        fs::create_directory(folder_ / "queue");
        constexpr int attempts = 10;
        for (int attempt = 0; attempt < attempts; ++attempt) {
            port_ = test::unused_port();
            folder_.write("config/smtp.ini", fmt::format("listen=127.0.0.1:{}\n", port_));
            child_ = std::make_unique<test::process>(std::vector<std::string>{"env", keeps_ ? "BENCH_KEEP=1" : "BENCH_DISCARD=1",
                                                                              "node", (home / "bin" / "haraka").string(), "-c",
                                                                              folder_.path().string()});
            while (!child_->wait(std::chrono::milliseconds{20}))
                if (test::tcp_stream::connect(port_))
                    return;
        }
        throw std::runtime_error{"Haraka is left out, it does not start: " + child_->output() + child_->errors()};
    }
    [[nodiscard]] std::string name() const override { return "Haraka"; }
    [[nodiscard]] std::uint16_t port() const override { return port_; }
    [[nodiscard]] pid_t pid() override { return child_->pid(); }
    [[nodiscard]] unsigned cores() const override { return keeps_ ? all_cores() : 1; } // libuv syncs on other threads
    [[nodiscard]] std::optional<std::size_t> messages() override
    {
        if (!keeps_)
            return std::nullopt;
        return files_below(folder_ / "queue");
    }

private:
    bool keeps_;
    test::temporary_folder folder_;
    std::unique_ptr<test::process> child_;
    std::uint16_t port_ = 0;
};

} // namespace

std::unique_ptr<subject> make_haraka(storing what, std::string& why)
{
    if (const auto home = test::build_folder() / "npm_bench" / "node_modules" / "Haraka"; !std::filesystem::exists(home)) {
        why = fmt::format("Haraka is left out: there is no {}, which ./dev bench fetches", home.string());
        return nullptr;
    }
    return std::make_unique<haraka>(what);
}

} // namespace postern::bench
