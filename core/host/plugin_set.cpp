#include "core/host/plugin_set.hpp"

#include "core/host/manifest.hpp"

#include <postern/abi/delivery.h>
#include <postern/abi/kv_store.h>
#include <postern/abi/queue.h>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace postern::daemon {
namespace {

/// A plugin that is ready to be created.
struct candidate {
    std::shared_ptr<const plugin_library> library;
    instance_settings settings;
};

std::optional<manifest> find_manifest(const std::filesystem::path& library, const plugin_settings& of, problems& found)
{
    auto file = library;
    file.replace_extension(".toml");
    std::error_code ignored;
    if (!std::filesystem::exists(file, ignored)) {
        found.push_back(
            {of.where, fmt::format("plugin {}: {} is missing; it names the plugin's options", of.name, file.string())});
        return std::nullopt;
    }
    if (const auto why = why_untrusted(file)) {
        found.push_back({of.where, fmt::format("plugin {}: {}: {}", of.name, file.filename().string(), *why)});
        return std::nullopt;
    }
    return read_manifest(file, found);
}

/// A library with the rules for its options.
struct found_library {
    std::shared_ptr<const plugin_library> library;
    manifest rules;
};

std::optional<found_library> find_linked(const plugin_settings& of, const std::vector<linked_plugin>& linked, bool& is_linked,
                                         problems& found)
{
    const auto at = std::ranges::find(linked, of.library, &linked_plugin::library);
    is_linked = at != linked.end();
    if (!is_linked)
        return std::nullopt;
    std::string why;
    auto library = at->table == nullptr ? nullptr : plugin_library::linked_in(*at->table, at->library, why);
    if (library == nullptr) {
        found.push_back({of.where, at->table == nullptr ? fmt::format("plugin {}: no table was given", of.name) : why});
        return std::nullopt;
    }
    if (at->manifest.empty()) {
        manifest none;
        none.id = library->table().id;
        return found_library{std::move(library), std::move(none)};
    }
    auto rules = read_manifest_text(at->manifest, at->library + ".toml", found);
    if (!rules)
        return std::nullopt;
    return found_library{std::move(library), std::move(*rules)};
}

std::optional<found_library> find_in_files(const config& from, const plugin_settings& of, const plugin_loading& how,
                                           problems& found)
{
    const auto folders = plugin_folders(from);
    const auto file = find_library(folders, of.library);
    if (!file) {
        std::string searched;
        for (const auto& each : folders)
            searched += (searched.empty() ? "" : ", ") + each.string();
        found.push_back({of.where, fmt::format("plugin {}: there is no {}.so in {}", of.name, of.library, searched)});
        return std::nullopt;
    }
    std::string why;
    auto library = plugin_library::load(*file, why, how.libraries);
    if (library == nullptr) {
        found.push_back({of.where, why});
        return std::nullopt;
    }
    auto rules = find_manifest(*file, of, found);
    if (!rules)
        return std::nullopt;
    return found_library{std::move(library), std::move(*rules)};
}

std::optional<candidate> examine(const config& from, const plugin_settings& of, const plugin_loading& how, problems& found)
{
    const auto before = found.size();
    bool is_linked = false;
    auto ready = how.linked == nullptr ? std::nullopt : find_linked(of, *how.linked, is_linked, found);
    if (!is_linked)
        ready = find_in_files(from, of, how, found);
    if (!ready)
        return std::nullopt;
    const auto* const rules = &ready->rules;
    auto& library = ready->library;
    if (rules->id != library->table().id)
        found.push_back(
            {of.where, fmt::format("plugin {}: its manifest is for {}, its library is {}; install both from one build", of.name,
                                   rules->id, library->table().id)});
    candidate out{std::move(library), {of.name, {}, of.where, how.generation, how.services}};
    out.settings.kv_namespace = of.kv_namespace;
    out.settings.may_queue = of.may.queue;
    out.settings.may_submit = of.may.submit;
    out.settings.most_submitted = from.limits.session.message_size;
    out.settings.order = {rules->before, rules->after};
    const option_source source{of.name, of.where, from.file.parent_path()};
    out.settings.options = bind_options(*rules, of.options, source, found);
    check_needs(*rules, of.may, source, found);
    if (found.size() == before)
        check_terms(*rules, out.settings.options, of.may, of.deadline, source, found);
    if (found.size() != before)
        return std::nullopt;
    return out;
}

void need(const plugin_library& library, std::string_view service, const source_place& where, std::string_view what,
          problems& found)
{
    if (!library.provides(service))
        found.push_back(
            {where, fmt::format("{}: {} does not provide \"{}\"", what, library.file().filename().string(), service)});
}

/// A plugin that comes with this server and keeps what it has in a folder of data_dir.
plugin_settings embedded_store(const char* library, const std::filesystem::path& folder, const source_place& where)
{
    plugin_settings out;
    out.where = where;
    out.name = library;
    out.library = library;
    given_option path;
    path.key = "path";
    path.line = where.line;
    path.items.emplace_back("", given_value{folder.string(), path.line});
    out.options.push_back(std::move(path));
    return out;
}

} // namespace

