/* SPDX-License-Identifier: Apache-2.0 */
/* One statement for a cached clip, three in one round trip for another. The statements of cached
 * clips are sent together: while some are under way, requests that come wait for the next batch, in
 * which the same question is put once - a question always put after the request came. The cache is
 * a list, newest first, small enough to be searched: at 16 MiB it holds some hundred clips. */
#include "playback/playback_internal.h"

#include "base/clock.h"
#include "crypto/keyring.h"

enum { CHECKS_MAX = 64 };

struct open_op {
    struct list node; /* of playback.waiting */
    struct playback *pb;
    struct id account, clip;
    unsigned access, facts, segments; /* statements of the batch */
    struct playback_clip *cached;     /* held, or NULL: rows are coming */
    playback_open_fn *done;
    void *arg;
};

/* The checks that go to the database together. */
struct checks {
    struct playback *pb;
    size_t n;
    struct open_op *ops[CHECKS_MAX];
};

struct playback *playback_create(const struct playback_params *p)
{
    struct playback *pb = mem_new(struct playback);
    pb->p = *p;
    list_init(&pb->cached);
    list_init(&pb->waiting);
    pb->gate = view_gate_create();
    pb->stills = still_queue_create(pb);
    pb->extents = extent_cache_create(p->loop);
    keyring_derive(p->keyring, LINK_KEY_PURPOSE, pb->link_key);
    return pb;
}

/* ---- references and the cache ---- */

struct playback_clip *playback_clip_ref(struct playback_clip *c)
{
    c->refs++;
    return c;
}

struct playback_clip *playback_clip_unref(struct playback_clip *c)
{
    if (c == NULL || --c->refs > 0) {
        return NULL;
    }
    if (c->segments != NULL) {
        secret_wipe(c->segments, c->n_segments * sizeof *c->segments);
    }
    free(c->segments);
    free(c->still);
    mp4_finish(&c->mp4);
    hls_finish(&c->hls);
    free(c);
    return NULL;
}

static void drop(struct playback_clip *c)
{
    c->cached = false;
    c->pb->cached_bytes -= c->bytes;
    list_remove(&c->node);
    playback_clip_unref(c);
}

static struct playback_clip *find(struct playback *pb, const struct id *clip)
{
    list_for_each (it, &pb->cached) {
        struct playback_clip *c = CONTAINER_OF(it, struct playback_clip, node);
        if (id_equal(&c->id, clip)) {
            return c;
        }
    }
    return NULL;
}

/* To the front; what is too much or too old goes from the back. */
static void keep(struct playback_clip *c)
{
    struct playback *pb = c->pb;
    if (!c->cached) {
        c->cached = true;
        pb->cached_bytes += c->bytes;
        playback_clip_ref(c);
    }
    list_remove(&c->node);
    list_append(pb->cached.next, &c->node); /* before the first = in front */
    c->used_us = clock_now_us();
    while (!list_empty(&pb->cached)) {
        struct playback_clip *last = CONTAINER_OF(pb->cached.prev, struct playback_clip, node);
        int64_t idle_us = c->used_us - last->used_us;
        if (pb->cached_bytes <= PLAYBACK_CACHE_BYTES &&
            idle_us < (int64_t)PLAYBACK_CACHE_AGE_S * CLOCK_US) {
            break;
        }
        drop(last);
    }
}

void playback_forget(struct playback *pb, const struct id *clip)
{
    struct playback_clip *c = find(pb, clip);
    if (c == NULL) {
        return;
    }
    for (uint32_t i = 0; i < c->n_segments; i++) {
        extent_forget(pb->extents, &c->segments[i].seal.object);
    }
    drop(c);
}

bool playback_busy(const struct playback *pb)
{
    return pb->under_way > 0 || still_queue_busy(pb->stills);
}

struct playback *playback_destroy(struct playback *pb)
{
    if (pb == NULL) {
        return NULL;
    }
    still_queue_close(pb->stills);
    if (playback_busy(pb)) {
        return NULL;
    }
    while (!list_empty(&pb->cached)) {
        drop(CONTAINER_OF(pb->cached.next, struct playback_clip, node));
    }
    view_gate_destroy(pb->gate);
    still_queue_destroy(pb->stills);
    extent_cache_destroy(pb->extents);
    secret_wipe(pb->link_key, sizeof pb->link_key);
    free(pb);
    return NULL;
}

