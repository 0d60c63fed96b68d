// REFUSED: postern: a task takes its event by value: the reference dangles at the first co_await
#include <postern/plugin.hpp>

class dangling {
public:
    postern::task<postern::param_reply> on(const postern::parameter&) { co_return postern::proceed(); }
};
POSTERN_PLUGIN(dangling, "org.example.dangling", "1.0");
