/* Wants to hear of logins, and says of none that it verifies it. */
#include "minimal.h"

#include <postern/abi/auth.h>

static const char* const needed[] = {POSTERN_AUTH_1, 0};

const postern_plugin postern_plugin_v1 = {
    sizeof(postern_plugin), 0, "org.example.speechless", "1.0", "test", 0, needed, create, handle, destroy};
