#include "tests/support/server.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <csignal>
#include <stdexcept>
#include <utility>

namespace postern::test {
namespace {

[[nodiscard]] std::string toml_string(std::string_view text)
{
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\')
            out += '\\';
        out += c;
    }
    return out += '"';
}

/// Whether `word` stands in `line` between white space or the ends.
[[nodiscard]] bool has_word(std::string_view line, std::string_view word)
{
    for (auto at = line.find(word); at != std::string_view::npos; at = line.find(word, at + 1)) {
        const auto end = at + word.size();
        if ((at == 0 || line[at - 1] == ' ') && (end == line.size() || line[end] == ' '))
            return true;
    }
    return false;
}

/// The first whole line of a log that has the event as a word and contains all parts.
[[nodiscard]] std::string find_line(std::string_view log, std::string_view event, const std::vector<std::string>& parts)
{
    while (!log.empty()) {
        const auto end = log.find('\n');
        if (end == std::string_view::npos)
            break;
        const auto line = log.substr(0, end);
        if (has_word(line, event) && std::all_of(parts.begin(), parts.end(), [&](const std::string& part) {
                return line.find(part) != std::string_view::npos;
            }))
            return std::string{line};
        log.remove_prefix(end + 1);
    }
    return {};
}

} // namespace

std::filesystem::path postern_program()
{
    return POSTERN_TEST_PROGRAM;
}

std::filesystem::path plugin_folder()
{
    return POSTERN_TEST_PLUGINS;
}

std::filesystem::path source_folder()
{
    return POSTERN_TEST_SOURCE;
}

std::filesystem::path build_folder()
{
    return POSTERN_TEST_BUILD;
}

