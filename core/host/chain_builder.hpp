#pragma once
// Chains as the configuration has them -> hooks::chain. What plugins say about their place, before and after in their manifests,
// is checked here and never applied: the configuration is the order.

#include "core/hooks/chain.hpp"
#include "core/host/config.hpp"
#include "core/host/plugin_set.hpp"

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace postern::daemon {

/// The parameters that an instance declared.
[[nodiscard]] std::vector<hooks::owned_parameter> owned_by(const abi_plugin& plugin);

/// Logs who asked for hooks of sessions and stands in no chain, where it would be asked there: nothing else would show it.
void warn_of_places(const config& from, const plugin_set& plugins, const base::log& log);

/// Makes the links of one generation: all of an instance share its vitals.
class chain_builder {
public:
    chain_builder(const config& from, const plugin_set& plugins) noexcept : from_{from}, plugins_{plugins} {}

    /// `key` is what the chain is called in complaints: "listener.chain".
    [[nodiscard]] std::shared_ptr<const hooks::chain> chain_of(const std::vector<chain_member>& members, std::string_view key,
                                                               problems& found);
    /// Of all plugins, in the order of the configuration: the queue's side.
    [[nodiscard]] std::shared_ptr<const hooks::chain> everybody(problems& found);

private:
    [[nodiscard]] std::shared_ptr<hooks::vitals> vitals_of(const abi_plugin& plugin, const hooks::breaker_rule& rule);
    [[nodiscard]] hooks::link link_to(std::shared_ptr<abi_plugin> plugin, std::uint32_t group);

    const config& from_;
    const plugin_set& plugins_;
    std::map<std::string, std::shared_ptr<hooks::vitals>, std::less<>> vitals_;
};

} // namespace postern::daemon
