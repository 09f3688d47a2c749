/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of an upload: everything in one transaction, or nothing. */
#include "base/clock.h"
#include "base/crash_point.h"
#include "ingest/same_start.h"
#include "ingest/upload_op.h"
#include "ledger/ledger.h"

#include <stdio.h>
#include <string.h>

static int64_t us_from_90k(int64_t t)
{
    return t * CLOCK_US / CLOCK_90K;
}

/* The tkhd matrix says how to turn the picture; degrees clockwise for people. */
static int rotation(const int32_t m[9])
{
    return m[0] == 0 && m[1] > 0 ? 90 : m[0] < 0 ? 180 : m[0] == 0 && m[1] < 0 ? 270 : 0;
}

static const struct index_track *fact(const struct upload *u, enum index_kind kind)
{
    for (uint32_t i = 0; i < u->n_facts; i++) {
        if (u->facts[i].kind == kind) {
            return &u->facts[i];
        }
    }
    return NULL;
}

/* Nobody told: a finished file began its length ago, and so did a live stream that has just ended.
 */
static void fill_clip(struct upload *u)
{
    struct clip *k = &u->clip;
    int64_t duration_90k = upload_duration_90k(u);
    bool told = u->p.started_us != 0;
    *k = (struct clip){.id = u->clip_id,
                       .household = u->camera.household,
                       .camera = u->camera.id,
                       .recording = u->recording};
    k->kind = u->kind;
    k->name = u->name;
    k->container = u->report.container;
    k->start_source = told ? "camera" : "arrival";
    k->start_us = told ? u->p.started_us : u->ended_us - us_from_90k(duration_90k);
    k->arrived_us = u->arrived_us;
    k->duration_ms = (duration_90k + 45) / 90;
    k->created_us = clock_now_us();
    k->upload_bytes = (int64_t)u->body_bytes;
    k->partial = u->report.partial;
    k->hashed = true;
    memcpy(k->upload_sha256, u->body_sha256, SHA256_SIZE);
    for (size_t i = 0; i < u->n_segments && u->segments[i]->complete; i++) {
        k->stored_bytes += (int64_t)u->segments[i]->sealed.sealed_bytes;
    }
}

static void add_segments(struct upload *u, struct db_tx *tx)
{
    const struct clip *k = &u->clip;
    for (size_t i = 0; i < u->n_segments && u->segments[i]->complete; i++) {
        const struct upload_segment *s = u->segments[i];
        db_tx_add(tx, DB_SEGMENT_ADD, DB_ID(&s->object),
                  DB_I64(k->start_us + us_from_90k(s->zero_90k)), DB_ID(&k->household),
                  DB_ID(&k->camera), DB_ID(&k->recording), DB_I64(i), DB_I64(s->zero_90k),
                  DB_I64(s->duration_90k), DB_I64(s->sealed.plain_bytes),
                  DB_I64(s->sealed.sealed_bytes), DB_BYTES(s->sealed.digest, SHA256_SIZE),
                  DB_BYTES(s->wrapped_key, KEY_WRAPPED_SIZE), DB_BYTES(s->index_bytes, s->index_n),
                  DB_I64(k->created_us));
    }
}

static unsigned add_clip(struct upload *u, struct db_tx *tx)
{
    const struct clip *k = &u->clip;
    const struct index_track *video = fact(u, INDEX_VIDEO), *audio = fact(u, INDEX_AUDIO);
    return db_tx_add(
        tx, DB_CLIP_ADD, DB_ID(&k->id), DB_ID(&k->household), DB_ID(&k->camera),
        DB_ID(&k->recording), DB_TEXT(k->kind), DB_TEXT(k->name), DB_I64(k->start_us),
        DB_TEXT(k->start_source), DB_I64(k->arrived_us), DB_I64(k->duration_ms),
        DB_I64(k->upload_bytes), DB_BYTES(k->upload_sha256, SHA256_SIZE), DB_I64(k->stored_bytes),
        DB_TEXT(k->container), DB_TEXT(video != NULL ? video->codec : ""),
        DB_I64(video != NULL ? video->width : 0), DB_I64(video != NULL ? video->height : 0),
        DB_I64(video != NULL ? rotation(video->matrix) : 0),
        DB_TEXT(audio != NULL ? audio->codec : NULL), DB_I64(audio != NULL ? audio->channels : 0),
        DB_I64(audio != NULL ? audio->sample_rate : 0), DB_TEXT(u->report.notes),
        DB_BOOL(k->partial), DB_I64(k->created_us));
}

