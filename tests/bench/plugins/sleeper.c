/* Takes the question about every recipient that begins with "sleep", and never answers. */
#include <postern/abi/hooks.h>

#include <string.h>

static int nothing;

static postern_status create(postern_host* host, postern_get_fn get, const postern_create_args* args, void** self)
{
    (void)args;
    const postern_core_1* core = get(host, POSTERN_CORE_1);
    *self = &nothing;
    return core->subscribe(host, POSTERN_HOOK_RCPT, 0);
}

static postern_status handle(void* self, const postern_event* event)
{
    (void)self;
    if (event->hook != POSTERN_HOOK_RCPT)
        return POSTERN_PASS;
    const postern_ev_rcpt* rcpt = (const postern_ev_rcpt*)event;
    const int sleeps = rcpt->recipient.len >= 5 && memcmp(rcpt->recipient.ptr, "sleep", 5) == 0;
    return sleeps ? POSTERN_TAKEN : POSTERN_PASS;
}

static void destroy(void* self)
{
    (void)self;
}

static const char* const needs[] = {POSTERN_CORE_1, NULL};

const postern_plugin postern_plugin_v1 = {
    .size = sizeof(postern_plugin),
    .id = "org.example.sleeper",
    .version = "1.0",
    .requires_ = needs,
    .create = create,
    .handle = handle,
    .destroy = destroy,
};
