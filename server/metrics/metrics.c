/* SPDX-License-Identifier: Apache-2.0 */
/* A shard belongs to one thread: only it writes, anyone reads, so relaxed atomics suffice. Shards
 * of ended threads stay on the list: their counts must not vanish. */
#include "metrics/metrics.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum type { COUNTER, GAUGE, HISTOGRAM };

static const struct {
    enum type type;
    const char *name, *labels, *sentence;
} table[METRICS] = {
#define METRIC(id, kind, metric_name, label_text, help)                                            \
    {.type = kind, .name = metric_name, .labels = label_text, .sentence = help},
#include "metrics/metrics.def"
#undef METRIC
};
static const char *const type_names[] = {"counter", "gauge", "histogram"};

static const uint32_t bounds_us[] = {1000,   2500,   5000,    10000,   25000,   50000,    100000,
                                     250000, 500000, 1000000, 2500000, 5000000, 10000000, 60000000};
enum { BOUNDS = ARRAY_LEN(bounds_us) };

struct cell {
    _Atomic int64_t value;            /* counter, gauge; of a histogram the count */
    _Atomic uint64_t sum_us;          /* histogram */
    _Atomic uint64_t buckets[BOUNDS]; /* not cumulative */
};
struct shard {
    struct shard *next;
    struct cell cells[METRICS];
};

static _Atomic(struct shard *) shards;
static _Thread_local struct shard *mine;

static struct cell *cell(enum metric m)
{
    ALWAYS((unsigned)m < METRICS);
    if (mine == NULL) {
        mine = mem_new(struct shard);
        mine->next = atomic_load(&shards);
        while (!atomic_compare_exchange_weak(&shards, &mine->next, mine)) {
        }
    }
    return &mine->cells[m];
}

void metric_add(enum metric m, int64_t n)
{
    atomic_fetch_add_explicit(&cell(m)->value, n, memory_order_relaxed);
}

void metric_observe_us(enum metric m, uint64_t took_us)
{
    struct cell *c = cell(m);
    atomic_fetch_add_explicit(&c->value, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&c->sum_us, took_us, memory_order_relaxed);
    for (size_t i = 0; i < BOUNDS; i++) {
        if (took_us <= bounds_us[i]) {
            atomic_fetch_add_explicit(&c->buckets[i], 1, memory_order_relaxed);
            return;
        }
    }
}

int64_t metric_value(enum metric m)
{
    int64_t sum = 0;
    for (struct shard *s = atomic_load(&shards); s != NULL; s = s->next) {
        sum += atomic_load_explicit(&s->cells[m].value, memory_order_relaxed);
    }
    return sum;
}

static uint64_t sum_bucket(enum metric m, size_t i)
{
    uint64_t sum = 0;
    for (struct shard *s = atomic_load(&shards); s != NULL; s = s->next) {
        sum += atomic_load_explicit(&s->cells[m].buckets[i], memory_order_relaxed);
    }
    return sum;
}

static uint64_t sum_time_us(enum metric m)
{
    uint64_t sum = 0;
    for (struct shard *s = atomic_load(&shards); s != NULL; s = s->next) {
        sum += atomic_load_explicit(&s->cells[m].sum_us, memory_order_relaxed);
    }
    return sum;
}

static void format_histogram(struct buf *out, enum metric m)
{
    const char *name = table[m].name, *labels = table[m].labels;
    const char *comma = labels[0] ? "," : "";
    uint64_t below = 0;
    for (size_t i = 0; i < BOUNDS; i++) {
        below += sum_bucket(m, i);
        buf_printf(out, "%s_bucket{%s%sle=\"%g\"} %llu\n", name, labels, comma, bounds_us[i] / 1e6,
                   (unsigned long long)below);
    }
    /* An observation made while we read may be in the buckets and not yet in our count. */
    uint64_t count = (uint64_t)metric_value(m);
    count = count < below ? below : count;
    const char *open = labels[0] ? "{" : "", *end = labels[0] ? "}" : "";
    buf_printf(out, "%s_bucket{%s%sle=\"+Inf\"} %llu\n", name, labels, comma,
               (unsigned long long)count);
    buf_printf(out, "%s_sum%s%s%s %.6f\n", name, open, labels, end, (double)sum_time_us(m) / 1e6);
    buf_printf(out, "%s_count%s%s%s %llu\n", name, open, labels, end, (unsigned long long)count);
}

static bool first_of_name(size_t m)
{
    return m == 0 || strcmp(table[m].name, table[m - 1].name) != 0;
}

static void format_one(struct buf *out, enum metric m)
{
    if (first_of_name(m)) {
        buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", table[m].name, table[m].sentence,
                   table[m].name, type_names[table[m].type]);
    }
    if (table[m].type == HISTOGRAM) {
        format_histogram(out, m);
    } else if (table[m].labels[0] != '\0') {
        buf_printf(out, "%s{%s} %lld\n", table[m].name, table[m].labels,
                   (long long)metric_value(m));
    } else {
        buf_printf(out, "%s %lld\n", table[m].name, (long long)metric_value(m));
    }
}

static void format_process(struct buf *out)
{
    long pages = 0;
    FILE *f = fopen("/proc/self/statm", "re");
    if (f != NULL) {
        if (fscanf(f, "%*d %ld", &pages) != 1) {
            pages = 0;
        }
        fclose(f);
    }
    buf_str(out, "# HELP process_resident_memory_bytes Resident memory of the server process.\n"
                 "# TYPE process_resident_memory_bytes gauge\n");
    buf_printf(out, "process_resident_memory_bytes %lld\n",
               (long long)pages * sysconf(_SC_PAGESIZE));
    struct timespec cpu;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
    buf_str(out, "# HELP process_cpu_seconds_total Processor time the server process has used.\n"
                 "# TYPE process_cpu_seconds_total counter\n");
    buf_printf(out, "process_cpu_seconds_total %lld.%03ld\n", (long long)cpu.tv_sec,
               cpu.tv_nsec / 1000000);
}

void metrics_format(struct buf *out)
{
    for (unsigned m = 0; m < METRICS; m++) {
        format_one(out, (enum metric)m);
    }
    format_process(out);
    buf_str(out, "# HELP doorward_build_info Version of the running server.\n"
                 "# TYPE doorward_build_info gauge\n"
                 "doorward_build_info{version=\"" DOORWARD_VERSION "\"} 1\n");
}

void metrics_manual(struct buf *out)
{
    buf_str(out, "# Metrics\n\nGenerated by `doorward config --metrics-manual`; a test keeps it in "
                 "step. Served in the Prometheus text format at `/metrics` of "
                 "`DOORWARD_METRICS_LISTEN`.\n\n| name | type | labels | meaning |\n"
                 "|---|---|---|---|\n");
    const char *sentence = "";
    for (size_t m = 0; m < METRICS; m++) {
        sentence = first_of_name(m) ? table[m].sentence : sentence;
        buf_printf(out, "| `%s` | %s | %s%s%s | %s |\n", table[m].name, type_names[table[m].type],
                   table[m].labels[0] ? "`" : "", table[m].labels, table[m].labels[0] ? "`" : "",
                   sentence);
    }
}
