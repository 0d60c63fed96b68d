// REFUSED: postern: a plugin is constructed from (const postern::host&) or from nothing
#include <postern/plugin.hpp>

class needy {
public:
    explicit needy(int) {}
    postern::verdict on(const postern::mail&) { return postern::proceed(); }
};
POSTERN_PLUGIN(needy, "org.example.needy", "1.0");
