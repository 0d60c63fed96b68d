/* A plugin that lets its session wait: at one hook it answers only once a file is there, or never. Tests build it themselves
 * (waiting_plugin.hpp). At every handshake it says which server the client asked for. */
#include <postern/abi/config.h>
#include <postern/abi/hooks.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOOKS_EVERY_NS 5000000u

struct instance {
    postern_host* host;
    const postern_core_1* core;
    uint32_t hook;   /* 0: none */
    char gate[1024]; /* path of the file; empty: it never answers */
};

static postern_str text(const char* octets)
{
    return (postern_str){octets, strlen(octets)};
}

static void say(const struct instance* me, const char* what)
{
    me->core->log(me->host, POSTERN_LOG_INFO, text(what));
}

static postern_status create(postern_host* host, postern_get_fn get, const postern_create_args* args, void** self)
{
    (void)args;
    const postern_core_1* core = get(host, POSTERN_CORE_1);
    const postern_config_1* config = get(host, POSTERN_CONFIG_1);
    struct instance* me = calloc(1, sizeof *me);
    if (me == NULL)
        return POSTERN_E_PLUGIN;
    me->host = host;
    me->core = core;
    const postern_list options = config->options(host);
    for (uint32_t i = 0; i < options.count; ++i) {
        const postern_option* option = (const void*)((const char*)options.at + (size_t)i * options.stride);
        if (option->key.len == 4 && memcmp(option->key.ptr, "hook", 4) == 0)
            me->hook = (uint32_t)option->number;
        if (option->key.len == 4 && memcmp(option->key.ptr, "gate", 4) == 0)
            snprintf(me->gate, sizeof me->gate, "%.*s", (int)option->text.len, option->text.ptr);
    }
    /* The handshake once as the hook to wait at, or else to tell of. */
    const int waits_at_tls = me->hook == POSTERN_HOOK_TLS_ESTABLISHED;
    if ((me->hook != 0 && core->subscribe(host, me->hook, 0) < 0) ||
        (!waits_at_tls && core->subscribe(host, POSTERN_HOOK_TLS_ESTABLISHED, POSTERN_SUBSCRIBE_OBSERVE) < 0)) {
        free(me);
        return POSTERN_E_PLUGIN;
    }
    *self = me;
    return POSTERN_PASS;
}

static void tell_server_name(const struct instance* me, const postern_ev_tls* tls)
{
    char line[512];
    snprintf(line, sizeof line, "asked for <%.*s>", (int)tls->server_name.len, tls->server_name.ptr);
    say(me, line);
}

static postern_status on_wake(const struct instance* me, const postern_ev_wake* wake)
{
    if ((wake->ev.flags & POSTERN_WAKE_CANCELLED) != 0)
        return POSTERN_PASS; /* nobody waits any more */
    if (access(me->gate, F_OK) != 0) {
        me->core->wake(me->host, wake->ev.session, wake->token, LOOKS_EVERY_NS);
        return POSTERN_PASS;
    }
    postern_reply reply = {0};
    reply.size = sizeof reply;
    reply.verdict = POSTERN_CONTINUE;
    me->core->reply(me->host, wake->token, &reply);
    return POSTERN_PASS;
}

static postern_status handle(void* self, const postern_event* event)
{
    const struct instance* me = self;
    if (event->hook == POSTERN_HOOK_WAKE)
        return on_wake(me, (const postern_ev_wake*)event);
    if (event->hook == POSTERN_HOOK_TLS_ESTABLISHED)
        tell_server_name(me, (const postern_ev_tls*)event);
    if (event->hook != me->hook || event->ticket == 0)
        return POSTERN_PASS;
    say(me, "lets it wait");
    if (me->gate[0] != '\0' && me->core->wake(me->host, event->session, event->ticket, LOOKS_EVERY_NS) < 0)
        return POSTERN_E_PLUGIN;
    return POSTERN_TAKEN;
}

static void destroy(void* self)
{
    free(self);
}

static const char* const needs[] = {POSTERN_CORE_1, POSTERN_CONFIG_1, NULL};

const postern_plugin postern_plugin_v1 = {
    .size = sizeof(postern_plugin),
    .id = "org.example.waiting",
    .version = "1.0",
    .requires_ = needs,
    .create = create,
    .handle = handle,
    .destroy = destroy,
};
