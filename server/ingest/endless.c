/* SPDX-License-Identifier: Apache-2.0 */
/* One object is registered ahead, with the key its journal will be sealed with: so a journal never
 * holds what recovery could not open. Syncing is one call at a time and stream, begun a little
 * after a part was written, so that the parts of a busy moment share it. */
#include "ingest/endless.h"

#include "base/clock.h"
#include "base/crash_point.h"
#include "metrics/metrics.h"

#include <stdio.h>
#include <string.h>

enum { SYNC_AFTER_MS = 300, AGAIN_MS = 1000, MARGIN_SEGMENTS = 3 };
static const int64_t DAY_90K = 86400ll * CLOCK_90K;
static const int64_t LAG_MAX_US = 5ll * CLOCK_US;

/* ---- objects ---- */

static struct upload_segment *segment_new(struct upload *u)
{
    struct upload_segment *s = mem_new(struct upload_segment);
    s->upload = u;
    s->object = id_new();
    return s;
}

static int segment_key(struct upload_segment *s)
{
    struct upload *u = s->upload;
    struct seal_params seal;
    int r = keyring_new_object(u->in->keyring, &u->camera.household, u->household_wrapped,
                               &s->object, seal.key, s->wrapped_key);
    secret_wipe(&seal, sizeof seal);
    return r;
}

static void registered(void *arg, const struct db_reply *r)
{
    struct upload_segment *s = arg;
    struct upload *u = s->upload;
    u->pending--;
    s->registering = false;
    s->registered = db_status(r) == 0;
    if (s->registered) {
        upload_put_when_ready(s);
    } else {
        timer_set(u->endless->again, AGAIN_MS);
    }
    upload_settled(u);
}

static void add_object(struct db_tx *tx, const struct upload_segment *s)
{
    db_tx_add(tx, DB_UPLOAD_OBJECT_AHEAD, DB_ID(&s->upload->id), DB_ID(&s->object),
              DB_BYTES(s->wrapped_key, KEY_WRAPPED_SIZE), DB_ID(&s->recording),
              s->start_us != 0 ? DB_I64(s->start_us) : DB_NULL);
}

static void register_segment(struct upload_segment *s)
{
    if (s == NULL || s->registered || s->registering) {
        return;
    }
    struct db_tx *tx = db_tx_begin(s->upload->in->db);
    s->registering = true;
    s->upload->pending++;
    add_object(tx, s);
    db_tx_commit(tx, registered, s);
}

static void register_again(void *arg)
{
    struct upload *u = arg;
    for (size_t i = 0; i < u->n_segments; i++) {
        register_segment(u->segments[i]);
    }
    register_segment(u->job_done ? NULL : u->endless->spare);
}

void endless_add_objects(struct upload *u, struct db_tx *tx)
{
    for (size_t i = 0; i < u->n_segments; i++) {
        if (!u->segments[i]->registered) {
            add_object(tx, u->segments[i]);
        }
    }
}

/* Must the segment after the one that begins now be in a new recording? It would be too long, too
 * large as a clip, or the camera paused and its media no longer is where it was filmed. */
static bool must_roll(const struct upload *u)
{
    const struct endless *e = u->endless;
    int64_t segment_90k = (int64_t)u->in->segment_max_ms * 90;
    uint64_t bytes = u->body_bytes - e->cut.body_from;
    uint64_t a_segment = e->cut.segments > 0 ? bytes / e->cut.segments : 0;
    return e->cut.end_90k + MARGIN_SEGMENTS * segment_90k > DAY_90K ||
           e->cut.segments + MARGIN_SEGMENTS > ENDLESS_SEGMENTS_MAX ||
           bytes + 2 * a_segment > u->in->upload_max_bytes ||
           (e->parts > 0 && arrival_lag_us(&e->arrival) > LAG_MAX_US);
}

static int make_spare(struct upload *u)
{
    struct endless *e = u->endless;
    struct upload_segment *s = segment_new(u);
    int r = segment_key(s);
    if (r < 0) {
        free(s);
        return r;
    }
    s->fresh = e->given > 1 && must_roll(u);
    if (s->fresh) {
        e->after = (struct endless_cut){.recording = id_new(), .clip = id_new()};
    }
    s->recording = s->fresh ? e->after.recording : e->cut.recording;
    s->clip = s->fresh ? e->after.clip : e->cut.clip;
    s->start_us = s->fresh ? 0 : e->cut.start_us;
    e->spare = s;
    return 0;
}

/* ---- opening ---- */

void endless_begin(struct upload *u)
{
    struct endless *e = mem_new(struct endless);
    e->upload = u;
    u->endless = e;
    e->cut.recording = u->recording;
    e->cut.clip = u->clip_id;
    e->cut.start_us = u->p.started_us;
}

static void opened(void *arg, const struct db_reply *r)
{
    struct upload *u = arg;
    u->pending--;
    if (db_status(r) != 0 || u->stopped) {
        upload_fail(u, db_status(r) != 0 ? INGEST_E_UNAVAILABLE : INGEST_E_NO_CAMERA, NULL);
        upload_settled(u);
        return;
    }
    u->endless->spare->registered = true;
    crash_point("endless_opened");
    upload_stream_begin(u);
}

