#pragma once
// A server inside somebody else's program: configured by values or TOML, with plugins that are linked in or loaded from files,
// and with completions on the program's own io_context. What `postern serve` is made of, without signals, users and a control
// socket.

#include "core/base/log.hpp"
#include "core/host/config.hpp"
#include "core/host/linked_plugin.hpp"
#include "core/host/problem.hpp"
#include "core/runtime/completion.hpp"
#include "core/runtime/server.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postern {

using daemon::linked_plugin;
using daemon::problem;
using daemon::problems;

/// What a server is made of. Names of the configuration lead to `plugins` first.
struct server_options {
    daemon::config config;              ///< of daemon::read_config or read_config_text, or filled in
    std::vector<linked_plugin> plugins; ///< found before files of the same name
    /// Without a queue nothing is kept and nothing delivered: a message is taken by a plugin (DISCARD at msg.end or msg.end_rcpt)
    /// or put off with 452. With one, `config` names its store, or queue-journal keeps it under data_dir.
    bool has_queue = true;
    base::log_sink* log = nullptr; ///< outlives the server; null: nothing is said
    unsigned threads = 1;          ///< that serve sessions; 0: one a processor
};

/// Sessions run on threads of the server's own; completions come on the program's io_context. Threads: one at a time, but for
/// status() and address(), which are [any].
class server {
public:
    /// `home`: whose handlers call the completions. Outlives what was begun with async_.
    server(runtime::any_executor home, server_options options);
    ~server(); ///< stops at once if that has not happened
    server(const server&) = delete;
    server& operator=(const server&) = delete;

    /// Loads plugins, binds, reads the queue, serves. What is wrong, all of it; empty: it runs. Blocks.
    [[nodiscard]] problems start();
    /// Sessions that begin from now on get `next`; listeners stay where they are. What is wrong, and then nothing has changed.
    [[nodiscard]] problems reload(daemon::config next);
    /// Stops accepting, lets transactions in their content finish for up to `grace`. Blocks.
    void stop(std::chrono::milliseconds grace);

    /// start() and stop() on a thread of their own. `token`: of a handler void(problems), and void().
    template <class CompletionToken>
    auto async_start(CompletionToken&& token)
    {
        return runtime::complete_on<problems>(
            home(), [this](std::function<void(problems)> done) { begin_start(std::move(done)); },
            std::forward<CompletionToken>(token));
    }
    template <class CompletionToken>
    auto async_stop(std::chrono::milliseconds grace, CompletionToken&& token)
    {
        return runtime::complete_on<>(
            home(), [this, grace](std::function<void()> done) { begin_stop(grace, std::move(done)); },
            std::forward<CompletionToken>(token));
    }

    /// Where a listener really listens ("127.0.0.1:2525", "unix:/path"); empty: it does not run, or has no such listener.
    [[nodiscard]] std::string address(std::string_view listener) const;
    [[nodiscard]] runtime::server_status status() const;
    /// Prometheus text.
    [[nodiscard]] std::string metrics() const;

private:
    [[nodiscard]] runtime::any_executor home() const;
    void begin_start(std::function<void(problems)> done);
    void begin_stop(std::chrono::milliseconds grace, std::function<void()> done);

    struct state;
    std::unique_ptr<state> state_;
};

} // namespace postern
