// REFUSED: postern: a task takes its event by value: the reference dangles at the first co_await
#include <postern/plugin.hpp>

class dangling {
public:
    postern::task<postern::offers> on(const postern::ehlo&) { co_return postern::offers{}; }
};
POSTERN_PLUGIN(dangling, "org.example.dangling", "1.0");
