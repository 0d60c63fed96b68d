// REFUSED: postern: this `on` cannot be called: it has to be public, and to take the event by const reference or by value, once
#include <postern/plugin.hpp>

class twice {
public:
    postern::verdict on(const postern::mail&) { return postern::proceed(); }
    postern::verdict on(postern::mail) { return postern::proceed(); }
};
POSTERN_PLUGIN(twice, "org.example.twice", "1.0");
