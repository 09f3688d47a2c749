/* SPDX-License-Identifier: Apache-2.0 */
/* Rows -> playback_clip. The indexes are decoded here, used for the header, the playlist and the
 * place of the still, and dropped: a loaded clip is small. */
#include "playback/playback_internal.h"

#include "crypto/keyring.h"

#include <string.h>

/* Columns of segments_of_clip.sql. */
enum {
    COL_ID = 0,
    COL_START_US = 1,
    COL_PLAIN_BYTES = 5,
    COL_DIGEST = 7,
    COL_KEY = 8,
    COL_HOUSEHOLD_KEY = 9,
    COL_INDEX = 10,
    COL_HOUSEHOLD = 11
};

struct rows {
    const struct db_reply *r;
    unsigned stmt;
};

static int read_ref(const struct playback *pb, const struct rows *s, int row,
                    struct segment_ref *ret_ref)
{
    size_t n, m;
    struct segment_ref ref = {.plain_bytes = (uint64_t)db_i64(s->r, s->stmt, row, COL_PLAIN_BYTES)};
    ref.seal.object = db_id(s->r, s->stmt, row, COL_ID);
    ref.seal.household = db_id(s->r, s->stmt, row, COL_HOUSEHOLD);
    const uint8_t *wrapped = db_bytes(s->r, s->stmt, row, COL_KEY, &n);
    const uint8_t *household_key = db_bytes(s->r, s->stmt, row, COL_HOUSEHOLD_KEY, &m);
    if (n != KEY_WRAPPED_SIZE || m != KEY_WRAPPED_SIZE ||
        keyring_open_object(pb->p.keyring, &ref.seal.household, household_key, &ref.seal.object,
                            wrapped, ref.seal.key) < 0) {
        return PLAYBACK_E_BROKEN;
    }
    *ret_ref = ref;
    return 0;
}

static int read_index(const struct rows *s, int row, uint64_t plain_bytes, struct index *ret_index)
{
    size_t n;
    const uint8_t *coded = db_bytes(s->r, s->stmt, row, COL_INDEX, &n);
    struct index ix;
    if (index_decode(coded, n, &ix) < 0) {
        return PLAYBACK_E_BROKEN;
    }
    if (ix.plain_bytes != plain_bytes) {
        index_finish(&ix);
        return PLAYBACK_E_BROKEN;
    }
    *ret_index = ix;
    return 0;
}

static void make_tag(struct playback_clip *c, const struct rows *s)
{
    uint8_t digest[SHA256_SIZE];
    struct sha256 *h = sha256_create();
    sha256_update(h, c->id.b, sizeof c->id.b);
    for (int row = 0; row < (int)c->n_segments; row++) {
        size_t n;
        const uint8_t *sealed = db_bytes(s->r, s->stmt, row, COL_DIGEST, &n);
        sha256_update(h, sealed, n);
    }
    sha256_final(h, digest);
    sha256_destroy(h);
    for (size_t i = 0; i < (sizeof c->tag - 1) / 2; i++) {
        static const char hex[] = "0123456789abcdef";
        c->tag[2 * i] = hex[digest[i] >> 4];
        c->tag[2 * i + 1] = hex[digest[i] & 15];
    }
}

static void place_still(struct playback_clip *c, const struct index *list)
{
    for (uint32_t s = 0; s < c->n_segments; s++) {
        for (uint32_t f = 0; f < list[s].n_fragments; f++) {
            const struct index_fragment *g = &list[s].fragments[f];
            if (g->key && g->mdat_bytes < SEGMENT_READ_MAX * 8) {
                c->still_segment = s;
                c->still_init_bytes = list[s].init_bytes;
                c->still_offset = g->offset;
                c->still_bytes = g->moof_bytes + g->mdat_bytes;
                return;
            }
        }
    }
}

static int make_formats(struct playback_clip *c, const struct index *list)
{
    const struct index **pointers = mem_alloc(c->n_segments, sizeof *pointers);
    for (uint32_t s = 0; s < c->n_segments; s++) {
        pointers[s] = &list[s];
    }
    const struct mp4_params p = {
        .segments = pointers, .n_segments = c->n_segments, .start_us = c->start_us};
    int r = mp4_init(&p, &c->mp4);
    if (r == 0) {
        r = hls_init(pointers, c->n_segments, c->start_us, &c->hls);
    }
    free(pointers);
    place_still(c, list);
    return r < 0 ? PLAYBACK_E_BROKEN : 0;
}

static int read_segments(struct playback_clip *c, const struct rows *s)
{
    struct index *list = mem_alloc(c->n_segments, sizeof *list);
    int r = 0;
    for (uint32_t i = 0; i < c->n_segments && r == 0; i++) {
        r = read_ref(c->pb, s, (int)i, &c->segments[i]);
        r = r != 0 ? r : read_index(s, (int)i, c->segments[i].plain_bytes, &list[i]);
    }
    r = r != 0 ? r : make_formats(c, list);
    for (uint32_t i = 0; i < c->n_segments; i++) {
        index_finish(&list[i]);
    }
    free(list);
    return r;
}

static void copy_text(char *to, size_t size, const char *from)
{
    size_t n = from != NULL ? strnlen(from, size - 1) : 0;
    memcpy(to, from != NULL ? from : "", n);
    to[n] = 0;
}

int playback_load(struct playback *pb, const struct id *clip, const struct db_reply *r,
                  unsigned facts, unsigned segments, struct playback_clip **ret_clip)
{
    int n = db_rows(r, segments);
    if (db_rows(r, facts) != 1 || n == 0) {
        return PLAYBACK_E_NOT_FOUND;
    }
    if (n > PLAYBACK_SEGMENTS_MAX) {
        return PLAYBACK_E_BROKEN;
    }
    struct rows s = {.r = r, .stmt = segments};
    struct playback_clip *c = mem_new(struct playback_clip);
    *c = (struct playback_clip){.pb = pb, .id = *clip, .refs = 1, .n_segments = (uint32_t)n};
    list_init(&c->node);
    copy_text(c->camera_name, sizeof c->camera_name, db_text(r, facts, 0, 0));
    copy_text(c->kind, sizeof c->kind, db_text(r, facts, 0, 1));
    c->household = db_id(r, segments, 0, COL_HOUSEHOLD);
    c->start_us = db_i64(r, segments, 0, COL_START_US);
    c->segments = mem_alloc(c->n_segments, sizeof *c->segments);
    make_tag(c, &s);
    int status = read_segments(c, &s);
    if (status != 0) {
        playback_clip_unref(c);
        return status;
    }
    c->bytes = sizeof *c + c->n_segments * sizeof *c->segments + c->mp4.header_bytes +
               c->mp4.n_slices * sizeof *c->mp4.slices + c->hls.n_entries * sizeof *c->hls.entries;
    *ret_clip = c;
    return 0;
}
