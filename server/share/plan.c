/* SPDX-License-Identifier: Apache-2.0 */
#include "share/plan.h"

#include "crypto/keyring.h"

#include <string.h>

/* Columns of inbox_segments.sql. */
enum {
    COL_CLIP,
    COL_CAMERA,
    COL_SHA256,
    COL_SEGMENT,
    COL_START_US,
    COL_PLAIN_BYTES,
    COL_KEY,
    COL_HOUSEHOLD_KEY,
    COL_HOUSEHOLD,
    COL_INDEX
};
enum { SEGMENTS_MAX = 2000 }; /* of one clip, for an answer: 12 hours, or many small ones */

struct rows {
    const struct db_reply *r;
    unsigned stmt;
    const struct keyring *keyring;
};

static int read_ref(const struct rows *s, int row, struct segment_ref *ret_ref)
{
    size_t n, m;
    struct segment_ref ref = {.plain_bytes = (uint64_t)db_i64(s->r, s->stmt, row, COL_PLAIN_BYTES)};
    ref.seal.object = db_id(s->r, s->stmt, row, COL_SEGMENT);
    ref.seal.household = db_id(s->r, s->stmt, row, COL_HOUSEHOLD);
    const uint8_t *wrapped = db_bytes(s->r, s->stmt, row, COL_KEY, &n);
    const uint8_t *household = db_bytes(s->r, s->stmt, row, COL_HOUSEHOLD_KEY, &m);
    if (n != KEY_WRAPPED_SIZE || m != KEY_WRAPPED_SIZE ||
        keyring_open_object(s->keyring, &ref.seal.household, household, &ref.seal.object, wrapped,
                            ref.seal.key)) {
        return SHARE_E_BROKEN;
    }
    *ret_ref = ref;
    return 0;
}

/* The clip's segments' indexes: rows [from, from+n). */
static int read_indexes(const struct rows *s, int from, uint32_t n, struct index *list,
                        struct cut_source *sources)
{
    for (uint32_t i = 0; i < n; i++) {
        size_t size;
        int row = from + (int)i;
        const uint8_t *coded = db_bytes(s->r, s->stmt, row, COL_INDEX, &size);
        if (index_decode(coded, size, &list[i]) ||
            list[i].plain_bytes != (uint64_t)db_i64(s->r, s->stmt, row, COL_PLAIN_BYTES)) {
            return SHARE_E_BROKEN;
        }
        sources[i] = (struct cut_source){.index = &list[i],
                                         .start_us = db_i64(s->r, s->stmt, row, COL_START_US)};
    }
    return 0;
}

/* Coded and read back once, so that what is committed can be opened. */
static int encode(struct share_piece *p)
{
    struct index again;
    p->coded = BUF_INIT(INDEX_BYTES_MAX);
    if (index_encode(&p->cut, &p->coded) || index_decode(p->coded.data, p->coded.len, &again)) {
        return SHARE_E_BROKEN;
    }
    index_finish(&again);
    return 0;
}

static void piece_finish(struct share_piece *p)
{
    index_finish(&p->cut);
    buf_finish(&p->coded);
    secret_wipe(&p->from, sizeof(p->from));
}

static int add_piece(const struct rows *s, int row, const struct cut_source *source,
                     const struct cut_piece *piece, struct share_item *item)
{
    struct share_piece p = {0};
    int r = read_ref(s, row, &p.from);
    if (r || cut_index(source, piece, item->n_pieces == 0, &p.cut, &p.start_us)) {
        return SHARE_E_BROKEN;
    }
    p.body_offset = source->index->fragments[piece->first].offset;
    p.body_bytes = p.cut.plain_bytes - p.cut.init_bytes;
    if (encode(&p)) {
        piece_finish(&p);
        return SHARE_E_BROKEN;
    }
    item->pieces[item->n_pieces++] = p;
    return 0;
}

static void item_finish(struct share_item *item)
{
    for (uint32_t i = 0; i < item->n_pieces; i++) {
        piece_finish(&item->pieces[i]);
    }
    free(item->pieces);
    *item = (struct share_item){0};
}

