/* A table that ends before version 1 does. */
#include "minimal.h"

const postern_plugin postern_plugin_v1 = {16, 0, "org.example.short", "1", "test", 0, 0, create, handle, destroy};
