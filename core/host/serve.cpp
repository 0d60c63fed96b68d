// LONG: all that runs is made, bound, reloaded and ended in one order, which is its members'.
#include "core/host/serve.hpp"

#include "core/host/chain_builder.hpp"
#include "core/host/config.hpp"
#include "core/host/control_lane.hpp"
#include "core/host/control_commands.hpp"
#include "core/host/control_server.hpp"
#include "core/host/crash_blame.hpp"
#include "core/host/file_watch.hpp"
#include "core/host/generation_builder.hpp"
#include "core/host/log_output.hpp"
#include "core/host/plugin_desk.hpp"
#include "core/host/plugin_health.hpp"
#include "core/host/plugin_set.hpp"
#include "core/host/process.hpp"
#include "core/host/second_signal.hpp"
#include "core/host/signal_source.hpp"
#include "core/host/stuck_watch.hpp"
#include "core/host/suspension_book.hpp"
#include "core/host/tls_loader.hpp"
#include "core/host/ways_out.hpp"
#include "core/io/interface_addresses.hpp"
#include "core/io/resolver_thread.hpp"
#include "core/runtime/server.hpp"

#include <fmt/format.h>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace postern::daemon {
namespace {

constexpr std::chrono::seconds drain_time{30};
constexpr std::chrono::seconds health_patience{2};
constexpr std::chrono::milliseconds look_at_files{1000};

/// Everything that runs. Members die in the reverse of their order, which is the order of who uses whom.
class daemon {
public:
    explicit daemon(config first)
        : config_{std::move(first)}, output_{config_.log}, log_{output_},
          records_{config_.data_dir / "trace", config_.trace_keep, log_}, suspensions_{config_.data_dir / suspension_file}
    {
    }
    ~daemon() { services_.spool->close(); }
    daemon(const daemon&) = delete;
    daemon& operator=(const daemon&) = delete;

    [[nodiscard]] bool start(problems& found);
    [[nodiscard]] int run(const signal_source& signals);

private:
    [[nodiscard]] bool find_user(problems& found);
    [[nodiscard]] bool make_folders(problems& found);
    [[nodiscard]] bool bind(problems& found);
    [[nodiscard]] bool open_control(problems& found);
    [[nodiscard]] std::unique_ptr<plugin_set> load_plugins(problems& found);
    [[nodiscard]] bool open(plugin_set& plugins, problems& found);
    [[nodiscard]] problems reload();
    void refresh_tls();
    void tell_of_certificates();
    [[nodiscard]] std::shared_ptr<const runtime::generation> make_next(const config& next, tls_contexts& tls,
                                                                       std::unique_ptr<plugin_set>& plugins, problems& found);
    [[nodiscard]] std::vector<listening_place> places_after_reload(const config& next) const;
    void keep_track_of(const plugin_set& plugins);
    [[nodiscard]] std::string metrics_text() const;
    [[nodiscard]] std::vector<plugin_health> health();
    void warn_of_what_stays(const config& next);
    void warn_of_root();
    void announce();
    [[nodiscard]] int drain(const signal_source& signals);
    [[nodiscard]] const account* user() const noexcept { return account_ ? &*account_ : nullptr; }
    [[nodiscard]] source_place whole_file() const { return {config_.file.string(), 0}; }

