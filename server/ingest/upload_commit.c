/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of an upload: everything in one transaction, or nothing - of an endless body everything
 * that was not committed on the way. */
#include "base/clock.h"
#include "base/crash_point.h"
#include "ingest/endless.h"
#include "ingest/footage_time.h"
#include "ingest/same_start.h"
#include "ingest/upload_op.h"
#include "ledger/ledger.h"

#include <stdio.h>
#include <string.h>

enum { LOOKS_MAX = 4 };

static int64_t us_from_90k(int64_t t)
{
    return t * CLOCK_US / CLOCK_90K;
}

/* The tkhd matrix says how to turn the picture; degrees clockwise for people. */
int upload_rotation(const int32_t m[9])
{
    return m[0] == 0 && m[1] > 0 ? 90 : m[0] < 0 ? 180 : m[0] == 0 && m[1] < 0 ? 270 : 0;
}

const struct index_track *upload_fact(const struct upload_facts *f, enum index_kind kind)
{
    for (uint32_t i = 0; i < f->n; i++) {
        if (f->tracks[i].kind == kind) {
            return &f->tracks[i];
        }
    }
    return NULL;
}

/* ---- rows ---- */

/* Nobody told: a finished file began its length ago, and so did a live stream that has just ended.
 */
static int64_t start_of(const struct upload *u, int64_t duration_90k)
{
    if (u->span.added || u->span.start_us != 0) {
        return u->span.start_us;
    }
    return u->p.started_us != 0 ? u->p.started_us : u->ended_us - us_from_90k(duration_90k);
}

void upload_judge_clock(struct upload *u, int64_t start_us, int64_t end_us)
{
    bool believed = u->p.started_us != 0;
    int64_t came_us = u->endless != NULL ? endless_arrival_us(u) : 0;
    if (u->span.second) {
        return; /* the first recording told */
    }
    u->late = believed && (came_us != 0 ? footage_is_late(start_us, came_us)
                                        : footage_is_late(end_us, u->arrived_us));
    if (u->told_us != 0 && !u->has_offset && !believed) {
        u->has_offset = true;
        u->offset_us = u->told_us - start_us;
    } else if (believed && !u->has_offset && !u->late && came_us != 0) {
        u->has_offset = true;
        u->offset_us = start_us - came_us;
    }
}

void upload_fill_clip(struct upload *u)
{
    struct clip *k = &u->clip;
    int64_t duration_90k = upload_duration_90k(u);
    *k = (struct clip){.id = u->clip_id,
                       .household = u->camera.household,
                       .camera = u->camera.id,
                       .recording = u->recording};
    k->kind = u->kind;
    k->name = u->name;
    k->container = u->report.container;
    k->start_source = u->p.started_us != 0 ? "camera" : "arrival";
    k->start_us = start_of(u, duration_90k);
    k->arrived_us = u->arrived_us;
    k->duration_ms = (duration_90k + 45) / 90;
    if (!u->span.added) {
        upload_judge_clock(u, k->start_us, k->start_us + us_from_90k(duration_90k));
    }
    k->late = u->late;
    k->has_clock_offset = u->has_offset;
    k->clock_offset_us = u->offset_us;
    k->created_us = clock_now_us();
    k->upload_bytes = (int64_t)(u->body_bytes - u->span.body_from);
    k->partial = u->report.partial;
    k->hashed = !u->span.second;
    memcpy(k->upload_sha256, u->body_sha256, SHA256_SIZE);
    k->stored_bytes = (int64_t)u->span.stored_bytes;
    for (size_t i = 0; i < u->n_segments && u->segments[i]->complete; i++) {
        k->stored_bytes += (int64_t)u->segments[i]->sealed.sealed_bytes;
    }
}

void upload_add_segment_row(const struct upload_segment *s, struct db_tx *tx,
                            const struct id *recording, int64_t start_us, uint32_t sequence)
{
    const struct principal *camera = &s->upload->camera;
    db_tx_add(tx, DB_SEGMENT_ADD, DB_ID(&s->object), DB_I64(start_us + us_from_90k(s->zero_90k)),
              DB_ID(&camera->household), DB_ID(&camera->id), DB_ID(recording), DB_I64(sequence),
              DB_I64(s->zero_90k), DB_I64(s->duration_90k), DB_I64(s->sealed.plain_bytes),
              DB_I64(s->sealed.sealed_bytes), DB_BYTES(s->sealed.digest, SHA256_SIZE),
              DB_BYTES(s->wrapped_key, KEY_WRAPPED_SIZE), DB_BYTES(s->index_bytes, s->index_n),
              DB_I64(clock_now_us()));
}

