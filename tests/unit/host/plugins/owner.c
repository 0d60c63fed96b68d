/* Owns a parameter of MAIL, which it may therefore set at cmd.mail. */
#include "minimal.h"

#include <postern/abi/ehlo.h>
#include <postern/abi/hooks.h>

#define TEXT(words)                                                                                                              \
    {                                                                                                                            \
        words, sizeof(words) - 1                                                                                                 \
    }

static postern_status create_owning(postern_host* host, postern_get_fn get, const postern_create_args* args, void** self)
{
    const postern_keyword keyword = {sizeof keyword, 0, TEXT("XOWNED"), {0, 0}};
    const postern_param_kind param = {sizeof param, POSTERN_PARAM_MAIL, TEXT("XOWNED"), TEXT("XOWNED"), POSTERN_RELAY_NEVER, 0,
                                      {0, 0}};
    const postern_core_1* core = get(host, POSTERN_CORE_1);
    const postern_ehlo_1* ehlo = get(host, POSTERN_EHLO_1);
    postern_status status = create(host, get, args, self);
    if (status == POSTERN_PASS)
        status = ehlo->keyword(host, &keyword);
    if (status == POSTERN_PASS)
        status = ehlo->param(host, &param);
    if (status == POSTERN_PASS)
        status = core->subscribe(host, POSTERN_HOOK_PARAM, 0);
    return status == POSTERN_PASS ? core->subscribe(host, POSTERN_HOOK_MAIL, 0) : status;
}

static const char* const needs[] = {POSTERN_CORE_1, POSTERN_EHLO_1, 0};

const postern_plugin postern_plugin_v1 = {
    sizeof(postern_plugin), 0, "org.example.owner", "1.0", "test", needs, 0, create_owning, handle, destroy};
