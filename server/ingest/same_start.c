/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/same_start.h"

#include <string.h>

static bool same_samples(const struct index *a, const struct index *b, uint32_t fragment,
                         uint32_t track)
{
    const struct index_run *ra = &a->fragments[fragment].runs[track],
                           *rb = &b->fragments[fragment].runs[track];
    if (ra->n_samples > rb->n_samples || ra->decode_time != rb->decode_time) {
        return false;
    }
    for (uint32_t i = 0; i < ra->n_samples; i++) {
        const struct index_sample *sa = &a->tracks[track].samples[ra->first_sample + i];
        const struct index_sample *sb = &b->tracks[track].samples[rb->first_sample + i];
        if (sa->size != sb->size || sa->sync != sb->sync) {
            return false;
        }
    }
    return true;
}

/* The cut-off fragment: its video must be a beginning; sound is interleaved differently there and
 * does not decide. */
static bool begins_with(const struct index *partial, const struct index *whole, uint32_t fragment)
{
    for (uint32_t t = 0; t < partial->n_tracks; t++) {
        if (partial->tracks[t].kind == INDEX_VIDEO && !same_samples(partial, whole, fragment, t)) {
            return false;
        }
    }
    return true;
}

bool same_start(const struct index *partial, bool last_segment, const struct index *whole)
{
    if (partial->n_tracks != whole->n_tracks || partial->n_fragments > whole->n_fragments ||
        partial->n_fragments == 0) {
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
