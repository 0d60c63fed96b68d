#pragma once
// All plugins of one generation of the configuration: found, inspected, loaded, their options checked, created. All or nothing.

#include "core/base/log.hpp"
#include "core/host/abi_plugin.hpp"
#include "core/host/config.hpp"
#include "core/host/plugin_store.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace postern::daemon {

/// What the plugins are loaded for.
enum class load_purpose : std::uint8_t {
    serve, ///< everything is created
    check, ///< the queue's store is loaded and its options are checked, but it is not opened: a server may be using it
    store, ///< only the queue's store (queue verify)
};

struct plugin_loading {
    load_purpose purpose = load_purpose::serve;
    std::uint32_t generation = 1;
    std::shared_ptr<plugin_store> kept = nullptr; ///< the store that a running server has; it is not created again
    loaded_libraries* libraries = nullptr;        ///< of a process that loads more than once
    common_services services = {};
};

class plugin_set {
public:
    /// On failure null, and `found` says why.
    [[nodiscard]] static std::unique_ptr<plugin_set> load(const config& from, plugin_loading how, base::log log, problems& found);

    /// In the order of the configuration, without the store: it keeps messages and is in no chain.
    [[nodiscard]] const std::vector<std::shared_ptr<abi_plugin>>& plugins() const noexcept { return plugins_; }
    [[nodiscard]] std::shared_ptr<abi_plugin> find(std::string_view name) const noexcept;
    /// Null when checking.
    [[nodiscard]] const std::shared_ptr<plugin_store>& store() const noexcept { return store_; }

private:
    std::vector<std::shared_ptr<abi_plugin>> plugins_;
    std::shared_ptr<plugin_store> store_;
};

/// The settings of the queue's store: the configured instance, or queue-journal under data_dir.
[[nodiscard]] plugin_settings store_settings(const config& from);

/// Where plugins are looked for: plugin_path, or the folders beside the program.
[[nodiscard]] std::vector<std::filesystem::path> plugin_folders(const config& from);

} // namespace postern::daemon
