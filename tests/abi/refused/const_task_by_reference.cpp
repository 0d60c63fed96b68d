// REFUSED: postern: a task takes its event by value: the reference dangles at the first co_await
#include <postern/plugin.hpp>

class dangling {
public:
    postern::verdict on(const postern::mail&) { return postern::proceed(); }
    postern::task<postern::verdict> on(const postern::rcpt&) const { co_return postern::proceed(); }
};
POSTERN_PLUGIN(dangling, "org.example.dangling", "1.0");
