// user: who is in a password file, without a server. The plugin that reads the file is told what to do, in the words of `plugin
// tell`: it alone knows how credentials are written.
// SECURITY: the password comes on standard input, never in the command's words, which others can see.

#include "core/host/cli.hpp"
#include "core/host/cli_control.hpp"
#include "core/host/log_output.hpp"
#include "core/host/password_input.hpp"
#include "core/host/plugin_desk.hpp"
#include "core/host/plugin_set.hpp"
#include "core/sasl/crypto.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace postern::daemon {
namespace {

constexpr std::chrono::seconds patience{60}; // for a hash that is made on a busy machine

int fail(const std::string& why)
{
    fmt::print(stderr, "postern: {}\n", why);
    return exit_failed;
}

/// A file that is made for the first user of it, and is gone again if nothing came of that.
class new_file {
public:
    /// Nothing is made where there is one.
    explicit new_file(const std::filesystem::path& file) : file_{file}
    {
        const int made = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        is_made_ = made >= 0;
        if (!is_made_ && errno != EEXIST)
            why_ = fmt::format("{} cannot be made: {}", file.string(), std::strerror(errno));
        if (is_made_)
            ::close(made);
    }
    new_file(const new_file&) = delete;
    new_file& operator=(const new_file&) = delete;
    ~new_file()
    {
        struct stat facts {};
        if (is_made_ && ::stat(file_.c_str(), &facts) == 0 && facts.st_size == 0)
            ::unlink(file_.c_str());
    }
    [[nodiscard]] const std::string& why_not() const noexcept { return why_; }

private:
    const std::filesystem::path& file_;
    bool is_made_ = false;
    std::string why_;
};

/// What a configuration with that plugin alone would say.
config settings_for(const user_request& what)
{
    config out;
    plugin_settings plugin;
    plugin.name = "users";
    plugin.library = what.library;
    if (what.library.find('/') != std::string::npos) {
        const auto file = std::filesystem::absolute(what.library);
        out.plugin_path = {file.parent_path()};
        plugin.library = (file.extension() == ".so" ? file.stem() : file.filename()).string();
        const config nothing_said;
        const auto usual =
            plugin_folders(nothing_said); // where the queue's store is: it is looked at, as for every configuration
        out.plugin_path.insert(out.plugin_path.end(), usual.begin(), usual.end());
    }
    given_option file;
    file.key = "file";
    file.items.emplace_back("", given_value{std::filesystem::absolute(what.file).string(), 0});
    plugin.options.push_back(std::move(file));
    out.plugins.push_back(std::move(plugin));
    return out;
}

int tell(const user_request& what, const std::string* password)
{
    log_output output{{log_format::text, base::log_level::warning}};
    problems found;
    const auto plugins = plugin_set::load(settings_for(what), {load_purpose::check}, base::log{output}, found);
    if (plugins == nullptr || !plugins->prepare({}, base::log{output}, found)) {
        for (const auto& each : found)
            fmt::print(stderr, "postern: {}\n", each.text());
        return exit_failed;
    }
    plugins->commit();
    std::vector<std::string> words{"user", what.command};
    if (!what.name.empty())
        words.push_back(what.name);
    if (what.scram)
        words.emplace_back("scram");
    if (what.scram_sha_1)
        words.emplace_back("scram-sha-1");
    if (what.cram_md5)
        words.emplace_back("cram-md5");
    plugin_desk desk;
    desk.seat(plugin_desk::of(*plugins));
    const auto answer = desk.tell("users", words, password, patience);
    print_lines((answer.done ? "" : "postern: ") + answer.text, answer.done ? stdout : stderr);
    return answer.done ? exit_done : exit_failed;
}

} // namespace

int user_command(const user_request& what)
{
    if (what.command != "add" && what.command != "passwd")
        return tell(what, nullptr);
    std::string why;
    auto password = read_password(STDIN_FILENO, why);
    if (!password)
        return fail(why);
    int code = exit_failed;
    if (what.command == "add") {
        const new_file made{what.file};
        code = made.why_not().empty() ? tell(what, &*password) : fail(made.why_not());
    } else {
        code = tell(what, &*password);
    }
    sasl::wipe(*password);
    return code;
}

} // namespace postern::daemon
