/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/same_start.h"

#include <string.h>

static int track_of(const struct index *ix, enum index_kind kind)
{
    for (uint32_t t = 0; t < ix->n_tracks; t++) {
        if (ix->tracks[t].kind == kind) {
            return (int)t;
        }
    }
    return -1;
}

/* When a run begins, in its recording: segments choose their own zero by what they hold. */
static int64_t begins_at(const struct index *ix, int track, uint32_t fragment)
{
    return ix->fragments[fragment].runs[track].decode_time +
           (int64_t)((__int128)ix->zero_90k * ix->tracks[track].timescale / 90000);
}

/* The cut-off fragment: its pictures must be a beginning; sound is interleaved differently there,
 * or has not come yet, and does not decide. */
static bool begins_with(const struct index *a, const struct index *b, uint32_t fragment)
{
    int ta = track_of(a, INDEX_VIDEO), tb = track_of(b, INDEX_VIDEO);
    if (ta < 0) {
        return true;
    }
    if (tb < 0 || begins_at(a, ta, fragment) != begins_at(b, tb, fragment)) {
        return false;
    }
    const struct index_run *ra = &a->fragments[fragment].runs[ta],
                           *rb = &b->fragments[fragment].runs[tb];
    for (uint32_t i = 0; i < ra->n_samples; i++) {
        const struct index_sample *sa = &a->tracks[ta].samples[ra->first_sample + i];
        const struct index_sample *sb = &b->tracks[tb].samples[rb->first_sample + i];
        if (i >= rb->n_samples || sa->size != sb->size || sa->sync != sb->sync) {
            return false;
        }
    }
    return true;
}

bool same_start(const struct index *partial, bool last_segment, const struct index *whole)
{
    if (partial->n_fragments > whole->n_fragments || partial->n_fragments == 0) {
        return false;
    }
    uint32_t exact = last_segment ? partial->n_fragments - 1 : partial->n_fragments;
    for (uint32_t i = 0; i < exact; i++) {
        if (memcmp(partial->fragments[i].sketch, whole->fragments[i].sketch, SHA256_SIZE) != 0) {
            return false;
        }
    }
    return exact == partial->n_fragments || begins_with(partial, whole, exact);
}
