#include "core/host/embedded_server.hpp"

#include "core/host/generation_builder.hpp"
#include "core/host/plugin_set.hpp"
#include "core/host/tls_loader.hpp"
#include "core/host/transient_store.hpp"
#include "core/host/ways_out.hpp"
#include "core/io/interface_addresses.hpp"
#include "core/io/resolver_thread.hpp"

#include <filesystem>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace postern {

namespace {

class silent_log final : public base::log_sink {
public:
    [[nodiscard]] bool is_enabled(base::log_level) const noexcept override { return false; }
    void write(base::log_level, std::string_view, std::span<const base::log_field>) noexcept override {}
};

} // namespace

/// Members die in the reverse of their order, which is the order of who uses whom.
struct server::state {
    state(runtime::any_executor where, server_options given)
        : home{std::move(where)}, options{std::move(given)}, log{options.log != nullptr ? *options.log : silence}
    {
    }

    [[nodiscard]] bool make_folder(problems& found) const;
    [[nodiscard]] std::vector<daemon::listening_place> places(const daemon::config& from) const;
    [[nodiscard]] std::shared_ptr<const runtime::generation> make(const daemon::config& from,
                                                                  std::unique_ptr<daemon::plugin_set>& plugins, problems& found);

    runtime::any_executor home;
    server_options options;
    silent_log silence;
    base::log log;
    daemon::transient_store nothing; ///< in place of a queue's
    std::shared_ptr<daemon::control_lane> lane = std::make_shared<daemon::control_lane>();
    daemon::loaded_libraries libraries;
    daemon::common_services services{.lane = lane};
    daemon::tls_contexts tls;                 ///< in force
    daemon::configured_options known_options; ///< of plugins, in force
    std::shared_ptr<daemon::plugin_store> store;
    std::shared_ptr<runtime::server> running; ///< set and read under `guard`, or on the thread that sets it
    mutable std::mutex guard;
    [[nodiscard]] std::shared_ptr<runtime::server> current() const
    {
        const std::scoped_lock lock{guard};
        return running;
    }
    void set(std::shared_ptr<runtime::server> now)
    {
        const std::scoped_lock lock{guard};
        running.swap(now);
    }
    void forget();
    std::uint32_t generation = 0;
    std::thread helper; ///< of async_start and async_stop
};

bool server::state::make_folder(problems& found) const
{
    if (!options.has_queue || options.config.data_dir.empty())
        return true;
    std::error_code failed;
    std::filesystem::create_directories(options.config.data_dir, failed);
    if (failed)
        found.emplace_back(daemon::source_place{options.config.file.string(), 0},
                           "data_dir: " + options.config.data_dir.string() + ": " + failed.message());
    return !failed;
}

/// Where it listens, or will.
std::vector<daemon::listening_place> server::state::places(const daemon::config& from) const
{
    auto all = daemon::listening_places(from);
    if (running != nullptr)
        for (const auto& each : options.config.listeners)
            all.push_back({each.name, running->bound_address(each.name)});
    return all;
}

/// The next generation, its plugins ready; null: nothing has changed.
std::shared_ptr<const runtime::generation> server::state::make(const daemon::config& from,
                                                               std::unique_ptr<daemon::plugin_set>& plugins, problems& found)
{
    const daemon::control_lane::hold in_control{*lane};
    const auto next = generation + 1;
    auto next_tls = daemon::load_tls(from, found, generation == 0 ? nullptr : &tls);
    if (options.has_queue)
        daemon::refuse_relay_to_ourselves(from, places(from), io::interface_addresses(), found);
    if (!found.empty())
        return nullptr;
    auto asked = services;
    if (asked.dns == nullptr || from.dns != options.config.dns)
        asked.dns = std::make_shared<io::resolver_thread>(from.dns, log);
    const auto purpose = options.has_queue ? daemon::load_purpose::serve : daemon::load_purpose::without_store;
    daemon::plugin_loading how{purpose, next, store, &libraries, std::move(asked), &options.plugins};
    plugins = daemon::plugin_set::load(from, std::move(how), log, found);
    if (plugins == nullptr)
        return nullptr;
    daemon::login_key_source key{from.data_dir, daemon::login_key_use::keep};
    auto made = daemon::build_generation(from, *plugins, next_tls, services.timer, next, key, found);
    daemon::warn_of(key, log);
    const bool is_ready = made != nullptr && found.empty() &&
                          plugins->prepare({.generation = next, .replaces = generation, .before = &known_options}, log, found);
    if (!is_ready) {
        plugins.reset(); // before what `made` holds
        return nullptr;
    }
    tls = std::move(next_tls);
    return made;
}

