/* SPDX-License-Identifier: Apache-2.0 */
/* look up what is known of the push -> look at the first bytes of the body -> stream it, or spool
 * it
 * -> answer. The piece lives until the body has ended, the answer is given and no callback is to
 * come. */
#include "ingest/piece_op.h"

#include <string.h>

struct sink *piece_sink(struct piece *p)
{
    return &p->sink;
}

static void piece_free(struct piece *p)
{
    p->in->live--;
    sha256_destroy(p->sha256);
    free(p->file);
    free(p->kind);
    free(p->request_id);
    free(p->head);
    free(p);
}

void piece_settle(struct piece *p)
{
    if (p->pending == 0 && p->told && (p->body_ended || !p->body_began)) {
        piece_free(p);
    }
}

static void resume(struct piece *p)
{
    if (p->sink.resume != NULL && !p->body_ended) {
        p->sink.resume(p->sink.resume_arg);
    }
}

void piece_tell(struct piece *p, const struct piece_result *r)
{
    if (p->told) {
        return;
    }
    p->p.done(p->p.arg, r);
    p->told = true;
    if (p->route != ROUTE_PASSING) {
        p->route = ROUTE_DROPPING;
        resume(p);
    }
}

void piece_fail(struct piece *p, int status, const char *reason)
{
    piece_tell(p, &(struct piece_result){.status = status, .reason = reason});
}

/* ---- streaming ---- */

static void upload_opened(void *arg, uint64_t max_bytes)
{
    struct piece *p = arg;
    piece_pass(p, upload_sink(p->upload));
}

static void upload_told(void *arg, const struct upload_result *u)
{
    struct piece *p = arg;
    bool empty = u->status == INGEST_E_MEDIA && u->remux_status == REMUX_E_EMPTY;
    piece_tell(p, &(struct piece_result){.status = empty ? 0 : u->status,
                                         .remux_status = u->remux_status,
                                         .reason = u->reason,
                                         .state = empty ? PIECE_EMPTY : PIECE_STORED,
                                         .created = u->created,
                                         .clip = u->clip});
    p->pending--;
    piece_settle(p);
}

static void stream_begin(struct piece *p)
{
    p->attach.head = p->head;
    p->pending++;
    p->upload = upload_begin(p->in, &(struct upload_params){.camera = &p->camera,
                                                            .name = p->file,
                                                            .kind = p->kind,
                                                            .started_us = p->p.started_us,
                                                            .declared_bytes = p->p.declared_bytes,
                                                            .request_id = p->request_id,
                                                            .attach = &p->attach,
                                                            .opened = upload_opened,
                                                            .done = upload_told,
                                                            .arg = p});
}

/* ---- where it goes ---- */

/* Boxes with which fragments begin that have no header in front of them. */
static bool needs_header(const uint8_t first[PIECE_LOOK_BYTES])
{
    static const char *const boxes[] = {"styp", "moof", "sidx", "prft", "emsg"};
    for (size_t i = 0; i < ARRAY_LEN(boxes); i++) {
        if (memcmp(first + 4, boxes[i], 4) == 0) {
            return true;
        }
    }
    return false;
}

static void choose_route(struct piece *p)
{
    p->route = ROUTE_ASKING;
    bool fragment = needs_header(p->first);
    p->own_header = !fragment;
    if (p->own_header && p->head != NULL) {
        free(p->head);
        p->head = NULL;
        p->attach.head_n = 0;
    }
    if (p->name.track >= 0 || p->name.needs_live || (fragment && p->head == NULL)) {
        piece_spool_begin(p);
    } else {
        stream_begin(p);
    }
}

/* ---- the body ---- */

static size_t pass(struct piece *p, const uint8_t *bytes, size_t n)
{
    size_t taken = p->inner->ops->push(p->inner, bytes, n);
    if (p->sha256 != NULL) {
        sha256_update(p->sha256, bytes, taken);
    }
    return taken;
}

/* The bytes that were looked at go first. */
static bool pass_first(struct piece *p)
{
    while (p->n_first_passed < p->n_first) {
        size_t taken = pass(p, p->first + p->n_first_passed, p->n_first - p->n_first_passed);
        if (taken == 0) {
            return false;
        }
        p->n_first_passed += taken;
    }
    return true;
}