static int choose(const struct rows *s, int from, uint32_t n, const struct cut_span *window,
                  struct share_item *item)
{
    CLEANUP(mem_free_at) struct index *list = mem_alloc(n, sizeof(*list));
    CLEANUP(mem_free_at) struct cut_source *sources = mem_alloc(n, sizeof(*sources));
    CLEANUP(mem_free_at) struct cut_piece *pieces = mem_alloc(n, sizeof(*pieces));
    int r = read_indexes(s, from, n, list, sources);
    uint32_t n_pieces = r ? 0 : cut_choose(sources, n, window, pieces, &item->span);
    item->pieces = mem_alloc(n_pieces + 1, sizeof(*item->pieces));
    for (uint32_t i = 0; i < n_pieces && !r; i++) {
        r = add_piece(s, from + (int)pieces[i].source, &sources[pieces[i].source], &pieces[i],
                      item);
    }
    if (n_pieces && !r && item->span.from_us < item->pieces[0].start_us) {
        item->span.from_us = item->pieces[0].start_us; /* sound is primed before, not played */
    }
    for (uint32_t i = 0; i < n; i++) {
        index_finish(&list[i]);
    }
    return r;
}

static int add_item(const struct rows *s, int from, uint32_t n, const struct cut_span *window,
                    struct share_plan *p)
{
    size_t size;
    struct share_item item = {.clip = db_id(s->r, s->stmt, from, COL_CLIP),
                              .camera = db_id(s->r, s->stmt, from, COL_CAMERA)};
    const uint8_t *sha256 = db_bytes(s->r, s->stmt, from, COL_SHA256, &size);
    int r = size == SHA256_SIZE && n <= SEGMENTS_MAX ? 0 : SHARE_E_BROKEN;
    if (!r) {
        memcpy(item.parent_sha256, sha256, SHA256_SIZE);
        r = choose(s, from, n, window, &item);
    }
    if (r || !item.n_pieces) {
        item_finish(&item);
        return r;
    }
    p->items = mem_resize(p->items, p->n_items + 1, sizeof(*p->items));
    p->items[p->n_items++] = item;
    return 0;
}

static uint32_t same_clip(const struct rows *s, int from)
{
    struct id clip = db_id(s->r, s->stmt, from, COL_CLIP);
    int row = from + 1;
    for (; row < db_rows(s->r, s->stmt); row++) {
        struct id other = db_id(s->r, s->stmt, row, COL_CLIP);
        if (!id_equal(&clip, &other)) {
            break;
        }
    }
    return (uint32_t)(row - from);
}

int share_plan_init(const struct db_reply *r, unsigned stmt, const struct keyring *keyring,
                    const struct cut_span *window, struct share_plan *ret_plan)
{
    struct rows s = {.r = r, .stmt = stmt, .keyring = keyring};
    struct share_plan p = {0};
    for (int row = 0; row < db_rows(r, stmt);) {
        uint32_t n = same_clip(&s, row);
        int status = add_item(&s, row, n, window, &p);
        if (status) {
            share_plan_finish(&p);
            return status;
        }
        row += (int)n;
    }
    *ret_plan = p;
    return 0;
}

struct share_item *share_plan_find(const struct share_plan *p, const struct id *clip)
{
    for (size_t i = 0; i < p->n_items; i++) {
        if (id_equal(&p->items[i].clip, clip)) {
            return &p->items[i];
        }
    }
    return NULL;
}

static bool listed(const struct id *ids, size_t n, const struct id *id)
{
    for (size_t i = 0; i < n; i++) {
        if (id_equal(&ids[i], id)) {
            return true;
        }
    }
    return false;
}

bool share_plan_keep(struct share_plan *p, const struct id *clips, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!share_plan_find(p, &clips[i])) {
            return false;
        }
    }
    size_t kept = 0;
    for (size_t i = 0; i < p->n_items; i++) {
        if (listed(clips, n, &p->items[i].clip)) {
            p->items[kept++] = p->items[i];
        } else {
            item_finish(&p->items[i]);
        }
    }
    p->n_items = kept;
    return true;
}

void share_plan_finish(struct share_plan *p)
{
    for (size_t i = 0; i < p->n_items; i++) {
        item_finish(&p->items[i]);
    }
    free(p->items);
    *p = (struct share_plan){0};
}
