/* SPDX-License-Identifier: Apache-2.0 */
/* One statement for what is cached, four in one round trip for what is not, and more for films of
 * many hours (load_pages.c). The statements for what is cached are sent together: while some are
 * under way, requests that come wait for the next batch, in which the same question is put once - a
 * question always put after the request came. The answer says with the rights a number that changes
 * with the footage; what was loaded under another number is loaded anew. The cache is a list,
 * newest first, small enough to be searched: at 16 MiB it holds some hundred films. */
#include "playback/playback_internal.h"

#include "base/clock.h"
#include "crypto/keyring.h"
#include "playback/film.h"
#include "playback/sprite_make.h"

#include <stdio.h>
#include <string.h>

enum { CHECKS_MAX = 64, FIRST_SEGMENTS = 64 };

struct open_op {
    struct list node; /* of playback.waiting */
    struct playback *pb;
    struct id account; /* zero: the server itself */
    struct playback_subject subject;
    unsigned access, facts, hidden, segments; /* statements of the batch */
    struct playback_clip *cached;             /* held, or NULL: rows are coming */
    unsigned rights;
    int64_t print;
    struct id recording; /* of a segment */
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
    list_init(&pb->loading);
    list_init(&pb->load_waiting);
    pb->gate = view_gate_create();
    pb->stills = still_queue_create(pb);
    pb->extents = extent_cache_create(p->loop);
    keyring_derive(p->keyring, LINK_KEY_PURPOSE, pb->link_key);
    pb->sprites = p->node != NULL ? sprite_maker_create(pb) : NULL;
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
    free(c->parts);
    patches_finish(&c->patches);
    free(c->still);
    mp4_finish(&c->mp4);
    hls_finish(&c->hls);
    free(c);
    return NULL;
}

static bool is_big(const struct playback_clip *c)
{
    return c->bytes > PLAYBACK_BIG_BYTES;
}

static void drop(struct playback_clip *c)
{
    c->cached = false;
    if (is_big(c)) {
        c->pb->cached_big--;
    } else {
        c->pb->cached_bytes -= c->bytes;
    }
    list_remove(&c->node);
    playback_clip_unref(c);
}

static bool same_subject(const struct playback_subject *a, const struct playback_subject *b)
{
    return a->kind == b->kind && id_equal(&a->id, &b->id) && id_equal(&a->camera, &b->camera) &&
           a->from_us == b->from_us && a->to_us == b->to_us && a->list_only == b->list_only;
}

static struct playback_clip *find(struct playback *pb, const struct playback_subject *s)
{
    list_for_each (it, &pb->cached) {
        struct playback_clip *c = CONTAINER_OF(it, struct playback_clip, node);
        if (same_subject(&c->subject, s)) {
            return c;
        }
    }
    return NULL;
}

/* What is too much or too old, from the oldest on. */
static void make_room(struct playback *pb, int64_t now_us)
{
    for (struct list *it = pb->cached.prev, *before; it != &pb->cached; it = before) {
        struct playback_clip *c = CONTAINER_OF(it, struct playback_clip, node);
        before = it->prev;
        bool full =
            is_big(c) ? pb->cached_big > PLAYBACK_BIG_MAX : pb->cached_bytes > PLAYBACK_CACHE_BYTES;
        int64_t age_s = is_big(c) ? PLAYBACK_BIG_AGE_S : PLAYBACK_CACHE_AGE_S;
        if (full || now_us - c->used_us >= age_s * CLOCK_US) {
            drop(c);
        }
    }
}

/* To the front. */
static void keep(struct playback_clip *c)
{
    struct playback *pb = c->pb;
    if (!c->cached) {
        c->cached = true;
        if (is_big(c)) {
            pb->cached_big++;
        } else {
            pb->cached_bytes += c->bytes;
        }
        playback_clip_ref(c);
    }
    list_remove(&c->node);
    list_append(pb->cached.next, &c->node); /* before the first = in front */
    c->used_us = clock_now_us();
    make_room(pb, c->used_us);
}

void playback_forget(struct playback *pb, const struct id *clip)
{
    struct playback_clip *c =
        find(pb, &(struct playback_subject){.kind = PLAYBACK_CLIP, .id = *clip});
    if (c == NULL) {
        return;
    }
    for (uint32_t i = 0; i < c->n_segments; i++) {
        extent_forget(pb->extents, &c->segments[i].seal.object);
    }
    drop(c);
}

uint32_t playback_find_segment(const struct playback_clip *c, const struct id *id)
{
    for (uint32_t i = 0; i < c->n_segments; i++) {
        if (id_equal(&c->segments[i].seal.object, id)) {
            return i;
        }
    }
    return UINT32_MAX;
}

