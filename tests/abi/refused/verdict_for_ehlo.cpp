// REFUSED: postern: `on(ehlo)` returns offers, task<offers> or pending
#include <postern/plugin.hpp>

class refuses {
public:
    postern::verdict on(const postern::ehlo&) { return postern::proceed(); }
};
POSTERN_PLUGIN(refuses, "org.example.refuses", "1.0");
