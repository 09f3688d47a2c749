/* SPDX-License-Identifier: Apache-2.0 */
/* /api/v1/inbox: what agencies asked of the account's households, and the answer. */
#include "api/clip_json.h"
#include "api/fields.h"
#include "api/handlers.h"
#include "api/request_json.h"
#include "base/clock.h"
#include "playback/mp4.h"
#include "share/give.h"

#include <string.h>

enum { ITEM_COLUMNS = 6, WINDOW_FROM = ITEM_COLUMNS + 6, WINDOW_TO = ITEM_COLUMNS + 7 };
enum { CLIPS_MAX = 50, BODY_MAX = 8192, ACCEPT_DEADLINE_MS = 300000 };

/* Columns of inbox_list.sql. */
static json_t *item_json(const struct db_reply *r, int row)
{
    const char *answer = db_text(r, 0, row, 2);
    return json_pack("{s:o, s:o, s:o, s:s?, s:o}", "id", api_id_or_null(r, 0, row, 0), "request",
                     api_request_json(r, 0, row, ITEM_COLUMNS), "reached_at",
                     api_time_or_null(r, 0, row, 1), "answer", answer, "answered_at",
                     api_time_or_null(r, 0, row, 3));
}

static void listed(void *arg, const struct db_reply *r)
{
    struct http_exchange *x = arg;
    if (api_db_failed(x, r)) {
        return;
    }
    json_t *items = json_array();
    for (int i = 0; i < db_rows(r, 0); i++) {
        json_array_append_new(items, item_json(r, i));
    }
    http_answer_json(x, 200, json_pack("{s:o, s:n}", "items", items, "next_cursor"));
}

API_HANDLER(api_inbox_list)
{
    db_run(api->db, listed, x, DB_INBOX_LIST, DB_ID(&who->id), DB_I64(clock_now_us()), DB_NULL);
}

/* ---- one item ---- */
struct item {
    struct http_exchange *x;
    struct api *api;
    const struct principal *who;
    struct id id;
    size_t n_clips;
    struct id clips[CLIPS_MAX]; /* ticked */
};

static struct cut_span window_of(const struct db_reply *r)
{
    return (struct cut_span){db_i64(r, 0, 0, WINDOW_FROM), db_i64(r, 0, 0, WINDOW_TO)};
}

/* The clips of which something would be sent, and what of them. */
static json_t *clips_json(const struct api *api, const struct db_reply *r, unsigned stmt,
                          const struct share_plan *plan)
{
    json_t *list = json_array();
    for (int i = 0; i < db_rows(r, stmt); i++) {
        struct clip clip;
        clip_from_row(r, stmt, i, 0, &clip);
        const struct share_item *t = share_plan_find(plan, &clip.id);
        if (t) {
            json_array_append_new(
                list, json_pack("{s:o, s:o, s:o, s:I}", "clip", api_clip_json(api, &clip),
                                "sent_from", api_time(t->span.from_us), "sent_to",
                                api_time(t->span.to_us), "sent_duration_ms",
                                (json_int_t)((t->span.to_us - t->span.from_us) / 1000)));
        }
    }
    return list;
}

/* What could be sent, from the segments that statement stmt returned. Answers itself when it fails.
 */
static bool read_plan(struct item *o, const struct db_reply *r, unsigned stmt,
                      struct share_plan *ret_plan)
{
    struct cut_span window = window_of(r);
    if (share_plan_init(r, stmt, o->api->keyring, &window, ret_plan)) {
        log_error(o->api->log, "share_plan_broken", F_ID("inbox_item", &o->id));
        http_answer_problem(o->x, PROBLEM_internal, NULL);
        return false;
    }
    return true;
}

static void shown(void *arg, const struct db_reply *r)
{
    struct item *o = arg;
    struct share_plan plan;
    if (api_db_failed(o->x, r)) {
        return;
    }
    if (db_rows(r, 0) != 1) {
        http_answer_problem(o->x, PROBLEM_not_found, NULL);
        return;
    }
    if (!read_plan(o, r, 3, &plan)) {
        return;
    }
    json_t *json = item_json(r, 0);
    json_object_set_new(json, "clips", clips_json(o->api, r, 2, &plan));
    share_plan_finish(&plan);
    http_answer_json(o->x, 200, json);
}

static struct item *item_new(struct http_exchange *x, struct api *api, const struct principal *who)
{
    struct item *o = http_alloc(x, sizeof(*o));
    *o = (struct item){.x = x, .api = api, .who = who};
    return api_param_id(x, "id", &o->id) ? o : NULL;
}

API_HANDLER(api_inbox_show)
{
    struct item *o = item_new(x, api, who);
    int64_t now = clock_now_us();
    if (!o) {
        return;
    }
    struct db_tx *tx = db_tx_begin(api->db);
    db_tx_add(tx, DB_INBOX_LIST, DB_ID(&who->id), DB_I64(now), DB_ID(&o->id));
    db_tx_add(tx, DB_INBOX_SEEN, DB_ID(&o->id), DB_ID(&who->id), DB_I64(now));
    db_tx_add(tx, DB_INBOX_CLIPS, DB_ID(&o->id), DB_ID(&who->id), DB_I64(now));
    db_tx_add(tx, DB_INBOX_SEGMENTS, DB_ID(&o->id), DB_ID(&who->id), DB_I64(now));
    db_tx_commit(tx, shown, o);
}

/* ---- declining ---- */
static void declined(void *arg, const struct db_reply *r)
{
    struct http_exchange *x = arg;
    if (!api_db_failed(x, r)) {
        http_answer_json(x, 200, item_json(r, 0));
    }
}