bool playback_part_readable(const struct playback_clip *c, uint32_t segment, uint64_t from,
                            uint64_t to)
{
    for (uint32_t i = 0; i < c->n_parts; i++) {
        const struct playback_part *p = &c->parts[i];
        if (p->segment == segment && p->from <= from && p->to >= to) {
            return true;
        }
    }
    return false;
}

void playback_segment_name(void *arg, uint32_t segment, char out[HLS_NAME_SIZE])
{
    const struct playback_clip *c = arg;
    char id[ID_TEXT_SIZE];
    id_format(&c->segments[segment].seal.object, id);
    snprintf(out, HLS_NAME_SIZE, "%s.mp4", id);
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
    if (pb->sprites != NULL) {
        sprite_maker_close(pb->sprites);
    }
    if (playback_busy(pb)) {
        return NULL;
    }
    while (!list_empty(&pb->cached)) {
        drop(CONTAINER_OF(pb->cached.next, struct playback_clip, node));
    }
    view_gate_destroy(pb->gate);
    sprite_maker_destroy(pb->sprites);
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

static void finish(struct open_op *op, int status, struct playback_clip *c)
{
    if (status == 0) {
        keep(c);
    } else if (status == PLAYBACK_E_BROKEN) {
        log_error(loop_log(op->pb->p.loop), "clip_unreadable", F_ID("clip", &op->subject.id));
    }
    op->done(op->arg, status, c, op->rights);
    playback_clip_unref(c);
    playback_clip_unref(op->cached);
    op->pb->under_way--;
    free(op);
}

/* One reference is ours. Loaded twice at the same time: one is enough. */
static void loaded(void *arg, int status, struct playback_clip *c)
{
    struct open_op *op = arg;
    if (status == 0) {
        struct playback_clip *other = find(op->pb, &op->subject);
        c->print = op->print;
        c->recording = op->recording;
        if (other != NULL && other->print == c->print) {
            playback_clip_unref(c);
            c = playback_clip_ref(other);
        } else if (other != NULL) {
            drop(other);
        }
    }
    finish(op, status, c);
}

/* False: there is no such thing, or the database does not answer; answered. */
static bool allowed(struct open_op *op, const struct db_reply *r)
{
    if (db_status(r) != 0) {
        finish(op, PLAYBACK_E_UNAVAILABLE, NULL);
        return false;
    }
    if (db_rows(r, op->access) != 1) {
        struct playback_clip *c = find(op->pb, &op->subject);
        if (c != NULL && op->subject.kind == PLAYBACK_CLIP) {
            playback_forget(op->pb, &op->subject.id);
        }
        finish(op, PLAYBACK_E_NOT_FOUND, NULL);
        return false;
    }
    op->rights = (unsigned)db_i64(r, op->access, 0, 0);
    op->print = db_i64(r, op->access, 0, 1);
    return true;
}

static void load_film(struct open_op *op, const struct db_reply *r)
{
    struct film_hidden hidden[TAKE_HIDDEN_MAX];
    uint32_t n_hidden = 0;
    for (; n_hidden < (uint32_t)db_rows(r, op->hidden) && n_hidden < TAKE_HIDDEN_MAX; n_hidden++) {
        hidden[n_hidden] = (struct film_hidden){db_i64(r, op->hidden, (int)n_hidden, 0),
                                                db_i64(r, op->hidden, (int)n_hidden, 1)};
    }
    struct film_facts facts;
    struct id recording = op->recording;
    film_read_facts(r, op->facts, &op->subject, &facts);
    if (!db_is_null(r, op->facts, 0, FILM_COL_RECORDING)) {
        recording = db_id(r, op->facts, 0, FILM_COL_RECORDING);
    }
    if (db_rows(r, op->segments) > FIRST_SEGMENTS) {
        big_load_begin(op->pb, &facts, facts.whole ? &recording : NULL, hidden, n_hidden, loaded,
                       op);
        return;
    }
    struct playback_clip *c = NULL;
    int status = film_of_rows(op->pb, &facts, hidden, n_hidden, r, op->segments, &c);
    loaded(op, status, c);
}

static void load_done(void *arg, const struct db_reply *r)
{
    struct open_op *op = arg;
    if (!allowed(op, r)) {
        return;
    }
    if (db_rows(r, op->facts) != 1) {
        finish(op, PLAYBACK_E_NOT_FOUND, NULL);
    } else if (db_rows(r, op->segments) == 0) {
        bool span = op->subject.kind == PLAYBACK_SPAN;
        finish(op, span ? PLAYBACK_E_EMPTY : PLAYBACK_E_NOT_FOUND, NULL);
    } else {
        if (op->subject.kind == PLAYBACK_SEGMENT) {
            op->recording = db_id(r, op->access, 0, 2);
        }
        load_film(op, r);
    }
}

static unsigned add_check(struct db_tx *tx, const struct open_op *op)
{
    const struct playback_subject *s = &op->subject;
    const struct db_arg account = DB_ID(&op->account), now = DB_I64(clock_now_us());
    switch (s->kind) {
    case PLAYBACK_SPAN:
        if (id_is_zero(&op->account)) {
            return db_tx_add(tx, DB_SPAN_OF_SYSTEM, DB_ID(&s->id), DB_I64(s->from_us),
                             DB_I64(s->to_us));
        }
        return db_tx_add(tx, DB_SPAN_ACCESS, account, now, DB_ID(&s->id), DB_I64(s->from_us),
                         DB_I64(s->to_us));
    case PLAYBACK_SEGMENT:
        if (op->cached != NULL) {
            return db_tx_add(tx, DB_SEGMENT_ACCESS, account, now, DB_ID(&s->camera),
                             DB_ID(&op->cached->recording));
        }
        return db_tx_add(tx, DB_SEGMENT_OPEN, account, now, DB_ID(&s->camera), DB_ID(&s->id));
    default:
        return db_tx_add(tx, DB_CLIP_ACCESS, account, now, DB_ID(&s->id));
    }
}

static void load(struct open_op *op)
{
    const struct playback_subject *s = &op->subject;
    const struct db_arg id = DB_ID(&s->id), from = DB_I64(s->from_us), to = DB_I64(s->to_us),
                        limit = DB_I64(FIRST_SEGMENTS + 1);
    struct db_tx *tx = db_tx_begin(op->pb->p.db);
    op->cached = playback_clip_unref(op->cached);
    op->access = add_check(tx, op);
    switch (s->kind) {
    case PLAYBACK_SPAN:
        op->facts = db_tx_add(tx, DB_SPAN_FACTS, id, from, to);
        op->hidden = db_tx_add(tx, DB_SPAN_HIDDEN, id, from, to);
        op->segments = db_tx_add(tx, DB_SEGMENTS_OF_SPAN, id, from, to, limit);
        break;
    case PLAYBACK_SEGMENT:
        op->facts = db_tx_add(tx, DB_SEGMENT_FACTS, id);
        op->hidden = db_tx_add(tx, DB_SEGMENT_HIDDEN, id);
        op->segments = db_tx_add(tx, DB_SEGMENT_OF_ID, id);
        break;
    default:
        op->facts = db_tx_add(tx, DB_CLIP_FACTS, id);
        op->hidden = db_tx_add(tx, DB_CLIP_HIDDEN, id);
        op->segments = db_tx_add(tx, DB_SEGMENTS_OF_CLIP, id, limit);
    }
    db_tx_commit(tx, load_done, op);
}

/* What is cached is still what is there, or is loaded anew. */
static void check_answered(struct open_op *op, const struct db_reply *r)
{
    if (!allowed(op, r)) {
        return;
    }
    if (op->print == op->cached->print) {
        finish(op, 0, playback_clip_ref(op->cached));
        return;
    }
    load(op);
}

static void send_checks(struct playback *pb);

static void checks_done(void *arg, const struct db_reply *r)
{
    struct checks *k = arg;
    struct playback *pb = k->pb;
    for (size_t i = 0; i < k->n; i++) {
        check_answered(k->ops[i], r);
    }
    free(k);
    pb->checking = false;
    send_checks(pb);
}

/* The same question in this batch already? */
static bool asked(const struct checks *k, struct open_op *op)
{
    for (size_t i = 0; i < k->n; i++) {
        if (k->ops[i]->cached == op->cached && id_equal(&k->ops[i]->account, &op->account)) {
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

void playback_open(struct playback *pb, const struct id *account, const struct playback_subject *s,
                   playback_open_fn *done, void *arg)
{
    struct open_op *op = mem_new(struct open_op);
    struct playback_clip *c = find(pb, s);
    *op = (struct open_op){.pb = pb, .account = *account, .subject = *s, .done = done, .arg = arg};
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

void playback_open_system(struct playback *pb, const struct playback_subject *s,
                          playback_open_fn *done, void *arg)
{
    static const struct id nobody;
    ALWAYS(s->kind == PLAYBACK_SPAN);
    playback_open(pb, &nobody, s, done, arg);
}

void playback_thumbs_wanted(struct playback *pb)
{
    if (pb->sprites != NULL) {
        sprite_maker_wake(pb->sprites);
    }
}
