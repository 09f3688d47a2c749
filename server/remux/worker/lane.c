/* SPDX-License-Identifier: Apache-2.0 */
#include "remux/worker/lane.h"

#include <libavutil/mathematics.h>
#include <string.h>

int64_t lane_to_90k(const struct lane *l, int64_t t)
{
    return av_rescale_rnd(t, SCALE_90K, l->track->timescale, AV_ROUND_DOWN);
}

int64_t lane_from_90k(const struct lane *l, int64_t t)
{
    return av_rescale_rnd(t, l->track->timescale, SCALE_90K, AV_ROUND_DOWN);
}

static int compare_times(const void *a, const void *b)
{
    int64_t x, y;
    memcpy(&x, a, sizeof(x));
    memcpy(&y, b, sizeof(y));
    return (x > y) - (x < y);
}

/* Without decode times: the presentation times in order, early enough that no picture is decoded
 * after it is shown. */
static void derive_decode_times(struct lane *l, size_t n)
{
    struct track *t = l->track;
    if (n == 0 || !t->clock.without_decode_time) {
        return;
    }
    CLEANUP(mem_free_at) int64_t *times = mem_alloc(n, sizeof(*times));
    for (size_t i = 0; i < n; i++) {
        times[i] = t->queue[i].pts;
    }
    qsort(times, n, sizeof(*times), compare_times);
    for (size_t i = 0; i < n; i++) {
        int64_t late = times[i] - t->queue[i].pts;
        l->delay = late > l->delay ? late : l->delay;
    }
    for (size_t i = 0; i < n; i++) {
        t->queue[i].dts = times[i] - l->delay;
    }
}

int64_t lane_earliest(const struct lane *l, size_t n)
{
    const struct track *t = l->track;
    int64_t first = t->queue[0].pts;
    for (size_t i = 1; i < n; i++) {
        first = t->queue[i].pts < first ? t->queue[i].pts : first;
    }
    return first;
}

int64_t lane_decode_at(const struct lane *l, size_t i)
{
    return l->track->queue[i].dts + l->shift;
}

static void follow_groups(struct lane *l, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct sample *q = &l->track->queue[i];
        if (q->sync) {
            l->group_90k = l->gone_90k;
            l->gone_90k = 0;
        }
        l->gone_90k += lane_to_90k(l, q->duration);
    }
}

void lane_settle(struct lane *l, size_t n, int64_t limit)
{
    struct track *t = l->track;
    derive_decode_times(l, n);
    int64_t least = l->started ? l->last_end : INT64_MIN;
    for (size_t i = 0; i < n; i++) {
        if (lane_decode_at(l, i) < least) {
            t->queue[i].dts = least - l->shift;
        }
        least = lane_decode_at(l, i) + 1;
    }
    for (size_t i = 0; i < n; i++) {
        int64_t next = i + 1 < n             ? t->queue[i + 1].dts
                       : limit == CLOCK_NONE ? CLOCK_NONE
                                             : limit - l->delay;
        int64_t duration = next == CLOCK_NONE ? t->queue[i].duration : next - t->queue[i].dts;
        t->queue[i].duration = duration > 0 ? duration : 1;
    }
    if (n > 0) {
        l->last_end = lane_decode_at(l, n - 1) + t->queue[n - 1].duration;
        l->started = true;
    }
    follow_groups(l, n);
}

/* ---- parts ---- */

/* Where a part may end, and how long it then is. */
struct part_end {
    size_t n;
    int64_t limit, span_90k;
};

/* The one to choose: the last that fits, or the first when none does. True: look no further. */
static bool choose(struct part_end *best, struct part_end e, bool key, int64_t max_90k)
{
    bool fits = e.span_90k <= max_90k;
    if (fits || best->n == 0) {
        *best = e;
    }
    return key || !fits;
}

/* Without a key picture, or one past the end, to say so: would another picture be too many? */
static size_t enough(const struct part_end *best, int64_t all_90k, int64_t step_90k,
                     int64_t max_90k)
{
    return all_90k + step_90k > max_90k ? best->n : 0;
}

