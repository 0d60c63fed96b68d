#pragma once
// The options of `postern send` and `postern load`.

#include "core/host/cli.hpp"

namespace CLI {
class App;
}

namespace postern::daemon {

/// Adds both commands. All that is referred to outlives `program`.
void add_client_commands(CLI::App& program, send_request& send, load_request& load, int& exit_code);

} // namespace postern::daemon
