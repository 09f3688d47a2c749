/* SPDX-License-Identifier: Apache-2.0 */
/* Segments of an endless body become footage one by one, each in a transaction of its own that
 * takes its object off the upload. When the database vanishes in the middle nobody knows whether it
 * happened: it is tried again, and a refusal then says that it had. */
#include "base/clock.h"
#include "base/crash_point.h"
#include "ingest/endless.h"

#include <string.h>

enum { AGAIN_MS = 1000, TRIES_MAX = 600, ORPHAN_TRIES_MAX = 30 };
static const int64_t AHEAD_MAX_US = 2ll * CLOCK_US;

/* ---- journals that are not needed any more ---- */

static void remove_work(void *arg)
{
    journal_remove(arg);
}

static void remove_done(void *arg)
{
    journal_ref_drop(arg);
}

void endless_forget_journal(struct upload_segment *s)
{
    struct journal_ref *j = s->journal;
    s->journal = NULL;
    if (j == NULL) {
        return;
    }
    if (s->upload->endless->orphaned) {
        journal_unlock(j); /* others may still read it */
        journal_ref_drop(j);
    } else {
        crash_point("journal_before_remove");
        loop_offload(s->upload->in->loop, remove_work, remove_done, j);
    }
}

/* ---- one segment after the other ---- */

static int64_t us_from_90k(int64_t t)
{
    return t * CLOCK_US / CLOCK_90K;
}

/* At the end everything is committed at once, unless several recordings are left. */
static bool rolls_later(const struct upload *u)
{
    for (size_t i = 0; i < u->n_segments && u->segments[i]->complete; i++) {
        if (u->segments[i]->fresh && (i > 0 || u->span.added)) {
            return true;
        }
    }
    return false;
}

int64_t endless_end_recording(struct upload *u, struct db_tx *tx)
{
    const struct arrival *a = &u->endless->arrival;
    int64_t start_us = u->span.start_us, ahead_us = arrival_zero_us(a) - a->least_us;
    int64_t slack_us = AHEAD_MAX_US > (a->last_us - a->since_us) / 1000
                           ? AHEAD_MAX_US
                           : (a->last_us - a->since_us) / 1000;
    if (u->p.started_us == 0 && ahead_us > slack_us) { /* it was a file, and ended just now */
        start_us -= ahead_us;
    }
    int32_t drift_ppb;
    bool drifts = arrival_drift_ppb(a, &drift_ppb);
    db_tx_add(tx, DB_RECORDING_END, DB_ID(&u->recording),
              DB_I64(start_us + us_from_90k(upload_duration_90k(u))),
              drifts ? DB_I64(drift_ppb) : DB_NULL, DB_I64(start_us));
    return start_us;
}

/* The recording is full: it becomes a clip, and the upload goes on in the one that s begins. */
static void add_roll(struct upload *u, struct db_tx *tx, const struct upload_segment *s)
{
    struct upload_segment **all = u->segments;
    size_t n = u->n_segments;
    u->n_segments = 0; /* none of those that wait belongs to it */
    upload_fill_clip(u);
    u->clip.partial = u->clip.hashed = false;
    u->clip.upload_bytes = (int64_t)(s->body_from - u->span.body_from);
    u->clip.start_us = endless_end_recording(u, tx);
    u->segments = all;
    u->n_segments = n;
    upload_add_clip(u, tx);
    upload_add_ledger(u, tx, "clip.upload", &u->clip_id);
    db_tx_add(tx, DB_UPLOAD_ROLL, DB_ID(&u->id), DB_ID(&s->recording), DB_ID(&s->clip));
}

static int64_t start_of(const struct upload *u, const struct upload_segment *s)
{
    return s->start_us != 0 ? s->start_us : endless_start_us(u);
}

static void commit_done(void *arg, const struct db_reply *r);

static void commit_begin(struct upload *u)
{
    const struct upload_segment *s = u->segments[0];
    bool rolls = s->fresh && u->span.added, begins = rolls || !u->span.added;
    int64_t start_us = begins ? start_of(u, s) : u->span.start_us;
    struct db_tx *tx = db_tx_begin(u->in->db);
    db_tx_add(tx, DB_UPLOAD_OBJECT_DROP, DB_ID(&s->object));
    if (rolls) {
        add_roll(u, tx, s);
    }
    if (begins) {
        upload_judge_clock(u, start_us, start_us + us_from_90k(s->duration_90k));
        upload_add_recording(u, tx, &s->recording, start_us, rolls ? s->facts : &u->facts, 0);
    }
    upload_add_segment_row(s, tx, &s->recording, start_us, rolls ? 0 : u->span.sequence);
    db_tx_add(tx, DB_CAMERA_USED_ADD, DB_ID(&u->camera.id), DB_I64(s->sealed.sealed_bytes));
    u->endless->committing_start_us = start_us;
    u->pending++;
    crash_point("endless_before_commit");
    db_tx_commit(tx, commit_done, u);
}

