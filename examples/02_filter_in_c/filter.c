/* The first filter once more, in C11 and by the contract alone: no SDK, two headers. It adds "X-Filter: C" to every message and
 * refuses senders that hold a word. */

#include <postern/abi/config.h>
#include <postern/abi/hooks.h>

#include <stdlib.h>
#include <string.h>

/* What one instance keeps. The host calls `handle` for many sessions at once, so after `create` this is only read. */
struct filter {
    postern_host* host;
    const postern_core_1* core;
    size_t word_len;
    char word[];
};

static postern_str text(const char* octets)
{
    return (postern_str){octets, strlen(octets)};
}

/* Octets, not strings: they hold no final NUL and may hold one anywhere. */
static int holds(postern_str in, const char* word, size_t len)
{
    for (size_t at = 0; len != 0 && at + len <= in.len; ++at) {
        if (memcmp(in.ptr + at, word, len) == 0)
            return 1;
    }
    return 0;
}

/* Everything that the host hands over is borrowed until this returns, so what is to last is copied. */
static postern_status create(postern_host* host, postern_get_fn get, const postern_create_args* args, void** self)
{
    (void)args;
    const postern_core_1* core = get(host, POSTERN_CORE_1);
    const postern_config_1* config = get(host, POSTERN_CONFIG_1);
    if (core == NULL || config == NULL)
        return POSTERN_E_INVALID;

    postern_str word = text("banana");
    postern_list options = config->options(host);
    for (uint32_t i = 0; i < options.count; ++i) {
        /* Step by stride: a newer host's records are longer. */
        const postern_option* option = (const void*)((const char*)options.at + (size_t)i * options.stride);
        if (option->key.len == 4 && memcmp(option->key.ptr, "word", 4) == 0)
            word = option->text;
    }

    struct filter* me = malloc(sizeof *me + word.len);
    if (me == NULL)
        return POSTERN_E_PLUGIN;
    me->host = host;
    me->core = core;
    me->word_len = word.len;
    if (word.len != 0)
        memcpy(me->word, word.ptr, word.len);

    if (core->subscribe(host, POSTERN_HOOK_MAIL, 0) < 0 || core->subscribe(host, POSTERN_HOOK_HEADERS, 0) < 0) {
        free(me);
        return POSTERN_E_PLUGIN;
    }
    *self = me;
    return POSTERN_PASS;
}

static postern_status on_mail(const struct filter* me, const postern_ev_mail* mail)
{
    if (!holds(mail->sender, me->word, me->word_len))
        return POSTERN_PASS; /* no opinion */
    postern_reply reply = {0};
    reply.size = sizeof reply;
    reply.verdict = POSTERN_REJECT;
    reply.smtp_code = 550;
    reply.enhanced = text("5.7.1");
    reply.text = text("this sender is not welcome");
    me->core->reply(me->host, mail->ev.ticket, &reply);
    return POSTERN_TAKEN; /* answered; it could also be later, from any thread */
}

static postern_status on_headers(const struct filter* me, const postern_ev_headers* headers)
{
    postern_edit edit = {0};
    edit.op = POSTERN_EDIT_HEADER_ADD;
    edit.name = text("X-Filter");
    edit.value = text("C");

    postern_reply reply = {0};
    reply.size = sizeof reply;
    reply.verdict = POSTERN_CONTINUE;
    reply.edits = (postern_list){&edit, 1, sizeof edit};
    me->core->reply(me->host, headers->ev.ticket, &reply);
    return POSTERN_TAKEN;
}

/* Every event comes here. The record behind it is the one of its hook. */
static postern_status handle(void* self, const postern_event* event)
{
    switch (event->hook) {
    case POSTERN_HOOK_MAIL:
        return on_mail(self, (const postern_ev_mail*)event);
    case POSTERN_HOOK_HEADERS:
        return on_headers(self, (const postern_ev_headers*)event);
    default:
        return POSTERN_PASS; /* such as the end of a session */
    }
}

static void destroy(void* self)
{
    free(self);
}

static const char* const needs[] = {POSTERN_CORE_1, POSTERN_CONFIG_1, NULL};

/* The one symbol that leaves this file. */
const postern_plugin postern_plugin_v1 = {
    .size = sizeof(postern_plugin),
    .id = "org.example.filter-in-c",
    .version = "1.0",
    .built_with = "C11",
    .requires_ = needs,
    .create = create,
    .handle = handle,
    .destroy = destroy,
};