server::server(runtime::any_executor home, server_options options)
    : state_{std::make_unique<state>(std::move(home), std::move(options))}
{
}

server::~server()
{
    if (state_->helper.joinable())
        state_->helper.join();
    stop(std::chrono::milliseconds{0});
}

problems server::start()
{
    auto& s = *state_;
    problems found;
    if (s.running != nullptr) {
        found.emplace_back(daemon::source_place{}, "the server runs already");
        return found;
    }
    std::unique_ptr<daemon::plugin_set> plugins;
    auto first = s.make_folder(found) ? s.make(s.options.config, plugins, found) : nullptr;
    if (first == nullptr)
        return found;
    s.store = plugins->store();
    s.services = plugins->services();
    queue::store& kept = s.store != nullptr ? static_cast<queue::store&>(*s.store) : s.nothing;
    auto made = std::make_shared<runtime::server>(daemon::listener_addresses(s.options.config), std::move(first), kept, s.log,
                                                  s.options.threads, s.services.metrics.get());
    const auto complain = [&](std::string what) {
        found.emplace_back(daemon::source_place{s.options.config.file.string(), 0}, std::move(what));
        plugins.reset(); // whoever was asked is told that nothing came of it
        made.reset();
        s.forget();
        return found;
    };
    std::string why;
    if (!made->bind(why))
        return complain(why);
    if (const auto loaded = made->load_queue(); !loaded)
        return complain("the queue cannot be read: " + loaded.error().message());
    {
        const daemon::control_lane::hold in_control{*s.lane};
        plugins->commit();
    }
    if (const auto started = made->start(); !started)
        return complain("the server cannot start: " + started.error().message());
    s.known_options = plugins->options();
    s.set(std::move(made));
    daemon::spool_door::mail_in mail;
    if (s.options.has_queue)
        mail = [running = s.running.get()](queue::submission what, queue::completion<base::message_id> done) {
            return running->submit(std::move(what), std::move(done));
        };
    s.services.spool->open([running = s.running.get()](queue::domain_wish what) { return running->queue_try(std::move(what)); },
                           std::move(mail));
    s.generation = 1;
    return found;
}

problems server::reload(daemon::config next)
{
    auto& s = *state_;
    problems found;
    if (s.running == nullptr) {
        found.emplace_back(daemon::source_place{}, "the server does not run");
        return found;
    }
    std::unique_ptr<daemon::plugin_set> plugins;
    auto made = s.make(next, plugins, found);
    if (made == nullptr)
        return found;
    const daemon::control_lane::hold in_control{*s.lane};
    plugins->commit();
    s.known_options = plugins->options();
    s.running->publish(std::move(made));
    s.services = plugins->services();
    next.listeners = s.options.config.listeners; // addresses stay what they were
    s.options.config = std::move(next);
    ++s.generation;
    return found;
}

void server::stop(std::chrono::milliseconds grace)
{
    auto& s = *state_;
    if (s.running == nullptr)
        return;
    s.services.spool->close();
    s.running->shut_down(grace);
    s.set(nullptr);
    s.forget();
}

/// All that belongs to a run.
void server::state::forget()
{
    store.reset();
    services = {.lane = lane};
    known_options = {};
    tls = {};
    generation = 0;
}

runtime::any_executor server::home() const
{
    return state_->home;
}

void server::begin_start(std::function<void(problems)> done)
{
    if (state_->helper.joinable())
        state_->helper.join();
    state_->helper = std::thread{[this, done = std::move(done)] { done(start()); }};
}

void server::begin_stop(std::chrono::milliseconds grace, std::function<void()> done)
{
    if (state_->helper.joinable())
        state_->helper.join();
    state_->helper = std::thread{[this, grace, done = std::move(done)] {
        stop(grace);
        done();
    }};
}

std::string server::address(std::string_view listener) const
{
    const auto running = state_->current();
    return running == nullptr ? std::string{} : running->bound_address(listener);
}

runtime::server_status server::status() const
{
    const auto running = state_->current();
    return running == nullptr ? runtime::server_status{} : running->status();
}

std::string server::metrics() const
{
    const auto running = state_->current();
    return running == nullptr ? std::string{} : running->metrics_text();
}

} // namespace postern
