/* SPDX-License-Identifier: Apache-2.0 */
/* The story of one upload (upload.h lists the steps). Every callback stores its result and calls
 * upload_settled() or the next step; an upload is freed in one place, upload_finish(), when nothing
 * is under way any more. */
#include "ingest/upload_op.h"

#include "base/clock.h"
#include "base/crash_point.h"
#include "ingest/endless.h"
#include "ingest/footage_time.h"
#include "metrics/metrics.h"

#include <stdio.h>
#include <string.h>

enum { UPLOADS_PER_CAMERA = 16 };

void upload_fail(struct upload *u, int status, const char *reason)
{
    if (u->status == 0) {
        u->status = status;
        snprintf(u->reason, sizeof u->reason, "%s", reason != NULL ? reason : "");
    }
}

/* Once it has told its result and http will not push into it any more. */
static void upload_free(struct upload *u)
{
    u->in->live--;
    *u->at = u->next;
    if (u->next != NULL) {
        u->next->at = u->at;
    }
    upload_drop_segments(u);
    endless_finish(u);
    sha256_destroy(u->sha256);
    free(u->name);
    free(u->kind);
    free(u->request_id);
    free(u->video_json);
    free(u->audio_json);
    free(u->notes_json);
    free(u);
}

/* ---- stream ---- */

static size_t body_push(struct sink *s, const uint8_t *p, size_t n)
{
    struct upload *u = CONTAINER_OF(s, struct upload, sink);
    if (u->finished || u->job_done || u->stopped) {
        return n; /* the answer is already known: let the rest of the body run past */
    }
    if (u->endless != NULL && endless_is_full(u)) {
        return 0;
    }
    size_t taken = u->inner->ops->push(u->inner, p, n);
    sha256_update(u->sha256, p, taken);
    u->body_bytes += taken;
    crash_point("upload_mid_body");
    return taken;
}

static void body_end(struct sink *s, enum stream_end how)
{
    struct upload *u = CONTAINER_OF(s, struct upload, sink);
    u->body_ended = true;
    if (u->finished) {
        upload_free(u);
        return;
    }
    if (u->body_waived || u->stopped) {
        return;
    }
    u->ended_us = clock_now_us();
    sha256_final(u->sha256, u->body_sha256);
    bool keep = how == STREAM_COMPLETE || how == STREAM_BROKEN;
    if (!keep) {
        upload_fail(u, how == STREAM_REFUSED ? INGEST_E_REFUSED : INGEST_E_TOO_LARGE, NULL);
    }
    if (!u->job_done) {
        u->inner->ops->end(u->inner, how);
    }
    if (!keep && !u->job_done) {
        remux_job_cancel(u->job);
    }
    u->pending--;
    upload_settled(u);
}

static const struct sink_ops body_ops = {.push = body_push, .end = body_end};

static void body_resume(void *arg)
{
    upload_resume(arg);
}

void upload_resume(struct upload *u)
{
    if (u->sink.resume != NULL) {
        u->sink.resume(u->sink.resume_arg);
    }
}

struct sink *upload_sink(struct upload *u)
{
    return &u->sink;
}

static void job_done(void *arg, int status, const char *reason, const struct remux_report *report)
{
    struct upload *u = arg;
    u->job_done = true;
    u->report = *report;
    if (status != 0 && !u->body_ended && !u->stopped) {
        u->body_waived = true;
        u->pending--;
    }
    if (status == REMUX_E_OUTPUT) {
        upload_fail(u, INGEST_E_FULL, reason);
    } else if (status != 0) {
        u->remux_status = u->body_bytes > 0 ? status : REMUX_E_BROKEN;
        upload_fail(u, INGEST_E_MEDIA, reason);
    }
    u->pending--;
    if (u->endless != NULL) {
        endless_cut_end(u);
        endless_advance(u);
    }
    body_resume(u); /* a paused body may now run past */
    upload_settled(u);
}

