/* SPDX-License-Identifier: Apache-2.0 */
/* One append: find the row (made when it begins at 0) -> hold it open -> claim the body -> the
 * bytes, as they come -> row at rest again, or whole -> clip. Every way out is through settle(),
 * which gives the row its time to live back. */
#include "base/clock.h"
#include "base/crash_point.h"
#include "ingest/resumable_op.h"

#include <string.h>

enum { TRIES = 3, FINISH_TRY_MS = 20000 };

struct append {
    struct sink sink; /* what the request is pushed into: counts, hashes, hands on */
    struct sink *inner;
    struct ingest *in;
    struct resumable_append_params p;
    struct principal camera;
    char *name, *kind, *request_id;
    struct resumable_row row;
    struct resumable_row before; /* another of the name, to be closed when ours is made */
    struct spool_writer *writer;
    struct checksum *checksum;
    uint64_t size; /* safe */
    uint64_t received;
    int status;
    int tries;
    bool mismatch, over, told, streaming, ended;
    struct id clip;
};

static bool known(uint64_t size)
{
    return size != SOURCE_UNKNOWN_SIZE;
}

static void append_free(struct append *a)
{
    if (!a->told || (a->streaming && !a->ended)) {
        return;
    }
    a->in->live--;
    checksum_destroy(a->checksum);
    resumable_row_finish(&a->row);
    resumable_row_finish(&a->before);
    free(a->name);
    free(a->kind);
    free(a->request_id);
    free(a);
}

static void tell(struct append *a, const struct upload_result *upload)
{
    const struct resumable_result r = {
        .status = a->status,
        .id = a->row.id,
        .offset = a->size,
        .declared = a->row.declared,
        .expires_us = a->row.expires_us,
        .metadata = a->row.metadata,
        .joined = a->row.joined,
        .upload = upload,
        .clip = a->clip,
    };
    a->p.done(a->p.arg, &r);
    a->told = true;
    append_free(a);
}

/* Without a row that would have to be settled. */
static void refuse(struct append *a, int status)
{
    a->status = status;
    tell(a, NULL);
}

/* ---- settle ---- */
static void finished(void *arg, const struct upload_result *r)
{
    struct append *a = arg;
    a->status = r->status == 0 ? 0 : RESUMABLE_E_UPLOAD;
    tell(a, r);
}

static bool whole(const struct append *a)
{
    return a->status == 0 && known(a->row.declared) && a->size == a->row.declared;
}

static void settled(void *arg, const struct db_reply *r)
{
    struct append *a = arg;
    if (db_status(r) != 0 || db_rows(r, 0) == 0) {
        int status = db_status(r) != 0 ? RESUMABLE_E_UNAVAILABLE : RESUMABLE_E_NOT_FOUND;
        refuse(a, a->status != 0 ? a->status : status);
        return;
    }
    if (!whole(a) || a->row.joined) {
        tell(a, NULL);
        return;
    }
    crash_point("resumable_whole");
    struct resumable_finish_params f = {.in = a->in,
                                        .row = a->row,
                                        .request_id = a->request_id,
                                        .try_for_ms = FINISH_TRY_MS,
                                        .told = finished,
                                        .arg = a};
    a->row.name = a->row.kind = a->row.metadata = NULL;
    a->row.refs = NULL;
    resumable_finish(&f);
}

static void settle(struct append *a)
{
    bool is_whole = whole(a);
    const char *state = !is_whole ? "open" : a->row.joined ? "part" : "whole";
    int64_t expires = resumable_rest_us(a->in, a->row.tus, a->row.declared);
    if (is_whole && !a->row.joined) {
        expires = clock_now_us() + RESUMABLE_LEASE_US;
    }
    a->row.expires_us = expires;
    db_run(a->in->db, settled, a, DB_RESUMABLE_SETTLE, DB_ID(&a->row.id), DB_TEXT(state),
           known(a->row.declared) ? DB_I64(a->row.declared) : DB_NULL, DB_BOOL(false),
           DB_I64(expires));
}

/* ---- the bytes ---- */
static size_t sink_push(struct sink *s, const uint8_t *p, size_t n)
{
    struct append *a = CONTAINER_OF(s, struct append, sink);
    if (a->over) {
        return n;
    }
    size_t taken = a->inner->ops->push(a->inner, p, n);
    if (a->checksum != NULL) {
        checksum_update(a->checksum, p, taken);
    }
    a->received += taken;
    return taken;
}

static void sink_end(struct sink *s, enum stream_end how)
{
    struct append *a = CONTAINER_OF(s, struct append, sink);
    struct sink *inner = a->inner;
    a->ended = true;
    if (how == STREAM_TOO_LARGE) {
        a->status = a->status != 0 ? a->status : RESUMABLE_E_LENGTH;
    } else if (how == STREAM_COMPLETE && a->checksum != NULL && !a->over) {
        uint8_t got[CHECKSUM_MAX];
        checksum_final(a->checksum, got);
        a->mismatch = memcmp(got, a->p.want, checksum_size(a->p.checksum)) != 0;
    }
    inner->ops->end(inner, a->mismatch ? STREAM_BROKEN : how);
    if (a->over) {
        append_free(a);
    }
}

