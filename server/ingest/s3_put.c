/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/s3_put.h"

#include "base/clock.h"
#include "base/crash_point.h"
#include "base/str.h"
#include "ingest/s3_notes.h"

#include <stdio.h>
#include <string.h>

struct s3_put {
    struct s3_put_params p;
    struct principal camera;
    char *key, *content_type, *metadata, *request_id;
    struct s3_body_kept kept;
    struct upload *upload;
    struct s3_body *body;
    struct sink nowhere; /* where a replayed body goes */
    bool signature_taken, streaming, body_over, told;
    uint64_t old_bytes;
    char old_etag[S3_ETAG_SIZE]; /* of what the signature stored before */
    struct s3_put_result result;
};

static void put_free(struct s3_put *o)
{
    s3_body_destroy(o->body);
    s3_body_kept_finish(&o->kept);
    free(o->key);
    free(o->content_type);
    free(o->metadata);
    free(o->request_id);
    free(o);
}

static void tell(struct s3_put *o)
{
    o->told = true;
    o->p.in->live--;
    o->p.done(o->p.arg, &o->result);
    if (!o->streaming || o->body_over) {
        put_free(o);
    }
}

static void freed(void *arg, const struct db_reply *r)
{
}

static void fail(struct s3_put *o, int status)
{
    if (o->signature_taken) {
        db_run(o->p.in->db, freed, NULL, DB_S3_SIGNATURE_FREE,
               DB_BYTES(o->kept.claim.signature, SHA256_SIZE), DB_ID(&o->camera.id));
    }
    o->result.status = status;
    tell(o);
}

/* ---- the end: remember ---- */
static void recorded(void *arg, const struct db_reply *r)
{
    struct s3_put *o = arg;
    if (db_status(r) != 0) {
        fail(o, S3_PUT_E_UNAVAILABLE);
        return;
    }
    if (!db_is_null(r, 0, 0, 0) && db_i64(r, 0, 0, 0) > 0) {
        log_warn(o->p.in->log, "s3_span_incomplete", F_ID("camera", &o->camera.id),
                 F_STR("key", o->key), F_INT("missing", db_i64(r, 0, 0, 0)));
    }
    tell(o);
}

static void record(struct s3_put *o, const uint8_t md5[MD5_SIZE], uint64_t bytes, const char *note)
{
    const struct id *clip = id_is_zero(&o->result.clip) ? NULL : &o->result.clip;
    str_hex(md5, MD5_SIZE, o->result.etag);
    struct db_tx *tx = db_tx_begin(o->p.in->db);
    s3_object_add(tx, &(struct s3_object){.camera = &o->camera.id,
                                          .key = o->key,
                                          .etag = o->result.etag,
                                          .content_type = o->content_type,
                                          .metadata = o->metadata,
                                          .clip = clip,
                                          .bytes = bytes});
    if (o->signature_taken) {
        db_tx_add(tx, DB_S3_SIGNATURE_USE, DB_BYTES(o->kept.claim.signature, SHA256_SIZE),
                  DB_ID(&o->camera.id), DB_I64(bytes), DB_TEXT(o->result.etag));
    }
    if (note[0] != '\0') {
        db_tx_add(tx, DB_CLIP_NOTE, DB_ID(clip), DB_TEXT(note));
    }
    crash_point("s3_before_record");
    db_tx_commit(tx, recorded, o);
}

/* ---- a replay: the bytes must be the same ---- */
static size_t nowhere_push(struct sink *s, const uint8_t *p, size_t n)
{
    return n;
}

static void nowhere_end(struct sink *s, enum stream_end how)
{
}

static const struct sink_ops nowhere_ops = {nowhere_push, nowhere_end};

static void judge_replay(struct s3_put *o, int status, enum stream_end how)
{
    str_hex(s3_body_md5(o->body), MD5_SIZE, o->result.etag);
    bool same = s3_body_bytes(o->body) == o->old_bytes && strcmp(o->result.etag, o->old_etag) == 0;
    o->result.body_status = status;
    o->result.status = how != STREAM_COMPLETE ? S3_PUT_E_BROKEN
                       : status != 0          ? S3_PUT_E_BODY
                       : !same                ? S3_PUT_E_REPLAYED
                                              : 0;
    tell(o);
}

/* ---- the body ---- */
static void body_done(void *arg, int status, enum stream_end how)
{
    struct s3_put *o = arg;
    o->body_over = true;
    if (o->told) {
        put_free(o);
    } else if (o->upload == NULL) {
        judge_replay(o, status, how);
    }
}

