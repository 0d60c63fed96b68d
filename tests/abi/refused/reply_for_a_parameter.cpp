// REFUSED: postern: `on(parameter)` returns param_reply, verdict, a task of either, or pending
#include <postern/plugin.hpp>

class says {
public:
    postern::reply on(const postern::parameter&) { return postern::say(250, "", "thanks"); }
};
POSTERN_PLUGIN(says, "org.example.says", "1.0");
