/* A plugin that says in the log what becomes of it, and marks each message with the generation that it belongs to. Tests build
 * it themselves (generation_plugin.hpp), in as many variants as they need. */
#include <postern/abi/hooks.h>
#include <postern/abi/lifecycle.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef VARIANT
#define VARIANT "one"
#endif

struct instance {
    postern_host* host;
    const postern_core_1* core;
    uint32_t generation;
    int refuses; /* at config.prepare */
};

static postern_str text(const char* octets)
{
    return (postern_str){octets, strlen(octets)};
}

/* "WHAT g7" */
static void say(const struct instance* me, const char* what)
{
    char line[64];
    snprintf(line, sizeof line, "%s g%u", what, (unsigned)me->generation);
    me->core->log(me->host, POSTERN_LOG_INFO, text(line));
}

static postern_status create(postern_host* host, postern_get_fn get, const postern_create_args* args, void** self)
{
    static const uint32_t hooks[] = {POSTERN_HOOK_HEADERS, POSTERN_HOOK_CONFIG_PREPARE, POSTERN_HOOK_CONFIG_COMMIT,
                                     POSTERN_HOOK_CONFIG_ABORT};
    const postern_config_1* config = get(host, POSTERN_CONFIG_1);
    struct instance* me = calloc(1, sizeof *me);
    if (me == NULL)
        return POSTERN_E_PLUGIN;
    me->host = host;
    me->core = get(host, POSTERN_CORE_1);
    me->generation = args->generation;
    for (size_t i = 0; i < sizeof hooks / sizeof *hooks; ++i)
        me->core->subscribe(host, hooks[i], 0);
    const postern_list options = config->options(host);
    for (uint32_t i = 0; i < options.count; ++i) {
        const postern_option* option = (const void*)((const char*)options.at + (size_t)i * options.stride);
        if (option->key.len == 7 && memcmp(option->key.ptr, "refuses", 7) == 0)
            me->refuses = option->number != 0;
    }
    say(me, "create");
    *self = me;
    return POSTERN_PASS;
}

static postern_status prepare(const struct instance* me, const postern_event* event)
{
    say(me, "prepare");
    if (!me->refuses)
        return POSTERN_PASS;
    postern_prepare_reply reply = {0};
    reply.base.size = sizeof reply;
    reply.base.verdict = POSTERN_REJECT;
    reply.base.text = text("not this time");
    reply.key = text("refuses");
    me->core->reply(me->host, event->ticket, &reply.base);
    return POSTERN_TAKEN;
}

static postern_status mark(const struct instance* me, const postern_event* event)
{
    char value[64];
    snprintf(value, sizeof value, "g%u of variant %s", (unsigned)me->generation, VARIANT);
    const postern_edit edit = {POSTERN_EDIT_HEADER_ADD, 0, text("X-Generation"), text(value)};
    postern_reply reply = {0};
    reply.size = sizeof reply;
    reply.verdict = POSTERN_CONTINUE;
    reply.edits = (postern_list){&edit, 1, sizeof edit};
    me->core->reply(me->host, event->ticket, &reply);
    return POSTERN_TAKEN;
}

static postern_status handle(void* self, const postern_event* event)
{
    switch (event->hook) {
    case POSTERN_HOOK_HEADERS:
        return mark(self, event);
    case POSTERN_HOOK_CONFIG_PREPARE:
        return prepare(self, event);
    case POSTERN_HOOK_CONFIG_COMMIT:
        say(self, "commit");
        return POSTERN_PASS;
    case POSTERN_HOOK_CONFIG_ABORT:
        say(self, "abort");
        return POSTERN_PASS;
    default:
        return POSTERN_PASS;
    }
}

static void destroy(void* self)
{
    say(self, "destroy");
    free(self);
}

const postern_plugin postern_plugin_v1 = {
    .size = sizeof(postern_plugin),
    .id = "org.example.generation",
    .version = "1",
    .built_with = "C11",
    .create = create,
    .handle = handle,
    .destroy = destroy,
};