    config config_;
    log_output output_;
    base::log log_;
    stuck_watch watch_{log_};
    std::optional<account> account_;
    tls_contexts tls_; ///< in force
    file_watch tls_watch_;
    unsigned tls_tries_ = 0; ///< left for files that could not be used
    std::shared_ptr<control_lane> lane_ = std::make_shared<control_lane>();
    loaded_libraries libraries_;
    common_services services_{.lane = lane_};
    configured_options options_; ///< in force
    base::gauge& generation_shown_ = services_.metrics->add_gauge({"postern_generation", "Of the configuration"});
    base::gauge& lines_lost_ = services_.metrics->add_gauge({"postern_log_lines_dropped", "Lines that the log had no room for"});
    std::shared_ptr<plugin_store> store_;
    trace_store records_;
    suspension_book suspensions_;
    std::unique_ptr<runtime::server> server_;
    std::shared_ptr<const runtime::generation> published_; ///< in force
    plugin_desk desk_;
    std::unique_ptr<control_commands> commands_;
    std::unique_ptr<control_server> control_;
    std::mutex tracking_;
    std::vector<std::weak_ptr<plugin_instance>> instances_; ///< of the generation in force; no reason for them to live
    std::uint32_t generation_ = 1;
};

bool daemon::find_user(problems& found)
{
    if (config_.user.empty())
        return true;
    std::string why;
    account_ = find_account(config_.user, config_.group, why);
    if (!account_)
        found.push_back({whole_file(), why});
    return account_.has_value();
}

bool daemon::make_folders(problems& found)
{
    for (const auto& each : {config_.data_dir, config_.control.parent_path()}) {
        if (auto why = make_folder(each, config_.data_dir, user()); !why.empty()) {
            found.push_back({whole_file(), why});
            return false;
        }
    }
    return true;
}

/// The socket is the user's from the start, so that the user can remove it at the end. In a folder where only root can make one
/// it is handed over.
bool daemon::open_control(problems& found)
{
    std::string why;
    {
        const acting_as its_user{user()};
        if (its_user.succeeded())
            control_ = control_server::open(config_.control, log_, why);
    }
    if (control_ == nullptr && account_ && ::geteuid() == 0) {
        control_ = control_server::open(config_.control, log_, why);
        if (control_ != nullptr && ::lchown(config_.control.c_str(), account_->uid, account_->gid) != 0)
            log_.warning("control.owner", {{"path", config_.control.string()}, {"error", errno}});
    }
    if (control_ == nullptr)
        found.push_back({whole_file(), "control: " + why});
    return control_ != nullptr;
}

bool daemon::bind(problems& found)
{
    if (!open_control(found))
        return false;
    std::string why;
    if (!server_->bind(why)) {
        found.push_back({whole_file(), why});
        return false;
    }
    if (account_)
        if (why = become(*account_); !why.empty()) {
            found.push_back({whole_file(), "user: " + why});
            return false;
        }
    return true;
}

bool daemon::start(problems& found)
{
    harden_process();
    if (!find_user(found) || !make_folders(found))
        return false;
    tls_watch_ = file_watch{tls_files(config_)};
    tls_ = load_tls(config_, found); // as root still: the key may be its alone
    refuse_relay_to_ourselves(config_, listening_places(config_), io::interface_addresses(), found);
    if (!found.empty())
        return false; // before the queue is opened
    {
        const control_lane::hold in_control{*lane_};
        const auto plugins = load_plugins(found);
        if (plugins == nullptr || !open(*plugins, found))
            return false;
    }
    if (auto why = suspensions_.load(); !why.empty()) {
        found.push_back({whole_file(), why});
        return false;
    }
    server_->queue_suspend(suspensions_.all(base::system_clock{}.wall())); // before anything goes out
    if (const auto started = server_->start(); !started) {
        found.push_back({whole_file(), "the server cannot start: " + started.error().message()});
        return false;
    }
    services_.spool->open([this](queue::domain_wish what) { return server_->queue_try(std::move(what)); },
                          [this](queue::submission what, queue::completion<base::message_id> done) {
                              return server_->submit(std::move(what), std::move(done));
                          });
    commands_ = std::make_unique<control_commands>(
        *server_, [this] { return reload(); }, [this] { return metrics_text(); }, [this] { return health(); }, desk_, &records_,
        &suspensions_);
    generation_shown_.set(generation_);
    warn_of_root();
    tell_of_certificates();
    watch_.start();
    announce();
    control_->start([this](std::string_view request) { return commands_->answer(request); }, // from now on a reload may come
                    [this](std::string_view request) { return commands_->stream(request); });
    return true;
}

/// The first generation, ready, as the server's user.
std::unique_ptr<plugin_set> daemon::load_plugins(problems& found)
{
    const acting_as its_user{user()};
    if (!its_user.succeeded()) {
        found.push_back({whole_file(), "cannot act as user " + config_.user});
        return nullptr;
    }
    blame_crashes(config_.data_dir / blame_file, log_); // before any plugin runs
    services_.dns = std::make_shared<io::resolver_thread>(config_.dns, log_);
    auto plugins = plugin_set::load(config_, {load_purpose::serve, generation_, nullptr, &libraries_, services_}, log_, found);
    if (plugins == nullptr)
        return nullptr;
    login_key_source key{config_.data_dir, login_key_use::keep};
    auto first = build_generation(config_, *plugins, tls_, services_.timer, generation_, key, found);
    warn_of(key, log_);
    if (first == nullptr || !found.empty() || !plugins->prepare({.generation = generation_}, log_, found))
        return nullptr;
    store_ = plugins->store();
    services_ = plugins->services();
    published_ = first;
    server_ = std::make_unique<runtime::server>(listener_addresses(config_), std::move(first), *store_, log_, 0,
                                                services_.metrics.get(), &records_);
    return plugins;
}

/// All that can fail before the first session; then the plugins are told that it comes.
bool daemon::open(plugin_set& plugins, problems& found)
{
    if (!bind(found))
        return false;
    if (const auto loaded = server_->load_queue(); !loaded) {
        found.push_back({whole_file(), "the queue cannot be read: " + loaded.error().message()});
        return false;
    }
    plugins.commit();
    options_ = plugins.options();
    keep_track_of(plugins);
    warn_of_places(config_, plugins, log_);
    return true;
}

void daemon::warn_of_root()
{
    if (::geteuid() == 0)
        log_.warning("running_as_root", {{"advice", "set user to one without rights: root is needed to bind only"}});
}

// Whatever the level is: scripts and service managers wait for it.
void daemon::announce()
{
    std::vector<std::pair<std::string, std::string>> places;
    for (const auto& each : config_.listeners)
        places.emplace_back(each.name, server_->bound_address(each.name));
    std::vector<base::log_field> fields;
    for (const auto& [name, address] : places)
        fields.emplace_back(name, address);
    output_.write(base::log_level::info, "ready", fields);
    notify_service_manager("READY=1");
}

std::string daemon::metrics_text() const
{
    lines_lost_.set(static_cast<std::int64_t>(output_.dropped()));
    return server_->metrics_text();
}

void daemon::keep_track_of(const plugin_set& plugins)
{
    desk_.seat(plugin_desk::of(plugins));
    std::vector<std::weak_ptr<plugin_instance>> next;
    for (const auto& each : plugins.plugins())
        next.push_back(each->instance().weak_from_this());
    next.push_back(store_->instance().weak_from_this());
    const std::scoped_lock lock{tracking_};
    instances_.swap(next);
}

/// Of the plugins of the generation that is in force.
std::vector<plugin_health> daemon::health()
{
    std::vector<std::shared_ptr<plugin_instance>> whom;
    {
        const std::scoped_lock lock{tracking_};
        for (const auto& each : instances_)
            if (auto alive = each.lock())
                whom.push_back(std::move(alive));
    }
    return ask_health(whom, health_patience);
}

void daemon::warn_of_what_stays(const config& next)
{
    const auto stays = [this](std::string_view what) {
        log_.warning("reload.partial", {{"takes effect at the next start", what}});
    };
    const auto same_place = [](const listener_settings& a, const listener_settings& b) {
        return a.name == b.name && a.address == b.address;
    };
    if (!std::equal(config_.listeners.begin(), config_.listeners.end(), next.listeners.begin(), next.listeners.end(), same_place))
        stays("listeners and their addresses");
    if (store_settings(config_).name != store_settings(next).name || config_.data_dir != next.data_dir)
        stays("the queue's store");
    if (services_.kv != nullptr &&
        (kv_store_settings(config_).name != kv_store_settings(next).name || config_.data_dir != next.data_dir))
        stays("the store for keys and values");
    if (config_.control != next.control)
        stays("the control socket");
    if (config_.user != next.user || config_.group != next.group)
        stays("the user");
}

/// Those that are bound, which stay, and those of the next start.
std::vector<listening_place> daemon::places_after_reload(const config& next) const
{
    auto out = listening_places(next);
    for (const auto& each : config_.listeners)
        out.push_back({each.name, server_->bound_address(each.name)});
    return out;
}

/// All of the next generation, its plugins ready. Null: nothing has changed.
std::shared_ptr<const runtime::generation> daemon::make_next(const config& next, tls_contexts& tls,
                                                             std::unique_ptr<plugin_set>& plugins, problems& found)
{
    const auto number = generation_ + 1;
    tls = load_tls(next, found, &tls_);
    refuse_relay_to_ourselves(next, places_after_reload(next), io::interface_addresses(), found);
    auto services = services_;
    if (next.dns != config_.dns)
        services.dns = std::make_shared<io::resolver_thread>(next.dns, log_);
    plugins = plugin_set::load(next, {load_purpose::serve, number, store_, &libraries_, std::move(services)}, log_, found);
    std::shared_ptr<const runtime::generation> made;
    login_key_source key{next.data_dir, login_key_use::keep};
    if (plugins != nullptr)
        made = build_generation(next, *plugins, tls, services_.timer, number, key, found);
    warn_of(key, log_);
    const bool is_ready = made != nullptr && found.empty() &&
                          plugins->prepare({.generation = number, .replaces = generation_, .before = &options_}, log_, found);
    if (!is_ready)
        plugins.reset(); // before what `made` holds: whoever was asked is told first
    return is_ready ? made : nullptr;
}

problems daemon::reload()
{
    const control_lane::hold in_control{*lane_};
    problems found;
    auto next = read_config(config_.file, found);
    auto watch = next ? file_watch{tls_files(*next)} : file_watch{};
    std::unique_ptr<plugin_set> plugins;
    std::shared_ptr<const runtime::generation> made;
    tls_contexts tls;
    if (next)
        made = make_next(*next, tls, plugins, found);
    if (made == nullptr) {
        for (const auto& each : found)
            log_.error("reload.failed", {{"problem", each.text()}});
        const auto first = found.empty() ? std::string{} : found.front().text();
        server_->tell({.kind = hooks::notice_kind::not_reloaded, .text = first});
        return found;
    }
    warn_of_what_stays(*next);
    for (const auto& each : tls.kept)
        log_.warning("certificate.kept",
                     {{"cause", each}, {"note", "the one that was read at the start stays; a new one needs a restart"}});
    plugins->commit();
    options_ = plugins->options();
    published_ = made;
    server_->publish(std::move(made));
    keep_track_of(*plugins);
    warn_of_places(*next, *plugins, log_);
    tls_ = std::move(tls);
    tls_watch_ = std::move(watch);
    tls_tries_ = 0;
    tell_of_certificates();
    services_ = plugins->services();
    ++generation_;
    generation_shown_.set(generation_);
    output_.configure(next->log);
    records_.limit(next->trace_keep);
    // Addresses stay what they were, so that the next reload is compared with what is in force.
    next->listeners = config_.listeners;
    config_ = std::move(*next);
    log_.info("reloaded", {{"generation", generation_}});
    server_->tell({.kind = hooks::notice_kind::reloaded, .count = generation_});
    return {};
}

void daemon::tell_of_certificates()
{
    for (const auto& each : remarks_on(tls_, base::system_clock{}.wall()))
        log_.warning("certificate.doubtful", {{"problem", each.text()}});
}

/// Files of certificates that were replaced are served from the next handshake on; sessions end with what they began with. What
/// cannot be used stays what it was, and is tried again for a while: files are replaced one after the other.
void daemon::refresh_tls()
{
    constexpr unsigned tries = 30;
    const control_lane::hold in_control{*lane_, std::try_to_lock}; // a reload may take its time, and signals must not wait for it
    if (!in_control)
        return;
    const bool is_new = tls_watch_.have_changed();
    if (!is_new && tls_tries_ == 0)
        return;
    tls_tries_ = is_new ? tries : tls_tries_ - 1;
    problems found;
    auto next = reload_tls(tls_, found);
    for (const auto& each : found) // of what all certificates share
        next.kept.push_back(each.text());
    const bool is_told = !is_new && next.kept == tls_.kept;
    if (next.kept.empty())
        tls_tries_ = 0;
    if (is_told)
        return;
    for (const auto& each : next.kept)
        log_.warning("certificate.kept", {{"cause", each}, {"note", "what was read before stays in force"}});
    tls_.kept = next.kept;
    if (!found.empty())
        return;
    published_ = with_tls(*published_, tls_, next);
    tls_ = std::move(next);
    server_->publish(published_);
    if (const auto count = tls_.certificates.size() - tls_.kept.size(); count != 0)
        log_.info("certificate.reloaded", {{"certificates", count}});
    tell_of_certificates();
}

int daemon::drain(const signal_source& signals)
{
    log_.info("draining", {{"seconds", drain_time.count()}});
    notify_service_manager("STOPPING=1");
    control_.reset();
    const int over = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    std::thread ending{[this, over] {
        server_->shut_down(drain_time);
        const std::uint64_t one = 1;
        (void)!::write(over, &one, sizeof one);
    }};
    const base::system_clock clock;
    const second_signal again{clock.now()};
    int signal = 0;
    do
        signal = signals.next(over);
    while (signal == SIGHUP || (signal != 0 && !again.counts(clock.now())));
    if (signal != 0) {
        // At once. What was acknowledged is on the disk already, and nothing else is promised.
        (void)std::fputs("postern: stopped at once by a second signal\n", stderr);
        std::_Exit(1);
    }
    ending.join();
    ::close(over);
    if (const auto lost = output_.dropped(); lost != 0)
        log_.warning("log.dropped", {{"lines", lost}});
    log_.info("stopped");
    return 0;
}

int daemon::run(const signal_source& signals)
{
    for (;;) {
        const int signal = signals.next(-1, look_at_files);
        if (signal == signal_source::none)
            refresh_tls();
        else if (signal == SIGHUP)
            (void)reload(); // its problems are logged
        else
            return drain(signals);
    }
}

int fail(const problems& found)
{
    for (const auto& each : found)
        fmt::print(stderr, "{}\n", each.text());
    return 1;
}

} // namespace

int serve(const std::filesystem::path& config_file)
{
    const signal_source signals;
    problems found;
    auto first = read_config(config_file, found);
    if (!first)
        return fail(found);
    daemon all{std::move(*first)};
    if (!all.start(found))
        return fail(found);
    return all.run(signals);
}

} // namespace postern::daemon
