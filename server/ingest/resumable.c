/* SPDX-License-Identifier: Apache-2.0 */
/* Making, looking at, giving up and joining bodies: short stories of one or two statements. */
#include "ingest/resumable_op.h"

#include "base/clock.h"
#include "base/crash_point.h"

#include <stdio.h>
#include <string.h>

enum { FINISH_TRY_MS = 20000 };

struct call {
    struct ingest *in;
    struct principal camera;
    struct id id;
    uint64_t declared;
    int64_t expires_us;
    bool joined;
    char *request_id;
    struct resumable_row row;
    struct spool_ref *refs;
    resumable_done_fn *done;
    void *arg;
};

static struct call *call_begin(struct ingest *in, const struct principal *camera,
                               resumable_done_fn *done, void *arg)
{
    struct call *c = mem_new(struct call);
    *c = (struct call){.in = in, .camera = *camera, .done = done, .arg = arg};
    c->row.declared = c->declared = SOURCE_UNKNOWN_SIZE;
    in->live++;
    return c;
}

static void call_end(struct call *c, const struct resumable_result *r)
{
    c->done(c->arg, r);
    c->in->live--;
    resumable_row_finish(&c->row);
    free(c->refs);
    free(c->request_id);
    free(c);
}

static void call_fail(struct call *c, int status)
{
    call_end(c, &(struct resumable_result){
                    .status = status, .id = c->id, .declared = SOURCE_UNKNOWN_SIZE});
}

/* ---- create ---- */
static void created(void *arg, const struct db_reply *r)
{
    struct call *c = arg;
    if (db_status(r) != 0 || db_rows(r, 0) == 0) {
        call_fail(c, db_status(r) != 0 ? resumable_db_error(r) : RESUMABLE_E_NO_CAMERA);
        return;
    }
    crash_point("resumable_created");
    call_end(c, &(struct resumable_result){.id = c->id,
                                           .declared = c->declared,
                                           .expires_us = c->expires_us,
                                           .joined = c->joined});
}

static void too_large(void *arg)
{
    call_fail(arg, RESUMABLE_E_TOO_LARGE);
}

void resumable_create(struct ingest *in, const struct resumable_create_params *p)
{
    struct call *c = call_begin(in, p->camera, p->done, p->arg);
    bool known = p->declared != SOURCE_UNKNOWN_SIZE;
    const struct db_arg start = resumable_start(p->started_us, p->camera_now_us);
    c->id = id_new();
    c->declared = p->declared;
    c->joined = p->joined;
    c->expires_us = resumable_rest_us(in, true, p->declared);
    if (known && p->declared > in->upload_max_bytes) {
        loop_post(in->loop, too_large, c);
        return;
    }
    db_run(in->db, created, c, DB_RESUMABLE_ADD, DB_ID(&c->id), DB_ID(&c->camera.id),
           DB_TEXT(in->node), DB_TEXT("tus"), DB_BOOL(p->joined), DB_TEXT(p->name),
           DB_TEXT(p->kind), start, known ? DB_I64(p->declared) : DB_NULL, DB_TEXT(p->metadata),
           DB_I64(clock_now_us()), DB_I64(c->expires_us));
}

/* ---- look ---- */
static void look_tell(struct call *c, uint64_t offset)
{
    const struct resumable_result r = {
        .id = c->row.id,
        .offset = offset,
        .declared = c->row.declared,
        .expires_us = c->row.expires_us,
        .metadata = c->row.metadata,
        .joined = c->row.joined,
        .final = c->row.final,
        .parts = c->row.refs,
        .n_parts = c->row.n_refs,
        .clip = c->row.clip,
    };
    call_end(c, &r);
}

static void look_claimed(void *arg, int status, struct spool_writer *w, uint64_t size)
{
    struct call *c = arg;
    spool_release(w);
    if (status != 0) {
        call_fail(c, resumable_spool_error(status));
    } else {
        look_tell(c, size);
    }
}

static void look_found(void *arg, const struct db_reply *r)
{
    struct call *c = arg;
    if (db_status(r) != 0 || db_rows(r, 0) == 0) {
        call_fail(c, db_status(r) != 0 ? resumable_db_error(r) : RESUMABLE_E_NOT_FOUND);
        return;
    }
    resumable_row_read(r, 0, &c->row);
    if (c->row.broken) { /* closed before it was complete */
        call_fail(c, RESUMABLE_E_NOT_FOUND);
    } else if (c->row.state == RESUMABLE_OPEN) {
        spool_claim(c->in->spool, c->in->loop, &c->row.refs[0], look_claimed, c);
    } else {
        look_tell(c, c->row.declared != SOURCE_UNKNOWN_SIZE ? c->row.declared : 0);
    }
}

