/* SPDX-License-Identifier: Apache-2.0 */
/* What multipart uploads leave behind: bodies first, rows after them. What fails is found again by
 * the sweep. */
#include "base/clock.h"
#include "ingest/s3_parts.h"
#include "ingest/s3_sweep.h"
#include "storage/spool/spool.h"

enum { SWEEP_MS = 10 * 60 * 1000, BODIES_AT_ONCE = 500, FORGET_DAYS = 30 };
#define DAY_US (INT64_C(86400) * CLOCK_US)

/* ---- one upload ---- */
struct clearing {
    struct ingest *in;
    struct id camera, upload;
    struct spool_ref bodies[BODIES_AT_ONCE];
    size_t n;
};

static void look(struct clearing *c);

static void clearing_done(struct clearing *c)
{
    c->in->live--;
    free(c);
}

static void rows_gone(void *arg, const struct db_reply *r)
{
    struct clearing *c = arg;
    if (db_status(r) == 0 && c->n == BODIES_AT_ONCE) {
        look(c);
    } else {
        clearing_done(c);
    }
}

static void bodies_gone(void *arg, int status)
{
    struct clearing *c = arg;
    if (status != 0) {
        clearing_done(c);
        return;
    }
    struct db_tx *tx = db_tx_begin(c->in->db);
    for (size_t i = 0; i < c->n; i++) {
        db_tx_add(tx, DB_S3_PART_DROP, DB_ID(&c->bodies[i].body));
    }
    db_tx_add(tx, DB_S3_UPLOAD_DROP, DB_ID(&c->upload), DB_I64(clock_now_us() - DAY_US));
    db_tx_commit(tx, rows_gone, c);
}

static void bodies_named(void *arg, const struct db_reply *r)
{
    struct clearing *c = arg;
    if (db_status(r) != 0) {
        clearing_done(c);
        return;
    }
    c->n = (size_t)db_rows(r, 0);
    for (size_t i = 0; i < c->n; i++) {
        c->bodies[i] = (struct spool_ref){
            .area = SPOOL_S3, .owner = c->camera, .body = db_id(r, 0, (int)i, 0)};
    }
    if (c->n == 0) {
        bodies_gone(c, 0);
    } else {
        spool_delete(c->in->spool, c->in->loop, c->bodies, c->n, bodies_gone, c);
    }
}

static void look(struct clearing *c)
{
    db_run(c->in->db, bodies_named, c, DB_S3_PART_DROPPED, DB_ID(&c->upload),
           DB_I64(BODIES_AT_ONCE));
}

void s3_parts_clear(struct ingest *in, const struct id *camera, const struct id *upload)
{
    struct clearing *c = mem_new(struct clearing);
    c->in = in;
    c->camera = *camera;
    c->upload = *upload;
    in->live++;
    look(c);
}

/* ---- all that are older than a day ---- */
struct s3_sweep {
    struct ingest *in;
    struct timer *timer;
    bool busy, ended;
};

static void sweep_free(struct s3_sweep *s)
{
    if (s->ended && !s->busy) {
        free(s);
    }
}

static void expired(void *arg, const struct db_reply *r)
{
    struct s3_sweep *s = arg;
    s->busy = false;
    for (int i = 0; !s->ended && db_status(r) == 0 && i < db_rows(r, 0); i++) {
        struct id upload = db_id(r, 0, i, 0), camera = db_id(r, 0, i, 1);
        s3_parts_clear(s->in, &camera, &upload);
    }
    if (s->ended) {
        sweep_free(s);
    } else {
        timer_set(s->timer, SWEEP_MS);
    }
}

static void sweep(void *arg)
{
    struct s3_sweep *s = arg;
    s->busy = true;
    struct db_tx *tx = db_tx_begin(s->in->db);
    db_tx_add(tx, DB_S3_UPLOAD_EXPIRE, DB_I64(clock_now_us() - DAY_US));
    db_tx_add(tx, DB_S3_OBJECT_PRUNE, DB_I64(clock_now_us() - FORGET_DAYS * DAY_US));
    db_tx_add(tx, DB_S3_SIGNATURE_PRUNE, DB_I64(clock_now_us()));
    db_tx_commit(tx, expired, s);
}

struct s3_sweep *s3_sweep_create(struct ingest *in)
{
    struct s3_sweep *s = mem_new(struct s3_sweep);
    *s = (struct s3_sweep){.in = in, .timer = timer_create_on(in->loop, sweep, s)};
    sweep(s);
    return s;
}

struct s3_sweep *s3_sweep_destroy(struct s3_sweep *s)
{
    if (s != NULL) {
        timer_destroy(s->timer);
        s->ended = true;
        sweep_free(s);
    }
    return NULL;
}
