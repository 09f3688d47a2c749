/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the files of this folder. */
#ifndef PLAYBACK_INTERNAL_H
#define PLAYBACK_INTERNAL_H

#include "playback/extent.h"
#include "playback/link.h"
#include "playback/playback.h"

struct view_gate;
struct still_queue;

struct playback {
    struct playback_params p;
    struct list cached; /* playback_clip.node, newest first */
    size_t cached_bytes;
    struct list waiting; /* open_op.node: for the next batch of checks */
    bool checking;       /* a batch is under way */
    unsigned under_way;  /* opening, recording, reading: what will come back here */
    struct view_gate *gate;
    struct still_queue *stills;
    struct extent_cache *extents;
    uint8_t link_key[LINK_KEY_SIZE];
};

struct view_gate *view_gate_create(void);
struct view_gate *view_gate_destroy(struct view_gate *g);
struct still_queue *still_queue_create(struct playback *pb);
struct still_queue *still_queue_destroy(struct still_queue *q); /* not while busy */
bool still_queue_busy(const struct still_queue *q);
void still_queue_close(struct still_queue *q);

#endif
