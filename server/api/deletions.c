/* SPDX-License-Identifier: Apache-2.0 */
/* What an owner takes away and what stays: /api/v1/deletions, DELETE of a clip, Keep, and holds.
 * All the deciding is done in SQL under the camera's lock (migrations/0015_keeping.sql). */
#include "api/fields.h"
#include "api/handlers.h"
#include "base/clock.h"
#include "playback/playback.h"

#define SPAN_MAX_US (INT64_C(3660) * 86400 * CLOCK_US) /* ten years of days */

struct deletion_request {
    struct http_exchange *x;
    struct api *api;
    const struct principal *who;
    struct id subject, deletion; /* subject: clip or camera */
    bool is_clip;
};

static struct deletion_request *request(struct http_exchange *x, struct api *api,
                                        const struct principal *who)
{
    struct deletion_request *q = http_alloc(x, sizeof *q);
    *q = (struct deletion_request){.x = x, .api = api, .who = who};
    return q;
}

/* ---- delete ---- */

static void made(void *arg, const struct db_reply *r)
{
    struct deletion_request *q = arg;
    if (api_db_failed(q->x, r)) {
        return;
    }
    if (q->is_clip) {
        playback_forget(q->api->playback, &q->subject);
    }
    http_answer_json(q->x, q->is_clip ? 200 : 201,
                     json_pack("{s:{s:o, s:o, s:o, s:o, s:o, s:o, s:b}}", "deletion", "id",
                               api_id(&q->deletion), "camera_id", api_id_or_null(r, 0, 0, 0),
                               "clip_id", q->is_clip ? api_id(&q->subject) : json_null(), "from",
                               api_time(db_i64(r, 0, 0, 1)), "to", api_time(db_i64(r, 0, 0, 2)),
                               "undo_until", api_time(db_i64(r, 0, 0, 3)), "held",
                               db_bool(r, 0, 0, 4)));
}

static void make(struct deletion_request *q, int64_t from_us, int64_t to_us)
{
    const struct db_arg none = DB_NULL;
    q->deletion = id_new();
    db_run(q->api->db, made, q, DB_DELETION_MAKE, DB_ID(&q->deletion), DB_ID(&q->who->id),
           q->is_clip ? none : DB_ID(&q->subject), q->is_clip ? DB_ID(&q->subject) : none,
           DB_I64(from_us), DB_I64(to_us), DB_I64(clock_now_us()), DB_TEXT(http_request_id(q->x)));
}

API_HANDLER(api_clip_delete)
{
    struct deletion_request *q = request(x, api, who);
    q->is_clip = true;
    if (api_param_id(x, "id", &q->subject)) {
        make(q, 0, 0);
    }
}

static void span_body(void *arg, struct http_exchange *x, json_t *body)
{
    static const char *const known[] = {"from", "to", NULL};
    struct deletion_request *q = arg;
    int64_t from_us, to_us;
    if (body == NULL || !api_fields_known(x, body, known) ||
        !api_field_time(x, body, "from", &from_us) || !api_field_time(x, body, "to", &to_us)) {
        return;
    }
    if (from_us <= 0 || to_us <= from_us || to_us - from_us > SPAN_MAX_US) {
        http_answer_problem(x, PROBLEM_invalid_field,
                            "/to: a time after `from`, at most ten years later.");
        return;
    }
    make(q, from_us, to_us);
}

API_HANDLER(api_footage_delete)
{
    struct deletion_request *q = request(x, api, who);
    if (api_param_id(x, "id", &q->subject)) {
        http_read_json(x, 1024, span_body, q);
    }
}

/* ---- what waits to be erased, and undo ---- */

static json_t *deletion_json(const struct db_reply *r, int i)
{
    return json_pack("{s:o, s:o, s:s, s:o, s:o, s:o, s:s, s:o, s:o, s:b}", "id",
                     api_id_or_null(r, 0, i, 0), "camera_id", api_id_or_null(r, 0, i, 1),
                     "camera_name", db_text(r, 0, i, 8), "from", api_time(db_i64(r, 0, i, 2)), "to",
                     api_time(db_i64(r, 0, i, 3)), "clip_id", api_id_or_null(r, 0, i, 4),
                     "clip_name", db_text(r, 0, i, 9), "deleted_at", api_time(db_i64(r, 0, i, 5)),
                     "undo_until", api_time(db_i64(r, 0, i, 6)), "held", db_bool(r, 0, i, 7));
}