/* The longest that the part at the front may be, so that the parts of a group like the last one are
 * equal but for a picture. */
static int64_t even_part(const struct lane *l, int64_t step_90k, int64_t max_90k)
{
    bool key = l->track->queue[0].sync;
    int64_t gone = key ? 0 : l->gone_90k, group = key ? l->gone_90k : l->group_90k;
    if (step_90k <= 0 || max_90k < step_90k || group <= max_90k || gone >= group - step_90k / 2) {
        return max_90k;
    }
    int64_t pictures = (group + step_90k / 2) / step_90k, most = max_90k / step_90k;
    int64_t parts = (pictures + most - 1) / most, done = (gone + step_90k / 2) / step_90k;
    int64_t at = done * parts / pictures + 1; /* the boundary behind those that are gone */
    int64_t end = (at * pictures + parts - 1) / parts;
    int64_t span = (end - done) * step_90k + step_90k / 4; /* times are rounded */
    return span < max_90k ? span : max_90k;
}

/* All that wait, when their length is known and no other picture fits. */
static bool is_complete(const struct lane *l, int64_t step_90k, int64_t max_90k,
                        struct part_end *best)
{
    const struct sample *q = l->track->queue;
    size_t n = l->track->n_queue;
    if (!l->track->exact_times) {
        return false;
    }
    int64_t limit = q[n - 1].dts + q[n - 1].duration;
    struct part_end e = {n, limit, lane_to_90k(l, limit - q[0].dts)};
    if (e.span_90k > max_90k || e.span_90k + step_90k <= max_90k) {
        return false;
    }
    *best = e;
    return true;
}

static size_t part_by_decoding(const struct lane *l, int64_t most_90k, struct part_end *best)
{
    const struct sample *q = l->track->queue;
    size_t last = l->track->n_queue - 1;
    int64_t step_90k = lane_to_90k(l, q[last].dts - q[last - 1].dts);
    int64_t max_90k = even_part(l, step_90k, most_90k);
    for (size_t i = 1; i <= last; i++) {
        struct part_end e = {i, q[i].dts, lane_to_90k(l, q[i].dts - q[0].dts)};
        if (choose(best, e, q[i].sync, max_90k)) {
            return best->n;
        }
    }
    return is_complete(l, step_90k, max_90k, best)
               ? best->n
               : enough(best, best->span_90k, step_90k, max_90k);
}

/* Only presentation times are known: a part ends before a picture that is shown after all before
 * it. Those that are decoded later but shown between the two (B pictures) go with it. */
static size_t part_by_presentation(const struct lane *l, int64_t max_90k, struct part_end *best)
{
    const struct sample *q = l->track->queue;
    size_t n = l->track->n_queue;
    int64_t top = q[0].pts, low = top, all = lane_earliest(l, n);
    for (size_t i = 1; i < n; i++) {
        all = q[i].pts > all ? q[i].pts : all;
    }
    int64_t step = (all - lane_earliest(l, n)) / (int64_t)(n - 1);
    bool ordered = true;
    for (size_t i = 1; i < n; i++) {
        ordered &= q[i].pts > q[i - 1].pts;
        if (q[i].pts > top) {
            int64_t limit = ordered || q[i].sync ? q[i].pts : top + step;
            struct part_end e = {i, limit, lane_to_90k(l, limit - low)};
            if (choose(best, e, q[i].sync, max_90k)) {
                return best->n;
            }
        }
        top = q[i].pts > top ? q[i].pts : top;
        low = q[i].pts < low ? q[i].pts : low;
    }
    return enough(best, lane_to_90k(l, all - low), lane_to_90k(l, step), max_90k);
}

size_t lane_part(const struct lane *l, int64_t max_90k, int64_t *ret_limit)
{
    struct part_end best = {0};
    size_t n = l->track->clock.without_decode_time ? part_by_presentation(l, max_90k, &best)
                                                   : part_by_decoding(l, max_90k, &best);
    *ret_limit = best.limit;
    return n;
}
