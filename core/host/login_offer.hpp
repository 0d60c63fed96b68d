#pragma once
// How clients may log in at a listener, out of what it says itself and what the plugins of its chain declare.

#include "core/host/config.hpp"
#include "core/host/plugin_set.hpp"
#include "core/session/auth_offer.hpp"

#include <filesystem>
#include <memory>

namespace postern::daemon {

/// Null: nobody can. What lasts over a restart is kept in `data_dir`, if there is such a folder.
[[nodiscard]] std::shared_ptr<const session::auth_offer>
login_offer(const listener_settings& of, const std::filesystem::path& data_dir, const plugin_set& plugins, problems& found);

} // namespace postern::daemon
