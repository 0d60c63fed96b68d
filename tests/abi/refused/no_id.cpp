// REFUSED: postern: a plugin has an id
#include <postern/plugin.hpp>

class nobody {
public:
    postern::verdict on(const postern::mail&) { return postern::proceed(); }
};
POSTERN_PLUGIN(nobody, "", "1.0");
