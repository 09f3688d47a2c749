/* SPDX-License-Identifier: Apache-2.0 */
/* claim (position, lease) -> rows -> (object: read a piece, open it)* -> marks -> position -> wait.
 * Chunks are opened on the pool threads that read them, one piece after the other. */
#include "recording/scrub.h"

#include "base/clock.h"
#include "base/crash_point.h"
#include "metrics/metrics.h"

#include <errno.h>
#include <string.h>

enum { BATCH = 16, READ_BYTES = 1 << 20 };
enum { AGAIN_MS = 10000, WAIT_MAX_MS = 3600 * 1000, LEASE_S = 600 };

struct object { /* a row to be looked at */
    struct id id, owner;
    uint64_t plain_bytes, sealed_bytes;
    uint8_t digest[SHA256_SIZE], wrapped[KEY_WRAPPED_SIZE], owner_key[KEY_WRAPPED_SIZE];
    bool was_corrupt, corrupt;
    const char *what; /* is wrong with it */
};

struct scrub {
    struct scrub_params p;
    struct timer *timer;
    bool busy, ended, complained;
    int64_t total_bytes;
    struct object batch[BATCH];
    int n, at;
    struct seal_check *check; /* of batch[at] */
    uint64_t offset, batch_bytes;
};

static void next_object(struct scrub *s);

/* A callback came. False: it was the last one. */
static bool still_wanted(struct scrub *s)
{
    s->busy = false;
    if (s->ended) {
        seal_check_destroy(s->check);
        free(s);
        return false;
    }
    return true;
}

static void later(struct scrub *s, const char *reason)
{
    if (!s->complained) {
        log_warn(loop_log(s->p.loop), "scrub_waits", F_STR("reason", reason));
    }
    s->complained = true;
    timer_set(s->timer, AGAIN_MS);
}

/* ---- the end of a batch ---- */

/* So slowly that the whole takes its time. */
static uint64_t pause_ms(const struct scrub *s)
{
    if (s->total_bytes <= 0) {
        return AGAIN_MS;
    }
    double ms = (double)s->batch_bytes / (double)s->total_bytes * (double)s->p.round_s * 1000;
    return ms > WAIT_MAX_MS ? WAIT_MAX_MS : (uint64_t)ms;
}

static void told(void *arg, const struct db_reply *r)
{
    struct scrub *s = arg;
    if (!still_wanted(s)) {
        return;
    }
    if (db_status(r) != 0) {
        later(s, db_message(r));
        return;
    }
    crash_point("scrub_after_batch");
    s->complained = false;
    timer_set(s->timer, pause_ms(s));
}

static void tell_batch(struct scrub *s)
{
    struct db_tx *tx = db_tx_begin(s->p.db);
    int64_t errors = 0, now_us = clock_now_us();
    for (int i = 0; i < s->n; i++) {
        const struct object *o = &s->batch[i];
        errors += o->corrupt;
        if (o->corrupt || o->was_corrupt) {
            db_tx_add(tx, DB_SCRUB_MARK, DB_ID(&o->id), DB_BOOL(o->corrupt), DB_I64(now_us));
        }
        if (o->corrupt) {
            log_error(loop_log(s->p.loop), "object_corrupt", F_ID("object", &o->id),
                      F_STR("what", o->what));
        }
    }
    metric_add(METRIC_SCRUB_OBJECTS, s->n);
    if (s->batch_bytes > 0) {
        metric_add(METRIC_SCRUB_BYTES, (int64_t)s->batch_bytes);
    }
    if (errors > 0) {
        metric_add(METRIC_SCRUB_ERRORS, errors);
    }
    s->busy = true;
    db_tx_add(tx, DB_SCRUB_DONE, DB_ID(&s->batch[s->n - 1].id), DB_I64(s->n),
              DB_I64(s->batch_bytes), DB_I64(errors), DB_I64(now_us), DB_I64(LEASE_S));
    db_tx_commit(tx, told, s);
}

/* ---- one object ---- */

static void object_over(struct scrub *s, const char *what)
{
    struct object *o = &s->batch[s->at++];
    o->corrupt = what != NULL;
    o->what = what;
    s->check = seal_check_destroy(s->check);
    next_object(s);
}

/* On the pool. */
static ssize_t open_piece(void *arg, uint8_t *p, size_t n)
{
    struct scrub *s = arg;
    int r = seal_check_update(s->check, p, n);
    return r != 0 ? r : (ssize_t)n;
}

static void read_piece(struct scrub *s);

static void digest_compared(struct scrub *s)
{
    const struct object *o = &s->batch[s->at];
    uint8_t digest[SHA256_SIZE];
    bool same =
        seal_check_finish(s->check, digest) == 0 && bytes_equal(digest, o->digest, sizeof digest);
    object_over(s, same ? NULL : "the digest is another one");
}

static void piece_read(void *arg, int status, uint8_t *p, size_t n)
{
    struct scrub *s = arg;
    free(p);
    if (!still_wanted(s)) {
        return;
    }
    s->offset += n;
    s->batch_bytes += n;
    if (status == STORE_E_NOT_FOUND) {
        object_over(s, "it is not there");
    } else if (status == STORE_E_SHORT) {
        object_over(s, "it is cut off");
    } else if (status == -EBADMSG) {
        object_over(s, "it does not open");
    } else if (status != 0) {
        s->check = seal_check_destroy(s->check);
        later(s, "the store does not answer");
    } else if (s->offset < s->batch[s->at].sealed_bytes) {
        read_piece(s);
    } else {
        digest_compared(s);
    }
}

