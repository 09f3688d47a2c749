/* SPDX-License-Identifier: Apache-2.0 */
#include "recording/compact_choose.h"

enum { SLACK_90K = 45000 }; /* half a second: rounding, the guessed length of a last picture */

static int64_t end_of(const struct index *ix)
{
    return ix->zero_90k + ix->duration_90k;
}

static bool follows(const struct index *a, const struct index *b)
{
    int64_t apart = b->zero_90k - end_of(a);
    return apart <= SLACK_90K && apart >= -SLACK_90K && b->zero_90k > a->zero_90k &&
           index_same_init(a, b);
}

struct sums {
    uint64_t fragments, samples[INDEX_TRACKS_MAX];
};

/* Half of what a segment may hold, so that its coded index stays far below its own limit. */
static bool add(struct sums *s, const struct index *ix)
{
    s->fragments += ix->n_fragments;
    bool fits = s->fragments <= INDEX_FRAGMENTS_MAX / 2;
    for (uint32_t t = 0; t < ix->n_tracks; t++) {
        s->samples[t] += ix->tracks[t].n_samples;
        fits &= s->samples[t] <= INDEX_SAMPLES_MAX / 2;
    }
    return fits;
}

struct compact_choice compact_choose(const struct index *const *list, size_t n, int64_t max_90k,
                                     bool over)
{
    for (size_t first = 0, end; first < n; first = end) {
        struct sums sums = {0};
        bool full = !add(&sums, list[first]);
        end = first + 1;
        while (end < n && !full && follows(list[end - 1], list[end])) {
            full = end_of(list[end]) - list[first]->zero_90k > max_90k || !add(&sums, list[end]);
            end += !full;
        }
        if (end == n && !full && !over) {
            break;
        }
        if (end - first >= 2) {
            return (struct compact_choice){.first = first, .n = end - first};
        }
    }
    return (struct compact_choice){0};
}
