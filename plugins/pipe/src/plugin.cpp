// Glue: a delivery job in, a result a recipient out. Arguments are command_line's, the program is program's, its end
// exit_meaning's.

#include "command_line.hpp"
#include "content_form.hpp"
#include "exit_meaning.hpp"
#include "program.hpp"
#include "runners.hpp"

#include <postern/plugin.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <ctime>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <unistd.h>

namespace {

using namespace pipe_transport;
using namespace std::chrono_literals;

/// Who runs the programs, and where that one lives.
struct runner_account {
    std::string name;
    std::string home = "/";
    std::optional<identity> becomes;
};

[[nodiscard]] std::optional<passwd> account_named(const std::string& name, std::vector<char>& room)
{
    passwd found{};
    passwd* result = nullptr;
    room.resize(64 * 1024);
    if (::getpwnam_r(name.c_str(), &found, room.data(), room.size(), &result) != 0 || result == nullptr)
        return std::nullopt;
    return found;
}

[[nodiscard]] gid_t group_named(const postern::host& host, const std::string& name)
{
    std::vector<char> room(64 * 1024);
    group found{};
    group* result = nullptr;
    if (::getgrnam_r(name.c_str(), &found, room.data(), room.size(), &result) != 0 || result == nullptr)
        host.refuse("group", "there is no group \"" + name + "\"");
    return found.gr_gid;
}

/// The instance is made as the user that the server will be.
[[nodiscard]] runner_account account_by(const postern::host& host)
{
    const auto name = host.config("user", "");
    const auto group_name = host.config("group", "");
    const bool is_root = ::geteuid() == 0;
    std::vector<char> room;
    if (is_root && name.empty())
        host.refuse("user", "is required where the server runs as root: programs never do");
    if (!is_root && !group_name.empty())
        host.refuse("group", "can be chosen only where the server runs as root");
    if (name.empty()) {
        std::vector<char> own(64 * 1024);
        passwd found{};
        passwd* result = nullptr;
        if (::getpwuid_r(::geteuid(), &found, own.data(), own.size(), &result) != 0 || result == nullptr)
            return {std::to_string(::geteuid()), "/", std::nullopt};
        return {found.pw_name, found.pw_dir, std::nullopt};
    }
    const auto found = account_named(name, room);
    if (!found)
        host.refuse("user", "there is no user \"" + name + "\"");
    if (found->pw_uid == 0)
        host.refuse("user", "must not be root");
    if (!is_root && found->pw_uid != ::geteuid())
        host.refuse("user", "the server does not run as root, and cannot run programs as \"" + name + "\"; leave it out");
    runner_account made{name, found->pw_dir, std::nullopt};
    if (is_root) {
        identity who{found->pw_uid, group_name.empty() ? found->pw_gid : group_named(host, group_name), {}};
        if (who.group == 0)
            host.refuse("group", "must not be root's");
        int count = 0;
        ::getgrouplist(name.c_str(), who.group, nullptr, &count);
        who.groups.resize(static_cast<std::size_t>(std::max(count, 1)));
        if (::getgrouplist(name.c_str(), who.group, who.groups.data(), &count) < 0)
            host.refuse("user", "the groups of \"" + name + "\" cannot be read");
        who.groups.resize(static_cast<std::size_t>(count));
        made.becomes = std::move(who);
    }
    return made;
}

[[nodiscard]] surroundings surroundings_by(const postern::host& host)
{
    auto account = account_by(host);
    surroundings in;
    in.becomes = std::move(account.becomes);
    in.directory = host.config("directory", "/");
    const auto mask = host.config("umask", "077");
    unsigned bits = 0;
    const auto [end, error] = std::from_chars(mask.data(), mask.data() + mask.size(), bits, 8);
    if (mask.empty() || error != std::errc{} || end != mask.data() + mask.size() || bits > 0777)
        host.refuse("umask", "\"" + mask + "\" is no octal number up to 0777");
    in.umask = bits;
    in.environment = {"PATH=/usr/local/bin:/usr/bin:/bin", "HOME=" + account.home, "USER=" + account.name,
                      "LOGNAME=" + account.name};
    for (const auto& [name, value] : host.table("environment")) {
        if (name.empty() || name.find_first_of(std::string_view{"=\0", 2}) != std::string::npos ||
            value.find('\0') != std::string::npos)
            host.refuse("environment", "\"" + name + "\" cannot be a variable");
        const auto same = [&](const std::string& each) { return each.starts_with(name + "="); };
        std::erase_if(in.environment, same);
        in.environment.push_back(name + "=" + value);
    }
    return in;
}

[[nodiscard]] command_line command_by(const postern::host& host)
{
    try {
        command_line made{host.list("command"), host.config("each", true), host.config("separator", "+")};
        if (::access(made.program().c_str(), F_OK) != 0) // whether it can be run, its user will see
            host.refuse("command", made.program() + ": " + std::strerror(errno));
        return made;
    } catch (const std::invalid_argument& wrong) {
        host.refuse("command", wrong.what());
    }
}

class pipe_plugin {
public:
    static constexpr const char* requires_[] = {POSTERN_BLOB_1, "postern.log/1"};

