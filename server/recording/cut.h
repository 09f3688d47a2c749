/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: which fragments lie inside a window, for handing over a part of footage (share) and for
 * what is left when one is erased (retention). Inward: whole fragments, the first begins with a key
 * frame at or after the window's start, no sample of any track begins before the window or ends
 * after it. */
#ifndef RECORDING_CUT_H
#define RECORDING_CUT_H

#include "remux/index.h"

struct cut_source {
    const struct index *index;
    int64_t start_us; /* UTC of its media zero */
};
struct cut_piece {
    uint32_t source, first, n; /* fragments [first, first+n) of that source */
};
struct cut_span {
    int64_t from_us, to_us; /* first sample's start, last sample's end */
};
/* Sources: consecutive segments of one recording. ret_pieces has room for n_sources. Returns the
 * number of pieces, 0 when nothing whole lies inside; ret_span is set then or else untouched. */
uint32_t cut_choose(const struct cut_source *sources, uint32_t n_sources,
                    const struct cut_span *window, struct cut_piece *ret_pieces,
                    struct cut_span *ret_span);
enum { CUT_PARTS = 2 };
/* What stays of a segment when [from_us, to_us) goes: at most one piece before it and one
 * behind it; never the whole segment as one. Returns the number of pieces. */
uint32_t cut_around(const struct cut_source *source, int64_t from_us, int64_t to_us,
                    struct cut_piece ret_pieces[CUT_PARTS]);

/* Make the cut's own index: the pieces' fragments, media zero moved to the first sample of the
 * first piece (ret_start_us: its UTC) unless that lies before it, so that a player starts at once.
 * Owned by the caller. */
int cut_index(const struct cut_source *source, const struct cut_piece *piece, bool first,
              struct index *ret_cut, int64_t *ret_start_us) MUST_CHECK;

#endif