static struct remux_push push_of(const struct upload_attach *a)
{
    return (struct remux_push){.near_90k = a->near_90k,
                               .before_from_90k = a->before_from_90k,
                               .before_to_90k = a->before_to_90k,
                               .joined = a->n_pieces > 1};
}

void upload_stream_begin(struct upload *u)
{
    struct remux_push push;
    struct remux_job_params jp = {
        .segment_max_ms = u->in->segment_max_ms,
        .output_max_bytes = u->max_bytes + u->max_bytes / 10 + (1 << 20),
        .next_output = upload_next_output,
        .segment = upload_segment_complete,
        .done = job_done,
        .arg = u,
    };
    if (u->endless != NULL) {
        jp.live = true;
        jp.next_output = endless_next_output;
        jp.init = endless_init;
        jp.part = endless_part;
    } else if (u->p.attach != NULL) {
        push = push_of(u->p.attach);
        jp.push = &push;
    }
    int r = remux_job_begin(u->in->remux, &jp, &u->job);
    if (r != 0) {
        upload_fail(u, r > 0 ? INGEST_E_BUSY : INGEST_E_INTERNAL, r < 0 ? log_errno_text(r) : NULL);
        upload_settled(u);
        return;
    }
    u->inner = remux_job_sink(u->job);
    u->inner->resume = body_resume;
    u->inner->resume_arg = u;
    u->pending += 2; /* the job and the body */
    u->streaming = true;
    if (u->p.attach != NULL && u->p.attach->head_n > 0) { /* a new job takes that much */
        ALWAYS(u->inner->ops->push(u->inner, u->p.attach->head, u->p.attach->head_n) ==
               u->p.attach->head_n);
    }
    u->p.opened(u->p.arg, u->endless != NULL ? INT64_MAX : u->max_bytes);
}

/* ---- open ---- */

/* Columns of upload_open.sql. */
enum { OPEN_WRAPPED_KEY, OPEN_ROOM_BYTES, OPEN_NAME_TAKEN, OPEN_LIVE, OPEN_WATCH_PARTIAL };

static int open_verdict(struct upload *u, const struct db_reply *r)
{
    if (db_rows(r, 0) == 0) {
        return INGEST_E_NO_CAMERA;
    }
    if (u->p.only_new && db_bool(r, 0, 0, OPEN_NAME_TAKEN)) {
        return INGEST_E_EXISTS;
    }
    if (db_i64(r, 0, 0, OPEN_LIVE) >= UPLOADS_PER_CAMERA) {
        return INGEST_E_BUSY;
    }
    int64_t room = db_i64(r, 0, 0, OPEN_ROOM_BYTES);
    bool declared = u->p.declared_bytes != SOURCE_UNKNOWN_SIZE;
    if (!db_is_null(r, 0, 0, OPEN_ROOM_BYTES) &&
        (room <= 0 || (declared && u->p.declared_bytes > (uint64_t)room))) {
        return INGEST_E_QUOTA;
    }
    u->max_bytes = u->in->upload_max_bytes;
    if (!db_is_null(r, 0, 0, OPEN_ROOM_BYTES) && (uint64_t)room < u->max_bytes) {
        u->max_bytes = (uint64_t)room;
    }
    return declared && u->p.declared_bytes > u->max_bytes ? INGEST_E_TOO_LARGE : 0;
}

static void open_done(void *arg, const struct db_reply *r)
{
    struct upload *u = arg;
    u->pending--;
    int verdict = db_status(r) == 0 ? open_verdict(u, r) : INGEST_E_UNAVAILABLE;
    if (verdict != 0) {
        upload_fail(u, verdict, NULL);
        upload_settled(u);
        return;
    }
    size_t n;
    const uint8_t *wrapped = db_bytes(r, 0, 0, OPEN_WRAPPED_KEY, &n);
    ALWAYS(n == KEY_WRAPPED_SIZE);
    memcpy(u->household_wrapped, wrapped, n);
    u->watch_partial = db_bool(r, 0, 0, OPEN_WATCH_PARTIAL);
    u->segments[0]->registered = true;
    crash_point("upload_opened");
    if (u->stopped) {
        upload_fail(u, INGEST_E_NO_CAMERA, NULL);
        upload_settled(u);
        return;
    }
    if (u->endless != NULL) {
        endless_open(u);
    } else {
        upload_stream_begin(u);
    }
}

