/* Needs a table that this host does not offer. */
#include "minimal.h"

static const char* const needed[] = {POSTERN_CORE_1, "postern.dns/2", 0};

const postern_plugin postern_plugin_v1 = {
    sizeof(postern_plugin), 0, "org.example.future", "9", "test", 0, needed, create, handle, destroy};
