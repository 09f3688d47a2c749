/* SPDX-License-Identifier: Apache-2.0 */
/* A piece that waits: its row -> its body, claimed and synced -> the row says that it is there, and
 * what else is -> whoever can be worked off is. The row comes first and goes last, so that nothing
 * lies in the spool that no row knows for longer than a restart. */
#include "base/clock.h"
#include "base/crash_point.h"
#include "ingest/piece_op.h"
#include "ingest/piece_work.h"
#include "storage/spool/spool.h"

#include <string.h>

enum { WAIT_US = 5 * CLOCK_US };

static struct spool_ref ref_of(const struct piece *p)
{
    return (struct spool_ref){
        .area = SPOOL_PIECES, .owner = p->camera.id, .body = p->attach.pieces[0].id};
}

/* ---- it need not be kept ---- */

static void on_forgotten(void *arg, const struct db_reply *r)
{
    struct piece *p = arg;
    p->pending--;
    piece_settle(p);
}

static void forget(struct piece *p)
{
    struct spool_ref ref = ref_of(p);
    spool_delete(p->in->spool, p->in->loop, &ref, 1, NULL, NULL);
    p->pending++;
    db_run(p->in->db, on_forgotten, p, DB_PIECE_FORGET, DB_ID(&ref.body));
}

static void fail(struct piece *p, int spool_status)
{
    piece_fail(p,
               spool_status == SPOOL_E_FULL   ? INGEST_E_FULL
               : spool_status == SPOOL_E_BUSY ? INGEST_E_BUSY
                                              : INGEST_E_UNAVAILABLE,
               NULL);
    forget(p);
}

/* ---- the same was sent before ---- */

static void on_existing(void *arg, const struct db_reply *r)
{
    struct piece *p = arg;
    struct clip clip;
    p->pending--;
    if (db_status(r) != 0) {
        piece_fail(p, INGEST_E_UNAVAILABLE, NULL);
    } else if (db_rows(r, 0) == 1) {
        clip_from_row(r, 0, 0, 0, &clip);
        piece_tell(p, &(struct piece_result){.state = PIECE_STORED, .clip = &clip});
    } else {
        piece_tell(p, &(struct piece_result){.state = PIECE_RECEIVED});
    }
    forget(p);
    piece_settle(p);
}

static void find_existing(struct piece *p)
{
    const struct attach_piece *a = &p->attach.pieces[0];
    p->pending++;
    db_run(p->in->db, on_existing, p, DB_PIECE_EXISTING, DB_ID(&p->camera.id),
           DB_TEXT(p->name.stem), DB_I64(a->track), DB_I64(a->number),
           DB_BYTES(a->sha256, SHA256_SIZE));
}

/* ---- received ---- */

static void on_received(void *arg, const struct db_reply *r)
{
    struct piece *p = arg;
    p->pending--;
    if (db_status(r) == DB_E_UNIQUE) {
        find_existing(p);
    } else if (db_status(r) != 0) {
        piece_fail(p, INGEST_E_UNAVAILABLE, NULL);
        forget(p);
    } else {
        crash_point("piece_received");
        bool ready = db_bool(r, 0, 0, 0);
        piece_tell(p, &(struct piece_result){.state = PIECE_RECEIVED, .created = true});
        if (ready) {
            piece_work(p->in);
        }
    }
    piece_settle(p);
}

static void on_spooled(void *arg, int status, uint64_t size)
{
    struct piece *p = arg;
    struct attach_piece *a = &p->attach.pieces[0];
    p->pending--;
    if (status != 0 || p->how == STREAM_TOO_LARGE) {
        if (p->how == STREAM_TOO_LARGE) {
            piece_fail(p, INGEST_E_TOO_LARGE, NULL);
        }
        fail(p, status);
        piece_settle(p);
        return;
    }
    sha256_final(p->sha256, a->sha256);
    a->bytes = size;
    crash_point("piece_spooled");
    p->pending++;
    db_run(p->in->db, on_received, p, DB_PIECE_RECEIVED, DB_ID(&a->id),
           DB_BYTES(a->sha256, SHA256_SIZE), DB_I64(size), DB_BOOL(p->how != STREAM_COMPLETE),
           DB_I64(clock_now_us()), DB_I64(WAIT_US));
}

/* ---- begin ---- */

static void on_claimed(void *arg, int status, struct spool_writer *w, uint64_t size)
{
    struct piece *p = arg;
    p->pending--;
    if (status != 0) {
        fail(p, status);
        piece_settle(p);
        return;
    }
    p->sha256 = sha256_create();
    p->pending++;
    piece_pass(p, spool_append(w, &(struct spool_append_params){.done = on_spooled, .arg = p}));
}

static void on_row(void *arg, const struct db_reply *r)
{
    struct piece *p = arg;
    p->pending--;
    if (db_status(r) != 0 || db_rows(r, 0) == 0) {
        piece_fail(p, db_status(r) != 0 ? INGEST_E_UNAVAILABLE : INGEST_E_QUOTA, NULL);
        piece_settle(p);
        return;
    }
    struct spool_ref ref = ref_of(p);
    p->pending++;
    spool_claim(p->in->spool, p->in->loop, &ref, on_claimed, p);
}

void piece_spool_begin(struct piece *p)
{
    const struct attach_piece *a = &p->attach.pieces[0];
    uint8_t no_digest[SHA256_SIZE]; /* of no piece: two that arrive at once do not meet */
    random_bytes(no_digest, sizeof no_digest);
    p->pending++;
    db_run(p->in->db, on_row, p, DB_PIECE_ARRIVE, DB_ID(&a->id), DB_ID(&p->camera.id),
           DB_TEXT(p->name.stem), DB_I64(a->track), DB_I64(a->number),
           DB_BYTES(no_digest, sizeof no_digest), DB_TEXT(p->in->node), DB_I64(clock_now_us()),
           DB_TEXT(p->kind), DB_TEXT(p->file), DB_I64(p->p.started_us), DB_BOOL(p->own_header));
}