static void commit_again(void *arg)
{
    struct upload *u = arg;
    u->pending--;
    commit_begin(u);
}

/* The first that waits is footage now. */
static void took(struct upload *u)
{
    struct upload_segment *s = u->segments[0];
    struct upload_span *p = &u->span;
    if (s->fresh && p->added) {
        u->recording = s->recording;
        u->clip_id = s->clip;
        u->facts = *s->facts;
        *p = (struct upload_span){.second = true, .body_from = s->body_from};
    }
    p->added = true;
    p->start_us = u->endless->committing_start_us;
    if (id_equal(&u->endless->cut.recording, &u->recording)) {
        u->endless->cut.start_us = p->start_us;
    }
    p->sequence++;
    p->end_90k = s->zero_90k + s->duration_90k;
    p->stored_bytes += s->sealed.sealed_bytes;
    upload_shift_segment(u);
}

static void commit_done(void *arg, const struct db_reply *r)
{
    struct upload *u = arg;
    struct endless *e = u->endless;
    int status = db_status(r);
    bool again = status == DB_E_UNAVAILABLE || status == DB_E_BUSY;
    if (again && e->tries++ < TRIES_MAX && !u->in->draining) {
        e->unsure |= status == DB_E_UNAVAILABLE;
        timer_set(e->retry, AGAIN_MS); /* still pending */
        return;
    }
    u->pending--;
    e->committing = false;
    if (status != 0 && !(status == DB_E_REFUSED && e->unsure)) {
        upload_fail(u, again ? INGEST_E_UNAVAILABLE : INGEST_E_INTERNAL, db_message(r));
        endless_advance(u);
    } else {
        crash_point("endless_committed");
        took(u);
        e->tries = 0;
        e->unsure = false;
        endless_advance(u);
        upload_resume(u);
    }
    upload_settled(u);
}

void endless_advance(struct upload *u)
{
    struct endless *e = u->endless;
    if (u->status != 0 && !u->job_done) {
        remux_job_cancel(u->job); /* there is no use in going on */
        return;
    }
    if (e->committing || u->status != 0 || u->n_segments == 0 || !u->segments[0]->stored ||
        (u->job_done && !rolls_later(u))) {
        return;
    }
    if (e->retry == NULL) {
        e->retry = timer_create_on(u->in->loop, commit_again, u);
    }
    e->committing = true;
    commit_begin(u);
}

/* ---- what journals will tell ---- */

bool endless_is_kept(const struct upload *u)
{
    return u->endless != NULL && u->status != INGEST_E_REFUSED &&
           (u->span.added || u->endless->parts > 0);
}

static void orphan_try(void *arg);

/* The rows that tell of its journals may still be missing: so the upload lives until the database
 * took them, if that is soon. */
static void orphaned(void *arg, const struct db_reply *r)
{
    struct upload *u = arg;
    if (db_status(r) != 0 && u->endless->tries++ < ORPHAN_TRIES_MAX && !u->in->draining) {
        timer_destroy(u->endless->retry);
        u->endless->retry = timer_create_on(u->in->loop, orphan_try, u);
        timer_set(u->endless->retry, AGAIN_MS);
        return;
    }
    u->pending--;
    if (db_status(r) != 0) {
        upload_orphan_later(u->in, &u->id);
    }
    upload_abandoned(u);
}

static void orphan_try(void *arg)
{
    struct upload *u = arg;
    struct db_tx *tx = db_tx_begin(u->in->db);
    endless_add_objects(u, tx);
    db_tx_add(tx, DB_UPLOAD_ORPHAN, DB_ID(&u->id), DB_I64(clock_now_us()));
    db_tx_commit(tx, orphaned, u);
}

void endless_orphan_begin(struct upload *u)
{
    u->endless->orphaned = true;
    u->endless->tries = 0;
    u->pending++;
    orphan_try(u);
}
