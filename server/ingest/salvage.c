/* SPDX-License-Identifier: Apache-2.0 */
/* next -> (an object) lock and read its journal -> job -> put -> commit -> forget -> next ...
 *      -> (none left) the clip -> next ... -> (no upload) tidy once, rest
 *
 * The job's segments live in a struct upload that has the dead upload's id, so that what it puts is
 * owned by that row. */
#include "ingest/salvage.h"

#include "base/clock.h"
#include "base/crash_point.h"
#include "ingest/upload_op.h"
#include "ledger/ledger.h"
#include "recording/journal.h"

#include <errno.h>
#include <string.h>

enum { LOOK_EVERY_MS = 5000, AGAIN_MS = 1000, AGAIN_MAX_MS = 60 * 1000, LOCKED_MS = 100 };

struct salvage {
    struct ingest *in;
    int64_t before_us;
    struct timer *timer;
    bool busy, ended, tidied, complained;
    /* the upload and its journal */
    struct id upload, clip, recording; /* recording: of the clip that is due */
    struct principal camera;
    char *request_id;
    struct seal_params seal;
    struct id object, object_recording;
    int64_t start_us; /* of the object's recording, if that is not there yet */
    struct journal_ref *journal;
    uint64_t offset;
    struct journal_head head;
    int open_status;
    /* the job under way */
    struct upload *job;
    uint8_t *record;
    size_t record_n, record_used;
    bool reading, journal_ended, first;
    uint64_t again_ms;
    struct id *needed;
    size_t n_needed;
    unsigned removed;
};

static void look(void *arg);

/* Look again after a while; the end, when that was asked for. */
static void rest(struct salvage *s, uint64_t ms)
{
    s->busy = false;
    s->in->live--;
    if (s->ended) {
        timer_destroy(s->timer);
        free(s->request_id);
        free(s);
        return;
    }
    timer_set(s->timer, ms);
}

static void fail(struct salvage *s, const char *step, const char *reason)
{
    if (!s->complained) {
        log_warn(s->in->log, "salvage_waits", F_STR("step", step), F_STR("reason", reason),
                 F_ID("upload", &s->upload));
    }
    s->complained = true;
    rest(s, s->again_ms);
    s->again_ms = s->again_ms * 2 < AGAIN_MAX_MS ? s->again_ms * 2 : AGAIN_MAX_MS;
}

static void finish_job(struct salvage *s)
{
    if (s->job != NULL) {
        upload_drop_segments(s->job);
        free(s->job);
        s->job = NULL;
    }
    free(s->record);
    s->record = NULL;
    s->journal = journal_ref_drop(s->journal);
    secret_wipe(&s->seal, sizeof s->seal);
}

/* ---- the journal is finished ---- */

static void remove_work(void *arg)
{
    const struct salvage *s = arg;
    journal_remove(s->journal);
}

static void removed(void *arg)
{
    struct salvage *s = arg;
    finish_job(s);
    s->complained = false;
    s->again_ms = AGAIN_MS;
    rest(s, 0);
}

static void committed(void *arg, const struct db_reply *r)
{
    struct salvage *s = arg;
    if (db_status(r) != 0 && db_status(r) != DB_E_REFUSED) {
        finish_job(s);
        fail(s, "commit", db_message(r));
        return;
    }
    crash_point("salvage_committed");
    if (s->journal == NULL) {
        removed(s);
    } else {
        loop_offload(s->in->loop, remove_work, removed, s);
    }
}

/* The recording of statement i (salvage_recording.sql) becomes its clip, if it has footage and no
 * clip yet. */
static void add_clip(struct salvage *s, struct db_tx *tx, const struct db_reply *r, unsigned i)
{
    const struct ledger_entry e = {.action = "clip.upload",
                                   .household = &s->camera.household,
                                   .who = &s->camera,
                                   .subject_kind = "clip",
                                   .subject = &s->clip,
                                   .request_id = s->request_id};
    if (db_rows(r, i) == 1 && db_i64(r, i, 0, 1) > 0 && !db_bool(r, i, 0, 2)) {
        db_tx_add(tx, DB_SALVAGE_CLIP, DB_ID(&s->clip), DB_ID(&s->recording), DB_ID(&s->upload),
                  DB_I64(clock_now_us()));
        ledger_add(tx, &e);
    }
}

/* The upload had gone on in another recording. */
static void add_roll(struct salvage *s, struct db_tx *tx, const struct db_reply *r)
{
    struct id next = id_new();
    add_clip(s, tx, r, 1);
    db_tx_add(tx, DB_UPLOAD_ROLL, DB_ID(&s->upload), DB_ID(&s->object_recording), DB_ID(&next));
}

