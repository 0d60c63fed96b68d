// REFUSED: postern: the class has no public `on` that takes an event
#include <postern/plugin.hpp>

#include <string>

struct mial {};
class misspelt {
public:
    postern::verdict on(const mial&) { return postern::proceed(); }
    postern::verdict on(int) { return postern::proceed(); }
};
POSTERN_PLUGIN(misspelt, "org.example.misspelt", "1.0");