static void read_piece(struct scrub *s)
{
    const struct object *o = &s->batch[s->at];
    uint64_t left = o->sealed_bytes - s->offset;
    char key[STORE_KEY_SIZE];
    store_key(&o->id, key);
    const struct store_get_params get = {.key = key,
                                         .offset = s->offset,
                                         .n = left < READ_BYTES ? (size_t)left : READ_BYTES,
                                         .map = open_piece,
                                         .map_arg = s,
                                         .done = piece_read,
                                         .arg = s};
    s->busy = true;
    store_get(s->p.store, &get);
}

static void next_object(struct scrub *s)
{
    while (s->at < s->n) {
        const struct object *o = &s->batch[s->at];
        struct seal_params seal = {.household = o->owner, .object = o->id};
        if (o->sealed_bytes == seal_sealed_size(o->plain_bytes) &&
            keyring_open_object(s->p.keyring, &o->owner, o->owner_key, &o->id, o->wrapped,
                                seal.key) == 0) {
            s->offset = 0;
            s->check = seal_check_create(&seal, o->plain_bytes);
            secret_wipe(&seal, sizeof seal);
            read_piece(s);
            return;
        }
        s->batch[s->at].corrupt = true;
        s->batch[s->at++].what = "its key does not open";
    }
    tell_batch(s);
}

/* ---- which ---- */

/* Columns of scrub_rows.sql. */
enum { ID, OWNER, PLAIN_BYTES, SEALED_BYTES, DIGEST, WRAPPED, OWNER_KEY, CORRUPT };

static void copy_bytes(const struct db_reply *r, int row, int col, uint8_t *to, size_t size)
{
    size_t n = 0;
    const uint8_t *p = db_bytes(r, 0, row, col, &n);
    memset(to, 0, size);
    if (p != NULL && n == size) {
        memcpy(to, p, size);
    }
}

static void read_row(struct scrub *s, const struct db_reply *r, int row)
{
    struct object *o = &s->batch[row];
    *o = (struct object){.id = db_id(r, 0, row, ID),
                         .owner = db_id(r, 0, row, OWNER),
                         .plain_bytes = (uint64_t)db_i64(r, 0, row, PLAIN_BYTES),
                         .sealed_bytes = (uint64_t)db_i64(r, 0, row, SEALED_BYTES),
                         .was_corrupt = db_bool(r, 0, row, CORRUPT)};
    copy_bytes(r, row, DIGEST, o->digest, sizeof o->digest);
    copy_bytes(r, row, WRAPPED, o->wrapped, sizeof o->wrapped);
    copy_bytes(r, row, OWNER_KEY, o->owner_key, sizeof o->owner_key);
}

static void round_over(struct scrub *s)
{
    s->busy = true;
    s->batch_bytes = 0;
    db_run(s->p.db, told, s, DB_SCRUB_ROUND_OVER, DB_I64(clock_now_us()));
}

static void rows_came(void *arg, const struct db_reply *r)
{
    struct scrub *s = arg;
    if (!still_wanted(s)) {
        return;
    }
    if (db_status(r) != 0) {
        later(s, db_message(r));
        return;
    }
    s->n = db_rows(r, 0);
    s->at = 0;
    s->batch_bytes = 0;
    ALWAYS(s->n <= BATCH);
    for (int i = 0; i < s->n; i++) {
        read_row(s, r, i);
    }
    if (s->n == 0) {
        round_over(s);
    } else {
        next_object(s);
    }
}

/* Columns of scrub_claim.sql. */
enum { AFTER, TOTAL_BYTES };

static void claimed(void *arg, const struct db_reply *r)
{
    struct scrub *s = arg;
    if (!still_wanted(s)) {
        return;
    }
    if (db_status(r) != 0) {
        later(s, db_message(r));
        return;
    }
    if (db_rows(r, 0) == 0) { /* another node is at it, or this round's time is not over */
        uint64_t wait_ms = s->p.round_s * 1000 / 4;
        timer_set(s->timer, wait_ms > LEASE_S * 1000 ? LEASE_S * 1000 : wait_ms);
        return;
    }
    struct id after = db_id(r, 0, 0, AFTER);
    s->total_bytes = db_i64(r, 0, 0, TOTAL_BYTES);
    s->busy = true;
    db_run(s->p.db, rows_came, s, DB_SCRUB_ROWS, DB_ID(&after), DB_I64(BATCH));
}

static void claim(void *arg)
{
    struct scrub *s = arg;
    s->busy = true;
    db_run(s->p.db, claimed, s, DB_SCRUB_CLAIM, DB_TEXT(s->p.node), DB_I64(clock_now_us()),
           DB_I64(LEASE_S), DB_I64(s->p.round_s));
}

/* ---- life ---- */

struct scrub *scrub_create(const struct scrub_params *p)
{
    if (p->round_s == 0) {
        return NULL;
    }
    struct scrub *s = mem_new(struct scrub);
    s->p = *p;
    s->timer = timer_create_on(p->loop, claim, s);
    claim(s);
    return s;
}

struct scrub *scrub_destroy(struct scrub *s)
{
    if (s == NULL) {
        return NULL;
    }
    s->timer = timer_destroy(s->timer);
    s->ended = true;
    if (!s->busy) {
        seal_check_destroy(s->check);
        free(s);
    }
    return NULL;
}