static void sync_due(void *arg);

void endless_open(struct upload *u)
{
    struct endless *e = u->endless;
    struct upload_segment *first = u->segments[0];
    first->recording = e->cut.recording;
    first->clip = e->cut.clip;
    e->sync = timer_create_on(u->in->loop, sync_due, u);
    e->again = timer_create_on(u->in->loop, register_again, u);
    if (segment_key(first) < 0 || make_spare(u) < 0) {
        upload_fail(u, INGEST_E_INTERNAL, "The household's key does not open.");
        upload_settled(u);
        return;
    }
    struct db_tx *tx = db_tx_begin(u->in->db);
    db_tx_add(tx, DB_UPLOAD_LIVE, DB_ID(&u->id), DB_ID(&u->recording), DB_ID(&u->clip_id),
              DB_TEXT(u->name), DB_TEXT(u->kind),
              u->p.started_us != 0 ? DB_I64(u->p.started_us) : DB_NULL, DB_TEXT(u->request_id));
    db_tx_add(tx, DB_UPLOAD_OBJECT_KEY, DB_ID(&first->object),
              DB_BYTES(first->wrapped_key, KEY_WRAPPED_SIZE), DB_ID(&first->recording));
    add_object(tx, e->spare);
    u->pending++;
    db_tx_commit(tx, opened, u);
}

void endless_finish(struct upload *u)
{
    struct endless *e = u->endless;
    if (e != NULL) {
        endless_cut_end(u);
        timer_destroy(e->sync);
        timer_destroy(e->again);
        timer_destroy(e->retry);
        upload_segment_free(e->spare);
        free(e);
        u->endless = NULL;
    }
}

/* ---- outputs ---- */

/* The next recording begins where the one before ends; later, when the camera paused. */
static void begin_after(struct upload *u)
{
    struct endless *e = u->endless;
    int64_t lag_us = arrival_lag_us(&e->arrival), paused_us = lag_us > LAG_MAX_US ? lag_us : 0;
    int64_t start_us = endless_start_us(u);
    for (size_t i = 0; i < u->n_segments; i++) {
        if (u->segments[i]->start_us == 0) {
            u->segments[i]->start_us = start_us;
        }
    }
    e->base_90k += e->cut.end_90k;
    e->after.start_us = start_us + e->cut.end_90k * CLOCK_US / CLOCK_90K + paused_us;
    e->after.body_from = u->body_bytes;
    e->cut = e->after;
    if (paused_us > 0) { /* what arrives from now on tells about this one */
        e->arrival = (struct arrival){0};
        e->base_90k = 0;
    }
}

/* The spare becomes the next segment, and another spare is made. */
static int use_spare(struct upload *u)
{
    struct endless *e = u->endless;
    struct upload_segment *s = e->spare;
    e->spare = NULL;
    s->body_from = u->body_bytes;
    if (s->fresh) {
        begin_after(u);
        s->start_us = e->cut.start_us;
    }
    upload_append_segment(u, s);
    int r = make_spare(u);
    if (r == 0) {
        register_segment(e->spare);
    }
    return r;
}

static int open_output(struct upload_segment *s, struct remux_output *ret_output)
{
    struct upload *u = s->upload;
    struct seal_params *seal = &ret_output->seal;
    *seal = (struct seal_params){.household = u->camera.household, .object = s->object};
    int r = keyring_open_object(u->in->keyring, &u->camera.household, u->household_wrapped,
                                &s->object, s->wrapped_key, seal->key);
    r = r == 0 && s->stage == NULL ? store_stage(u->in->store, &s->stage) : r;
    r = r == 0 ? journal_create(u->in->journal_dir, seal, &s->journal) : r;
    if (r != 0) {
        bool full = r == STORE_E_FULL || r == -ENOSPC || r == -EDQUOT;
        upload_fail(u, full ? INGEST_E_FULL : INGEST_E_UNAVAILABLE,
                    r < 0 ? log_errno_text(r) : NULL);
        return -EIO;
    }
    store_stage_direct(s->stage);
    ret_output->fd = store_stage_fd(s->stage);
    ret_output->journal_fd = journal_fd(s->journal);
    ret_output->fresh = s->fresh;
    return 0;
}

int endless_next_output(void *arg, struct remux_output *ret_output)
{
    struct upload *u = arg;
    struct endless *e = u->endless;
    if (u->n_segments >= ENDLESS_WAITING_MAX) {
        upload_fail(u, INGEST_E_UNAVAILABLE, "Segments could not be stored for too long.");
        return -EIO;
    }
    e->given++;
    if (e->given > 1 && use_spare(u) < 0) {
        upload_fail(u, INGEST_E_INTERNAL, "The household's key does not open.");
        return -EIO;
    }
    e->cut.segments++;
    crash_point("endless_output");
    return open_output(u->segments[u->n_segments - 1], ret_output);
}

