#pragma once
// How clients may log in at a listener, out of what it says itself and what the plugins of its chain declare.

#include "core/host/config.hpp"
#include "core/host/plugin_set.hpp"
#include "core/session/auth_offer.hpp"

#include <memory>

namespace postern::daemon {

/// Null: nobody can, or after a complaint.
[[nodiscard]] std::shared_ptr<const session::auth_offer> login_offer(const listener_settings& of, const plugin_set& plugins,
                                                                     problems& found);

} // namespace postern::daemon
