/* Subscribes to every hook of a session and has no opinion on any: what asking alone costs. */
#include <postern/abi/ehlo.h>
#include <postern/abi/hooks.h>

static int nothing;

static postern_status create(postern_host* host, postern_get_fn get, const postern_create_args* args, void** self)
{
    (void)args;
    const postern_core_1* core = get(host, POSTERN_CORE_1);
    for (uint32_t hook = POSTERN_HOOK_CONN_OPEN; hook <= POSTERN_HOOK_QUIT; ++hook) {
        if (hook == POSTERN_HOOK_VERB || hook == POSTERN_HOOK_VERB_DATA)
            continue; /* of plugins that declare verbs */
        if (core->subscribe(host, hook, 0) < 0)
            return POSTERN_E_PLUGIN;
    }
    *self = &nothing;
    return POSTERN_PASS;
}

static postern_status handle(void* self, const postern_event* event)
{
    (void)self;
    (void)event;
    return POSTERN_PASS;
}

static void destroy(void* self)
{
    (void)self;
}

static const char* const needs[] = {POSTERN_CORE_1, NULL};

const postern_plugin postern_plugin_v1 = {
    .size = sizeof(postern_plugin),
    .id = "org.example.pass-everywhere",
    .version = "1.0",
    .requires_ = needs,
    .create = create,
    .handle = handle,
    .destroy = destroy,
};