/* Statement 0: the object's recording; 1: that of the clip. */
static void on_recording(void *arg, const struct db_reply *r)
{
    struct salvage *s = arg;
    struct upload *u = s->job;
    if (db_status(r) != 0) {
        finish_job(s);
        fail(s, "recording", db_message(r));
        return;
    }
    bool there = db_rows(r, 0) == 1;
    int64_t start_us = there ? db_i64(r, 0, 0, 0) : s->start_us, bytes = 0;
    uint32_t sequence = there ? (uint32_t)db_i64(r, 0, 0, 1) : 0;
    struct db_tx *tx = db_tx_begin(s->in->db);
    db_tx_add(tx, DB_SALVAGE_OBJECT, DB_ID(&s->object), DB_I64(clock_now_us()));
    if (!id_equal(&s->recording, &s->object_recording)) {
        add_roll(s, tx, r);
    }
    if (!there && u->n_segments > 0 && u->segments[0]->complete) {
        upload_add_recording(u, tx, &s->object_recording, start_us, &u->facts, 0);
    }
    for (size_t i = 0; i < u->n_segments && u->segments[i]->complete; i++) {
        const struct upload_segment *g = u->segments[i];
        db_tx_add(tx, DB_UPLOAD_OBJECT_DROP, DB_ID(&g->object));
        upload_add_segment_row(g, tx, &s->object_recording, start_us, sequence + (uint32_t)i);
        bytes += (int64_t)g->sealed.sealed_bytes;
    }
    db_tx_add(tx, DB_CAMERA_USED_ADD, DB_ID(&s->camera.id), DB_I64(bytes));
    crash_point("salvage_before_commit");
    db_tx_commit(tx, committed, s);
}

static void commit(struct salvage *s)
{
    struct db_tx *tx = db_tx_begin(s->in->db);
    db_tx_add(tx, DB_SALVAGE_RECORDING, DB_ID(&s->object_recording));
    db_tx_add(tx, DB_SALVAGE_RECORDING, DB_ID(&s->recording));
    db_tx_commit(tx, on_recording, s);
}

/* ---- the job ---- */

void salvage_settled(struct upload *u)
{
    struct salvage *s = u->salvage;
    if (u->pending > 0 || !u->job_done) {
        return;
    }
    if (u->status == INGEST_E_MEDIA) { /* our own worker wrote it: not to be expected */
        log_error(s->in->log, "journal_lost", F_ID("object", &s->object),
                  F_STR("reason", u->reason));
        upload_drop_segments(u);
        u->segments = NULL;
        u->n_segments = 0;
        u->status = 0;
    }
    if (u->status != 0) {
        CLEANUP(mem_free_at) char *reason = mem_str(u->reason);
        finish_job(s);
        fail(s, "store", reason);
        return;
    }
    commit(s);
}

static void job_done(void *arg, int status, const char *reason, const struct remux_report *report)
{
    struct upload *u = arg;
    u->job_done = true;
    u->report = *report;
    memcpy(u->report.container, u->salvage->head.container, sizeof u->report.container);
    if (status == REMUX_E_OUTPUT || status == REMUX_E_CANCELLED) {
        upload_fail(u, INGEST_E_UNAVAILABLE, reason);
    } else if (status != 0) {
        upload_fail(u, INGEST_E_MEDIA, reason);
    }
    u->pending--;
    if (!u->salvage->reading) {
        upload_settled(u);
    }
}

static void pump(void *arg);

static void read_work(void *arg)
{
    struct salvage *s = arg;
    s->journal_ended = !journal_next(s->journal, &s->offset, &s->record, &s->record_n);
}

static void read_done(void *arg)
{
    struct salvage *s = arg;
    s->reading = false;
    s->record_used = s->first ? JOURNAL_HEAD_SIZE : 0; /* the head is known already */
    s->first = false;
    if (s->job->job_done) {
        upload_settled(s->job);
    } else {
        pump(s);
    }
}

/* Push what is there; then read on. */
static void pump(void *arg)
{
    struct salvage *s = arg;
    struct upload *u = s->job;
    if (s->reading || u->job_done || u->body_ended) {
        return;
    }
    if (s->record != NULL) {
        s->record_used +=
            u->inner->ops->push(u->inner, s->record + s->record_used, s->record_n - s->record_used);
        if (s->record_used < s->record_n) {
            return;
        }
        free(s->record);
        s->record = NULL;
    }
    if (s->journal_ended) {
        u->body_ended = true;
        u->inner->ops->end(u->inner, STREAM_COMPLETE);
        return;
    }
    s->reading = true;
    loop_offload(s->in->loop, read_work, read_done, s);
}

