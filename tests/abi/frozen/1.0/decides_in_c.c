/* Of release 1.0, in C: decides at once at cmd.mail, later (by a wake) at cmd.data, vouches, and adds a header field. */
#include <postern/abi/hooks.h>

#include <stdlib.h>
#include <string.h>

struct instance {
    postern_host *host;
    const postern_core_1 *core;
};

static const char *const gives[] = {"postern.recipients/1", NULL};
static const char *const needs[] = {POSTERN_CORE_1, NULL};

static int begins(postern_str text, const char *with)
{
    return text.len >= strlen(with) && memcmp(text.ptr, with, strlen(with)) == 0;
}

static postern_str str(const char *text)
{
    return (postern_str){text, strlen(text)};
}

static postern_reply plain(uint32_t verdict)
{
    postern_reply reply = {0};
    reply.size = sizeof reply;
    reply.verdict = verdict;
    return reply;
}

static postern_status answer(const struct instance *me, uint64_t ticket, const postern_reply *reply)
{
    return me->core->reply(me->host, ticket, reply) < 0 ? POSTERN_E_PLUGIN : POSTERN_TAKEN;
}

static postern_status create(postern_host *host, postern_get_fn get, const postern_create_args *args, void **self)
{
    static const uint32_t hooks[] = {POSTERN_HOOK_MAIL, POSTERN_HOOK_RCPT, POSTERN_HOOK_DATA, POSTERN_HOOK_HEADERS};
    (void)args;
    struct instance *me = malloc(sizeof *me);
    if (me == NULL)
        return POSTERN_E_PLUGIN;
    me->host = host;
    me->core = get(host, POSTERN_CORE_1);
    for (size_t i = 0; i < sizeof hooks / sizeof *hooks; ++i)
        if (me->core->subscribe(host, hooks[i], 0) < 0) {
            free(me);
            return POSTERN_E_PLUGIN;
        }
    *self = me;
    return POSTERN_PASS;
}

static postern_status handle(void *self, const postern_event *event)
{
    const struct instance *me = self;
    if (event->hook == POSTERN_HOOK_MAIL && begins(((const postern_ev_mail *)event)->sender, "frozen@")) {
        postern_reply reply = plain(POSTERN_REJECT);
        reply.smtp_code = 550;
        reply.enhanced = str("5.7.1");
        reply.text = str("frozen in C");
        return answer(me, event->ticket, &reply);
    }
    if (event->hook == POSTERN_HOOK_RCPT && begins(((const postern_ev_rcpt *)event)->recipient, "frozen@")) {
        postern_reply reply = plain(POSTERN_CONTINUE);
        reply.flags = POSTERN_REPLY_VOUCH;
        return answer(me, event->ticket, &reply);
    }
    if (event->hook == POSTERN_HOOK_HEADERS) {
        const postern_edit edit = {POSTERN_EDIT_HEADER_ADD, 0, str("X-Frozen-C"), str("1.0")};
        postern_reply reply = plain(POSTERN_CONTINUE);
        reply.edits = (postern_list){&edit, 1, sizeof edit};
        return answer(me, event->ticket, &reply);
    }
    if (event->hook == POSTERN_HOOK_DATA)
        return me->core->wake(me->host, event->session, event->ticket, 1000000u) < 0 ? POSTERN_PASS : POSTERN_TAKEN;
    if (event->hook == POSTERN_HOOK_WAKE) {
        const postern_reply reply = plain(POSTERN_CONTINUE);
        me->core->reply(me->host, ((const postern_ev_wake *)event)->token, &reply);
    }
    return POSTERN_PASS;
}

static void destroy(void *self)
{
    free(self);
}

const postern_plugin postern_plugin_v1 = {
    .size = sizeof(postern_plugin),
    .id = "org.example.frozen-c",
    .version = "1.0",
    .built_with = "C11, contract 1.0",
    .provides = gives,
    .requires_ = needs,
    .create = create,
    .handle = handle,
    .destroy = destroy,
};