void make_certificate(const std::filesystem::path& folder)
{
    const auto made =
        run({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj",
             "/CN=mx.example.org", "-addext", "subjectAltName=DNS:mx.example.org,DNS:localhost,IP:127.0.0.1", "-keyout",
             (folder / "key.pem").string(), "-out", (folder / "cert.pem").string()});
    if (made.status != exit_status{0, 0})
        throw std::runtime_error{fmt::format("openssl req: {}", made.errors)};
    std::filesystem::permissions(folder / "key.pem", std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

configuration& configuration::listener(std::string_view name, const std::vector<std::string>& chain, std::string_view tls,
                                       std::string_view more)
{
    std::vector<std::string> names;
    for (const auto& each : chain)
        names.push_back(toml_string(each));
    tables_ += fmt::format("\n[[listener]]\nname = {}\naddress = \"127.0.0.1:0\"\ntls = {}\nchain = [{}]\n{}{}",
                           toml_string(name), toml_string(tls), fmt::join(names, ", "), more, more.empty() ? "" : "\n");
    return *this;
}

configuration& configuration::plugin(std::string_view name, std::string_view library, std::string_view config,
                                     std::string_view more)
{
    tables_ += fmt::format("\n[[plugin]]\nname = {}\nlibrary = {}\n{}{}", toml_string(name), toml_string(library), more,
                           more.empty() ? "" : "\n");
    if (!config.empty())
        tables_ += fmt::format("[plugin.config]\n{}\n", config);
    return *this;
}

configuration& configuration::section(std::string_view name, std::string_view lines)
{
    const auto at = std::find_if(sections_.begin(), sections_.end(), [&](const auto& each) { return each.first == name; });
    if (at != sections_.end())
        at->second += fmt::format("{}\n", lines);
    else
        sections_.emplace_back(name, fmt::format("{}\n", lines));
    return *this;
}

configuration& configuration::top(std::string_view lines)
{
    top_ += fmt::format("{}\n", lines);
    return *this;
}

configuration configuration::relay(std::string_view relay, std::string_view tls)
{
    configuration made;
    made.listener("in", {"relay-domains"}, tls)
        .plugin("relay-domains", "relay-domains", "domains = [\"example.com\"]")
        .section("delivery", fmt::format("relay = {}", toml_string(relay)));
    return made;
}

configuration& configuration::as_user(std::string_view name, const std::filesystem::path& folder)
{
    namespace fs = std::filesystem;
    plugin_path_ = folder / "plugins";
    fs::create_directory(plugin_path_);
    for (const auto& each : fs::directory_iterator{plugin_folder()})
        if (each.is_regular_file())
            fs::copy_file(each.path(), plugin_path_ / each.path().filename(), fs::copy_options::skip_existing);
    return top(fmt::format("user = {}", toml_string(name)));
}

configuration& configuration::plugins_in(const std::filesystem::path& folder)
{
    more_plugins_.push_back(folder);
    return *this;
}

configuration configuration::of_text(std::string text)
{
    configuration made;
    made.whole_ = std::move(text);
    return made;
}

std::string configuration::text() const
{
    if (!whole_.empty())
        return whole_;
    std::vector<std::string> folders{toml_string((plugin_path_.empty() ? plugin_folder() : plugin_path_).string())};
    for (const auto& each : more_plugins_)
        folders.push_back(toml_string(each.string()));
    auto out =
        fmt::format("hostname = \"mx.example.org\"\ndata_dir = \"data\"\ncontrol = \"control.sock\"\nplugin_path = [{}]\n{}",
                    fmt::join(folders, ", "), top_);
    const bool has_tls = std::any_of(sections_.begin(), sections_.end(), [](const auto& each) { return each.first == "tls"; });
    if (!has_tls)
        out += "\n[tls]\ncert = \"cert.pem\"\nkey = \"key.pem\"\n";
    for (const auto& [name, lines] : sections_)
        out += fmt::format("\n[{}]\n{}", name, lines);
    return out + tables_;
}

std::size_t configuration::line_of(std::string_view words) const
{
    const auto all = text();
    const auto at = all.find(words);
    if (at == std::string::npos)
        return 0;
    return static_cast<std::size_t>(std::count(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(at), '\n')) + 1;
}

server::server(const configuration& what)
    : own_{std::make_unique<temporary_folder>()}, folder_{own_->path()}, program_{postern_program()}
{
    start(what);
}

server::server(const configuration& what, const std::filesystem::path& folder, const std::filesystem::path& program)
    : folder_{folder}, program_{program}
{
    start(what);
}

void server::start(const configuration& what)
{
    if (!std::filesystem::exists(folder_ / "cert.pem"))
        make_certificate(folder_);
    reconfigure(what);
    child_ =
        std::make_unique<process>(std::vector<std::string>{postern_program().string(), "serve", "--config", file().string()});
    if (!logs("ready"))
        throw std::runtime_error{fmt::format("the server is not ready; its log:\n{}", log())};
    ready_ = find_line(log(), "ready", {});
}

std::uint16_t server::port(std::string_view listener) const
{
    const auto where = log_value(ready_, listener);
    const auto colon = where.rfind(':');
    if (colon == std::string::npos)
        throw std::runtime_error{fmt::format("no listener {} in: {}", listener, ready_)};
    return static_cast<std::uint16_t>(std::stoul(where.substr(colon + 1)));
}

std::string server::address(std::string_view listener) const
{
    return fmt::format("127.0.0.1:{}", port(listener));
}

bool server::logs(std::string_view event, const std::vector<std::string>& parts, std::chrono::milliseconds limit)
{
    return child_->wait_for_errors([&](std::string_view log) { return !find_line(log, event, parts).empty(); }, limit);
}

outcome server::command(std::vector<std::string> words) const
{
    words.insert(words.begin(), program_.string());
    words.insert(words.end(), {"--config", file().string()});
    return run(std::move(words));
}

bool server::queue_becomes_empty(std::chrono::milliseconds limit) const
{
    return eventually(
        [this] {
            const auto list = command({"queue", "list", "--json"});
            return list.status == exit_status{0, 0} && list.output.find("\"id\"") == std::string::npos;
        },
        limit);
}

void server::reconfigure(const configuration& what) const
{
    // Replaced whole, as an operator's editor does: the server never reads half a file.
    const temporary_folder aside;
    const auto fresh = aside.write("postern.toml", what.text());
    std::filesystem::copy_file(fresh, folder_ / "postern.toml.new", std::filesystem::copy_options::overwrite_existing);
    std::filesystem::rename(folder_ / "postern.toml.new", file());
}

exit_status server::stop()
{
    child_->signal(SIGTERM);
    const auto status = child_->wait();
    if (!status)
        throw std::runtime_error{fmt::format("the server does not stop; its log:\n{}", log())};
    return *status;
}

std::string log_value(std::string_view line, std::string_view key)
{
    const auto wanted = fmt::format(" {}=", key);
    const auto at = line.find(wanted);
    if (at == std::string_view::npos)
        return {};
    line.remove_prefix(at + wanted.size());
    if (!line.empty() && line.front() == '"') {
        line.remove_prefix(1);
        return std::string{line.substr(0, line.find('"'))};
    }
    return std::string{line.substr(0, line.find(' '))};
}

bool eventually(const std::function<bool()>& holds, std::chrono::milliseconds limit)
{
    const auto deadline = std::chrono::steady_clock::now() + limit;
    std::mutex mutex;
    std::condition_variable never;
    std::unique_lock lock{mutex};
    while (!holds()) {
        if (std::chrono::steady_clock::now() >= deadline)
            return false;
        never.wait_for(lock, std::chrono::milliseconds{10});
    }
    return true;
}

} // namespace postern::test
