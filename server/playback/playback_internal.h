/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the files of this folder. */
#ifndef PLAYBACK_INTERNAL_H
#define PLAYBACK_INTERNAL_H

#include "playback/extent.h"
#include "playback/link.h"
#include "playback/playback.h"

struct view_gate;
struct still_queue;
struct open_op;
struct film_facts;
struct film_hidden;
struct sprite_maker;

struct playback {
    struct playback_params p;
    struct list cached;  /* playback_clip.node, newest first */
    size_t cached_bytes; /* of the small ones */
    unsigned cached_big;
    struct list loading; /* big_load.node: many segments, read page by page */
    struct list load_waiting;
    unsigned n_loading, n_load_waiting;
    struct list waiting; /* open_op.node: for the next batch of checks */
    bool checking;       /* a batch is under way */
    unsigned under_way;  /* opening, recording, reading: what will come back here */
    struct view_gate *gate;
    struct still_queue *stills;
    struct extent_cache *extents;
    struct sprite_maker *sprites; /* NULL: none are made here */
    uint8_t link_key[LINK_KEY_SIZE];
};

/* As playback_open(), for what the server does by itself. */
void playback_open_system(struct playback *pb, const struct playback_subject *s,
                          playback_open_fn *done, void *arg);

/* A film of many segments: rows are looked at first, then what is in them, page by page, on the
 * thread pool. facts and hidden are copied. done exactly once, later; status 0: one reference is
 * the callback's. */
typedef void big_load_fn(void *arg, int status, struct playback_clip *c);
void big_load_begin(struct playback *pb, const struct film_facts *facts, const struct id *recording,
                    const struct film_hidden *hidden, uint32_t n_hidden, big_load_fn *done,
                    void *arg);

struct view_gate *view_gate_create(void);
struct view_gate *view_gate_destroy(struct view_gate *g);
struct still_queue *still_queue_create(struct playback *pb);
struct still_queue *still_queue_destroy(struct still_queue *q); /* not while busy */
bool still_queue_busy(const struct still_queue *q);
void still_queue_close(struct still_queue *q);

#endif