void resumable_look(struct ingest *in, const struct resumable_which *w)
{
    struct call *c = call_begin(in, w->camera, w->done, w->arg);
    c->id = w->id;
    if (id_is_zero(&w->id)) {
        db_run(in->db, look_found, c, DB_RESUMABLE_NAMED, DB_ID(&c->camera.id), DB_TEXT(w->name),
               DB_TEXT(in->node));
    } else {
        db_run(in->db, look_found, c, DB_RESUMABLE_GET, DB_ID(&c->id), DB_ID(&c->camera.id),
               DB_TEXT(in->node));
    }
}

/* ---- end ---- */
static void ended(void *arg, int status)
{
    struct call *c = arg;
    call_end(c, &(struct resumable_result){.id = c->id, .declared = SOURCE_UNKNOWN_SIZE});
}

static void end_dropped(void *arg, const struct db_reply *r)
{
    struct call *c = arg;
    if (db_status(r) != 0 || db_rows(r, 0) == 0) {
        call_fail(c, db_status(r) != 0 ? resumable_db_error(r) : RESUMABLE_E_NOT_FOUND);
        return;
    }
    size_t n = resumable_refs(&c->camera.id, db_text(r, 0, 0, 1), &c->refs);
    spool_delete(c->in->spool, c->in->loop, c->refs, n, ended, c);
}

void resumable_end(struct ingest *in, const struct resumable_which *w)
{
    struct call *c = call_begin(in, w->camera, w->done, w->arg);
    c->id = w->id;
    db_run(in->db, end_dropped, c, DB_RESUMABLE_DROP, DB_ID(&c->id), DB_ID(&c->camera.id));
}

/* ---- join ---- */
static void join_finished(void *arg, const struct upload_result *r)
{
    struct call *c = arg;
    call_end(c, &(struct resumable_result){.status = r->status == 0 ? 0 : RESUMABLE_E_UPLOAD,
                                           .id = c->id,
                                           .offset = c->declared,
                                           .declared = c->declared,
                                           .final = true,
                                           .upload = r});
}

static void joined(void *arg, const struct db_reply *r)
{
    struct call *c = arg;
    if (db_status(r) != 0) {
        call_fail(c, resumable_db_error(r));
        return;
    }
    crash_point("resumable_joined");
    c->declared = (uint64_t)db_i64(r, 0, 0, 0);
    struct resumable_finish_params f = {.in = c->in,
                                        .row = c->row,
                                        .request_id = c->request_id,
                                        .try_for_ms = FINISH_TRY_MS,
                                        .told = join_finished,
                                        .arg = c};
    c->row = (struct resumable_row){0};
    resumable_finish(&f);
}

static void join_row(struct call *c, const struct resumable_join_params *p)
{
    c->row.id = c->id;
    c->row.camera = p->camera->id;
    c->row.household = p->camera->household;
    c->row.name = mem_str(p->name);
    c->row.kind = mem_str(p->kind);
    c->row.created_us = clock_now_us();
    c->row.n_refs = p->n_parts;
    c->row.refs = mem_alloc(p->n_parts, sizeof *c->row.refs);
    for (size_t i = 0; i < p->n_parts; i++) {
        c->row.refs[i] = (struct spool_ref){
            .area = SPOOL_RESUMABLE, .owner = p->camera->id, .body = p->parts[i]};
    }
}

void resumable_join(struct ingest *in, const struct resumable_join_params *p)
{
    ALWAYS(p->n_parts > 0 && p->n_parts <= RESUMABLE_PARTS_MAX);
    struct call *c = call_begin(in, p->camera, p->done, p->arg);
    const struct db_arg start = resumable_start(p->started_us, p->camera_now_us);
    struct buf ids = BUF_INIT(RESUMABLE_PARTS_MAX * (ID_TEXT_SIZE + 1));
    c->id = id_new();
    c->request_id = mem_str(p->request_id);
    join_row(c, p);
    c->row.started_us = start.i; /* 0 when null */
    for (size_t i = 0; i < p->n_parts; i++) {
        char id[ID_TEXT_SIZE];
        id_format(&p->parts[i], id);
        buf_printf(&ids, "%s%s", i == 0 ? "{" : ",", id);
    }
    buf_str(&ids, "}");
    db_run(in->db, joined, c, DB_RESUMABLE_JOIN, DB_ID(&c->id), DB_ID(&c->camera.id),
           DB_TEXT((const char *)ids.data), DB_TEXT(p->name), DB_TEXT(p->kind), start,
           DB_TEXT(p->metadata), DB_I64(c->row.created_us),
           DB_I64(c->row.created_us + RESUMABLE_LEASE_US));
    buf_finish(&ids);
}
