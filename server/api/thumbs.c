/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures of a camera's time: one of a moment, and sprites of small ones with their list. */
#include "playback/thumbs.h"
#include "api/handlers.h"
#include "api/media.h"
#include "api/spans.h"
#include "base/clock.h"
#include "base/str.h"
#include "crypto/keyring.h"
#include "ledger/ledger.h"
#include "playback/link.h"
#include "recording/camera_still.h"

#include <stdio.h>
#include <string.h>

/* ---- the list ---- */

enum { ST_ACCESS, ST_SPRITES };

static void send_list(struct media *m)
{
    size_t n = m->text.len;
    http_add_header(m->x, "Cache-Control", MEDIA_CACHE_PLAYLIST);
    http_answer_owned(m->x, 200, "text/vtt", buf_take(&m->text), n);
}

static void wanted(void *arg, const struct db_reply *r)
{
    struct media *m = arg;
    if (db_status(r) == 0) {
        playback_thumbs_wanted(m->api->playback);
    }
    send_list(m); /* that they are being made is no reason to give less */
}

static void free_text(void *arg)
{
    struct media *m = arg;
    buf_finish(&m->text);
}

static void format_list(struct media *m, const struct db_reply *r, struct buf *missing)
{
    char query[MEDIA_QUERY_SIZE], from[CLOCK_RFC3339_SIZE];
    media_link_query(m, query);
    clock_format(m->subject.from_us, from);
    buf_printf(&m->text, "WEBVTT\n\nNOTE Times count from %s.\n", from);
    for (int i = 0; i < db_rows(r, ST_SPRITES); i++) {
        int64_t slot = db_i64(r, ST_SPRITES, i, 0);
        if (db_bool(r, ST_SPRITES, i, 3)) {
            buf_printf(missing, "%s%lld", missing->len == 0 ? "{" : ",", (long long)slot);
        }
        if (!db_is_null(r, ST_SPRITES, i, 1)) {
            const struct thumb_sprite s = {.id = db_id(r, ST_SPRITES, i, 1),
                                           .from_us = slot * THUMB_SLOT_US,
                                           .tiles = db_text(r, ST_SPRITES, i, 2)};
            thumbs_format(&s, m->subject.from_us, m->subject.to_us, query, &m->text);
        }
    }
}

static void listed(void *arg, const struct db_reply *r)
{
    struct media *m = arg;
    struct buf missing CLEANUP(buf_finish) = BUF_INIT(4096);
    if (api_db_failed(m->x, r)) {
        return;
    }
    if (db_rows(r, ST_ACCESS) != 1) {
        http_answer_problem(m->x, PROBLEM_not_found, NULL);
        return;
    }
    http_on_finish(m->x, free_text, m);
    format_list(m, r, &missing);
    if (missing.len == 0) {
        send_list(m);
        return;
    }
    buf_str(&missing, "}");
    db_run(m->api->db, wanted, m, DB_THUMBS_WANT, DB_ID(&m->id),
           DB_TEXT((const char *)missing.data), DB_I64(clock_now_us()));
}

API_HANDLER(api_camera_thumbs_list)
{
    static const char *const known[] = {"from", "to", LINK_ARGUMENTS, NULL};
    int64_t from_us, to_us;
    struct media *m = media_begin(x, api, who, known);
    if (m == NULL || !api_span(x, PLAYBACK_SPAN_MAX_US, &from_us, &to_us)) {
        return;
    }
    m->subject = (struct playback_subject){
        .kind = PLAYBACK_SPAN, .id = m->id, .from_us = from_us, .to_us = to_us};
    m->text.max = THUMB_VTT_MAX;
    struct db_tx *tx = db_tx_begin(api->db);
    db_tx_add(tx, DB_CAMERA_ACCESS, DB_ID(&who->id), DB_I64(clock_now_us()), DB_ID(&m->id));
    db_tx_add(tx, DB_THUMBS_LIST, DB_ID(&m->id), DB_I64(from_us / THUMB_SLOT_US),
              DB_I64((to_us - 1) / THUMB_SLOT_US));
    db_tx_commit(tx, listed, m);
}

/* ---- one sprite ---- */

struct sprite {
    struct http_exchange *x;
    struct api *api;
    const struct principal *who;
    struct id camera, id;
    struct segment_ref ref;
    char etag[ID_TEXT_SIZE + 2];
};

