// REFUSED: postern: this `on` cannot be called: it has to be public, and to take the event by const reference or by value, once
#include <postern/plugin.hpp>

class changes {
public:
    postern::reply on(postern::verb&) { return postern::say(250, "", "ok"); }
    postern::verdict on(const postern::mail&) { return postern::proceed(); }
};
POSTERN_PLUGIN(changes, "org.example.changes", "1.0");
