#pragma once
// All plugins of one generation of the configuration: found, inspected, loaded, their options checked, created; then asked
// whether they are ready. All or nothing.

#include "core/base/log.hpp"
#include "core/host/abi_plugin.hpp"
#include "core/host/config.hpp"
#include "core/host/kv_desk.hpp"
#include "core/host/linked_plugin.hpp"
#include "core/host/plugin_store.hpp"
#include "core/host/preparation.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace postern::daemon {

/// What the plugins are loaded for.
enum class load_purpose : std::uint8_t {
    serve,         ///< everything is created
    check,         ///< stores are loaded and their options are checked, but they are not opened: a server may be using them
    store,         ///< only the queue's store (queue verify)
    without_store, ///< everything but the queue's store: there is no queue
};

struct plugin_loading {
    load_purpose purpose = load_purpose::serve;
    std::uint32_t generation = 1;
    std::shared_ptr<plugin_store> kept = nullptr;       ///< the store that a running server has; it is not created again
    loaded_libraries* libraries = nullptr;              ///< of a process that loads more than once
    common_services services = {};                      ///< its `kv` goes on to be the store for keys and values
    const std::vector<linked_plugin>* linked = nullptr; ///< found before files
};

class plugin_set {
public:
    /// On failure null, and `found` says why.
    [[nodiscard]] static std::unique_ptr<plugin_set> load(const config& from, plugin_loading how, base::log log, problems& found);

    /// Asks all that were created whether they are ready. False: `found` says who is not; the set is of no more use. Once it was
    /// called, a set that goes without commit() tells them that nothing came of it. [control]
    [[nodiscard]] bool prepare(const preparation_facts& facts, base::log log, problems& found);
    /// The generation is about to come into force, and nothing can stop it any more. [control]
    void commit() noexcept;
    /// Of all, the store too.
    [[nodiscard]] configured_options options() const;

    /// In the order of the configuration, without the store: it keeps messages and is in no chain.
    [[nodiscard]] const std::vector<std::shared_ptr<abi_plugin>>& plugins() const noexcept { return plugins_; }
    [[nodiscard]] std::shared_ptr<abi_plugin> find(std::string_view name) const noexcept;
    /// Null when checking, and without a queue.
    [[nodiscard]] const std::shared_ptr<plugin_store>& store() const noexcept { return store_; }
    /// Null when checking, and where no plugin needs one.
    [[nodiscard]] const std::shared_ptr<kv_desk>& kv() const noexcept { return services_.kv; }
    /// What its plugins use, and those of the next generation will.
    [[nodiscard]] const common_services& services() const noexcept { return services_; }

private:
    std::vector<std::shared_ptr<abi_plugin>> plugins_;
    std::shared_ptr<plugin_store> store_;
    bool has_new_store_ = false;
    common_services services_;
    bool has_new_kv_ = false;
    std::unique_ptr<preparation> preparation_; ///< last: what it tells has to be alive
};

/// The settings of the queue's store: the configured instance, or queue-journal under data_dir.
[[nodiscard]] plugin_settings store_settings(const config& from);

/// Those of the store for keys and values: the configured instance, or kv-memory under data_dir.
[[nodiscard]] plugin_settings kv_store_settings(const config& from);

/// Where plugins are looked for: plugin_path, or the folders beside the program.
[[nodiscard]] std::vector<std::filesystem::path> plugin_folders(const config& from);

} // namespace postern::daemon