void upload_add_recording(struct upload *u, struct db_tx *tx, const struct id *recording,
                          int64_t start_us, const struct upload_facts *facts, int64_t ended_us)
{
    const struct index_track *video = upload_fact(facts, INDEX_VIDEO),
                             *audio = upload_fact(facts, INDEX_AUDIO);
    db_tx_add(
        tx, DB_RECORDING_ADD, DB_ID(recording), DB_ID(&u->camera.household), DB_ID(&u->camera.id),
        DB_I64(start_us), DB_I64(clock_now_us()),
        DB_TEXT(u->p.started_us != 0 ? "camera" : "arrival"), DB_I64(u->arrived_us),
        DB_TEXT(u->report.container), DB_TEXT(video != NULL ? video->codec : ""),
        DB_I64(video != NULL ? video->width : 0), DB_I64(video != NULL ? video->height : 0),
        DB_I64(video != NULL ? upload_rotation(video->matrix) : 0),
        DB_TEXT(audio != NULL ? audio->codec : NULL), DB_I64(audio != NULL ? audio->channels : 0),
        DB_I64(audio != NULL ? audio->sample_rate : 0), DB_BOOL(u->late),
        u->has_offset ? DB_I64(u->offset_us) : DB_NULL, ended_us != 0 ? DB_I64(ended_us) : DB_NULL);
}

unsigned upload_add_clip(struct upload *u, struct db_tx *tx)
{
    const struct clip *k = &u->clip;
    const struct index_track *video = upload_fact(&u->facts, INDEX_VIDEO),
                             *audio = upload_fact(&u->facts, INDEX_AUDIO);
    return db_tx_add(
        tx, DB_CLIP_ADD, DB_ID(&k->id), DB_ID(&k->household), DB_ID(&k->camera),
        DB_ID(&k->recording), DB_TEXT(k->kind), DB_TEXT(k->name), DB_I64(k->start_us),
        DB_TEXT(k->start_source), DB_I64(k->arrived_us), DB_I64(k->duration_ms),
        DB_I64(k->upload_bytes),
        k->hashed ? DB_BYTES(k->upload_sha256, SHA256_SIZE) : DB_BYTES(NULL, 0),
        DB_I64(k->stored_bytes), DB_TEXT(k->container), DB_TEXT(video != NULL ? video->codec : ""),
        DB_I64(video != NULL ? video->width : 0), DB_I64(video != NULL ? video->height : 0),
        DB_I64(video != NULL ? upload_rotation(video->matrix) : 0),
        DB_TEXT(audio != NULL ? audio->codec : NULL), DB_I64(audio != NULL ? audio->channels : 0),
        DB_I64(audio != NULL ? audio->sample_rate : 0), DB_TEXT(u->report.notes),
        DB_BOOL(k->partial), DB_I64(k->created_us), DB_BOOL(k->late),
        k->has_clock_offset ? DB_I64(k->clock_offset_us) : DB_NULL);
}

void upload_add_ledger(struct upload *u, struct db_tx *tx, const char *action,
                       const struct id *clip)
{
    const struct ledger_entry e = {
        .action = action,
        .household = &u->camera.household,
        .who = &u->camera,
        .subject_kind = "clip",
        .subject = clip,
        .request_id = u->request_id,
    };
    ledger_add(tx, &e);
}

/* A clip as the database has it: a row of the standard columns. */
static void keep_clip(struct upload *u, const struct db_reply *r, unsigned stmt)
{
    struct clip k;
    clip_from_row(r, stmt, 0, 0, &k);
    free(u->name);
    free(u->kind);
    k.name = u->name = mem_str(k.name);
    k.kind = u->kind = mem_str(k.kind);
    k.start_source = strcmp(k.start_source, "camera") == 0 ? "camera" : "arrival";
    snprintf(u->report.container, sizeof u->report.container, "%s", k.container);
    k.container = u->report.container;
    k.video_json = u->video_json = mem_str(k.video_json);
    k.audio_json = u->audio_json = k.audio_json != NULL ? mem_str(k.audio_json) : NULL;
    k.notes_json = u->notes_json = mem_str(k.notes_json);
    u->clip = k;
}

/* ---- commit ---- */

