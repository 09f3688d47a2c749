/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: sprites of small pictures and the WebVTT list that says which picture is of which time. */
#ifndef PLAYBACK_THUMBS_H
#define PLAYBACK_THUMBS_H

#include "base/buf.h"
#include "playback/hls.h"

enum {
    THUMB_WIDTH = 160,
    THUMB_HEIGHT = 90,
    THUMB_COLUMNS = 10,
    THUMB_ROWS = 10,
    THUMB_TILES = THUMB_COLUMNS * THUMB_ROWS,
    THUMB_TILE_S = 10,
    THUMB_SPRITE_BYTES = 250000,
    THUMB_VTT_MAX = 4 << 20
};
#define THUMB_SLOT_US ((int64_t)THUMB_TILES * THUMB_TILE_S * 1000000) /* time of one sprite */

/* Which entry of a playlist gives each tile of the sprite that begins at from_us: the first key
 * picture of its ten seconds, else the last one before, as long as footage goes on; -1: none. */
void thumbs_choose(const struct hls *h, int64_t from_us, int32_t ret_entries[THUMB_TILES]);

struct thumb_sprite {
    struct id id;
    int64_t from_us;
    const char *tiles; /* THUMB_TILES digits, '1': there is a picture */
};
/* The cues of one sprite that touch [from_us, to_us); times count from from_us. query: "" or
 * "?exp=...". */
void thumbs_format(const struct thumb_sprite *s, int64_t from_us, int64_t to_us, const char *query,
                   struct buf *out);

#endif