static void decline_done(void *arg, const struct db_reply *r)
{
    struct item *o = arg;
    if (!api_db_failed(o->x, r)) {
        db_run(o->api->db, declined, o->x, DB_INBOX_LIST, DB_ID(&o->who->id),
               DB_I64(clock_now_us()), DB_ID(&o->id));
    }
}

API_HANDLER(api_inbox_decline)
{
    struct item *o = item_new(x, api, who);
    if (o) {
        db_run(api->db, decline_done, o, DB_INBOX_DECLINE, DB_ID(&o->id), DB_ID(&who->id),
               DB_I64(clock_now_us()), DB_TEXT(http_request_id(x)));
    }
}

/* ---- accepting ---- */
static void granted(void *arg, const struct db_reply *r)
{
    struct item *o = arg;
    if (api_db_failed(o->x, r)) {
        return;
    }
    if (!db_rows(r, 0)) {
        http_answer_problem(o->x, PROBLEM_not_found, NULL);
        return;
    }
    json_t *list = api_grants_json(r, 0), *grant = json_incref(json_array_get(list, 0));
    json_decref(list);
    http_answer_json(o->x, 200, grant);
}

static void answer_grant(struct item *o)
{
    db_run(o->api->db, granted, o, DB_GRANT_LIST, DB_ID(&o->who->id), DB_I64(clock_now_us()),
           DB_NULL, DB_ID(&o->id));
}

static void given(void *arg, int status, const char *message)
{
    struct item *o = arg;
    switch (status) {
    case 0:
        answer_grant(o);
        return;
    case GIVE_E_REFUSED:
        api_refused(o->x, message);
        return;
    case GIVE_E_FULL:
        http_answer_problem(o->x, PROBLEM_storage_full, NULL);
        return;
    default:
        http_add_header(o->x, "Retry-After", "2");
        http_answer_problem(o->x, PROBLEM_unavailable, NULL);
    }
}

/* How large the agency's files will be. */
static bool measure_files(struct share_plan *plan)
{
    for (size_t i = 0; i < plan->n_items; i++) {
        struct share_item *t = &plan->items[i];
        const struct index **list = mem_alloc(t->n_pieces, sizeof(*list));
        for (uint32_t p = 0; p < t->n_pieces; p++) {
            list[p] = &t->pieces[p].cut;
        }
        struct mp4 mp4;
        int r = mp4_init(&(struct mp4_params){.segments = list,
                                              .n_segments = t->n_pieces,
                                              .start_us = t->pieces[0].start_us},
                         &mp4);
        free(list);
        if (r) {
            return false;
        }
        t->file_bytes = mp4.size_bytes;
        mp4_finish(&mp4);
    }
    return true;
}

static void give(struct item *o, struct share_plan *plan)
{
    if (!share_plan_keep(plan, o->clips, o->n_clips)) {
        http_answer_problem(o->x, PROBLEM_invalid_field,
                            "/clip_ids: only clips that the request's page lists can be shared.");
    } else if (!measure_files(plan)) {
        http_answer_problem(o->x, PROBLEM_internal, NULL);
    } else {
        http_set_deadline(o->x, ACCEPT_DEADLINE_MS);
        give_begin(&(struct give_params){.loop = o->api->loop,
                                         .db = o->api->db,
                                         .store = o->api->store,
                                         .keyring = o->api->keyring,
                                         .plan = plan,
                                         .item = &o->id,
                                         .account = &o->who->id,
                                         .node = o->api->node,
                                         .request_id = http_request_id(o->x)},
                   given, o);
    }
    share_plan_finish(plan); /* empty when it was given away */
}

static void accept_read(void *arg, const struct db_reply *r)
{
    struct item *o = arg;
    struct share_plan plan;
    if (api_db_failed(o->x, r)) {
        return;
    }
    if (db_rows(r, 0) != 1) {
        http_answer_problem(o->x, PROBLEM_not_found, NULL);
        return;
    }
    unsigned needed = RIGHT_ANSWER | RIGHT_SHARE;
    const char *answer = db_text(r, 0, 0, 2);
    if ((db_i64(r, 0, 0, 5) & needed) != needed) {
        http_answer_problem(o->x, PROBLEM_forbidden, NULL);
    } else if (answer && !strcmp(answer, "accepted")) {
        answer_grant(o);
    } else if (answer) {
        http_answer_problem(o->x, PROBLEM_conflict, "This was declined.");
    } else if (read_plan(o, r, 1, &plan)) {
        give(o, &plan);
    }
}

static void accept_body(void *arg, struct http_exchange *x, json_t *json)
{
    static const char *const known[] = {"clip_ids", NULL};
    struct item *o = arg;
    int64_t now = clock_now_us();
    if (!json || !api_fields_known(x, json, known) ||
        !api_field_ids(x, json, "clip_ids", CLIPS_MAX, o->clips, &o->n_clips)) {
        return;
    }
    struct db_tx *tx = db_tx_begin(o->api->db);
    db_tx_add(tx, DB_INBOX_LIST, DB_ID(&o->who->id), DB_I64(now), DB_ID(&o->id));
    db_tx_add(tx, DB_INBOX_SEGMENTS, DB_ID(&o->id), DB_ID(&o->who->id), DB_I64(now));
    db_tx_commit(tx, accept_read, o);
}

API_HANDLER(api_inbox_accept)
{
    struct item *o = item_new(x, api, who);
    if (o) {
        http_read_json(x, BODY_MAX, accept_body, o);
    }
}
