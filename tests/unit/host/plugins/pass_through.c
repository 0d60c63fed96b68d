/* Subscribes to one decision and has no opinion: the least that a call can cost. */
#include "minimal.h"

#include <postern/abi/hooks.h>

static postern_status create_subscribed(postern_host* host, postern_get_fn get, const postern_create_args* args, void** self)
{
    const postern_core_1* core = get(host, POSTERN_CORE_1);
    const postern_status status = create(host, get, args, self);
    return status == POSTERN_PASS ? core->subscribe(host, POSTERN_HOOK_RCPT, 0) : status;
}

const postern_plugin postern_plugin_v1 = {
    sizeof(postern_plugin), 0, "org.example.pass-through", "1.0", "test", 0, 0, create_subscribed, handle, destroy};