static size_t body_push(struct sink *s, const uint8_t *bytes, size_t n)
{
    struct piece *p = CONTAINER_OF(s, struct piece, sink);
    size_t used = 0;
    if (p->route == ROUTE_OPEN) {
        used = PIECE_LOOK_BYTES - p->n_first < n ? PIECE_LOOK_BYTES - p->n_first : n;
        memcpy(p->first + p->n_first, bytes, used);
        p->n_first += used;
        if (p->n_first == PIECE_LOOK_BYTES) {
            choose_route(p);
        }
    }
    if (p->route == ROUTE_DROPPING || used == n) {
        return n;
    }
    return p->route == ROUTE_PASSING && pass_first(p) ? used + pass(p, bytes + used, n - used)
                                                      : used;
}

static void end_inner(struct piece *p)
{
    if (p->how == STREAM_COMPLETE && !pass_first(p)) {
        p->how = STREAM_BROKEN; /* cannot be: a sink takes its first bytes */
    }
    p->inner->ops->end(p->inner, p->how);
}

static void body_end(struct sink *s, enum stream_end how)
{
    struct piece *p = CONTAINER_OF(s, struct piece, sink);
    p->body_ended = true;
    p->how = how;
    if (p->route == ROUTE_OPEN) {
        if (p->n_first == 0 && how == STREAM_COMPLETE) {
            piece_tell(p, &(struct piece_result){.state = PIECE_EMPTY});
        } else {
            piece_tell(p, &(struct piece_result){.status = INGEST_E_MEDIA,
                                                 .remux_status = REMUX_E_BROKEN,
                                                 .reason = "There is no whole picture in it."});
        }
    } else if (p->route == ROUTE_PASSING) {
        end_inner(p);
    }
    piece_settle(p);
}

static const struct sink_ops body_ops = {.push = body_push, .end = body_end};

static void inner_resume(void *arg)
{
    struct piece *p = arg;
    resume(p);
}

void piece_pass(struct piece *p, struct sink *inner)
{
    p->inner = inner;
    inner->resume = inner_resume;
    inner->resume_arg = p;
    p->route = ROUTE_PASSING;
    if (p->body_ended) {
        end_inner(p);
    } else {
        resume(p);
    }
}

/* ---- what is known ---- */

/* Columns of piece_lookup.sql. */
enum { LOOK_HEAD, LOOK_NEAR, LOOK_BEFORE_FROM, LOOK_BEFORE_TO };

static void on_looked_up(void *arg, const struct db_reply *r)
{
    struct piece *p = arg;
    p->pending--;
    if (db_status(r) != 0 || db_rows(r, 0) == 0) {
        piece_fail(p, db_status(r) != 0 ? INGEST_E_UNAVAILABLE : INGEST_E_NO_CAMERA, NULL);
        piece_settle(p);
        return;
    }
    size_t n;
    const uint8_t *head = db_bytes(r, 0, 0, LOOK_HEAD, &n);
    p->head = head != NULL ? mem_dup(head, n) : NULL;
    p->attach.head_n = head != NULL ? n : 0;
    p->attach.near_90k = db_i64(r, 0, 0, LOOK_NEAR);
    bool before = p->name.needs_live && !db_is_null(r, 0, 0, LOOK_BEFORE_FROM);
    p->attach.before_from_90k = before ? db_i64(r, 0, 0, LOOK_BEFORE_FROM) : -1;
    p->attach.before_to_90k = before ? db_i64(r, 0, 0, LOOK_BEFORE_TO) : -1;
    p->body_began = true;
    uint64_t max = p->in->upload_max_bytes;
    p->p.opened(p->p.arg, p->p.max_bytes > 0 && p->p.max_bytes < max ? p->p.max_bytes : max);
}

struct piece *piece_begin(struct ingest *in, const struct piece_params *params)
{
    struct piece *p = mem_new(struct piece);
    p->sink.ops = &body_ops;
    p->in = in;
    p->p = *params;
    p->camera = *params->camera;
    p->name = *params->name;
    p->file = mem_str(params->file);
    p->kind = mem_str(params->kind);
    p->request_id = mem_str(params->request_id);
    p->attach =
        (struct upload_attach){.stem = p->name.stem, .n_pieces = 1, .max_90k = params->max_90k};
    p->attach.pieces[0] =
        (struct attach_piece){.id = id_new(), .track = p->name.track, .number = p->name.number};
    p->pending++;
    in->live++;
    db_run(in->db, on_looked_up, p, DB_PIECE_LOOKUP, DB_ID(&p->camera.id), DB_TEXT(p->name.stem),
           DB_I64(p->name.track), DB_I64(p->name.number));
    return p;
}