static void listed(void *arg, const struct db_reply *r)
{
    struct http_exchange *x = arg;
    if (api_db_failed(x, r)) {
        return;
    }
    json_t *items = json_array();
    for (int i = 0; i < db_rows(r, 0); i++) {
        json_array_append_new(items, deletion_json(r, i));
    }
    http_answer_json(x, 200, json_pack("{s:o, s:n}", "items", items, "next_cursor"));
}

API_HANDLER(api_deletions_list)
{
    db_run(api->db, listed, x, DB_DELETION_LIST, DB_ID(&who->id), DB_I64(clock_now_us()));
}

static void undone(void *arg, const struct db_reply *r)
{
    struct deletion_request *q = arg;
    if (!api_db_failed(q->x, r)) {
        http_answer_json(q->x, 200,
                         json_pack("{s:o, s:b}", "id", api_id(&q->subject), "undone", 1));
    }
}

API_HANDLER(api_deletion_undo)
{
    struct deletion_request *q = request(x, api, who);
    if (api_param_id(x, "id", &q->subject)) {
        db_run(api->db, undone, q, DB_DELETION_UNDO, DB_ID(&q->subject), DB_ID(&who->id),
               DB_I64(clock_now_us()), DB_TEXT(http_request_id(x)));
    }
}

/* ---- keep ---- */

static void keep_done(void *arg, const struct db_reply *r)
{
    struct deletion_request *q = arg;
    if (!api_db_failed(q->x, r)) {
        http_answer_empty(q->x, 204);
    }
}

static void keep(struct http_exchange *x, struct api *api, const struct principal *who, bool on)
{
    struct deletion_request *q = request(x, api, who);
    struct id hold = id_new();
    if (api_param_id(x, "id", &q->subject)) {
        db_run(api->db, keep_done, q, DB_CLIP_KEEP, DB_ID(&hold), DB_ID(&who->id),
               DB_ID(&q->subject), DB_BOOL(on), DB_I64(clock_now_us()),
               DB_TEXT(http_request_id(x)));
    }
}

API_HANDLER(api_clip_keep)
{
    keep(x, api, who, true);
}

API_HANDLER(api_clip_unkeep)
{
    keep(x, api, who, false);
}

/* ---- holds ---- */

static void holds_listed(void *arg, const struct db_reply *r)
{
    struct http_exchange *x = arg;
    if (api_db_failed(x, r)) {
        return;
    }
    json_t *items = json_array();
    for (int i = 0; i < db_rows(r, 1); i++) {
        json_array_append_new(
            items,
            json_pack("{s:o, s:o, s:o, s:s, s:s, s:o, s:o, s:o}", "id", api_id_or_null(r, 1, i, 0),
                      "from", api_time(db_i64(r, 1, i, 1)), "to", api_time(db_i64(r, 1, i, 2)),
                      "reason", db_text(r, 1, i, 3), "authority", db_text(r, 1, i, 4), "expires_at",
                      api_time_or_null(r, 1, i, 5), "subject_id", api_id_or_null(r, 1, i, 6),
                      "created_at", api_time(db_i64(r, 1, i, 7))));
    }
    http_answer_json(x, 200, json_pack("{s:o, s:n}", "items", items, "next_cursor"));
}

API_HANDLER(api_holds_list)
{
    struct id camera;
    int64_t now_us = clock_now_us();
    if (!api_param_id(x, "id", &camera)) {
        return;
    }
    struct db_tx *tx = db_tx_begin(api->db);
    db_tx_add(tx, DB_CAMERA_ALLOWED, DB_ID(&who->id), DB_ID(&camera), DB_I64(RIGHT_HISTORY),
              DB_I64(now_us));
    db_tx_add(tx, DB_HOLD_LIST, DB_ID(&camera), DB_I64(now_us));
    db_tx_commit(tx, holds_listed, x);
}