static const struct sink_ops sink_ops = {.push = sink_push, .end = sink_end};

static void sink_resume(void *arg)
{
    struct append *a = arg;
    if (!a->ended) {
        a->sink.resume(a->sink.resume_arg);
    }
}

static void appended(void *arg, int status, uint64_t size)
{
    struct append *a = arg;
    a->over = true;
    a->size = size;
    int failed = a->mismatch ? RESUMABLE_E_CHECKSUM : resumable_spool_error(status);
    a->status = failed != 0 ? failed : a->status;
    crash_point("resumable_appended");
    if (a->status == RESUMABLE_E_FENCED) { /* the row is the newer connection's, too */
        tell(a, NULL);
    } else {
        settle(a);
    }
}

static uint64_t most_bytes(const struct append *a)
{
    uint64_t all = known(a->row.declared) ? a->row.declared : a->in->upload_max_bytes;
    uint64_t rest = all > a->size ? all - a->size : 0;
    return known(a->p.length) && a->p.length < rest ? a->p.length : rest;
}

static int check_length(const struct append *a)
{
    uint64_t declared = a->row.declared, end = a->size + (known(a->p.length) ? a->p.length : 0);
    if (known(a->p.declared) && known(declared) && a->p.declared != declared) {
        return RESUMABLE_E_LENGTH;
    }
    declared = known(declared) ? declared : a->p.declared;
    if (known(declared) && (end > declared || declared < a->size)) {
        return RESUMABLE_E_LENGTH;
    }
    return end > a->in->upload_max_bytes || (known(declared) && declared > a->in->upload_max_bytes)
               ? RESUMABLE_E_TOO_LARGE
               : 0;
}

static void stream(struct append *a, struct spool_writer *w)
{
    a->row.declared = known(a->row.declared) ? a->row.declared : a->p.declared;
    a->checksum = a->p.checked ? checksum_create(a->p.checksum) : NULL;
    a->sink.ops = &sink_ops;
    a->inner = spool_append(
        w, &(struct spool_append_params){.tentative = a->p.checked, .done = appended, .arg = a});
    a->inner->resume = sink_resume;
    a->inner->resume_arg = a;
    a->streaming = true;
    a->p.opened(a->p.arg, &a->sink, most_bytes(a));
}

static void claimed(void *arg, int status, struct spool_writer *w, uint64_t size)
{
    struct append *a = arg;
    a->size = size;
    a->status = resumable_spool_error(status);
    if (status == 0 && size != a->p.offset) {
        a->status = RESUMABLE_E_OFFSET;
    } else if (status == 0) {
        a->status = check_length(a);
    }
    if (a->status != 0) {
        spool_release(w);
        settle(a);
        return;
    }
    stream(a, w);
}

/* ---- the row ---- */
static void find(struct append *a);

static void touched(void *arg, const struct db_reply *r)
{
    struct append *a = arg;
    resumable_row_finish(&a->row);
    if (db_status(r) != 0) {
        refuse(a, resumable_db_error(r));
    } else if (db_rows(r, 0) == 0) { /* closed a moment ago: see what it is now */
        find(a);
    } else {
        resumable_row_read(r, 0, &a->row);
        spool_claim(a->in->spool, a->in->loop, &a->row.refs[0], claimed, a);
    }
}

static void touch(struct append *a)
{
    db_run(a->in->db, touched, a, DB_RESUMABLE_TOUCH, DB_ID(&a->row.id), DB_ID(&a->camera.id),
           DB_I64(clock_now_us() + RESUMABLE_SENDING_US), DB_TEXT(a->in->node));
}

static void not_told(void *arg, const struct upload_result *r)
{
}

static void finish_before(struct append *a)
{
    struct resumable_finish_params f = {
        .in = a->in, .row = a->before, .request_id = a->request_id, .told = not_told};
    a->before = (struct resumable_row){0};
    resumable_finish(&f);
}

static void made(void *arg, const struct db_reply *r)
{
    struct append *a = arg;
    bool replaces = a->before.name != NULL;
    if (db_status(r) == DB_E_UNIQUE) {
        find(a); /* another connection was quicker */
    } else if (db_status(r) != 0) {
        refuse(a, resumable_db_error(r));
    } else if (db_rows(r, replaces) == 0) {
        refuse(a, RESUMABLE_E_NO_CAMERA);
    } else {
        a->row.id = db_id(r, replaces, 0, 0);
        if (replaces && db_rows(r, 0) == 1) {
            finish_before(a);
        }
        crash_point("resumable_made");
        touch(a);
    }
}