static void begin_job(struct salvage *s)
{
    struct upload *u = s->job;
    const struct remux_job_params jp = {
        .segment_max_ms = s->in->segment_max_ms,
        .output_max_bytes = INT64_MAX / 2,
        .continues = true,
        .lead_90k = s->head.lead_90k,
        .next_output = upload_next_output,
        .segment = upload_segment_complete,
        .done = job_done,
        .arg = u,
    };
    int r = remux_job_begin(s->in->remux, &jp, &u->job);
    if (r != 0) {
        finish_job(s);
        fail(s, "worker", r > 0 ? "busy" : log_errno_text(r));
        return;
    }
    u->inner = remux_job_sink(u->job);
    u->inner->resume = pump;
    u->inner->resume_arg = s;
    u->pending++;
    s->offset = 0;
    s->first = true;
    s->reading = s->journal_ended = false;
    crash_point("salvage_begun");
    pump(s);
}

static void on_registered(void *arg, const struct db_reply *r)
{
    struct salvage *s = arg;
    if (db_status(r) != 0) {
        finish_job(s);
        fail(s, "object", db_message(r));
        return;
    }
    s->job->segments[0]->registered = true;
    begin_job(s);
}

/* A journal that tells nothing leaves nothing. */
static void skip_journal(struct salvage *s)
{
    s->journal = journal_ref_drop(s->journal);
    db_run(s->in->db, committed, s, DB_SALVAGE_OBJECT, DB_ID(&s->object), DB_I64(clock_now_us()));
}

static void open_work(void *arg)
{
    struct salvage *s = arg;
    uint64_t offset = 0;
    uint8_t *p;
    size_t n;
    s->open_status = journal_open(s->in->journal_dir, &s->seal, &s->journal);
    if (s->open_status != 0) {
        return;
    }
    s->open_status = -EBADMSG;
    if (journal_next(s->journal, &offset, &p, &n)) {
        s->open_status = journal_head_parse(p, n, &s->head);
        free(p);
    }
}

static void open_done(void *arg)
{
    struct salvage *s = arg;
    int status, r = s->open_status;
    if (r == -EBUSY) { /* its worker is still writing what it holds */
        finish_job(s);
        rest(s, LOCKED_MS);
        return;
    }
    if (r == -ENOENT || r == -EBADMSG) {
        skip_journal(s);
        return;
    }
    struct upload_segment *first = r == 0 ? upload_add_segment(s->job, &status) : NULL;
    if (first == NULL) {
        finish_job(s);
        fail(s, "journal", r < 0 ? log_errno_text(r) : "the store has no room");
        return;
    }
    struct db_tx *tx = db_tx_begin(s->in->db);
    db_tx_add(tx, DB_SALVAGE_CLEAR, DB_ID(&s->upload), DB_I64(clock_now_us()));
    db_tx_add(tx, DB_UPLOAD_OBJECT_ADD, DB_ID(&s->upload), DB_ID(&first->object));
    db_tx_commit(tx, on_registered, s);
}

/* ---- the clip ---- */

static void finished(void *arg, const struct db_reply *r)
{
    struct salvage *s = arg;
    if (db_status(r) != 0) {
        fail(s, "clip", db_message(r));
        return;
    }
    log_info(s->in->log, "upload_salvaged", F_ID("upload", &s->upload),
             F_ID("camera", &s->camera.id), F_ID("clip", &s->clip));
    crash_point("salvage_finished");
    rest(s, 0);
}

/* The last of its journals is finished. */
static void on_last_recording(void *arg, const struct db_reply *r)
{
    struct salvage *s = arg;
    if (db_status(r) != 0) {
        fail(s, "clip", db_message(r));
        return;
    }
    struct db_tx *tx = db_tx_begin(s->in->db);
    add_clip(s, tx, r, 0);
    db_tx_add(tx, DB_UPLOAD_ABANDON, DB_ID(&s->upload), DB_I64(clock_now_us()));
    db_tx_commit(tx, finished, s);
}

/* ---- what is next ---- */

static void tidy_work(void *arg)
{
    struct salvage *s = arg;
    s->removed = 0;
    s->open_status = journal_tidy(s->in->journal_dir, s->needed, s->n_needed, &s->removed);
}

static void tidy_done(void *arg)
{
    struct salvage *s = arg;
    free(s->needed);
    s->needed = NULL;
    s->tidied = s->open_status == 0;
    if (s->removed > 0) {
        log_info(s->in->log, "journals_removed", F_INT("files", s->removed));
    }
    rest(s, LOOK_EVERY_MS);
}

