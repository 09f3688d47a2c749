/* SPDX-License-Identifier: Apache-2.0 */
/* take what is due -> feed it through the worker, several tracks as a join -> bodies go. Up to
 * WORKS_MAX at once on a loop; each that ends looks for the next. */
#include "ingest/piece_work.h"

#include "base/clock.h"
#include "base/crash_point.h"
#include "ingest/attach.h"
#include "ingest/spool_feed.h"
#include "remux/join.h"

#include <string.h>

enum { WORKS_MAX = 8, TRY_MS = 20000 };
static const int64_t LEASE_US = 60 * INT64_C(1000000), LATER_US = 5 * INT64_C(1000000),
                     GIVE_UP_US = 86400 * INT64_C(1000000);

struct work {
    struct ingest *in;
    struct principal camera;
    char *stem, *kind, *file;
    struct upload_attach attach;
    struct buf head;
    struct spool_ref refs[ATTACH_PIECES_MAX];
    bool headless[ATTACH_PIECES_MAX]; /* its header has not come */
    struct join_part parts[ATTACH_PIECES_MAX];
    int64_t received_us, started_us;
    unsigned pending;
};

static void work_free(struct work *w)
{
    w->in->piece_works--;
    w->in->live--;
    free(w->stem);
    free(w->kind);
    free(w->file);
    buf_finish(&w->head);
    free(w);
}

/* ---- afterwards ---- */

static void on_row(void *arg, const struct db_reply *r)
{
    struct work *w = arg;
    if (--w->pending == 0) {
        struct ingest *in = w->in;
        work_free(w);
        piece_work(in);
    }
}

static void each_later(struct work *w)
{
    w->pending += (unsigned)w->attach.n_pieces;
    for (size_t i = 0; i < w->attach.n_pieces; i++) {
        db_run(w->in->db, on_row, w, DB_PIECE_LATER, DB_ID(&w->attach.pieces[i].id),
               DB_I64(clock_now_us() + LATER_US));
    }
}

/* Stored, or nothing that could be: the bodies go. A row that is stored stays as it is. */
static void each_ends(struct work *w, const char *state, const char *why)
{
    spool_delete(w->in->spool, w->in->loop, w->refs, w->attach.n_pieces, NULL, NULL);
    w->pending += (unsigned)w->attach.n_pieces;
    for (size_t i = 0; i < w->attach.n_pieces; i++) {
        db_run(w->in->db, on_row, w, DB_PIECE_END, DB_ID(&w->attach.pieces[i].id), DB_TEXT(state),
               DB_TEXT(why));
    }
}

static void fed(void *arg, const struct upload_result *r)
{
    struct work *w = arg;
    crash_point("piece_worked_off");
    if (r->status == 0) {
        each_ends(w, "empty", NULL);
    } else if (r->status == INGEST_E_MEDIA) {
        bool empty = r->remux_status == REMUX_E_EMPTY;
        each_ends(w, empty ? "empty" : "refused", empty ? NULL : r->reason);
    } else if (r->status == INGEST_E_TOO_LARGE || r->status == INGEST_E_INTERNAL) {
        each_ends(w, "refused", r->reason != NULL ? r->reason : "It is too large.");
    } else if (w->received_us > clock_now_us() - GIVE_UP_US) {
        each_later(w); /* no room, no database, switched off: it stays where it is */
    } else {
        each_ends(w, "refused", "It could not be stored for a day.");
    }
}

/* ---- feeding ---- */

static void feed(struct work *w)
{
    if (w->attach.n_pieces > 1) {
        struct buf head = BUF_INIT(ATTACH_HEAD_MAX);
        join_format(&head, w->parts, w->attach.n_pieces);
        buf_append(&head, w->head.data, w->head.len);
        buf_finish(&w->head);
        w->head = head;
    }
    w->attach.head = w->head.data;
    w->attach.head_n = w->head.len;
    spool_feed_begin(&(struct spool_feed_params){
        .in = w->in,
        .upload = {.camera = &w->camera,
                   .name = w->file,
                   .kind = w->kind,
                   .started_us = w->started_us,
                   .request_id = "",
                   .attach = &w->attach},
        .refs = w->refs,
        .n_refs = w->attach.n_pieces,
        .broken = w->attach.broken,
        .try_until_ms = clock_mono_ms() + TRY_MS,
        .done = fed,
        .arg = w,
    });
}

/* ---- taking ---- */

