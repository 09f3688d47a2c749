/* SPDX-License-Identifier: Apache-2.0 */
#include "playback/thumbs.h"

#include "base/clock.h"

#include <inttypes.h>

#define TILE_US ((int64_t)THUMB_TILE_S * CLOCK_US)

void thumbs_choose(const struct hls *h, int64_t from_us, int32_t ret_entries[THUMB_TILES])
{
    uint32_t e = 0;
    int32_t last = -1;            /* the newest key picture before the tile's end */
    int64_t shown_us = INT64_MIN; /* so long does footage go on without a break */
    for (int t = 0; t < THUMB_TILES; t++) {
        int64_t begin = from_us + t * TILE_US, end = begin + TILE_US;
        ret_entries[t] = shown_us > begin ? last : -1;
        bool own = false;
        for (; e < h->n_entries && h->entries[e].start_us < end; e++) {
            const struct hls_entry *k = &h->entries[e];
            last = k->breaks ? -1 : last;
            last = k->key_bytes > 0 ? (int32_t)e : last;
            shown_us = k->start_us + take_us(k->duration_90k);
            bool inside = k->key_bytes > 0 && shown_us > begin;
            if (inside && !own) {
                ret_entries[t] = (int32_t)e;
                own = k->start_us >= begin;
            }
        }
    }
}

static void format_time(int64_t us, struct buf *out)
{
    int64_t ms = us / 1000;
    buf_printf(out, "%02" PRId64 ":%02" PRId64 ":%02" PRId64 ".%03" PRId64, ms / 3600000,
               ms / 60000 % 60, ms / 1000 % 60, ms % 1000);
}

void thumbs_format(const struct thumb_sprite *s, int64_t from_us, int64_t to_us, const char *query,
                   struct buf *out)
{
    char id[ID_TEXT_SIZE];
    id_format(&s->id, id);
    for (int t = 0; t < THUMB_TILES && s->tiles[t] != 0; t++) {
        int64_t begin = s->from_us + t * TILE_US, end = begin + TILE_US;
        if (s->tiles[t] != '1' || end <= from_us || begin >= to_us) {
            continue;
        }
        buf_str(out, "\n");
        format_time(begin > from_us ? begin - from_us : 0, out);
        buf_str(out, " --> ");
        format_time((end < to_us ? end : to_us) - from_us, out);
        buf_printf(out, "\nthumbs/%s.jpg%s#xywh=%d,%d,%d,%d\n", id, query,
                   t % THUMB_COLUMNS * THUMB_WIDTH, t / THUMB_COLUMNS * THUMB_HEIGHT, THUMB_WIDTH,
                   THUMB_HEIGHT);
    }
}