static void refused_early(void *arg)
{
    upload_finish(arg);
}

static void open_begin(struct upload *u)
{
    int r;
    struct upload_segment *first = upload_add_segment(u, &r);
    if (first == NULL) {
        upload_fail(u, r, NULL);
        loop_post(u->in->loop, refused_early, u);
        return;
    }
    u->pending++;
    db_run(u->in->db, open_done, u, DB_UPLOAD_OPEN, DB_ID(&u->id), DB_ID(&u->camera.id),
           DB_TEXT(u->in->node), DB_I64(u->arrived_us), DB_TEXT(u->name), DB_ID(&first->object));
}

static void believe_clock(struct upload *u)
{
    const struct footage_told told = {.started_us = u->p.started_us,
                                      .camera_now_us = u->p.camera_now_us,
                                      .arrived_us = u->arrived_us};
    struct footage_time t = footage_time_of(&told);
    u->told_us = u->p.started_us;
    u->p.started_us = t.start_us;
    u->has_offset = t.has_offset;
    u->offset_us = t.offset_us;
}

void upload_describe(struct upload *u, const char *kind, int64_t started_us)
{
    if (kind != NULL) {
        free(u->kind);
        u->kind = mem_str(kind);
    }
    if (started_us != 0) {
        u->p.started_us = started_us;
        believe_clock(u);
    }
}

struct upload *upload_begin(struct ingest *in, const struct upload_params *p)
{
    struct upload *u = mem_new(struct upload);
    u->sink.ops = &body_ops;
    u->in = in;
    u->p = *p;
    u->camera = *p->camera;
    u->name = mem_str(p->name);
    u->kind = mem_str(p->kind);
    u->request_id = mem_str(p->request_id);
    u->id = id_new();
    u->recording = id_new();
    u->clip_id = id_new();
    u->sha256 = sha256_create();
    u->arrived_us = clock_now_us();
    believe_clock(u);
    in->live++;
    u->next = in->uploads;
    u->at = &in->uploads;
    if (u->next != NULL) {
        u->next->at = &u->next;
    }
    in->uploads = u;
    metric_add(METRIC_UPLOADS_OPEN, 1);
    if (p->declared_bytes == SOURCE_UNKNOWN_SIZE && p->attach == NULL) {
        endless_begin(u);
    }
    open_begin(u);
    return u;
}

/* ---- stopped ---- */

/* As if the sender had vanished. */
static void stop(struct upload *u)
{
    u->stopped = true;
    if (!u->streaming || u->body_ended || u->body_waived || u->job_done) {
        return; /* not yet open, or about to end anyway */
    }
    u->ended_us = clock_now_us();
    sha256_final(u->sha256, u->body_sha256);
    u->inner->ops->end(u->inner, STREAM_BROKEN);
    u->pending--; /* the body */
    body_resume(u);
}

void ingest_camera_stop(struct ingest *in, const struct id *camera)
{
    for (struct upload *u = in->uploads; u != NULL; u = u->next) {
        if (!u->finished && !u->stopped && id_equal(&u->camera.id, camera)) {
            stop(u);
        }
    }
}

void ingest_drain(struct ingest *in)
{
    in->draining = true;
    for (struct upload *u = in->uploads; u != NULL; u = u->next) {
        if (!u->finished && !u->stopped && u->streaming && u->endless != NULL) {
            stop(u);
        }
    }
}

/* ---- what comes next ---- */

