/* SPDX-License-Identifier: Apache-2.0 */
/* One part: row -> claim -> body -> synced -> row done. */
#include "ingest/s3_parts.h"

#include "base/clock.h"
#include "base/str.h"
#include "ingest/s3_parts_op.h"

#include <string.h>

struct s3_part {
    struct s3_part_params p;
    struct principal camera;
    char *key;
    struct s3_body_kept kept;
    struct id body_id;
    struct spool_writer *writer;
    struct s3_body *body;
    bool streaming, body_over, append_over;
    int append_status;
    enum stream_end how;
    struct s3_parts_result result;
};

static struct spool_ref spool_place(const struct s3_part *o)
{
    return (struct spool_ref){.area = SPOOL_S3, .owner = o->camera.id, .body = o->body_id};
}

static void part_free(struct s3_part *o)
{
    s3_body_destroy(o->body);
    s3_body_kept_finish(&o->kept);
    free(o->key);
    free(o);
}

static void tell(struct s3_part *o)
{
    o->p.ref.in->live--;
    o->p.done(o->p.arg, &o->result);
    part_free(o);
}

/* ---- failed: the body goes, then its row ---- */
static void row_dropped(void *arg, const struct db_reply *r)
{
    tell(arg);
}

static void body_dropped(void *arg, int status)
{
    struct s3_part *o = arg;
    if (status != 0) {
        tell(o); /* the row stays for the sweep */
        return;
    }
    db_run(o->p.ref.in->db, row_dropped, o, DB_S3_PART_DROP, DB_ID(&o->body_id));
}

static void fail(struct s3_part *o, int status)
{
    struct spool_ref ref = spool_place(o);
    o->result.status = status;
    spool_delete(o->p.ref.in->spool, o->p.ref.in->loop, &ref, 1, body_dropped, o);
}

/* ---- whole ---- */
static void row_done(void *arg, const struct db_reply *r)
{
    struct s3_part *o = arg;
    if (db_status(r) != 0 || db_rows(r, 1) == 0) {
        fail(o, db_status(r) != 0 ? S3_PARTS_E_UNAVAILABLE : S3_PARTS_E_NO_UPLOAD);
        return;
    }
    if (db_rows(r, 0) > 0) {
        s3_parts_clear(o->p.ref.in, &o->camera.id, &o->p.ref.upload);
    }
    tell(o);
}

static void part_whole(struct s3_part *o)
{
    str_hex(s3_body_md5(o->body), MD5_SIZE, o->result.etag);
    struct db_tx *tx = db_tx_begin(o->p.ref.in->db);
    db_tx_add(tx, DB_S3_PART_REPLACE, DB_ID(&o->body_id));
    db_tx_add(tx, DB_S3_PART_DONE, DB_ID(&o->body_id), DB_I64(s3_body_bytes(o->body)),
              DB_TEXT(o->result.etag), DB_I64(clock_now_us()));
    db_tx_commit(tx, row_done, o);
}

static void part_settled(struct s3_part *o)
{
    if (!o->body_over || !o->append_over) {
        return;
    }
    if (o->result.body_status != 0) {
        fail(o, S3_PARTS_E_BODY);
    } else if (o->how != STREAM_COMPLETE) {
        fail(o, o->how == STREAM_TOO_LARGE ? S3_PARTS_E_TOO_LARGE : S3_PARTS_E_BROKEN);
    } else if (o->append_status != 0) {
        fail(o, s3_parts_spool_error(o->append_status));
    } else {
        part_whole(o);
    }
}

static void append_done(void *arg, int status, uint64_t size)
{
    struct s3_part *o = arg;
    o->append_over = true;
    o->append_status = status;
    part_settled(o);
}

static void body_done(void *arg, int status, enum stream_end how)
{
    struct s3_part *o = arg;
    o->body_over = true;
    o->result.body_status = status;
    o->how = how;
    part_settled(o);
}

/* ---- opening ---- */
static void claimed(void *arg, int status, struct spool_writer *w, uint64_t size)
{
    struct s3_part *o = arg;
    if (status != 0) {
        fail(o, s3_parts_spool_error(status));
        return;
    }
    struct s3_body_params b = o->p.body;
    b.inner = spool_append(
        w, &(struct spool_append_params){.tentative = true, .done = append_done, .arg = o});
    b.done = body_done;
    b.arg = o;
    o->body = s3_body_create(&b);
    o->p.opened(o->p.arg, s3_body_sink(o->body), o->p.ref.in->upload_max_bytes);
}

static void row_opened(void *arg, const struct db_reply *r)
{
    struct s3_part *o = arg;
    bool there = db_status(r) == 0 && db_bool(r, 0, 0, 0);
    bool room = there && db_bool(r, 0, 0, 1);
    if (!room) {
        o->result.status = db_status(r) != 0 ? S3_PARTS_E_UNAVAILABLE
                           : there           ? S3_PARTS_E_FULL
                                             : S3_PARTS_E_NO_UPLOAD;
        tell(o);
        return;
    }
    struct spool_ref ref = spool_place(o);
    spool_claim(o->p.ref.in->spool, o->p.ref.in->loop, &ref, claimed, o);
}

static struct s3_part *part_create(const struct s3_part_params *p)
{
    struct s3_part *o = mem_new(struct s3_part);
    o->p = *p;
    o->camera = *p->ref.camera;
    o->key = mem_str(p->ref.key);
    s3_body_keep(&o->kept, &o->p.body);
    o->body_id = id_new();
    return o;
}

void s3_part_begin(const struct s3_part_params *p)
{
    struct s3_part *o = part_create(p);
    struct ingest *in = p->ref.in;
    in->live++;
    db_run(in->db, row_opened, o, DB_S3_PART_OPEN, DB_ID(&o->body_id), DB_ID(&o->p.ref.upload),
           DB_ID(&o->camera.id), DB_TEXT(o->key), DB_I64(p->number), DB_I64(clock_now_us()),
           DB_I64(p->body.declared_bytes), DB_I64(2 * in->upload_max_bytes));
}

int s3_parts_spool_error(int status)
{
    return status == SPOOL_E_FULL     ? S3_PARTS_E_FULL
           : status == SPOOL_E_BUSY   ? S3_PARTS_E_BUSY
           : status == SPOOL_E_FENCED ? S3_PARTS_E_NO_UPLOAD
                                      : S3_PARTS_E_UNAVAILABLE;
}
