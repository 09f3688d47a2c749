/* SPDX-License-Identifier: Apache-2.0 */
/* Complete: the parts' rows are compared with what the camera lists, their bodies fed as one upload
 * and the object remembered; then bodies and rows go. Asked again it answers the same. Abort is the
 * end of this alone. */
#include "base/clock.h"
#include "base/crash_point.h"
#include "base/str.h"
#include "ingest/s3_notes.h"
#include "ingest/s3_parts.h"
#include "ingest/s3_parts_op.h"
#include "ingest/spool_feed.h"

#include <stdio.h>
#include <string.h>

enum { TRY_MS = 10000 };

struct s3_complete {
    struct s3_upload_ref ref;
    struct principal camera;
    char *key, *request_id, *metadata, *content_type;
    struct s3_manifest manifest;
    struct spool_ref *bodies;
    uint64_t bytes;
    struct id clip;
    s3_parts_done_fn *done;
    void *arg;
    struct s3_parts_result result;
};

static void complete_free(struct s3_complete *o)
{
    s3_manifest_finish(&o->manifest);
    free(o->key);
    free(o->request_id);
    free(o->metadata);
    free(o->content_type);
    free(o->bodies);
    free(o);
}

static void tell(struct s3_complete *o, int status)
{
    o->result.status = status;
    o->ref.in->live--;
    o->done(o->arg, &o->result);
    complete_free(o);
}

/* ---- the end ---- */
static void recorded(void *arg, const struct db_reply *r)
{
    struct s3_complete *o = arg;
    if (db_status(r) != 0) {
        tell(o, S3_PARTS_E_UNAVAILABLE);
        return;
    }
    s3_parts_clear(o->ref.in, &o->camera.id, &o->ref.upload);
    tell(o, 0);
}

static void record(void *arg, const char *note)
{
    struct s3_complete *o = arg;
    struct db_tx *tx = db_tx_begin(o->ref.in->db);
    s3_object_add(tx, &(struct s3_object){.camera = &o->camera.id,
                                          .key = o->key,
                                          .etag = o->result.etag,
                                          .content_type = o->content_type,
                                          .metadata = o->metadata,
                                          .clip = &o->clip,
                                          .bytes = o->bytes});
    db_tx_add(tx, DB_S3_UPLOAD_DONE, DB_ID(&o->ref.upload), DB_TEXT(o->result.etag));
    if (note[0] != '\0') {
        db_tx_add(tx, DB_CLIP_NOTE, DB_ID(&o->clip), DB_TEXT(note));
    }
    crash_point("s3_before_complete");
    db_tx_commit(tx, recorded, o);
}

static void fed(void *arg, const struct upload_result *r)
{
    struct s3_complete *o = arg;
    if (r->status != 0) {
        o->result.upload = r;
        tell(o, S3_PARTS_E_UPLOAD);
        return;
    }
    o->clip = r->clip->id;
    if (!s3_notes_begin(o->ref.in, r->clip, o->metadata, record, o)) {
        record(o, "");
    }
}

static void feed(struct s3_complete *o)
{
    struct s3_hints hints;
    s3_object_hints(o->key, o->metadata, clock_now_us(), &hints);
    spool_feed_begin(&(struct spool_feed_params){.in = o->ref.in,
                                                 .upload = {.camera = &o->camera,
                                                            .name = o->key,
                                                            .kind = hints.kind,
                                                            .started_us = hints.started_us,
                                                            .declared_bytes = o->bytes,
                                                            .request_id = o->request_id},
                                                 .refs = o->bodies,
                                                 .n_refs = o->manifest.n,
                                                 .try_until_ms = clock_mono_ms() + TRY_MS,
                                                 .done = fed,
                                                 .arg = o});
}

/* ---- the parts ---- */
/* Columns of s3_part_list.sql. */
enum { PART_NUMBER, PART_BODY, PART_BYTES, PART_ETAG };

