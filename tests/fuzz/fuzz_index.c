/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes: refused, or an index that survives encode and decode, can be cut, and whose every
 * sample lies inside its fragment. */
#include "remux/index.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void walk(const struct index *ix)
{
    for (uint32_t f = 0; f < ix->n_fragments; f++) {
        const struct index_fragment *g = &ix->fragments[f];
        uint64_t bytes = 8;
        for (uint32_t t = 0; t < ix->n_tracks; t++) {
            for (uint32_t s = 0; s < g->runs[t].n_samples; s++) {
                bytes += ix->tracks[t].samples[g->runs[t].first_sample + s].size;
            }
        }
        ALWAYS(bytes == g->mdat_bytes);
        ALWAYS(g->offset + g->moof_bytes + g->mdat_bytes <= ix->plain_bytes);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct index ix, back, cut;
    if (index_decode(p, n, &ix) != 0) {
        return 0;
    }
    walk(&ix);
    struct buf b = BUF_INIT(2 * INDEX_BYTES_MAX);
    if (index_encode(&ix, &b) == 0) {
        ALWAYS(index_decode(b.data, b.len, &back) == 0);
        ALWAYS(back.n_fragments == ix.n_fragments && back.plain_bytes == ix.plain_bytes);
        index_finish(&back);
    }
    buf_finish(&b);
    uint32_t first = ix.n_fragments / 3;
    ALWAYS(index_cut(&ix, first, ix.n_fragments - first, &cut) == 0);
    walk(&cut);
    index_finish(&cut);
    index_finish(&ix);
    return 0;
}