static void body_begin(struct s3_put *o, struct sink *inner, uint64_t max_bytes)
{
    struct s3_body_params b = o->p.body;
    b.inner = inner;
    b.done = body_done;
    b.arg = o;
    o->body = s3_body_create(&b);
    o->streaming = true;
    o->p.opened(o->p.arg, s3_body_sink(o->body), max_bytes);
}

/* ---- the upload ---- */
static void upload_opened(void *arg, uint64_t max_bytes)
{
    struct s3_put *o = arg;
    body_begin(o, upload_sink(o->upload), max_bytes);
}

static void noted(void *arg, const char *note)
{
    struct s3_put *o = arg;
    record(o, s3_body_md5(o->body), s3_body_bytes(o->body), note);
}

static void upload_done(void *arg, const struct upload_result *r)
{
    struct s3_put *o = arg;
    o->result.upload = r;
    o->result.body_status = o->body != NULL ? s3_body_status(o->body) : 0;
    if (r->status != 0) {
        fail(o, o->result.body_status != 0      ? S3_PUT_E_BODY
                : r->status == INGEST_E_REFUSED ? S3_PUT_E_BROKEN
                                                : S3_PUT_E_UPLOAD);
        return;
    }
    crash_point("s3_after_upload");
    o->result.upload = NULL;
    o->result.clip = r->clip->id;
    if (!s3_notes_begin(o->p.in, r->clip, o->metadata, noted, o)) {
        noted(o, "");
    }
}

static void upload_start(struct s3_put *o)
{
    struct s3_hints hints;
    s3_object_hints(o->key, o->metadata, clock_now_us(), &hints);
    o->upload =
        upload_begin(o->p.in, &(struct upload_params){.camera = &o->camera,
                                                      .name = o->key,
                                                      .kind = hints.kind,
                                                      .started_us = hints.started_us,
                                                      .only_new = o->p.only_new,
                                                      .declared_bytes = o->p.body.declared_bytes,
                                                      .request_id = o->request_id,
                                                      .opened = upload_opened,
                                                      .done = upload_done,
                                                      .arg = o});
}

/* ---- the beginning ---- */
static void start(struct s3_put *o)
{
    if (o->p.body.declared_bytes == 0) {
        uint8_t md5[CHECKSUM_MAX];
        checksum_of(CHECKSUM_MD5, "", 0, md5);
        record(o, md5, 0, "");
    } else {
        upload_start(o);
    }
}

static void signature_taken(void *arg, const struct db_reply *r)
{
    struct s3_put *o = arg;
    if (db_status(r) != 0) {
        fail(o, S3_PUT_E_UNAVAILABLE);
    } else if (db_bool(r, 0, 0, 0)) {
        o->signature_taken = true;
        start(o);
    } else if (db_is_null(r, 0, 0, 2)) {
        fail(o, S3_PUT_E_BUSY);
    } else {
        o->old_bytes = (uint64_t)db_i64(r, 0, 0, 1);
        snprintf(o->old_etag, sizeof o->old_etag, "%s", db_text(r, 0, 0, 2));
        o->nowhere.ops = &nowhere_ops;
        body_begin(o, &o->nowhere, o->p.in->upload_max_bytes);
    }
}

static void begin_later(void *arg)
{
    start(arg);
}

static bool marks_something(const char *key)
{
    return str_suffix(key, "/") || str_suffix(key, "_end");
}

static void refuse_empty(void *arg)
{
    fail(arg, S3_PUT_E_EMPTY);
}

static struct s3_put *put_create(const struct s3_put_params *p)
{
    struct s3_put *o = mem_new(struct s3_put);
    p->in->live++; /* a drain waits for the row that follows the upload */
    o->p = *p;
    o->camera = *p->camera;
    o->key = mem_str(p->key);
    o->content_type = mem_str(p->content_type);
    o->metadata = mem_str(p->metadata);
    o->request_id = mem_str(p->request_id);
    s3_body_keep(&o->kept, &o->p.body);
    return o;
}

void s3_put_begin(const struct s3_put_params *p)
{
    struct s3_put *o = put_create(p);
    if (p->body.declared_bytes == 0 && !marks_something(o->key)) {
        loop_post(p->in->loop, refuse_empty, o);
    } else if (o->kept.claim.presigned || p->body.declared_bytes == 0) {
        loop_post(p->in->loop, begin_later, o);
    } else {
        db_run(p->in->db, signature_taken, o, DB_S3_SIGNATURE_TAKE,
               DB_BYTES(o->kept.claim.signature, SHA256_SIZE), DB_ID(&o->camera.id),
               DB_I64(clock_now_us()), DB_I64(o->kept.claim.until_us));
    }
}
