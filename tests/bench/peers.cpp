#include "tests/bench/peers.hpp"

#include "tests/bench/program_peer.hpp"

#include <fmt/format.h>

namespace postern::bench {
namespace {

[[nodiscard]] std::string script(std::string_view name)
{
    return (test::source_folder() / "tests" / "bench" / "peers" / name).string();
}

/// Null, with a reason, unless that is there.
[[nodiscard]] std::unique_ptr<subject> if_there(const std::filesystem::path& needed, std::string name,
                                                std::vector<std::string> command, unsigned cores, std::string& why)
{
    if (!std::filesystem::exists(needed)) {
        why = fmt::format("{} is left out: there is no {}, which ./dev bench fetches or builds", name, needed.string());
        return nullptr;
    }
    return std::make_unique<program_peer>(std::move(name), std::move(command), cores);
}

} // namespace

std::unique_ptr<subject> make_go_smtp(std::string& why, const tls_files& tls)
{
    const auto program = test::build_folder() / "tests" / "bin" / "go_smtp_sink";
    return if_there(program, "go-smtp", {program.string(), "-cert", tls.certificate, "-key", tls.key}, all_cores(), why);
}

std::unique_ptr<subject> make_smtp_server(std::string& why, const tls_files& tls)
{
    const auto modules = test::build_folder() / "npm_bench" / "node_modules";
    return if_there(modules / "smtp-server", "smtp-server",
                    {"node", script("smtp_server.js"), modules.string(), tls.certificate, tls.key}, 1, why);
}

std::unique_ptr<subject> make_aiosmtpd(std::string& why)
{
    // Debian's Python, whatever else comes first in PATH.
    return if_there("/usr/lib/python3/dist-packages/aiosmtpd", "aiosmtpd", {"/usr/bin/python3", script("aiosmtpd_sink.py")}, 1,
                    why);
}

std::size_t files_below(const std::filesystem::path& folder, std::string_view suffix)
{
    namespace fs = std::filesystem;
    std::size_t count = 0;
    std::error_code error; // files come and go
    for (fs::recursive_directory_iterator at{folder, error}, end; !error && at != end; at.increment(error)) {
        std::error_code gone;
        if (at->path().native().ends_with(suffix) && at->is_regular_file(gone))
            ++count;
    }
    return count;
}

} // namespace postern::bench