std::vector<std::filesystem::path> plugin_folders(const config& from)
{
    if (!from.plugin_path.empty())
        return from.plugin_path;
    std::error_code failed;
    const auto program = std::filesystem::read_symlink("/proc/self/exe", failed);
    const auto above = program.parent_path().parent_path();
    return {above / "plugins", above / "lib" / "postern" / "plugins"};
}

plugin_settings store_settings(const config& from)
{
    if (const auto* named = from.find_plugin(from.queue.store))
        return *named;
    return embedded_store("queue-journal", from.data_dir / "queue", from.queue.where);
}

plugin_settings kv_store_settings(const config& from)
{
    if (const auto* named = from.find_plugin(from.kv.store))
        return *named;
    return embedded_store("kv-memory", from.data_dir / "kv", from.kv.where);
}

std::unique_ptr<plugin_set> plugin_set::load(const config& from, plugin_loading how, base::log log, problems& found)
{
    const auto before = found.size();
    // Everything is inspected, loaded and checked before anything is created.
    const auto store = store_settings(from);
    const bool has_store = how.purpose != load_purpose::without_store;
    auto store_candidate = has_store ? examine(from, store, how, found) : std::nullopt;
    if (store_candidate)
        need(*store_candidate->library, POSTERN_QUEUE_1, from.queue.where, "queue.store", found);
    std::vector<candidate> others;
    bool needs_kv = !from.kv.store.empty();
    for (const auto& each : from.plugins) {
        if ((has_store && each.name == store.name) || each.name == from.kv.store || how.purpose == load_purpose::store)
            continue;
        auto ready = examine(from, each, how, found);
        if (!ready)
            continue;
        if (each.name == from.delivery.transport)
            need(*ready->library, POSTERN_DELIVERY_1, from.transport_where, "delivery.transport", found);
        needs_kv = needs_kv || ready->library->needs(POSTERN_KV_1);
        others.push_back(std::move(*ready));
    }
    std::optional<candidate> kv_candidate;
    if (needs_kv && how.purpose != load_purpose::store && how.services.kv == nullptr) {
        kv_candidate = examine(from, kv_store_settings(from), how, found);
        if (kv_candidate)
            need(*kv_candidate->library, POSTERN_KV_STORE_1, from.kv.where, "kv.store", found);
    }
    if (found.size() != before)
        return nullptr;

    auto out = std::make_unique<plugin_set>();
    if (how.kept != nullptr) {
        out->store_ = std::move(how.kept);
    } else if (has_store && how.purpose != load_purpose::check) {
        auto instance = plugin_instance::create(store_candidate->library, std::move(store_candidate->settings), log, found);
        if (instance == nullptr)
            return nullptr;
        out->store_ = std::make_shared<plugin_store>(std::move(instance));
        out->has_new_store_ = true;
    }
    out->services_ = how.services;
    if (kv_candidate && (how.purpose == load_purpose::serve || how.purpose == load_purpose::without_store)) {
        auto instance = plugin_instance::create(kv_candidate->library, std::move(kv_candidate->settings), log, found);
        if (instance == nullptr)
            return nullptr;
        out->services_.kv = std::make_shared<kv_desk>(std::move(instance), how.services.timer, from.kv.deadline);
        out->has_new_kv_ = true;
    }
    for (auto& each : others)
        each.settings.services.kv = out->services_.kv;
    for (auto& each : others)
        if (auto instance = plugin_instance::create(each.library, std::move(each.settings), log, found))
            out->plugins_.push_back(abi_plugin::over(std::move(instance)));
    return found.size() == before ? std::move(out) : nullptr;
}

bool plugin_set::prepare(const preparation_facts& facts, base::log log, problems& found)
{
    std::vector<std::shared_ptr<plugin_instance>> all;
    if (has_new_store_)
        all.push_back(store_->instance().shared_from_this());
    if (has_new_kv_)
        all.push_back(services_.kv->store().shared_from_this());
    for (const auto& each : plugins_)
        all.push_back(each->instance().shared_from_this());
    preparation_ = std::make_unique<preparation>(std::move(all), facts, log);
    return preparation_->ask(found);
}

void plugin_set::commit() noexcept
{
    if (preparation_ != nullptr)
        preparation_->commit();
}

configured_options plugin_set::options() const
{
    configured_options out;
    if (store_ != nullptr)
        out.emplace(store_->instance().name(), store_->instance().option_values());
    for (const auto& each : plugins_)
        out.emplace(each->name(), each->instance().option_values());
    return out;
}

std::shared_ptr<abi_plugin> plugin_set::find(std::string_view name) const noexcept
{
    const auto at = std::ranges::find_if(plugins_, [&](const auto& each) { return each->name() == name; });
    return at == plugins_.end() ? nullptr : *at;
}

} // namespace postern::daemon
