// REFUSED: postern: this `on` cannot be called: it has to be public, and to take the event by const reference or by value, once
#include <postern/plugin.hpp>

class meddler {
public:
    postern::verdict on(postern::mail&) { return postern::proceed(); }
    postern::verdict on(const postern::rcpt&) { return postern::proceed(); }
};
POSTERN_PLUGIN(meddler, "org.example.meddler", "1.0");