static void add_ledger(struct upload *u, struct db_tx *tx, const char *action,
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

/* ---- commit ---- */

static void commit_done(void *arg, const struct db_reply *r)
{
    struct upload *u = arg;
    u->pending--;
    int status = db_status(r);
    if (status == DB_E_UNIQUE && strcmp(db_constraint(r), "clip_same_upload") == 0) {
        upload_committed(u, UPLOAD_SAME_EXISTS);
        return;
    }
    if (status != 0) {
        upload_fail(u, status == DB_E_FAILED ? INGEST_E_INTERNAL : INGEST_E_UNAVAILABLE,
                    db_message(r));
        upload_committed(u, UPLOAD_COMMIT_FAILED);
        return;
    }
    crash_point("upload_after_commit");
    u->clip.video_json = u->video_json = mem_str(db_text(r, u->clip_stmt, 0, 0));
    const char *audio = db_text(r, u->clip_stmt, 0, 1);
    u->clip.audio_json = u->audio_json = audio != NULL ? mem_str(audio) : NULL;
    u->clip.notes_json = u->notes_json = mem_str(db_text(r, u->clip_stmt, 0, 2));
    upload_committed(u, UPLOAD_COMMITTED);
}

void upload_commit_begin(struct upload *u)
{
    fill_clip(u);
    const struct clip *k = &u->clip;
    struct db_tx *tx = db_tx_begin(u->in->db);
    db_tx_add(tx, DB_UPLOAD_CLOSE, DB_ID(&u->id));
    db_tx_add(tx, DB_RECORDING_ADD, DB_ID(&k->recording), DB_ID(&k->household), DB_ID(&k->camera),
              DB_I64(k->start_us), DB_I64(k->created_us));
    add_segments(u, tx);
    u->clip_stmt = add_clip(u, tx);
    db_tx_add(tx, DB_CAMERA_USED_ADD, DB_ID(&k->camera), DB_I64(k->stored_bytes));
    add_ledger(u, tx, "clip.upload", &u->clip_id);
    if (!id_is_zero(&u->replaces)) {
        struct id tombstone = id_new();
        db_tx_add(tx, DB_CLIP_REPLACE, DB_ID(&u->replaces), DB_I64(k->created_us),
                  DB_ID(&tombstone), DB_ID(&k->camera));
        add_ledger(u, tx, "clip.replace", &u->replaces);
    }
    u->pending++;
    crash_point("upload_before_commit");
    db_tx_commit(tx, commit_done, u);
}

/* ---- match ---- */

static bool segment_matches(struct upload *u, const struct db_reply *r, int row)
{
    int64_t sequence = db_i64(r, 0, row, 1);
    if (sequence >= (int64_t)u->n_segments || !u->segments[sequence]->complete) {
        return false;
    }
    size_t n;
    const uint8_t *coded = db_bytes(r, 0, row, 3, &n);
    struct index partial = {0}, whole = {0};
    const struct upload_segment *s = u->segments[sequence];
    bool same = index_decode(coded, n, &partial) == 0 &&
                index_decode(s->index_bytes, s->index_n, &whole) == 0 &&
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
    u->pending++;
    db_run(u->in->db, match_done, u, DB_CLIP_PARTIALS, DB_ID(&u->camera.id), DB_TEXT(u->name));
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
    u->pending++;
    db_run(u->in->db, abandon_done, u, DB_UPLOAD_ABANDON, DB_ID(&u->id), DB_I64(clock_now_us()));
}

static void keep_existing(struct upload *u, const struct db_reply *r)
{
    struct clip k;
    clip_from_row(r, 1, 0, 0, &k);
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

static void existing_done(void *arg, const struct db_reply *r)
{
    struct upload *u = arg;
    u->pending--;
    if (db_status(r) == 0 && db_rows(r, 1) == 1) {
        keep_existing(u, r);
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
    db_tx_add(tx, DB_CLIP_BY_UPLOAD, DB_ID(&u->camera.id), DB_TEXT(u->name),
              DB_BYTES(u->body_sha256, SHA256_SIZE));
    u->pending++;
    db_tx_commit(tx, existing_done, u);
}
