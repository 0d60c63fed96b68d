/* Needs a store for keys and values, and does nothing with it. */
#include "minimal.h"

#include <postern/abi/kv.h>

static const char* const needed[] = {POSTERN_KV_1, 0};

const postern_plugin postern_plugin_v1 = {
    sizeof(postern_plugin), 0, "org.example.needy", "1.0", "test", 0, needed, create, handle, destroy};
