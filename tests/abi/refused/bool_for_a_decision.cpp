// REFUSED: postern: `on` for a decision returns verdict, task<verdict> or pending (or void, to observe)
#include <postern/plugin.hpp>

class yes {
public:
    bool on(const postern::mail&) { return true; }
};
POSTERN_PLUGIN(yes, "org.example.yes", "1.0");