static void make(struct append *a)
{
    struct id id = id_new();
    int64_t now = clock_now_us();
    if (known(a->p.declared) && a->p.declared > a->in->upload_max_bytes) {
        refuse(a, RESUMABLE_E_TOO_LARGE);
        return;
    }
    struct db_tx *tx = db_tx_begin(a->in->db);
    if (a->before.name != NULL) {
        a->before.broken = known(a->before.declared);
        db_tx_add(tx, DB_RESUMABLE_SETTLE, DB_ID(&a->before.id), DB_TEXT("whole"), DB_NULL,
                  DB_BOOL(a->before.broken), DB_I64(now + RESUMABLE_LEASE_US));
    }
    db_tx_add(tx, DB_RESUMABLE_ADD, DB_ID(&id), DB_ID(&a->camera.id), DB_TEXT(a->in->node),
              DB_TEXT("range"), DB_BOOL(false), DB_TEXT(a->name), DB_TEXT(a->kind),
              resumable_start(a->p.started_us, a->p.camera_now_us),
              known(a->p.declared) ? DB_I64(a->p.declared) : DB_NULL, DB_TEXT(""), DB_I64(now),
              DB_I64(resumable_rest_us(a->in, false, a->p.declared)));
    db_tx_commit(tx, made, a);
}

/* A file of another length begins under the name, or a client that cannot resume: what is open was
 * all there will be of it. */
static bool begins_another(const struct append *a)
{
    bool other_length = known(a->p.declared) && a->p.declared != a->row.declared;
    return id_is_zero(&a->p.id) && a->p.offset == 0 && (a->p.anew || other_length);
}

/* The last part again, whose answer was lost. */
static bool is_last_again(const struct append *a)
{
    uint64_t end = a->p.offset + (known(a->p.length) ? a->p.length : 0);
    return (!known(a->p.declared) || a->p.declared == a->row.declared) && end == a->row.declared;
}

/* It was closed before it was complete: what comes now is another body. */
static void found_given_up(struct append *a)
{
    bool by_name = id_is_zero(&a->p.id);
    resumable_row_finish(&a->row);
    if (by_name && a->p.offset == 0) {
        make(a);
    } else {
        refuse(a, by_name ? RESUMABLE_E_OFFSET : RESUMABLE_E_NOT_FOUND);
    }
}

static void found_closed(struct append *a)
{
    if (a->row.broken) {
        found_given_up(a);
        return;
    }
    a->size = known(a->row.declared) ? a->row.declared : 0;
    bool by_name = id_is_zero(&a->p.id);
    if (by_name && a->p.offset == 0 && (a->row.state == RESUMABLE_DONE || !is_last_again(a))) {
        resumable_row_finish(&a->row);
        make(a);
    } else if (a->row.state != RESUMABLE_DONE) {
        refuse(a, a->p.offset == a->size ? RESUMABLE_E_CLOSED : RESUMABLE_E_OFFSET);
    } else {
        a->clip = a->row.clip;
        bool again = by_name ? is_last_again(a) : a->p.offset == a->size && a->p.length == 0;
        refuse(a, again ? 0 : RESUMABLE_E_OFFSET);
    }
}

static void found(void *arg, const struct db_reply *r)
{
    struct append *a = arg;
    if (db_status(r) != 0) {
        refuse(a, resumable_db_error(r));
    } else if (db_rows(r, 0) == 0) {
        if (!id_is_zero(&a->p.id)) {
            refuse(a, RESUMABLE_E_NOT_FOUND);
        } else if (a->p.offset != 0) {
            refuse(a, RESUMABLE_E_OFFSET);
        } else {
            make(a);
        }
    } else {
        resumable_row_read(r, 0, &a->row);
        if (a->row.final) {
            refuse(a, RESUMABLE_E_FINAL);
        } else if (a->row.state != RESUMABLE_OPEN) {
            found_closed(a);
        } else if (begins_another(a)) {
            a->before = a->row;
            a->row = (struct resumable_row){.declared = SOURCE_UNKNOWN_SIZE};
            make(a);
        } else {
            touch(a);
        }
    }
}

static void find(struct append *a)
{
    resumable_row_finish(&a->row);
    resumable_row_finish(&a->before);
    if (++a->tries > TRIES) {
        refuse(a, RESUMABLE_E_BUSY);
    } else if (id_is_zero(&a->p.id)) {
        db_run(a->in->db, found, a, DB_RESUMABLE_NAMED, DB_ID(&a->camera.id), DB_TEXT(a->name),
               DB_TEXT(a->in->node));
    } else {
        db_run(a->in->db, found, a, DB_RESUMABLE_GET, DB_ID(&a->p.id), DB_ID(&a->camera.id),
               DB_TEXT(a->in->node));
    }
}

void resumable_append(struct ingest *in, const struct resumable_append_params *p)
{
    struct append *a = mem_new(struct append);
    a->in = in;
    a->p = *p;
    a->camera = *p->camera;
    a->name = mem_str(p->name != NULL ? p->name : "");
    a->kind = mem_str(p->kind != NULL ? p->kind : "other");
    a->request_id = mem_str(p->request_id);
    in->live++;
    find(a);
}
