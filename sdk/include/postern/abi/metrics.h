/* postern.metrics/1: what a plugin counts, shown by the host among its own metrics.
 *
 * A metric of library spam-filter and instance spam is shown as plugin_spam_filter_NAME{plugin="spam",...}. A later generation of
 * the instance that declares the same goes on counting where this one stopped. */
#ifndef POSTERN_ABI_METRICS_H
#define POSTERN_ABI_METRICS_H

#include "core.h"

#ifdef __cplusplus
extern "C" {
#endif

#define POSTERN_METRIC_COUNTER 1u   /* only grows; its name ends in "_total" by custom */
#define POSTERN_METRIC_GAUGE 2u     /* goes up and down */
#define POSTERN_METRIC_HISTOGRAM 3u /* sizes or times; shown with p50 and p99 */

/* What its numbers are counted in. Thousandths are shown as ones, nanoseconds as seconds. */
#define POSTERN_UNIT_ONES 0u
#define POSTERN_UNIT_THOUSANDTHS 1u
#define POSTERN_UNIT_NANOSECONDS 2u

/* A label of a metric, and its value. */
typedef struct postern_label {
    postern_str name; /* letters, digits, "_"; not "plugin", which is the host's */
    postern_str value; /* what is longer than 256 octets is cut */
} postern_label;

/* One series: a name with certain values of its labels. */
typedef struct postern_metric {
    uint32_t size;
    uint32_t kind; /* POSTERN_METRIC_... */
    uint32_t unit; /* POSTERN_UNIT_...; the same for all series of a name */
    uint32_t reserved;
    postern_str name; /* letters, digits, "_", at most 64; no digit in front */
    postern_str help; /* one line */
    postern_list labels; /* of postern_label, at most 7 */
} postern_metric;

#define POSTERN_METRICS_1 "postern.metrics/1"
/* Makes metrics, and counts with them. */
typedef struct postern_metrics_1 {
    /* Its number, above 0, or a negative status. At most 1,000 an instance: E_AGAIN. E_INVALID: the log says why. Only inside
     * create. [control] */
    int64_t (*declare)(postern_host *host, const postern_metric *what);
    /* E_STALE: no metric of that number. E_INVALID: of another kind. All three cost some nanoseconds. */
    /* A counter: `n` not negative; a gauge: any. [any] */
    postern_status (*add)(postern_host *host, uint64_t metric, int64_t n);
    /* A gauge. [any] */
    postern_status (*set)(postern_host *host, uint64_t metric, int64_t value);
    /* A histogram; what is negative counts as 0. [any] */
    postern_status (*observe)(postern_host *host, uint64_t metric, int64_t value);
} postern_metrics_1;

#ifdef __cplusplus
}
#endif
#endif
