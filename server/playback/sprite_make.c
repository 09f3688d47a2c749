/* SPDX-License-Identifier: Apache-2.0 */
/* claim -> open the film -> (read a key picture -> give it to the jail)... -> store. A job that
 * fails stays for two minutes and is taken again, five times at most. */
#include "playback/sprite_make.h"

#include "base/clock.h"
#include "playback/playback_internal.h"

#include <string.h>

enum { IDLE_MS = 2000, NEXT_MS = 10, FAILED_MS = 5000, PLAN_S = 600 };

struct sprite_maker {
    struct playback *pb;
    struct timer *timer;
    bool closed, working;
    bool again; /* woken while at work */
    int64_t planned_us;
};

struct sprite_op {
    struct sprite_maker *maker;
    struct id camera, household;
    uint8_t household_key[KEY_WRAPPED_SIZE];
    int64_t slot;
    struct playback_clip *film; /* held */
    struct remux_sprite *sprite;
    int32_t entries[THUMB_TILES];
    char tiles[THUMB_TILES + 1];
    int tile;       /* being read */
    uint8_t *bytes; /* owned: header, then the key picture */
    size_t init, all, have;
    bool reading, over; /* over: the jail is done or dead */
    int status;         /* of the jail */
    uint8_t *jpeg;      /* owned */
    size_t jpeg_n;
};

static void rest(struct sprite_maker *m, uint64_t ms)
{
    if (!m->closed) {
        timer_set(m->timer, m->again ? NEXT_MS : ms);
        m->again = false;
    }
}

static void finish(struct sprite_op *op, uint64_t pause_ms)
{
    struct sprite_maker *m = op->maker;
    playback_clip_unref(op->film);
    free(op->bytes);
    free(op->jpeg);
    free(op);
    m->working = false;
    m->pb->under_way--;
    rest(m, pause_ms);
}

/* ---- storing ---- */

static void stored(void *arg, bool shown)
{
    finish(arg, shown ? NEXT_MS : FAILED_MS);
}

static void store(struct sprite_op *op)
{
    uint8_t *jpeg = op->jpeg;
    op->jpeg = NULL;
    sprite_store(&(struct sprite_store_params){.pb = op->maker->pb,
                                               .household = op->household,
                                               .camera = op->camera,
                                               .slot = op->slot,
                                               .print = op->film->print,
                                               .household_key = op->household_key,
                                               .jpeg = jpeg,
                                               .jpeg_n = op->jpeg_n,
                                               .tiles = op->tiles,
                                               .done = stored,
                                               .arg = op});
}

/* ---- drawing ---- */

static void next_tile(struct sprite_op *op);

/* The jail is done and nothing is being read. */
static void drawn(struct sprite_op *op)
{
    if (op->jpeg != NULL) {
        store(op);
    } else {
        finish(op, FAILED_MS);
    }
}

static void on_sprite(void *arg, int status, const uint8_t *jpeg, size_t n)
{
    struct sprite_op *op = arg;
    op->over = true;
    op->sprite = NULL;
    if (status == 0 && n < SEGMENT_READ_MAX) {
        op->jpeg = mem_dup(jpeg, n);
        op->jpeg_n = n;
    }
    if (!op->reading) {
        drawn(op);
    }
}

static void on_more(void *arg)
{
    next_tile(arg);
}

static void read_on(struct sprite_op *op);

static void on_bytes(void *arg, int status, uint8_t *p, size_t n)
{
    struct sprite_op *op = arg;
    op->reading = false;
    if (op->over) {
        free(p);
        drawn(op);
        return;
    }
    if (status != 0) { /* deleted meanwhile, or lost: what is drawn is out of date anyway */
        remux_sprite_cancel(op->sprite);
        return;
    }
    memcpy(op->bytes + op->have, p, n);
    free(p);
    op->have += n;
    read_on(op);
}

static void give_tile(struct sprite_op *op)
{
    uint8_t *bytes = op->bytes;
    op->bytes = NULL;
    op->tiles[op->tile] = '1';
    op->tile++;
    if (remux_sprite_tile(op->sprite, (unsigned)op->tile - 1, bytes, op->all)) {
        next_tile(op);
    }
}

static void read_on(struct sprite_op *op)
{
    const struct hls_entry *e = &op->film->hls.entries[op->entries[op->tile]];
    if (op->have == op->all) {
        give_tile(op);
        return;
    }
    bool head = op->have < op->init;
    uint64_t from = head ? op->have : e->offset + (op->have - op->init);
    uint64_t left = head ? op->init - op->have : op->all - op->have;
    uint64_t n = left < SEGMENT_READ_MAX ? left : SEGMENT_READ_MAX;
    op->reading = true;
    segment_read(op->maker->pb->p.store, &op->film->segments[e->segment], from, from + n, on_bytes,
                 op);
}

