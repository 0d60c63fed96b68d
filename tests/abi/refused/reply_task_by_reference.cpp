// REFUSED: postern: a task takes its event by value: the reference dangles at the first co_await
#include <postern/plugin.hpp>

class dangling {
public:
    postern::task<postern::reply> on(const postern::verb&) { co_return postern::say(250, "", "late"); }
};
POSTERN_PLUGIN(dangling, "org.example.dangling", "1.0");
