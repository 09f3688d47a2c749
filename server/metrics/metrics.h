/* SPDX-License-Identifier: Apache-2.0 */
/* Counters, gauges and duration histograms, declared in metrics.def. Every thread counts in its own
 * shard (made on first use, kept for good), so counting is one uncontended add; the exposition sums
 * the shards. A gauge may go up on one thread and down on another. */
#ifndef METRICS_METRICS_H
#define METRICS_METRICS_H

#include "base/buf.h"

enum metric {
#define METRIC(id, type, name, labels, sentence) METRIC_##id,
#include "metrics/metrics.def"
#undef METRIC
    METRICS
};

/* Counters: n > 0. Gauges: either sign. Any thread. */
void metric_add(enum metric m, int64_t n);
/* Histograms. Any thread. */
void metric_observe_us(enum metric m, uint64_t took_us);
/* Sum over all shards; of a histogram the number of observations. */
int64_t metric_value(enum metric m);

enum { METRICS_TEXT_MAX = 256 * 1024 };
/* Append all of them in the Prometheus text format, with a few facts about the process. */
void metrics_format(struct buf *out);
/* Append docs/metrics.md. */
void metrics_manual(struct buf *out);

#endif