/* Rows and manifest are both in order of the numbers. */
static bool match_parts(struct s3_complete *o, const struct db_reply *r)
{
    int row = 0;
    o->bodies = mem_alloc(o->manifest.n, sizeof *o->bodies);
    for (size_t i = 0; i < o->manifest.n; i++) {
        const struct s3_manifest_part *want = &o->manifest.parts[i];
        char hex[2 * MD5_SIZE + 1];
        str_hex(want->md5, MD5_SIZE, hex);
        while (row < db_rows(r, 1) && db_i64(r, 1, row, PART_NUMBER) < want->number) {
            row++;
        }
        if (row == db_rows(r, 1) || db_i64(r, 1, row, PART_NUMBER) != want->number ||
            strcmp(db_text(r, 1, row, PART_ETAG), hex) != 0) {
            return false;
        }
        o->bodies[i] = (struct spool_ref){
            .area = SPOOL_S3, .owner = o->camera.id, .body = db_id(r, 1, row, PART_BODY)};
        o->bytes += (uint64_t)db_i64(r, 1, row, PART_BYTES);
    }
    return true;
}

/* MD5 of the parts' MD5s, and how many. */
static void make_etag(struct s3_complete *o)
{
    uint8_t md5[CHECKSUM_MAX];
    char hex[2 * MD5_SIZE + 1];
    struct checksum *c = checksum_create(CHECKSUM_MD5);
    for (size_t i = 0; i < o->manifest.n; i++) {
        checksum_update(c, o->manifest.parts[i].md5, MD5_SIZE);
    }
    checksum_final(c, md5);
    checksum_destroy(c);
    str_hex(md5, MD5_SIZE, hex);
    snprintf(o->result.etag, sizeof o->result.etag, "%s-%zu", hex, o->manifest.n);
}

static void upload_found(void *arg, const struct db_reply *r)
{
    struct s3_complete *o = arg;
    if (db_status(r) != 0) {
        tell(o, S3_PARTS_E_UNAVAILABLE);
        return;
    }
    const char *etag = db_rows(r, 0) == 1 ? db_text(r, 0, 0, 0) : "";
    make_etag(o);
    if (etag != NULL && strcmp(etag, o->result.etag) == 0) {
        tell(o, 0); /* complete already */
    } else if (etag != NULL) {
        tell(o, S3_PARTS_E_NO_UPLOAD);
    } else if (!match_parts(o, r)) {
        tell(o, S3_PARTS_E_PART);
    } else if (o->bytes > o->ref.in->upload_max_bytes) {
        tell(o, S3_PARTS_E_TOO_LARGE);
    } else {
        o->content_type = mem_str(db_text(r, 0, 0, 1));
        o->metadata = mem_str(db_text(r, 0, 0, 2));
        feed(o);
    }
}

void s3_complete_begin(const struct s3_complete_params *p)
{
    struct s3_complete *o = mem_new(struct s3_complete);
    o->ref = p->ref;
    o->camera = *p->ref.camera;
    o->key = mem_str(p->ref.key);
    o->request_id = mem_str(p->request_id);
    o->manifest = p->manifest;
    o->done = p->done;
    o->arg = p->arg;
    o->ref.in->live++;
    struct db_tx *tx = db_tx_begin(o->ref.in->db);
    db_tx_add(tx, DB_S3_UPLOAD_GET, DB_ID(&o->ref.upload), DB_ID(&o->camera.id), DB_TEXT(o->key));
    db_tx_add(tx, DB_S3_PART_LIST, DB_ID(&o->ref.upload));
    db_tx_commit(tx, upload_found, o);
}

/* ---- abort ---- */
static void aborted(void *arg, const struct db_reply *r)
{
    struct s3_complete *o = arg;
    bool found = db_status(r) == 0 && db_rows(r, 0) == 1;
    if (found) {
        s3_parts_clear(o->ref.in, &o->camera.id, &o->ref.upload);
    }
    tell(o, found ? 0 : db_status(r) != 0 ? S3_PARTS_E_UNAVAILABLE : S3_PARTS_E_NO_UPLOAD);
}

void s3_abort_begin(const struct s3_upload_ref *ref, s3_parts_done_fn *done, void *arg)
{
    struct s3_complete *o = mem_new(struct s3_complete);
    o->ref = *ref;
    o->camera = *ref->camera;
    o->key = mem_str(ref->key);
    o->done = done;
    o->arg = arg;
    o->ref.in->live++;
    db_run(ref->in->db, aborted, o, DB_S3_UPLOAD_ABORT, DB_ID(&o->ref.upload), DB_ID(&o->camera.id),
           DB_TEXT(o->key));
}