static void commit_done(void *arg, const struct db_reply *r)
{
    struct upload *u = arg;
    u->pending--;
    int status = db_status(r);
    enum upload_piece_refusal why =
        u->p.attach != NULL ? upload_piece_refused(r) : UPLOAD_PIECE_OTHER;
    if (why == UPLOAD_PIECE_LOOK && u->looks < LOOKS_MAX) {
        upload_match_begin(u);
        return;
    }
    if ((status == DB_E_UNIQUE && strcmp(db_constraint(r), "clip_same_upload") == 0) ||
        why == UPLOAD_PIECE_IS_THERE) {
        upload_committed(u, UPLOAD_SAME_EXISTS);
        return;
    }
    if (status != 0) {
        upload_fail(u,
                    why == UPLOAD_PIECE_ORDER ? INGEST_E_ORDER
                    : status == DB_E_FAILED   ? INGEST_E_INTERNAL
                                              : INGEST_E_UNAVAILABLE,
                    db_message(r));
        upload_committed(u, UPLOAD_COMMIT_FAILED);
        return;
    }
    crash_point("upload_after_commit");
    if (u->p.attach != NULL) {
        keep_clip(u, r, u->clip_stmt);
        upload_committed(u, UPLOAD_COMMITTED);
        return;
    }
    u->clip.video_json = u->video_json = mem_str(db_text(r, u->clip_stmt, 0, 0));
    const char *audio = db_text(r, u->clip_stmt, 0, 1);
    u->clip.audio_json = u->audio_json = audio != NULL ? mem_str(audio) : NULL;
    u->clip.notes_json = u->notes_json = mem_str(db_text(r, u->clip_stmt, 0, 2));
    upload_committed(u, UPLOAD_COMMITTED);
}

/* What of the recording is not committed yet; returns the sealed bytes of it. */
static int64_t add_rest(struct upload *u, struct db_tx *tx)
{
    const struct clip *k = &u->clip;
    int64_t bytes = k->stored_bytes - (int64_t)u->span.stored_bytes;
    if (!u->span.added) {
        int64_t end_us = k->start_us + k->duration_ms * 1000;
        upload_add_recording(u, tx, &k->recording, k->start_us, &u->facts, end_us);
    }
    for (size_t i = 0; i < u->n_segments && u->segments[i]->complete; i++) {
        upload_add_segment_row(u->segments[i], tx, &k->recording, k->start_us,
                               u->span.sequence + (uint32_t)i);
    }
    return bytes;
}

static void add_rows(struct upload *u, struct db_tx *tx)
{
    upload_fill_clip(u);
    struct clip *k = &u->clip;
    int64_t bytes = add_rest(u, tx);
    if (u->span.added) {
        k->start_us = endless_end_recording(u, tx);
    }
    u->clip_stmt = upload_add_clip(u, tx);
    db_tx_add(tx, DB_CAMERA_USED_ADD, DB_ID(&k->camera), DB_I64(bytes));
    upload_add_ledger(u, tx, "clip.upload", &u->clip_id);
    if (!id_is_zero(&u->replaces)) {
        struct id tombstone = id_new();
        db_tx_add(tx, DB_CLIP_REPLACE, DB_ID(&u->replaces), DB_I64(k->created_us),
                  DB_ID(&tombstone), DB_ID(&k->camera));
        upload_add_ledger(u, tx, "clip.replace", &u->replaces);
    }
}

void upload_commit_begin(struct upload *u)
{
    struct db_tx *tx = db_tx_begin(u->in->db);
    db_tx_add(tx, DB_UPLOAD_CLOSE, DB_ID(&u->id));
    if (u->p.attach != NULL) {
        upload_piece_rows(u, tx);
    } else {
        add_rows(u, tx);
    }
    u->pending++;
    crash_point("upload_before_commit");
    db_tx_commit(tx, commit_done, u);
}

/* ---- match ---- */

/* The coded index of our own segment of that sequence: in memory, or committed before (statement 1
 * of the reply: sequence, index). */
static const uint8_t *own_index(const struct upload *u, const struct db_reply *r, int64_t sequence,
                                size_t *ret_n)
{
    int64_t i = sequence - u->span.sequence;
    if (i >= (int64_t)u->n_segments || (i >= 0 && !u->segments[i]->complete)) {
        return NULL;
    }
    if (i >= 0) {
        *ret_n = u->segments[i]->index_n;
        return u->segments[i]->index_bytes;
    }
    for (int row = 0; u->span.added && row < db_rows(r, 1); row++) {
        if (db_i64(r, 1, row, 0) == sequence) {
            return db_bytes(r, 1, row, 1, ret_n);
        }
    }
    return NULL;
}