void upload_settled(struct upload *u)
{
    if (u->salvage != NULL) {
        salvage_settled(u);
        return;
    }
    if (u->pending > 0 || u->finished) {
        return;
    }
    if (u->status == 0 && !u->span.added && !u->segments[0]->complete) {
        upload_fail(u, INGEST_E_MEDIA, "There is no picture in it.");
        u->remux_status = REMUX_E_BROKEN;
    }
    if (u->status == 0 && u->p.attach != NULL && upload_piece_too_long(u)) {
        upload_fail(u, INGEST_E_TOO_LONG, NULL);
    }
    if (u->status != 0 && endless_is_kept(u)) {
        endless_orphan_begin(u);
    } else if (u->status != 0) {
        upload_abandon_begin(u);
    } else if (u->p.attach != NULL ||
               (u->watch_partial && u->name[0] != '\0' && !u->report.partial && !u->span.second)) {
        upload_match_begin(u);
    } else {
        upload_commit_begin(u);
    }
}

void upload_matched(struct upload *u)
{
    upload_commit_begin(u);
}

void upload_committed(struct upload *u, enum upload_commit how)
{
    switch (how) {
    case UPLOAD_COMMITTED:
        u->created = true;
        upload_finish(u);
        break;
    case UPLOAD_SAME_EXISTS:
        upload_existing_begin(u);
        break;
    case UPLOAD_COMMIT_FAILED:
        if (endless_is_kept(u)) {
            endless_orphan_begin(u);
        } else {
            upload_abandon_begin(u);
        }
        break;
    }
}

void upload_abandoned(struct upload *u)
{
    upload_finish(u);
}

static void log_end(const struct upload *u)
{
    log_at(u->in->log, u->status == 0 ? LOG_INFO : LOG_WARN,
           u->status == 0 ? "upload_stored" : "upload_refused", F_STR("request_id", u->request_id),
           F_ID("camera", &u->camera.id), F_ID("clip", &u->clip_id), F_INT("bytes", u->body_bytes),
           F_INT("segments", u->n_segments), F_INT("duration_ms", u->clip.duration_ms),
           F_INT("status", u->status), F_STR("reason", u->reason), F_STR("notes", u->report.notes));
}

static enum metric metric_of(const struct upload *u)
{
    if (u->status == 0) {
        return !u->created         ? METRIC_UPLOADS_SAME
               : u->report.partial ? METRIC_UPLOADS_PARTIAL
                                   : METRIC_UPLOADS_STORED;
    }
    bool ours = u->status == INGEST_E_UNAVAILABLE || u->status == INGEST_E_FULL ||
                u->status == INGEST_E_INTERNAL || u->status == INGEST_E_BUSY;
    return ours ? METRIC_UPLOADS_FAILED : METRIC_UPLOADS_REFUSED;
}

static void count_end(const struct upload *u)
{
    metric_add(METRIC_UPLOADS_OPEN, -1);
    metric_add(metric_of(u), 1);
    metric_add(METRIC_UPLOAD_BYTES, (int64_t)u->body_bytes);
    metric_observe_us(METRIC_UPLOAD_SECONDS, (uint64_t)(clock_now_us() - u->arrived_us));
    if (u->status == 0 && u->ended_us != 0 && clock_now_us() >= u->ended_us) {
        metric_observe_us(METRIC_UPLOAD_ACK, (uint64_t)(clock_now_us() - u->ended_us));
    }
}

void upload_finish(struct upload *u)
{
    ALWAYS(!u->finished && u->pending == 0);
    log_end(u);
    count_end(u);
    const struct upload_result r = {
        .status = u->status,
        .remux_status = u->remux_status,
        .reason = u->reason[0] != '\0' ? u->reason : NULL,
        .created = u->created,
        .clip = u->status == 0 ? &u->clip : NULL,
    };
    crash_point("upload_before_answer");
    u->p.done(u->p.arg, &r);
    u->finished = true;
    if (!u->streaming || u->body_ended) {
        upload_free(u);
    }
}