static void next_tile(struct sprite_op *op)
{
    for (; op->tile < THUMB_TILES; op->tile++) {
        if (op->entries[op->tile] < 0) {
            continue;
        }
        const struct hls_entry *e = &op->film->hls.entries[op->entries[op->tile]];
        op->init = e->init_bytes;
        op->all = op->init + e->key_bytes;
        op->have = 0;
        if (op->all <= REMUX_TILE_BYTES_MAX) {
            op->bytes = mem_resize(op->bytes, op->all, 1);
            read_on(op);
            return;
        }
    }
    remux_sprite_end(op->sprite);
}

static void draw(struct sprite_op *op)
{
    const struct remux_sprite_params p = {.tile_width = THUMB_WIDTH,
                                          .tile_height = THUMB_HEIGHT,
                                          .columns = THUMB_COLUMNS,
                                          .rows = THUMB_ROWS,
                                          .max_bytes = THUMB_SPRITE_BYTES,
                                          .more = on_more,
                                          .done = on_sprite,
                                          .arg = op};
    memset(op->tiles, '0', THUMB_TILES);
    thumbs_choose(&op->film->hls, op->slot * THUMB_SLOT_US, op->entries);
    if (remux_sprite_begin(op->maker->pb->p.remux, &p, &op->sprite) != 0) {
        finish(op, FAILED_MS);
        return;
    }
    next_tile(op);
}

/* ---- the film ---- */

static void dropped(void *arg, const struct db_reply *r)
{
    (void)r;
    finish(arg, NEXT_MS);
}

static void drop_job(struct sprite_op *op)
{
    db_run(op->maker->pb->p.db, dropped, op, DB_SPRITE_JOB_DROP, DB_ID(&op->camera),
           DB_I64(op->slot));
}

static void opened(void *arg, int status, struct playback_clip *c, unsigned rights)
{
    struct sprite_op *op = arg;
    (void)rights;
    if (status == 0) {
        op->film = playback_clip_ref(c);
        draw(op);
    } else if (status == PLAYBACK_E_EMPTY || status == PLAYBACK_E_NOT_FOUND) {
        drop_job(op);
    } else {
        finish(op, FAILED_MS);
    }
}

/* ---- claiming ---- */

static bool read_claim(struct sprite_op *op, const struct db_reply *r, unsigned stmt)
{
    size_t n;
    if (db_status(r) != 0 || db_rows(r, stmt) != 1) {
        return false;
    }
    const uint8_t *key = db_bytes(r, stmt, 0, 3, &n);
    op->camera = db_id(r, stmt, 0, 0);
    op->slot = db_i64(r, stmt, 0, 1);
    op->household = db_id(r, stmt, 0, 2);
    if (n != KEY_WRAPPED_SIZE) {
        return false;
    }
    memcpy(op->household_key, key, sizeof op->household_key);
    return true;
}

static void claimed(void *arg, const struct db_reply *r)
{
    struct sprite_op *op = arg;
    if (!read_claim(op, r, 0)) {
        finish(op, db_status(r) == 0 ? IDLE_MS : FAILED_MS);
        return;
    }
    if (db_bool(r, 0, 0, 4)) {
        drop_job(op);
        return;
    }
    const struct playback_subject span = {.kind = PLAYBACK_SPAN,
                                          .id = op->camera,
                                          .from_us = op->slot * THUMB_SLOT_US,
                                          .to_us = (op->slot + 1) * THUMB_SLOT_US,
                                          .list_only = true};
    playback_open_system(op->maker->pb, &span, opened, op);
}

static void claim(struct sprite_op *op)
{
    struct sprite_maker *m = op->maker;
    int64_t now = clock_now_us();
    bool ahead = m->pb->p.thumbs_ahead;
    struct db_tx *tx = db_tx_begin(m->pb->p.db);
    db_tx_add(tx, DB_SPRITE_CLAIM, DB_I64(now), DB_BOOL(ahead));
    if (ahead && now - m->planned_us > PLAN_S * (int64_t)CLOCK_US) {
        db_tx_add(tx, DB_SPRITE_PLAN, DB_I64(now));
        m->planned_us = now;
    }
    db_tx_commit(tx, claimed, op);
}

static void on_timer(void *arg)
{
    struct sprite_maker *m = arg;
    const atomic_bool *draining = m->pb->p.draining;
    if (m->working || m->closed || (draining != NULL && atomic_load(draining))) {
        return;
    }
    struct sprite_op *op = mem_new(struct sprite_op);
    op->maker = m;
    m->working = true;
    m->pb->under_way++;
    claim(op);
}

struct sprite_maker *sprite_maker_create(struct playback *pb)
{
    struct sprite_maker *m = mem_new(struct sprite_maker);
    m->pb = pb;
    m->timer = timer_create_on(pb->p.loop, on_timer, m);
    timer_set(m->timer, IDLE_MS);
    return m;
}

void sprite_maker_wake(struct sprite_maker *m)
{
    m->again = m->working;
    if (!m->working) {
        rest(m, NEXT_MS);
    }
}

void sprite_maker_close(struct sprite_maker *m)
{
    m->closed = true;
    timer_stop(m->timer);
}

struct sprite_maker *sprite_maker_destroy(struct sprite_maker *m)
{
    if (m != NULL) {
        timer_destroy(m->timer);
        free(m);
    }
    return NULL;
}
