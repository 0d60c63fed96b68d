/* postern.config/1: the options of the instance, as a snapshot that the host checked against plugin.toml. */
#ifndef POSTERN_ABI_CONFIG_H
#define POSTERN_ABI_CONFIG_H

#include "core.h"

#ifdef __cplusplus
extern "C" {
#endif

#define POSTERN_OPTION_STRING 1u
#define POSTERN_OPTION_INTEGER 2u /* also sizes, in octets */
#define POSTERN_OPTION_BOOLEAN 3u /* number: 0 or 1 */
#define POSTERN_OPTION_DURATION 4u /* number: nanoseconds */
#define POSTERN_OPTION_FLOAT 5u    /* number: thousandths */

/* One value. A list is one record an element with the same key; a table one record an entry, with its name. An option
 * that was not given appears with its default of plugin.toml, if that has one. */
typedef struct postern_option {
    postern_str key;
    postern_str name; /* in a table; else empty */
    postern_str text; /* the value as text, whatever its kind; paths are absolute */
    int64_t number;
    uint32_t kind; /* POSTERN_OPTION_... */
    uint32_t index; /* in a list or table, from 0 */
} postern_option;

#define POSTERN_CONFIG_1 "postern.config/1"
/* Reads the options of the instance. */
typedef struct postern_config_1 {
    /* All options, of postern_option; valid until destroy. Only inside create. [control] */
    postern_list (*options)(postern_host *host);
    /* Says what is wrong with an option: the host prints FILE:LINE of that key and the text; create then returns
     * E_INVALID. [control] */
    void (*refuse)(postern_host *host, postern_str key, postern_str text);
} postern_config_1;

#ifdef __cplusplus
}
#endif
#endif
