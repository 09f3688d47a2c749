/* SPDX-License-Identifier: Apache-2.0 */
/* Makes sprites: one JPEG of 10 x 10 pictures for each 1000 s of a camera's footage, one a tile of
 * ten seconds, in the jail, one at a time per loop. What is to be made are rows (sprite_job) that
 * any node may take: those that somebody looks for first, then, on one loop, what was filmed an
 * hour ago. Internal to this folder. */
#ifndef PLAYBACK_SPRITE_MAKE_H
#define PLAYBACK_SPRITE_MAKE_H

#include "crypto/keyring.h"
#include "playback/playback.h"
#include "playback/thumbs.h"

struct sprite_maker;
struct sprite_maker *sprite_maker_create(struct playback *pb);
/* There is something to do now. */
void sprite_maker_wake(struct sprite_maker *m);
/* Nothing new is begun. */
void sprite_maker_close(struct sprite_maker *m);
struct sprite_maker *sprite_maker_destroy(struct sprite_maker *m); /* not at work; takes NULL */

/* ---- storing one; sprite_store.c ---- */
struct sprite_store_params {
    struct playback *pb;
    struct id household, camera;
    int64_t slot, print;
    const uint8_t *household_key; /* wrapped */
    uint8_t *jpeg;                /* malloc'd, now the store's */
    size_t jpeg_n;
    const char *tiles; /* THUMB_TILES digits: which pictures are there; copied */
    void (*done)(void *arg, bool shown);
    void *arg;
};
/* Own -> seal -> put -> show. done exactly once, later. */
void sprite_store(const struct sprite_store_params *p);

#endif