const uint8_t *playback_link_key(const struct playback *pb)
{
    return pb->link_key;
}

/* ---- opening ---- */

static int take_rows(struct open_op *op, const struct db_reply *r, struct playback_clip **ret_clip)
{
    if (db_status(r) != 0) {
        return PLAYBACK_E_UNAVAILABLE;
    }
    if (db_rows(r, op->access) != 1) {
        playback_forget(op->pb, &op->clip);
        return PLAYBACK_E_NOT_FOUND;
    }
    if (op->cached != NULL) {
        *ret_clip = playback_clip_ref(op->cached);
        return 0;
    }
    int status = playback_load(op->pb, &op->clip, r, op->facts, op->segments, ret_clip);
    if (status == PLAYBACK_E_BROKEN) {
        log_error(loop_log(op->pb->p.loop), "clip_unreadable", F_ID("clip", &op->clip));
    }
    return status;
}

static void answer(struct open_op *op, const struct db_reply *r)
{
    struct playback_clip *c = NULL;
    unsigned rights = 0;
    int status = take_rows(op, r, &c);
    if (status == 0) {
        struct playback_clip *other = find(op->pb, &op->clip);
        if (other != NULL && other != c) { /* loaded twice at the same time: one is enough */
            playback_clip_unref(c);
            c = playback_clip_ref(other);
        }
        keep(c);
        rights = (unsigned)db_i64(r, op->access, 0, 0);
    }
    op->done(op->arg, status, c, rights);
    playback_clip_unref(c);
    playback_clip_unref(op->cached);
    op->pb->under_way--;
    free(op);
}

static void load_done(void *arg, const struct db_reply *r)
{
    answer(arg, r);
}

static unsigned add_check(struct db_tx *tx, const struct open_op *op)
{
    return db_tx_add(tx, DB_CLIP_ACCESS, DB_ID(&op->account), DB_I64(clock_now_us()),
                     DB_ID(&op->clip));
}

static void load(struct open_op *op)
{
    struct db_tx *tx = db_tx_begin(op->pb->p.db);
    op->access = add_check(tx, op);
    op->facts = db_tx_add(tx, DB_CLIP_FACTS, DB_ID(&op->clip));
    op->segments = db_tx_add(tx, DB_SEGMENTS_OF_CLIP, DB_ID(&op->clip));
    db_tx_commit(tx, load_done, op);
}

static void send_checks(struct playback *pb);

static void checks_done(void *arg, const struct db_reply *r)
{
    struct checks *k = arg;
    struct playback *pb = k->pb;
    for (size_t i = 0; i < k->n; i++) {
        answer(k->ops[i], r);
    }
    free(k);
    pb->checking = false;
    send_checks(pb);
}

/* The same account and clip in this batch already? */
static bool asked(const struct checks *k, struct open_op *op)
{
    for (size_t i = 0; i < k->n; i++) {
        if (id_equal(&k->ops[i]->clip, &op->clip) && id_equal(&k->ops[i]->account, &op->account)) {
            op->access = k->ops[i]->access;
            return true;
        }
    }
    return false;
}

static void send_checks(struct playback *pb)
{
    if (pb->checking || list_empty(&pb->waiting)) {
        return;
    }
    struct checks *k = mem_new(struct checks);
    struct db_tx *tx = db_tx_begin(pb->p.db);
    k->pb = pb;
    while (k->n < CHECKS_MAX && !list_empty(&pb->waiting)) {
        struct open_op *op = CONTAINER_OF(list_pop(&pb->waiting), struct open_op, node);
        if (!asked(k, op)) {
            op->access = add_check(tx, op);
        }
        k->ops[k->n++] = op;
    }
    pb->checking = true;
    db_tx_commit(tx, checks_done, k);
}

void playback_open(struct playback *pb, const struct id *account, const struct id *clip,
                   playback_open_fn *done, void *arg)
{
    struct open_op *op = mem_new(struct open_op);
    struct playback_clip *c = find(pb, clip);
    *op = (struct open_op){.pb = pb, .account = *account, .clip = *clip, .done = done, .arg = arg};
    list_init(&op->node);
    pb->under_way++;
    if (c == NULL) {
        load(op);
        return;
    }
    op->cached = playback_clip_ref(c);
    list_append(&pb->waiting, &op->node);
    send_checks(pb);
}
