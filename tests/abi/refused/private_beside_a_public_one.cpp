// REFUSED: postern: this `on` cannot be called: it has to be public
#include <postern/plugin.hpp>

class half_shy {
public:
    postern::verdict on(const postern::mail&) { return postern::proceed(); }

private:
    postern::verdict on(const postern::delivery_content&) { return postern::proceed(); }
};
POSTERN_PLUGIN(half_shy, "org.example.half-shy", "1.0");