static void on_needed(void *arg, const struct db_reply *r)
{
    struct salvage *s = arg;
    if (db_status(r) != 0) {
        fail(s, "tidy", db_message(r));
        return;
    }
    s->n_needed = (size_t)db_rows(r, 0);
    s->needed = mem_alloc(s->n_needed + 1, sizeof *s->needed);
    for (size_t i = 0; i < s->n_needed; i++) {
        s->needed[i] = db_id(r, 0, (int)i, 0);
    }
    loop_offload(s->in->loop, tidy_work, tidy_done, s);
}

/* Columns of salvage_next.sql. */
enum {
    NEXT_UPLOAD,
    NEXT_CAMERA,
    NEXT_HOUSEHOLD,
    NEXT_HOUSEHOLD_KEY,
    NEXT_RECORDING,
    NEXT_CLIP,
    NEXT_BEGAN,
    NEXT_STARTED,
    NEXT_REQUEST,
    NEXT_OBJECT,
    NEXT_KEY,
    NEXT_OBJECT_RECORDING,
    NEXT_START
};

static void take_upload(struct salvage *s, const struct db_reply *r)
{
    s->upload = db_id(r, 0, 0, NEXT_UPLOAD);
    s->camera = (struct principal){.kind = PRINCIPAL_CAMERA,
                                   .id = db_id(r, 0, 0, NEXT_CAMERA),
                                   .household = db_id(r, 0, 0, NEXT_HOUSEHOLD)};
    s->recording = db_id(r, 0, 0, NEXT_RECORDING);
    s->clip = db_id(r, 0, 0, NEXT_CLIP);
    free(s->request_id);
    s->request_id = mem_str(db_text(r, 0, 0, NEXT_REQUEST));
}

static void make_job(struct salvage *s, const struct db_reply *r)
{
    struct upload *u = s->job = mem_new(struct upload);
    size_t n;
    u->in = s->in;
    u->id = s->upload;
    u->camera = s->camera;
    u->salvage = s;
    u->arrived_us = db_i64(r, 0, 0, NEXT_BEGAN);
    u->p.started_us = db_i64(r, 0, 0, NEXT_STARTED);
    memcpy(u->household_wrapped, db_bytes(r, 0, 0, NEXT_HOUSEHOLD_KEY, &n), KEY_WRAPPED_SIZE);
    s->object = db_id(r, 0, 0, NEXT_OBJECT);
    s->object_recording = db_id(r, 0, 0, NEXT_OBJECT_RECORDING);
    s->start_us = !db_is_null(r, 0, 0, NEXT_START)     ? db_i64(r, 0, 0, NEXT_START)
                  : !db_is_null(r, 0, 0, NEXT_STARTED) ? u->p.started_us
                                                       : u->arrived_us;
}

static void on_next(void *arg, const struct db_reply *r)
{
    struct salvage *s = arg;
    if (db_status(r) != 0) {
        fail(s, "uploads", db_message(r));
        return;
    }
    if (db_rows(r, 0) == 0 && s->tidied) {
        rest(s, LOOK_EVERY_MS);
        return;
    }
    if (db_rows(r, 0) == 0) {
        db_run(s->in->db, on_needed, s, DB_JOURNAL_OBJECTS, DB_TEXT(s->in->node));
        return;
    }
    take_upload(s, r);
    if (db_is_null(r, 0, 0, NEXT_OBJECT)) {
        db_run(s->in->db, on_last_recording, s, DB_SALVAGE_RECORDING, DB_ID(&s->recording));
        return;
    }
    make_job(s, r);
    size_t n;
    const uint8_t *wrapped = db_bytes(r, 0, 0, NEXT_KEY, &n);
    s->seal = (struct seal_params){.household = s->camera.household, .object = s->object};
    if (keyring_open_object(s->in->keyring, &s->camera.household, s->job->household_wrapped,
                            &s->object, wrapped, s->seal.key) != 0) {
        skip_journal(s);
        return;
    }
    loop_offload(s->in->loop, open_work, open_done, s);
}

static void look(void *arg)
{
    struct salvage *s = arg;
    s->busy = true;
    s->in->live++;
    db_run(s->in->db, on_next, s, DB_SALVAGE_NEXT, DB_TEXT(s->in->node), DB_I64(s->before_us));
}

struct salvage *salvage_create(struct ingest *in, int64_t before_us)
{
    struct salvage *s = mem_new(struct salvage);
    s->in = in;
    s->before_us = before_us;
    s->again_ms = AGAIN_MS;
    s->timer = timer_create_on(in->loop, look, s);
    look(s);
    return s;
}

struct salvage *salvage_destroy(struct salvage *s)
{
    if (s != NULL) {
        s->ended = true;
        timer_stop(s->timer);
        if (!s->busy) {
            s->in->live++;
            rest(s, 0);
        }
    }
    return NULL;
}
