/* As a plugin of a later release would be: it asks for a table and for hooks that are not there yet and does without; its own table,
 * its replies and its edits are larger than any record of release 1.0. */
#include <postern/abi/hooks.h>

#include <stdlib.h>
#include <string.h>

struct instance {
    postern_host *host;
    const postern_core_1 *core;
    const void *future;
};

struct later_reply {
    postern_reply now;
    unsigned char later[200];
};
struct later_edit {
    postern_edit now;
    unsigned char later[40];
};

static const char *const needs[] = {POSTERN_CORE_1, NULL};

static postern_status create(postern_host *host, postern_get_fn get, const postern_create_args *args, void **self)
{
    (void)args;
    struct instance *me = malloc(sizeof *me);
    if (me == NULL)
        return POSTERN_E_PLUGIN;
    me->host = host;
    me->core = get(host, POSTERN_CORE_1);
    me->future = get(host, "postern.clairvoyance/1");
    const postern_status early = me->core->subscribe(host, 4000, 0);
    if (early >= 0 || me->core->subscribe(host, POSTERN_HOOK_HEADERS, 0) < 0) { /* a host that takes what it does not know is wrong */
        free(me);
        return POSTERN_E_PLUGIN;
    }
    *self = me;
    return POSTERN_PASS;
}

static postern_status handle(void *self, const postern_event *event)
{
    const struct instance *me = self;
    if (event->hook != POSTERN_HOOK_HEADERS)
        return POSTERN_PASS;
    struct later_edit edits[2];
    struct later_reply reply;
    memset(edits, 0x5a, sizeof edits);
    memset(&reply, 0x5a, sizeof reply);
    for (size_t i = 0; i < 2; ++i)
        edits[i].now = (postern_edit){POSTERN_EDIT_HEADER_ADD, 0, {"X-Future", 8}, {i == 0 ? "one" : "two", 3}};
    memset(&reply.now, 0, sizeof reply.now);
    reply.now.size = sizeof reply;
    reply.now.verdict = POSTERN_CONTINUE;
    reply.now.edits = (postern_list){edits, me->future == NULL ? 2 : 1, sizeof edits[0]};
    return me->core->reply(me->host, event->ticket, &reply.now) < 0 ? POSTERN_E_PLUGIN : POSTERN_TAKEN;
}

static void destroy(void *self)
{
    free(self);
}

struct later_plugin {
    postern_plugin now;
    void *later[8];
};

/* The one symbol under its name, of a larger type. */
__attribute__((visibility("default"))) extern const struct later_plugin future_table __asm__("postern_plugin_v1");
const struct later_plugin future_table = {
    .now = {
        .size = sizeof(struct later_plugin),
        .id = "org.example.future",
        .version = "2.0",
        .built_with = "a contract to come",
        .requires_ = needs,
        .create = create,
        .handle = handle,
        .destroy = destroy,
    },
    .later = {(void *)&future_table},
};
