/* Refuses the option "word" when it is "bad"; else passes on everything. */
#include "minimal.h"

#include <postern/abi/config.h>

#include <string.h>

static int is(postern_str text, const char* word)
{
    return text.len == strlen(word) && memcmp(text.ptr, word, text.len) == 0;
}

static postern_status create_checked(postern_host* host, postern_get_fn get, const postern_create_args* args, void** self)
{
    const postern_config_1* config = get(host, POSTERN_CONFIG_1);
    const postern_list options = config->options(host);
    uint32_t i;
    for (i = 0; i < options.count; ++i) {
        const postern_option* option = (const postern_option*)(const void*)((const char*)options.at + (size_t)i * options.stride);
        if (is(option->key, "word") && is(option->text, "bad")) {
            const postern_str why = {"is a bad word", 13};
            config->refuse(host, option->key, why);
            return POSTERN_E_INVALID;
        }
    }
    return create(host, get, args, self);
}

static const char* const needed[] = {POSTERN_CORE_1, POSTERN_CONFIG_1, 0};

const postern_plugin postern_plugin_v1 = {
    sizeof(postern_plugin), 0, "org.example.good", "1.0", "test", 0, needed, create_checked, handle, destroy};
