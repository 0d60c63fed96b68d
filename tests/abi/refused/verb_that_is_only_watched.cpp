// REFUSED: postern: a verb has nobody else to answer it: `on` returns reply, verdict, a task of either, or pending
#include <postern/plugin.hpp>

class watches {
public:
    void on(const postern::verb&) {}
};
POSTERN_PLUGIN(watches, "org.example.watches", "1.0");
