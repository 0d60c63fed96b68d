// REFUSED: postern: `on` for a notification returns void
#include <postern/plugin.hpp>

class late {
public:
    postern::verdict on(const postern::committed&) { return postern::proceed(); }
};
POSTERN_PLUGIN(late, "org.example.late", "1.0");
