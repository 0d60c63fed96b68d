/* A plugin of a later time: it needs a table that this host does not have. Its code must never run. */
#include <postern/abi/core.h>

#include <stdlib.h>

static const char *const needs[] = {"postern.core/1", "postern.clairvoyance/9", NULL};

static postern_status create(postern_host *host, postern_get_fn get, const postern_create_args *args, void **self)
{
    (void)host;
    (void)get;
    (void)args;
    (void)self;
    abort();
}

static postern_status handle(void *self, const postern_event *event)
{
    (void)self;
    (void)event;
    abort();
}

static void destroy(void *self)
{
    (void)self;
}

__attribute__((visibility("default"))) const postern_plugin postern_plugin_v1 = {
    .size = sizeof(postern_plugin),
    .id = "org.example.future",
    .version = "9",
    .requires_ = needs,
    .create = create,
    .handle = handle,
    .destroy = destroy,
};
