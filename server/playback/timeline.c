/* SPDX-License-Identifier: Apache-2.0 */
#include "playback/timeline.h"

#include "base/status.h"

#include <string.h>

struct list_of_gaps {
    struct timeline_gap *g;
    uint32_t n, cap;
};

static void append(struct list_of_gaps *l, int64_t from_us, int64_t to_us, const char *reason)
{
    struct timeline_gap *last = l->n > 0 ? &l->g[l->n - 1] : NULL;
    if (last != NULL && last->to_us == from_us && strcmp(last->reason, reason) == 0) {
        last->to_us = to_us;
        return;
    }
    if (l->n == TIMELINE_GAPS_MAX) {
        return;
    }
    if (l->n == l->cap) {
        l->cap = l->cap == 0 ? 16 : l->cap * 2;
        l->g = mem_resize(l->g, l->cap, sizeof *l->g);
    }
    l->g[l->n++] = (struct timeline_gap){from_us, to_us, reason};
}

/* What is known about time `at`, and until when that is all; NULL: nothing until then. */
static const char *known_at(const struct timeline_params *p, int64_t at, int64_t *until_us)
{
    const char *reason = NULL;
    for (uint32_t i = 0; i < p->n_known && reason == NULL; i++) {
        const struct timeline_gap *k = &p->known[i];
        if (k->from_us <= at && k->to_us > at) {
            reason = k->reason;
            *until_us = k->to_us < *until_us ? k->to_us : *until_us;
        } else if (k->from_us > at && k->from_us < *until_us) {
            *until_us = k->from_us; /* it counts more than what was not found yet */
        }
    }
    return reason;
}

static const char *derived_at(const struct timeline_params *p, int64_t at, int64_t *until_us)
{
    if (p->first_us != 0 && at >= p->first_us) {
        return "offline";
    }
    if (p->first_us != 0 && p->first_us < *until_us) {
        *until_us = p->first_us;
    }
    return "never_sent";
}

/* pending: footage of that time may still come, so only what is written down is told. */
static void explain(const struct timeline_params *p, int64_t from_us, int64_t to_us, bool pending,
                    struct list_of_gaps *l)
{
    for (int64_t at = from_us, until_us; at < to_us; at = until_us) {
        until_us = to_us;
        const char *reason = known_at(p, at, &until_us);
        if (reason == NULL && !pending) {
            reason = derived_at(p, at, &until_us);
        }
        if (reason != NULL) {
            append(l, at, until_us, reason);
        }
    }
}

uint32_t timeline_gaps(const struct timeline_params *p, struct timeline_gap **ret_gaps)
{
    struct list_of_gaps l = {0};
    int64_t at = p->from_us, end_us = p->to_us < p->now_us ? p->to_us : p->now_us;
    for (uint32_t i = 0; i < p->n_runs; i++) {
        const struct timeline_run *r = &p->runs[i];
        int64_t to_us = r->from_us < end_us ? r->from_us : end_us;
        if (to_us - at >= TIMELINE_HOLE_US) {
            explain(p, at, to_us, false, &l);
        }
        at = r->to_us > at ? r->to_us : at;
    }
    bool pending = p->n_runs > 0 && p->now_us - at < TIMELINE_PENDING_US;
    if (end_us - at >= TIMELINE_HOLE_US) {
        explain(p, at, end_us, pending, &l);
    }
    *ret_gaps = l.g;
    return l.n;
}

/* [from_us, to_us) of a run, as far as nothing hides it. */
static uint32_t add_visible(const struct timeline_run *run, const struct timeline_gap *hidden,
                            uint32_t n_hidden, struct timeline_run *out, uint32_t n, uint32_t max)
{
    int64_t at = run->from_us;
    while (at < run->to_us && n < max) {
        int64_t until_us = run->to_us, skip_us = at;
        for (uint32_t i = 0; i < n_hidden; i++) {
            const struct timeline_gap *h = &hidden[i];
            if (h->from_us <= at && h->to_us > at) {
                skip_us = h->to_us > skip_us ? h->to_us : skip_us;
            } else if (h->from_us > at && h->from_us < until_us) {
                until_us = h->from_us;
            }
        }
        if (skip_us > at) {
            at = skip_us;
            continue;
        }
        out[n] = *run;
        out[n].from_us = at;
        out[n++].to_us = until_us;
        at = until_us;
    }
    return n;
}

uint32_t timeline_visible(const struct timeline_run *runs, uint32_t n,
                          const struct timeline_gap *hidden, uint32_t n_hidden,
                          struct timeline_run **ret_runs)
{
    uint32_t max = n + 2 * n_hidden + 1,
             kept = 0; /* each hidden span cuts a run of each recording */
    max = max > TIMELINE_RUNS_MAX ? max : TIMELINE_RUNS_MAX;
    struct timeline_run *out = mem_alloc(max, sizeof *out);
    for (uint32_t i = 0; i < n; i++) {
        kept = add_visible(&runs[i], hidden, n_hidden, out, kept, max);
    }
    *ret_runs = out;
    return kept;
}
