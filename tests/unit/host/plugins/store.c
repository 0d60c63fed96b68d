/* Calls itself a store, and keeps nothing. */
#include "minimal.h"

#include <postern/abi/queue.h>

static const char* const provided[] = {POSTERN_QUEUE_1, 0};

const postern_plugin postern_plugin_v1 = {
    sizeof(postern_plugin), 0, "org.example.store", "1.0", "test", provided, 0, create, handle, destroy};