static void sprite_read(void *arg, int status, uint8_t *p, size_t n)
{
    struct sprite *s = arg;
    if (status != 0) {
        http_answer_problem(
            s->x, status == STORE_E_NOT_FOUND ? PROBLEM_not_found : PROBLEM_unavailable, NULL);
        return;
    }
    http_add_header(s->x, "ETag", s->etag);
    http_add_header(s->x, "Cache-Control", MEDIA_CACHE_FILE);
    http_answer_owned(s->x, 200, "image/jpeg", p, n);
}

static void send_sprite(struct sprite *s)
{
    segment_read(s->api->store, &s->ref, 0, s->ref.plain_bytes, sprite_read, s);
    secret_wipe(s->ref.seal.key, sizeof s->ref.seal.key);
}

static void sprite_recorded(void *arg, int status)
{
    struct sprite *s = arg;
    if (status != 0) {
        http_add_header(s->x, "Retry-After", "2");
        http_answer_problem(s->x, PROBLEM_unavailable, NULL);
    } else {
        send_sprite(s);
    }
}

static bool open_keys(struct sprite *s, const struct db_reply *r)
{
    size_t n, m;
    const uint8_t *wrapped = db_bytes(r, 0, 0, 2, &n), *household = db_bytes(r, 0, 0, 3, &m);
    s->ref.seal.household = db_id(r, 0, 0, 0);
    s->ref.seal.object = s->id;
    s->ref.plain_bytes = (uint64_t)db_i64(r, 0, 0, 1);
    return n == KEY_WRAPPED_SIZE && m == KEY_WRAPPED_SIZE &&
           s->ref.plain_bytes <= SEGMENT_READ_MAX &&
           keyring_open_object(s->api->keyring, &s->ref.seal.household, household, &s->id, wrapped,
                               s->ref.seal.key) == 0;
}

static void sprite_found(void *arg, const struct db_reply *r)
{
    struct sprite *s = arg;
    if (api_db_failed(s->x, r)) {
        return;
    }
    if (db_rows(r, 0) != 1) {
        http_answer_problem(s->x, PROBLEM_not_found, NULL);
    } else if (!open_keys(s, r)) {
        http_answer_problem(s->x, PROBLEM_internal, NULL);
    } else {
        int64_t slot = db_i64(r, 0, 0, 4);
        const struct playback_looked look = {.subject = {.kind = PLAYBACK_SEGMENT, .id = s->id},
                                             .camera = s->camera,
                                             .household = s->ref.seal.household,
                                             .from_us = slot * THUMB_SLOT_US,
                                             .to_us = (slot + 1) * THUMB_SLOT_US};
        if (playback_record_look(s->api->playback, &look, s->who, PLAYBACK_STILL,
                                 http_request_id(s->x), sprite_recorded, s)) {
            send_sprite(s);
        }
    }
}

/* "UUID.jpg" */
static bool sprite_id(const char *file, struct id *ret_id)
{
    char text[ID_TEXT_SIZE];
    if (strlen(file) != sizeof text - 1 + 4 || !str_suffix(file, ".jpg")) {
        return false;
    }
    memcpy(text, file, sizeof text - 1);
    text[sizeof text - 1] = 0;
    return id_parse(text, ret_id) == 0;
}

API_HANDLER(api_camera_thumbs_sprite)
{
    static const char *const known[] = {LINK_ARGUMENTS, NULL};
    const char *odd = http_query_unknown(x, known);
    struct sprite *s = http_alloc(x, sizeof *s);
    *s = (struct sprite){.x = x, .api = api, .who = who};
    if (!api_param_id(x, "id", &s->camera)) {
        return;
    }
    if (odd != NULL || !sprite_id(http_param(x, "file"), &s->id)) {
        http_answer_problem(x, odd != NULL ? PROBLEM_bad_request : PROBLEM_not_found, NULL);
        return;
    }
    snprintf(s->etag, sizeof s->etag, "\"%.36s\"", http_param(x, "file"));
    db_run(api->db, sprite_found, s, DB_THUMB_OPEN, DB_ID(&who->id), DB_I64(clock_now_us()),
           DB_ID(&s->camera), DB_ID(&s->id));
}

/* ---- one picture ---- */

/* The film of one moment: it begins with the key picture at or before it. */
static void open_moment(struct media *m, int64_t at_us)
{
    m->subject = (struct playback_subject){.kind = PLAYBACK_SPAN,
                                           .id = m->id,
                                           .from_us = at_us,
                                           .to_us = at_us + 1000,
                                           .list_only = true};
    m->action = PLAYBACK_STILL;
    m->answer = media_answer_still;
    media_open(m);
}

