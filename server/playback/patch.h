/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: where the decode times of a stored fragment's runs stand, so that fragments of several
 * recordings can be given on one time line: each recording counts from its own zero. The moof boxes
 * are our own worker's (server/remux/worker/boxes.c), and a fragment whose moof has not exactly the
 * size that follows from its index is left as it is. */
#ifndef PLAYBACK_PATCH_H
#define PLAYBACK_PATCH_H

#include "remux/index.h"

struct patch {
    uint32_t segment, at; /* eight bytes of its plaintext, big-endian */
    uint64_t value;
};

/* Append to *list (malloc'd, *cap entries) the patches of fragments [first, first+n): decode times
 * count from origin_us; start_us: UTC of the segment's media zero. Times before the origin are 0.
 */
struct patches {
    struct patch *list; /* owned; in order of segment and place */
    uint32_t n, cap;
};
struct patch_source {
    uint32_t segment;
    const struct index *index;
    uint32_t first, n; /* fragments */
    int64_t start_us, origin_us;
};
void patches_add(struct patches *p, const struct patch_source *s);
void patches_finish(struct patches *p);
/* out holds bytes [from, from+n) of a segment. */
void patches_apply(const struct patches *p, uint32_t segment, uint64_t from, uint8_t *out,
                   size_t n);

#endif
