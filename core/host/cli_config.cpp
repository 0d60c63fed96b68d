// check and chain: what can be said about a configuration without running it, and what has to be published for it.

#include "core/base/clock.hpp"
#include "core/host/chain_builder.hpp"
#include "core/host/chain_report.hpp"
#include "core/host/cli.hpp"
#include "core/host/config.hpp"
#include "core/host/generation_builder.hpp"
#include "core/host/log_output.hpp"
#include "core/host/plugin_set.hpp"
#include "core/host/records_to_publish.hpp"
#include "core/host/service_user.hpp"
#include "core/host/suspension_book.hpp"
#include "core/host/ways_out.hpp"
#include "core/io/interface_addresses.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace postern::daemon {
namespace {

struct examined {
    config settings;
    std::shared_ptr<const runtime::generation> generation;
    problems remarks; ///< on what can be served all the same
    tls_contexts tls;
    std::unique_ptr<plugin_set> plugins; ///< which were asked whether they are ready
};

std::optional<examined> examine(const std::filesystem::path& file, base::log log, problems& found)
{
    auto settings = read_config(file, found);
    if (!settings)
        return std::nullopt;
    auto tls = load_tls(*settings, found); // as root still: the key may be its alone
    if (!act_as_service(*settings, found))
        return std::nullopt;
    auto plugins = plugin_set::load(*settings, {load_purpose::check}, log, found);
    std::shared_ptr<const runtime::generation> made;
    login_key_source key{settings->data_dir, login_key_use::check};
    if (plugins != nullptr)
        made = build_generation(*settings, *plugins, tls, std::make_shared<deadline_timer>(), 1, key, found);
    // Whatever else is wrong: who mends that should not have to ask again for what a plugin has to say.
    const bool is_ready = plugins != nullptr && plugins->prepare({.is_check = true}, log, found);
    if (made == nullptr || !is_ready || !found.empty())
        return std::nullopt;
    warn_of(key, log); // it serves all the same, and the next start or user may be able to read it
    warn_of_places(*settings, *plugins, log);
    auto remarks = remarks_on(tls, base::system_clock{}.wall());
    return examined{std::move(*settings), std::move(made), std::move(remarks), std::move(tls), std::move(plugins)};
}

int fail(const problems& found)
{
    for (const auto& each : found)
        fmt::print(stderr, "{}\n", each.text());
    return exit_failed;
}

bool is_hook(std::string_view name)
{
    for (unsigned i = 1; i < hooks::hook_point_count; ++i)
        if (hooks::name_of(static_cast<hooks::hook_point>(i)) == name)
            return true;
    return false;
}

} // namespace

int check_command(const std::filesystem::path& config_file)
{
    log_output output{{log_format::text, base::log_level::warning}};
    problems found;
    const auto good = examine(config_file, base::log{output}, found);
    if (!good)
        return fail(found);
    found = good->remarks; // a server would start and warn; whoever asks wants to know
    refuse_relay_to_ourselves(good->settings, listening_places(good->settings), io::interface_addresses(), found);
    if (auto why = suspension_book{good->settings.data_dir / suspension_file}.load(); !why.empty())
        found.push_back({{config_file.string(), 0}, why});
    if (!found.empty())
        return fail(found);
    fmt::print("{}: good\n", config_file.string());
    if (const auto records = records_to_publish(good->settings, good->tls, *good->plugins); !records.empty())
        fmt::print("\nrecords to publish:\n\n{}", records);
    return exit_done;
}

int chain_command(const std::filesystem::path& config_file, const std::string& listener, const std::string& hook, bool as_json)
{
    log_output output{{log_format::text, base::log_level::warning}};
    problems found;
    const auto good = examine(config_file, base::log{output}, found);
    if (!good)
        return fail(found);
    const auto& listeners = good->settings.listeners;
    const bool is_known = listener.empty() || listener == "delivery" ||
                          std::ranges::find(listeners, listener, &listener_settings::name) != listeners.end();
    if (!is_known) {
        fmt::print(stderr, "{}: there is no listener \"{}\"\n", config_file.string(), listener);
        return exit_failed;
    }
    if (!hook.empty() && !is_hook(hook)) {
        fmt::print(stderr, "there is no hook \"{}\"; such as: conn.open, cmd.mail, cmd.rcpt, msg.end\n", hook);
        return exit_failed;
    }
    const auto print = as_json ? chain_json : chain_text;
    fmt::print("{}", print(good->settings, *good->generation, {listener, hook}));
    return exit_done;
}

} // namespace postern::daemon
