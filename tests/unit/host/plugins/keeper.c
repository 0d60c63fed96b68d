/* Calls itself a store for keys and values, and keeps nothing. */
#include "minimal.h"

#include <postern/abi/kv_store.h>

static const char* const provided[] = {POSTERN_KV_STORE_1, 0};

const postern_plugin postern_plugin_v1 = {
    sizeof(postern_plugin), 0, "org.example.keeper", "1.0", "test", provided, 0, create, handle, destroy};
