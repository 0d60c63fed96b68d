// Accepts and drops: for measurements.

#include <postern/plugin.hpp>

namespace {

class discard_plugin {
public:
    explicit discard_plugin(const postern::host& host) { host.warning("every message is accepted and dropped"); }

    postern::verdict on(const postern::message_end&) const { return postern::discard(); }
};

} // namespace

POSTERN_PLUGIN(discard_plugin, "org.postern.discard", "1.0");