    explicit pipe_plugin(const postern::host& host)
        : host_{host}, command_{command_by(host)}, surroundings_{surroundings_by(host)}, each_{host.config("each", true)},
          null_sender_{host.config("null_sender", "")}, time_limit_{host.config("time_limit", std::chrono::nanoseconds{5min})},
          runners_{host.config("concurrency", std::size_t{4})}
    {
        form_.from_line = host.config("from_line", form_.from_line);
        form_.return_path = host.config("return_path", form_.return_path);
        form_.delivered_to = host.config("delivered_to", form_.delivered_to) && each_;
        form_.lines = host.config("lines", "lf") == "lf" ? line_end::lf : line_end::crlf;
    }

    postern::pending on(const postern::deliver& event)
    {
        auto what = std::make_shared<delivery>(delivery{event.ticket(),
                                                        std::string{event.sender()},
                                                        {},
                                                        std::string{event.message()},
                                                        host_.blob(event),
                                                        event.size_octets(),
                                                        event.deadline()});
        for (const auto each : event.recipients())
            what->recipients.emplace_back(each);
        auto made = std::make_shared<const job>(event.session(), [this, what](int cancel) { carry_out(*what, cancel); });
        if (!runners_.add(std::move(made)))
            host_.answer(event.ticket(), postern::deferred(451, "4.3.2", "too many programs are waited for"));
        return postern::pending{};
    }

    /// Nobody waits for what is still open of it: at its deadline, or because the server goes away.
    void on(const postern::session_end& event) { runners_.call_off(event.session()); }

private:
    struct delivery {
        std::uint64_t ticket;
        std::string sender;
        std::vector<std::string> recipients;
        std::string message;
        postern::blob_reader content;
        std::uint64_t size;
        std::chrono::steady_clock::time_point deadline;
    };
    static constexpr auto margin = 2s; // before the deadline: SIGTERM's second, SIGKILL, and the answer's way to the host

    void carry_out(const delivery& what, int cancel) noexcept
    {
        try {
            std::vector<postern::delivery_result> results;
            if (each_)
                for (const auto& recipient : what.recipients)
                    results.push_back(call({what.sender, {recipient}, what.message}, what, cancel));
            else
                results.assign(what.recipients.size(), call({what.sender, what.recipients, what.message}, what, cancel));
            if (!host_.answer(what.ticket, postern::delivery_report{results}))
                host_.event_log().warning("result_lost", {{"message", what.message}, {"note", "may be delivered twice"}});
        } catch (const std::exception& failure) {
            host_.error("message=" + what.message + " error=\"" + failure.what() + "\"");
            host_.answer(what.ticket, postern::deferred(451, "4.3.0", "the program could not be called"));
        }
    }

    [[nodiscard]] postern::delivery_result call(facts who, const delivery& what, int cancel) const
    {
        const auto now = std::chrono::steady_clock::now();
        const auto limit = std::min(now + time_limit_, what.deadline - margin);
        pollfd is_cancelled{cancel, POLLIN, 0};
        if (now >= limit || ::poll(&is_cancelled, 1, 0) > 0)
            return postern::deferred(451, "4.3.2", "there was no time for it");
        const auto& sender = what.sender;
        if (who.sender.empty())
            who.sender = null_sender_;
        const auto arguments = command_.of(who);
        if (!arguments)
            return postern::failed(553, "5.1.3", "the address begins with a hyphen");
        const input from{
            preface(form_, sender, who.recipients.size() == 1 ? who.recipients.front() : std::string{}, ::time(nullptr)),
            [&what](std::uint64_t offset, char* to, std::size_t length) { return what.content.read(offset, to, length); },
            what.size, form_.lines == line_end::lf};
        const auto end = run(*arguments, surroundings_, from, limit, cancel);
        const auto means = meaning_of(end);
        tell(end, means, what, who);
        switch (means.what) {
        case meaning::kind::delivered:
            return postern::delivered(means.text);
        case meaning::kind::failed:
            return postern::failed(550, means.enhanced, means.text);
        case meaning::kind::deferred:
            break;
        }
        return postern::deferred(451, means.enhanced, means.text);
    }

    void tell(const ending& end, const meaning& means, const delivery& what, const facts& who) const
    {
        if (means.what == meaning::kind::delivered)
            return;
        auto cause = means.text;
        if (end.what == ending::kind::unstarted)
            cause += std::string{", "} + end.step + ": " + std::error_code{end.number, std::generic_category()}.message();
        else if (end.what != ending::kind::exited && !end.output.empty())
            cause += ": " + last_words(end.output);
        host_.event_log().warning("program_failed", {{"message", what.message},
                                                     {"recipient", who.recipients.front()},
                                                     {"program", command_.program()},
                                                     {"cause", cause}});
    }

    postern::host host_;
    command_line command_;
    surroundings surroundings_;
    form form_;
    bool each_;
    std::string null_sender_;
    std::chrono::nanoseconds time_limit_;
    runners runners_; // last: its threads use the rest
};

} // namespace

POSTERN_PLUGIN(pipe_plugin, "org.postern.pipe", "1.0");
