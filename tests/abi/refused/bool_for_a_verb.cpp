// REFUSED: postern: `on` for a command returns reply, verdict, a task of either, or pending
#include <postern/plugin.hpp>

class yes {
public:
    bool on(const postern::verb&) { return true; }
};
POSTERN_PLUGIN(yes, "org.example.yes", "1.0");
