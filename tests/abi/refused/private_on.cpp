// REFUSED: postern: the class has no public `on` that takes an event
#include <postern/plugin.hpp>

class shy {
    postern::verdict on(const postern::mail&) { return postern::proceed(); }
};
POSTERN_PLUGIN(shy, "org.example.shy", "1.0");
