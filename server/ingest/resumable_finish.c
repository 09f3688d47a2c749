/* SPDX-License-Identifier: Apache-2.0 */
/* A whole body becomes a clip: feed -> row done -> tell -> bytes go. Pull the plug anywhere: the
 * keeper feeds it again, and the same bytes are the same clip. What can never become a clip is
 * dropped; what only found no room or no answer waits. */
#include "base/clock.h"
#include "base/crash_point.h"
#include "ingest/resumable_op.h"
#include "ingest/spool_feed.h"

#include <string.h>

enum { CLIP_TEXTS = 7 };
#define AGAIN_US    (30ll * CLOCK_US)
#define HOPELESS_US (7 * 86400ll * CLOCK_US)

struct finish {
    struct resumable_finish_params p;
    struct principal camera;
    char *request_id;
    struct upload_result result; /* a copy, to be told when the row says the same */
    struct clip clip;
    char *reason;
    char *texts[CLIP_TEXTS]; /* what clip points to */
};

static void finish_free(struct finish *f)
{
    f->p.in->live--;
    for (size_t i = 0; i < CLIP_TEXTS; i++) {
        free(f->texts[i]);
    }
    free(f->reason);
    resumable_row_finish(&f->p.row);
    free(f->request_id);
    free(f);
}

static void keep_result(struct finish *f, const struct upload_result *r)
{
    f->result = *r;
    f->result.reason = f->reason = r->reason != NULL ? mem_str(r->reason) : NULL;
    if (r->clip == NULL) {
        return;
    }
    f->clip = *r->clip;
    f->result.clip = &f->clip;
    const char **texts[CLIP_TEXTS] = {
        &f->clip.kind,       &f->clip.name,       &f->clip.container, &f->clip.start_source,
        &f->clip.video_json, &f->clip.audio_json, &f->clip.notes_json};
    for (size_t i = 0; i < CLIP_TEXTS; i++) {
        f->texts[i] = *texts[i] != NULL ? mem_str(*texts[i]) : NULL;
        *texts[i] = f->texts[i];
    }
}

static void bytes_gone(void *arg, int status)
{
    finish_free(arg); /* a file that stays is found at the next start */
}

static void row_done(void *arg, const struct db_reply *r)
{
    struct finish *f = arg;
    f->p.told(f->p.arg, &f->result);
    if (db_status(r) != 0) { /* the keeper comes by when the lease is over */
        finish_free(f);
        return;
    }
    crash_point("resumable_done");
    spool_delete(f->p.in->spool, f->p.in->loop, f->p.row.refs, f->p.row.n_refs, bytes_gone, f);
}

static void row_waits(void *arg, const struct db_reply *r)
{
    struct finish *f = arg;
    f->p.told(f->p.arg, &f->result);
    finish_free(f);
}

static bool may_succeed_later(const struct finish *f, int status)
{
    bool ours = status == INGEST_E_BUSY || status == INGEST_E_UNAVAILABLE ||
                status == INGEST_E_FULL || status == INGEST_E_QUOTA ||
                status == INGEST_E_NO_CAMERA || status == INGEST_E_INTERNAL;
    return ours && clock_now_us() < f->p.row.created_us + HOPELESS_US;
}

static void drop(struct finish *f)
{
    db_run(f->p.in->db, row_done, f, DB_RESUMABLE_DROP, DB_ID(&f->p.row.id),
           DB_ID(&f->p.row.camera));
}

static void fed(void *arg, const struct upload_result *r)
{
    struct finish *f = arg;
    struct db *db = f->p.in->db;
    crash_point("resumable_fed");
    keep_result(f, r);
    if (r->status == 0) {
        db_run(db, row_done, f, DB_RESUMABLE_DONE, DB_ID(&f->p.row.id), DB_ID(&r->clip->id),
               DB_I64(clock_now_us() + f->p.in->resumable_keep_us));
    } else if (may_succeed_later(f, r->status)) {
        db_run(db, row_waits, f, DB_RESUMABLE_AGAIN, DB_ID(&f->p.row.id),
               DB_I64(clock_now_us() + AGAIN_US));
    } else {
        log_warn(f->p.in->log, "resumable_dropped", F_ID("camera", &f->camera.id),
                 F_ID("body", &f->p.row.id), F_INT("status", r->status),
                 F_STR("reason", r->reason != NULL ? r->reason : ""));
        drop(f);
    }
}

static void feed(struct finish *f)
{
    const struct resumable_row *w = &f->p.row;
    spool_feed_begin(&(struct spool_feed_params){
        .in = f->p.in,
        .upload = {.camera = &f->camera,
                   .name = w->name,
                   .kind = w->kind,
                   .started_us = w->started_us,
                   .request_id = f->request_id},
        .refs = w->refs,
        .n_refs = w->n_refs,
        .broken = w->broken,
        .try_until_ms = clock_mono_ms() + f->p.try_for_ms,
        .done = fed,
        .arg = f,
    });
}

/* A broken body without a byte is nothing at all. */
static void claimed(void *arg, int status, struct spool_writer *w, uint64_t size)
{
    struct finish *f = arg;
    spool_release(w);
    if (status == 0 && size == 0 && f->p.row.broken) {
        const struct upload_result r = {.status = INGEST_E_MEDIA};
        keep_result(f, &r);
        drop(f);
        return;
    }
    feed(f); /* says itself what is wrong with the spool */
}

void resumable_finish(const struct resumable_finish_params *p)
{
    struct finish *f = mem_new(struct finish);
    f->p = *p;
    f->camera = (struct principal){
        .kind = PRINCIPAL_CAMERA, .id = p->row.camera, .household = p->row.household};
    f->request_id = mem_str(p->request_id);
    p->in->live++;
    if (p->row.broken && p->row.n_refs == 1) { /* a connection that still trickles loses it here */
        spool_claim(p->in->spool, p->in->loop, &p->row.refs[0], claimed, f);
    } else {
        feed(f);
    }
}