static bool segment_matches(const struct upload *u, const struct db_reply *r, int row)
{
    size_t n, own_n = 0;
    const uint8_t *own = own_index(u, r, db_i64(r, 0, row, 1), &own_n);
    const uint8_t *coded = db_bytes(r, 0, row, 3, &n);
    struct index partial = {0}, whole = {0};
    bool same = own != NULL && index_decode(coded, n, &partial) == 0 &&
                index_decode(own, own_n, &whole) == 0 &&
                same_start(&partial, db_bool(r, 0, row, 2), &whole);
    index_finish(&partial);
    index_finish(&whole);
    return same;
}

/* Rows come clip by clip; the first clip all of whose segments match is the one. */
static void match_done(void *arg, const struct db_reply *r)
{
    struct upload *u = arg;
    u->pending--;
    bool all = false;
    struct id clip = {{0}};
    for (int row = 0; db_status(r) == 0 && row < db_rows(r, 0) && id_is_zero(&u->replaces); row++) {
        struct id next = db_id(r, 0, row, 0);
        all = (id_equal(&next, &clip) ? all : true) && segment_matches(u, r, row);
        clip = next;
        if (all && db_bool(r, 0, row, 2)) {
            u->replaces = clip;
        }
    }
    upload_matched(u);
}

void upload_match_begin(struct upload *u)
{
    struct db_tx *tx = db_tx_begin(u->in->db);
    u->looks++;
    u->replaces = (struct id){{0}};
    if (u->p.attach != NULL) {
        const struct attach_piece *k = &u->p.attach->pieces[0];
        db_tx_add(tx, DB_PIECE_PARTIALS, DB_ID(&u->camera.id), DB_TEXT(u->p.attach->stem),
                  DB_I64(k->track), DB_I64(k->number));
    } else {
        db_tx_add(tx, DB_CLIP_PARTIALS, DB_ID(&u->camera.id), DB_TEXT(u->name));
    }
    if (u->span.added) {
        db_tx_add(tx, DB_RECORDING_INDEXES, DB_ID(&u->recording));
    }
    u->pending++;
    db_tx_commit(tx, match_done, u);
}

/* ---- settle ---- */

static void abandon_done(void *arg, const struct db_reply *r)
{
    struct upload *u = arg;
    u->pending--;
    if (db_status(r) != 0) {
        upload_abandon_later(u->in, &u->id);
    }
    upload_abandoned(u);
}

void upload_abandon_begin(struct upload *u)
{
    struct db_tx *tx = db_tx_begin(u->in->db);
    db_tx_add(tx, DB_UPLOAD_ABANDON, DB_ID(&u->id), DB_I64(clock_now_us()));
    if (u->span.added) {
        db_tx_add(tx, DB_UPLOAD_UNDO, DB_ID(&u->recording), DB_I64(clock_now_us()),
                  DB_ID(&u->camera.id));
    }
    u->pending++;
    db_tx_commit(tx, abandon_done, u);
}

static void existing_done(void *arg, const struct db_reply *r)
{
    struct upload *u = arg;
    u->pending--;
    if (db_status(r) == 0 && db_rows(r, 1) == 1) {
        keep_clip(u, r, 1);
    } else { /* the database went away, or the clip was deleted this very moment: the camera may try
                again */
        upload_fail(u, INGEST_E_UNAVAILABLE, NULL);
    }
    if (db_status(r) != 0) {
        upload_abandon_later(u->in, &u->id);
    }
    upload_finish(u);
}

void upload_existing_begin(struct upload *u)
{
    struct db_tx *tx = db_tx_begin(u->in->db);
    db_tx_add(tx, DB_UPLOAD_ABANDON, DB_ID(&u->id), DB_I64(clock_now_us()));
    if (u->p.attach != NULL) {
        upload_piece_find(u, tx);
    } else {
        db_tx_add(tx, DB_CLIP_BY_UPLOAD, DB_ID(&u->camera.id), DB_TEXT(u->name),
                  DB_BYTES(u->body_sha256, SHA256_SIZE));
    }
    if (u->span.added) {
        db_tx_add(tx, DB_UPLOAD_UNDO, DB_ID(&u->recording), DB_I64(clock_now_us()),
                  DB_ID(&u->camera.id));
    }
    u->pending++;
    db_tx_commit(tx, existing_done, u);
}