static void end_opened(void *arg, int status, struct playback_clip *c, unsigned rights)
{
    struct media *m = arg;
    int64_t at_us = 0;
    (void)rights;
    if (status != 0) {
        media_refuse(m, status);
        return;
    }
    for (uint32_t i = 0; i < c->hls.n_entries; i++) {
        const struct hls_entry *e = &c->hls.entries[i];
        at_us = e->key_bytes > 0 ? e->start_us : at_us;
    }
    if (at_us == 0) {
        media_refuse(m, PLAYBACK_E_EMPTY);
    } else {
        open_moment(m, at_us);
    }
}

/* ---- a snapshot that the camera pushed ---- */

struct snapshot {
    struct media *m;
    uint8_t *jpeg;
    size_t n;
};

static void snapshot_recorded(void *arg, const struct db_reply *r)
{
    struct snapshot *s = arg;
    if (api_db_failed(s->m->x, r)) {
        free(s->jpeg);
        return;
    }
    http_add_header(s->m->x, "Cache-Control", "no-store");
    http_answer_owned(s->m->x, 200, "image/jpeg", s->jpeg, s->n);
}

/* It is newer than the footage: seeing it goes on the record, then it is sent. */
static void answer_snapshot(struct media *m, const struct db_reply *r, unsigned stmt)
{
    struct snapshot *s = http_alloc(m->x, sizeof *s);
    s->m = m;
    if (camera_still_open(m->api->keyring, r, stmt, &s->jpeg, &s->n) < 0) {
        http_answer_problem(m->x, PROBLEM_internal, NULL);
        return;
    }
    struct id household = db_id(r, stmt, 0, 5);
    struct db_tx *tx = db_tx_begin(m->api->db);
    ledger_add(tx, &(struct ledger_entry){.action = "camera.still",
                                          .household = &household,
                                          .who = m->who,
                                          .subject_kind = "camera",
                                          .subject = &m->id,
                                          .request_id = http_request_id(m->x)});
    db_tx_commit(tx, snapshot_recorded, s);
}

static void newest_found(void *arg, const struct db_reply *r)
{
    enum { LAST_S = 60 };
    struct media *m = arg;
    if (api_db_failed(m->x, r)) {
        return;
    }
    int64_t footage_us = db_rows(r, 1) == 1 ? db_i64(r, 1, 0, 0) : 0;
    if (db_rows(r, 0) == 1 && camera_still_taken(r, 2) > footage_us) {
        answer_snapshot(m, r, 2);
        return;
    }
    if (db_rows(r, 0) != 1 || db_rows(r, 1) != 1) {
        media_refuse(m, db_rows(r, 0) == 1 ? PLAYBACK_E_EMPTY : PLAYBACK_E_NOT_FOUND);
        return;
    }
    int64_t end_us = db_i64(r, 1, 0, 0);
    const struct playback_subject last = {.kind = PLAYBACK_SPAN,
                                          .id = m->id,
                                          .from_us = end_us - LAST_S * (int64_t)CLOCK_US,
                                          .to_us = end_us,
                                          .list_only = true};
    playback_open(m->api->playback, &m->who->id, &last, end_opened, m);
}

API_HANDLER(api_camera_still)
{
    static const char *const known[] = {"at", LINK_ARGUMENTS, NULL};
    struct media *m = media_begin(x, api, who, known);
    if (m == NULL) {
        return;
    }
    const char *at = http_query(x, "at");
    int64_t at_us, now = clock_now_us();
    if (at == NULL) {
        struct db_tx *tx = db_tx_begin(api->db);
        db_tx_add(tx, DB_CAMERA_ACCESS, DB_ID(&who->id), DB_I64(now), DB_ID(&m->id));
        db_tx_add(tx, DB_CAMERA_NEWEST, DB_ID(&m->id), DB_I64(now));
        db_tx_add(tx, DB_SNAPSHOT_GET, DB_ID(&m->id));
        db_tx_commit(tx, newest_found, m);
    } else if (clock_parse(at, &at_us) != 0 || at_us <= 0) {
        http_answer_problem(x, PROBLEM_invalid_field, "at: not a date-time of RFC 3339.");
    } else {
        open_moment(m, at_us);
    }
}