/* Columns of piece_take.sql. */
enum {
    COL_PIECE,
    COL_CAMERA,
    COL_HOUSEHOLD,
    COL_STEM,
    COL_TRACK,
    COL_NUMBER,
    COL_SHA256,
    COL_BYTES,
    COL_BROKEN,
    COL_HEAD,
    COL_RECEIVED,
    COL_NEAR,
    COL_BEFORE_FROM,
    COL_BEFORE_TO,
    COL_KIND,
    COL_FILE,
    COL_STARTED,
    COL_OWN_HEADER
};

static void take_piece(struct work *w, const struct db_reply *r, int row)
{
    struct upload_attach *a = &w->attach;
    struct attach_piece *k = &a->pieces[a->n_pieces];
    size_t n;
    *k = (struct attach_piece){.id = db_id(r, 0, row, COL_PIECE),
                               .track = (int)db_i64(r, 0, row, COL_TRACK),
                               .number = db_i64(r, 0, row, COL_NUMBER),
                               .bytes = (uint64_t)db_i64(r, 0, row, COL_BYTES)};
    const uint8_t *sha256 = db_bytes(r, 0, row, COL_SHA256, &n);
    ALWAYS(n == SHA256_SIZE);
    memcpy(k->sha256, sha256, n);
    bool own = db_bool(r, 0, row, COL_OWN_HEADER);
    const uint8_t *head = own ? NULL : db_bytes(r, 0, row, COL_HEAD, &n);
    n = head != NULL ? n : 0;
    buf_append(&w->head, head, n);
    w->parts[a->n_pieces] = (struct join_part){.head_bytes = n, .body_bytes = k->bytes};
    w->refs[a->n_pieces] =
        (struct spool_ref){.area = SPOOL_PIECES, .owner = w->camera.id, .body = k->id};
    w->headless[a->n_pieces] = head == NULL && !own;
    a->broken |= db_bool(r, 0, row, COL_BROKEN);
    a->n_pieces++;
}

static struct work *take_work(struct ingest *in, const struct db_reply *r)
{
    struct work *w = mem_new(struct work);
    w->in = in;
    w->camera = (struct principal){.kind = PRINCIPAL_CAMERA,
                                   .id = db_id(r, 0, 0, COL_CAMERA),
                                   .household = db_id(r, 0, 0, COL_HOUSEHOLD)};
    w->stem = mem_str(db_text(r, 0, 0, COL_STEM));
    w->kind = mem_str(db_text(r, 0, 0, COL_KIND));
    w->file = mem_str(db_text(r, 0, 0, COL_FILE));
    w->received_us = db_i64(r, 0, 0, COL_RECEIVED);
    w->started_us = db_i64(r, 0, 0, COL_STARTED);
    w->head = BUF_INIT(ATTACH_HEAD_MAX);
    bool before = db_bool(r, 0, 0, COL_OWN_HEADER) && !db_is_null(r, 0, 0, COL_BEFORE_FROM);
    w->attach = (struct upload_attach){
        .stem = w->stem,
        .spooled = true,
        .near_90k = db_i64(r, 0, 0, COL_NEAR),
        .before_from_90k = before ? db_i64(r, 0, 0, COL_BEFORE_FROM) : -1,
        .before_to_90k = before ? db_i64(r, 0, 0, COL_BEFORE_TO) : -1,
    };
    for (int row = 0; row < db_rows(r, 0) && w->attach.n_pieces < ATTACH_PIECES_MAX; row++) {
        take_piece(w, r, row);
    }
    in->piece_works++;
    in->live++;
    return w;
}

static bool lacks_header(const struct work *w)
{
    for (size_t i = 0; i < w->attach.n_pieces; i++) {
        if (w->headless[i]) {
            return true;
        }
    }
    return false;
}

static void on_taken(void *arg, const struct db_reply *r)
{
    struct ingest *in = arg;
    in->piece_asking = false;
    if (db_status(r) != 0 || db_rows(r, 0) == 0) {
        in->live--;
        if (in->piece_again) {
            piece_work(in);
        }
        return;
    }
    struct work *w = take_work(in, r);
    in->live--;
    if (!lacks_header(w)) {
        feed(w);
    } else if (w->received_us > clock_now_us() - GIVE_UP_US) {
        each_later(w);
    } else {
        each_ends(w, "refused", "Its header (init segment) never came.");
    }
    piece_work(in);
}

void piece_work(struct ingest *in)
{
    in->piece_again = in->piece_asking;
    if (in->piece_asking || in->piece_works >= WORKS_MAX || in->draining) {
        return;
    }
    int64_t now = clock_now_us();
    in->piece_asking = true;
    in->live++;
    db_run(in->db, on_taken, in, DB_PIECE_TAKE, DB_TEXT(in->node), DB_I64(now),
           DB_I64(now + LEASE_US));
}
