#pragma once
// `postern serve` as a test needs it: a configuration put together from few words, a process that is ready when the
// constructor returns, listeners on ports that the kernel chose.

#include "tests/support/process.hpp"
#include "tests/support/temporary_folder.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace postern::test {

/// The program under test, its plugins, and tests/ of the source tree. Set by CMake.
[[nodiscard]] std::filesystem::path postern_program();
[[nodiscard]] std::filesystem::path plugin_folder();
[[nodiscard]] std::filesystem::path source_folder();
[[nodiscard]] std::filesystem::path build_folder();

/// A self-signed certificate for localhost and mx.example.org: cert.pem and key.pem in `folder`.
void make_certificate(const std::filesystem::path& folder);

/// TOML of a configuration. Each call returns *this.
class configuration {
public:
    /// A listener called `name` on 127.0.0.1 port 0. `chain`: instance names. `more`: further lines of TOML.
    configuration& listener(std::string_view name, const std::vector<std::string>& chain, std::string_view tls = "none",
                            std::string_view more = {});
    /// An instance. `config`: lines of its [plugin.config]; `more`: lines of [[plugin]] itself.
    configuration& plugin(std::string_view name, std::string_view library, std::string_view config = {},
                          std::string_view more = {});
    /// Lines in a section: section("limits", "recipients = 3"). Said twice, the lines are joined.
    configuration& section(std::string_view name, std::string_view lines);
    /// Lines before the first section.
    configuration& top(std::string_view lines);
    /// user = `name`, who need not be able to read the build: plugins are copied to `folder`/plugins.
    configuration& as_user(std::string_view name, const std::filesystem::path& folder);

    /// Plugins are looked for in `folder` too, after the build's own.
    configuration& plugins_in(const std::filesystem::path& folder);

    /// The smallest relay: a listener "in" (STARTTLS when `tls` says so) for example.com to `relay` ("host:port").
    [[nodiscard]] static configuration relay(std::string_view relay, std::string_view tls = "none");

    /// A whole configuration as it is.
    [[nodiscard]] static configuration of_text(std::string text);

    [[nodiscard]] std::string text() const;
    /// The line number (from 1) of the first line in text() that contains `words`; 0: none.
    [[nodiscard]] std::size_t line_of(std::string_view words) const;

private:
    std::string top_;
    std::filesystem::path plugin_path_; ///< empty: plugin_folder()
    std::vector<std::filesystem::path> more_plugins_;
    std::vector<std::pair<std::string, std::string>> sections_;
    std::string tables_;
    std::string whole_; ///< of_text()
};

/// A running server in a temporary folder of its own, or in one that outlives it (for restarts).
class server {
public:
    /// Starts and waits until it is ready. Throws std::runtime_error with its log if it does not get there.
    explicit server(const configuration& what);
    /// The same, in `folder`, where data of an earlier life may lie, and by another program than the build's.
    server(const configuration& what, const std::filesystem::path& folder,
           const std::filesystem::path& program = postern_program());

    [[nodiscard]] std::uint16_t port(std::string_view listener = "in") const;
    [[nodiscard]] std::string address(std::string_view listener = "in") const; ///< "127.0.0.1:PORT"
    [[nodiscard]] process& child() noexcept { return *child_; }
    [[nodiscard]] std::string log() const { return child_->errors(); }
    [[nodiscard]] const std::filesystem::path& folder() const noexcept { return folder_; }
    [[nodiscard]] std::filesystem::path file() const { return folder_ / "postern.toml"; }
    /// Waits for an event in the log: a line that has the word `event` and all of `parts` in it.
    [[nodiscard]] bool logs(std::string_view event, const std::vector<std::string>& parts = {},
                            std::chrono::milliseconds limit = patience);
    /// `postern WORDS.. --config FILE` on this server.
    [[nodiscard]] outcome command(std::vector<std::string> words) const;
    /// Asks `postern queue list --json` again and again until it is empty; false: it has not become so.
    [[nodiscard]] bool queue_becomes_empty(std::chrono::milliseconds limit = patience) const;
    /// Replaces the configuration file; the server does not know until it is told.
    void reconfigure(const configuration& what) const;
    /// SIGTERM, and waits for the end.
    exit_status stop();

private:
    void start(const configuration& what);

    std::unique_ptr<temporary_folder> own_;
    std::filesystem::path folder_;
    std::filesystem::path program_;
    std::unique_ptr<process> child_;
    std::string ready_;
};

/// The value of `key=value` (or key="value") in a line of the log; empty: not there.
[[nodiscard]] std::string log_value(std::string_view line, std::string_view key);

/// Waits until `holds`, asking again and again with short pauses: for conditions that no descriptor tells of, such as a file
/// that appears or what a command prints.
[[nodiscard]] bool eventually(const std::function<bool()>& holds, std::chrono::milliseconds limit = patience);

} // namespace postern::test
