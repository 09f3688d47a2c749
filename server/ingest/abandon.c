/* SPDX-License-Identifier: Apache-2.0 */
/* Uploads that ended while the database did not answer: their rows are still there and must go, or
 * they would hold their objects until the next start. Tried again every second until the database
 * took it. The commit of such an upload may have succeeded unseen; then its row is gone and nothing
 * happens. */
#include "base/clock.h"
#include "ingest/upload_op.h"

enum { AGAIN_MS = 1000 };

struct abandon {
    struct ingest *in;
    struct id upload;
    enum db_stmt statement;
    struct timer *timer;
};

static void abandon_done(void *arg, const struct db_reply *r)
{
    struct abandon *a = arg;
    if (db_status(r) != 0 && !a->in->draining) {
        timer_set(a->timer, AGAIN_MS);
        return;
    }
    timer_destroy(a->timer);
    a->in->live--;
    free(a);
}

static void abandon_try(void *arg)
{
    struct abandon *a = arg;
    db_run(a->in->db, abandon_done, a, a->statement, DB_ID(&a->upload), DB_I64(clock_now_us()));
}

static void try_later(struct ingest *in, const struct id *upload, enum db_stmt statement)
{
    struct abandon *a = mem_new(struct abandon);
    *a = (struct abandon){.in = in, .upload = *upload, .statement = statement};
    a->timer = timer_create_on(in->loop, abandon_try, a);
    in->live++;
    timer_set(a->timer, AGAIN_MS);
}

void upload_abandon_later(struct ingest *in, const struct id *upload)
{
    try_later(in, upload, DB_UPLOAD_ABANDON);
}

void upload_orphan_later(struct ingest *in, const struct id *upload)
{
    try_later(in, upload, DB_UPLOAD_ORPHAN);
}
