// REFUSED: postern: `on` for a decision returns verdict, task<verdict> or pending (or void, to observe)
#include <postern/plugin.hpp>

class says {
public:
    postern::reply on(const postern::mail&) { return postern::say(250, "", "welcome"); }
};
POSTERN_PLUGIN(says, "org.example.says", "1.0");
