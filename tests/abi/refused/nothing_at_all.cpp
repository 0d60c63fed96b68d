// REFUSED: postern: the class has no public `on` that takes an event
#include <postern/plugin.hpp>

class empty {};
POSTERN_PLUGIN(empty, "org.example.empty", "1.0");