bool endless_is_full(const struct upload *u)
{
    return u->n_segments > ENDLESS_PAUSE;
}

/* ---- parts ---- */

int64_t endless_start_us(const struct upload *u)
{
    const struct endless *e = u->endless;
    if (e->cut.start_us != 0) {
        return e->cut.start_us;
    }
    return e->arrival.any ? arrival_zero_us(&e->arrival) : 0;
}

int64_t endless_arrival_us(const struct upload *u)
{
    const struct arrival *a = &u->endless->arrival;
    return a->any ? arrival_zero_us(a) : 0;
}

void endless_init(void *arg, const struct remux_init *init)
{
    struct upload *u = arg;
    struct endless *e = u->endless;
    const struct live_tap_ops *tap = u->in->tap;
    snprintf(u->report.container, sizeof u->report.container, "%s", init->container);
    if (tap == NULL) {
        return;
    }
    if (!e->tapped) {
        const struct live_feed_facts f = {.camera = u->camera.id,
                                          .household = u->camera.household,
                                          .upload = u->id,
                                          .recording = e->cut.recording,
                                          .arrived_us = u->arrived_us};
        e->tapped = true;
        e->feed = tap->begin(u->in->tap_arg, &f);
    }
    if (e->feed != NULL) {
        tap->init(e->feed, init->p, init->n, init->tracks->tracks, init->tracks->n_tracks);
    }
}

static void tell(struct upload *u, struct upload_segment *s, const struct remux_part *p,
                 int64_t now_us)
{
    struct endless *e = u->endless;
    struct live_fragment *f = mem_new(struct live_fragment);
    *f = (struct live_fragment){.sequence = e->parts,
                                .start_us =
                                    endless_start_us(u) + p->start_90k * CLOCK_US / CLOCK_90K,
                                .decode_90k = p->decode_90k,
                                .arrived_us = now_us,
                                .duration_90k = p->duration_90k,
                                .bytes = p->bytes,
                                .key = p->key,
                                .segment = p->first,
                                .journal = journal_ref_take(s->journal),
                                .offset = p->offset,
                                .refs = 1};
    u->in->tap->fragment(e->feed, f);
    live_fragment_unref(f);
}

void endless_part(void *arg, const struct remux_part *p)
{
    struct upload *u = arg;
    struct endless *e = u->endless;
    struct upload_segment *s = upload_find_segment(u, &p->object);
    int64_t now_us = clock_now_us(), end_90k = p->start_90k + p->duration_90k;
    ALWAYS(s != NULL && s->journal != NULL);
    e->cut.end_90k = end_90k > e->cut.end_90k ? end_90k : e->cut.end_90k;
    arrival_add(&e->arrival, now_us, e->base_90k + end_90k);
    if (e->feed != NULL) {
        tell(u, s, p, now_us);
    }
    e->parts++;
    s->unsynced = true;
    crash_point("endless_part");
    if (!e->syncing) {
        e->syncing = true;
        timer_set(e->sync, SYNC_AFTER_MS);
    }
}

void endless_segment_complete(struct upload_segment *s)
{
    struct upload *u = s->upload;
    struct endless *e = u->endless;
    int64_t end_90k = s->zero_90k + s->duration_90k;
    bool of_cut = id_equal(&s->recording, &e->cut.recording);
    e->cut.end_90k = of_cut && end_90k > e->cut.end_90k ? end_90k : e->cut.end_90k;
}

void endless_cut_end(struct upload *u)
{
    struct endless *e = u->endless;
    if (e->feed != NULL) {
        u->in->tap->end(e->feed);
        e->feed = NULL;
    }
}

/* ---- syncing ---- */

struct sync_op {
    struct upload *upload;
    struct journal_ref *journal;
    int status;
};

static void sync_work(void *arg)
{
    struct sync_op *op = arg;
    op->status = journal_sync(op->journal);
}

static void sync_done(void *arg)
{
    struct sync_op *op = arg;
    struct upload *u = op->upload;
    struct endless *e = u->endless;
    if (op->status < 0 && !e->sync_failed) {
        e->sync_failed = true;
        log_error(u->in->log, "journal_not_synced", F_ID("camera", &u->camera.id),
                  F_ERR(op->status));
    }
    journal_ref_drop(op->journal);
    free(op);
    u->pending--;
    crash_point("endless_synced");
    sync_due(u);
    upload_settled(u);
}

/* The next journal that was written to; none: rest until the next part. */
static void sync_due(void *arg)
{
    struct upload *u = arg;
    for (size_t i = 0; i < u->n_segments; i++) {
        struct upload_segment *s = u->segments[i];
        if (s->unsynced && !s->stored) {
            s->unsynced = false;
            struct sync_op *op = mem_new(struct sync_op);
            *op = (struct sync_op){.upload = u, .journal = journal_ref_take(s->journal)};
            u->pending++;
            loop_offload(u->in->loop, sync_work, sync_done, op);
            return;
        }
    }
    u->endless->syncing = false;
}
