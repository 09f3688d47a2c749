/* SPDX-License-Identifier: Apache-2.0 */
/* What would really be sent for a request: per clip, the whole fragments inside the window. The
 * owner is shown it before answering (api/inbox.c), and give.h carries it out. */
#ifndef SHARE_PLAN_H
#define SHARE_PLAN_H

#include "db/db.h"
#include "recording/cut.h"
#include "recording/segment_read.h"

struct keyring;

struct share_piece { /* one new object */
    struct segment_ref from;
    struct index cut;
    struct buf coded;                 /* the same, as it is stored */
    int64_t start_us;                 /* UTC of the cut's media zero */
    uint64_t body_offset, body_bytes; /* its fragments within the source; before them goes init */
};
struct share_item { /* one clip */
    struct id clip, camera;
    uint8_t parent_sha256[SHA256_SIZE];
    struct cut_span span;
    uint64_t file_bytes; /* of the MP4 it will be; for who formats it to fill in */
    uint32_t n_pieces;
    struct share_piece *pieces; /* owned */
};
struct share_plan {
    size_t n_items;
    struct share_item *items; /* owned; only clips of which something whole lies inside */
};

enum { SHARE_E_BROKEN = 1 }; /* stored index or key does not open */
/* From the rows of inbox_segments (statement stmt of r) and the window. */
int share_plan_init(const struct db_reply *r, unsigned stmt, const struct keyring *keyring,
                    const struct cut_span *window, struct share_plan *ret_plan) MUST_CHECK;
/* NULL when nothing of the clip would be sent. */
struct share_item *share_plan_find(const struct share_plan *p, const struct id *clip);
/* Keep only these clips, in the plan's order. False, and nothing changed, when one of them is not
 * in the plan. */
bool share_plan_keep(struct share_plan *p, const struct id *clips, size_t n) MUST_CHECK;
void share_plan_finish(struct share_plan *p); /* wipes keys; takes a zeroed one too */

#endif
