#pragma once
// How clients may log in at a listener, out of what it says itself and what the plugins of its chain declare.

#include "core/host/config.hpp"
#include "core/host/login_key.hpp"
#include "core/host/plugin_set.hpp"
#include "core/session/auth_offer.hpp"

#include <memory>

namespace postern::daemon {

/// Null: nobody can. `key` is asked if unknown users get salts there.
[[nodiscard]] std::shared_ptr<const session::auth_offer> login_offer(const listener_settings& of, login_key_source& key,
                                                                     const plugin_set& plugins, problems& found);

} // namespace postern::daemon
