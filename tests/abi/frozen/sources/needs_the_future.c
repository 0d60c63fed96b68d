/* As a plugin of a later release that cannot do without a table of its time: refused before any of its code runs. */
#include <postern/abi/core.h>

#include <stdlib.h>

static const char *const needs[] = {POSTERN_CORE_1, "postern.clairvoyance/1", NULL};

static postern_status create(postern_host *host, postern_get_fn get, const postern_create_args *args, void **self)
{
    (void)host, (void)get, (void)args, (void)self;
    abort();
}

static postern_status handle(void *self, const postern_event *event)
{
    (void)self, (void)event;
    abort();
}

static void destroy(void *self)
{
    (void)self;
}

const postern_plugin postern_plugin_v1 = {
    .size = sizeof(postern_plugin),
    .id = "org.example.needs-the-future",
    .version = "2.0",
    .built_with = "a contract to come",
    .requires_ = needs,
    .create = create,
    .handle = handle,
    .destroy = destroy,
};
