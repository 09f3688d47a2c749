/* SPDX-License-Identifier: Apache-2.0 */
/* /api/v1/clips: the list, one clip, and links to it for players. */
#include "api/clip_json.h"
#include "api/fields.h"
#include "api/handlers.h"
#include "base/clock.h"
#include "playback/link.h"
#include "playback/playback.h"

struct clip_request {
    struct http_exchange *x;
    struct api *api;
    const struct principal *who;
    struct id clip;
    unsigned limit; /* list */
    int64_t ttl_s;  /* links */
};

static struct clip_request *request(struct http_exchange *x, struct api *api,
                                    const struct principal *who)
{
    struct clip_request *q = http_alloc(x, sizeof *q);
    *q = (struct clip_request){.x = x, .api = api, .who = who};
    return q;
}

/* ---- the list ---- */

static void listed(void *arg, const struct db_reply *r)
{
    struct clip_request *q = arg;
    if (api_db_failed(q->x, r)) {
        return;
    }
    json_t *items = json_array(), *next = json_null();
    int rows = db_rows(r, 0), shown = rows > (int)q->limit ? (int)q->limit : rows;
    struct clip k = {0};
    for (int i = 0; i < shown; i++) {
        clip_from_row(r, 0, i, 0, &k);
        json_array_append_new(items, api_clip_json(q->api, &k));
    }
    if (rows > shown) {
        char cursor[96];
        api_cursor_format(q->api, k.start_us, &k.id, cursor);
        next = json_string(cursor);
    }
    http_answer_json(q->x, 200, json_pack("{s:o, s:o}", "items", items, "next_cursor", next));
}

struct filter {
    bool has_camera, has_from, has_to, has_cursor;
    struct id camera, cursor_id;
    int64_t from_us, to_us, cursor_us;
    const char *kind;
};

/* Answers 422 and returns false when an argument cannot be used. */
static bool read_filter(struct http_exchange *x, struct api *api, struct filter *f)
{
    static const char *const known[] = {"camera_id", "from", "to", "kind", "limit", "cursor", NULL};
    const char *camera = http_query(x, "camera_id"), *from = http_query(x, "from"),
               *to = http_query(x, "to"), *cursor = http_query(x, "cursor"),
               *odd = http_query_unknown(x, known);
    *f = (struct filter){.kind = http_query(x, "kind"),
                         .has_camera = camera != NULL,
                         .has_from = from != NULL,
                         .has_to = to != NULL,
                         .has_cursor = cursor != NULL};
    if (odd != NULL) {
        http_answer_problem(x, PROBLEM_invalid_field, "%.64s: not an argument of this list.", odd);
    } else if (camera != NULL && id_parse(camera, &f->camera) != 0) {
        http_answer_problem(x, PROBLEM_invalid_field, "camera_id: not an id.");
    } else if (from != NULL && clock_parse(from, &f->from_us) != 0) {
        http_answer_problem(x, PROBLEM_invalid_field, "from: not a date-time of RFC 3339.");
    } else if (to != NULL && clock_parse(to, &f->to_us) != 0) {
        http_answer_problem(x, PROBLEM_invalid_field, "to: not a date-time of RFC 3339.");
    } else if (f->kind != NULL && !clip_kind_known(f->kind)) {
        http_answer_problem(x, PROBLEM_invalid_field, "kind: not a kind of clip.");
    } else if (cursor != NULL && api_cursor_parse(api, cursor, &f->cursor_us, &f->cursor_id) != 0) {
        http_answer_problem(x, PROBLEM_invalid_field, "cursor: not one that was given out here.");
    } else {
        return true;
    }
    return false;
}

API_HANDLER(api_clips_list)
{
    struct clip_request *q = request(x, api, who);
    struct filter f;
    if (!read_filter(x, api, &f) || !api_limit(x, &q->limit)) {
        return;
    }
    const struct db_arg none = DB_NULL;
    struct db_arg args[9] = {DB_ID(&who->id),
                             DB_I64(clock_now_us()),
                             f.has_from ? DB_I64(f.from_us) : none,
                             f.has_to ? DB_I64(f.to_us) : none,
                             f.has_cursor ? DB_I64(f.cursor_us) : none,
                             f.has_cursor ? DB_ID(&f.cursor_id) : none,
                             DB_I64(q->limit + 1)};
    static const enum db_stmt statements[2][2] = {{DB_CLIP_LIST, DB_CLIP_LIST_KIND},
                                                  {DB_CLIP_LIST_CAMERA, DB_CLIP_LIST_CAMERA_KIND}};
    size_t n = 7;
    if (f.has_camera) {
        args[n++] = DB_ID(&f.camera);
    }
    if (f.kind != NULL) {
        args[n++] = DB_TEXT(f.kind);
    }
    struct db_tx *tx = db_tx_begin(api->db);
    db_tx_add_args(tx, statements[f.has_camera][f.kind != NULL], args, n);
    db_tx_commit(tx, listed, q);
}

/* ---- one ---- */

static void get_clip(struct clip_request *q, db_done_fn *done)
{
    db_run(q->api->db, done, q, DB_CLIP_GET, DB_ID(&q->who->id), DB_I64(clock_now_us()),
           DB_ID(&q->clip), DB_I64(RIGHT_HISTORY));
}

/* Answers, also 404, unless the row is there. */
static bool is_there(struct clip_request *q, const struct db_reply *r)
{
    if (api_db_failed(q->x, r)) {
        return false;
    }
    if (db_rows(r, 0) != 1) {
        http_answer_problem(q->x, PROBLEM_not_found, NULL);
        return false;
    }
    return true;
}

static void got(void *arg, const struct db_reply *r)
{
    struct clip_request *q = arg;
    struct clip k;
    if (is_there(q, r)) {
        clip_from_row(r, 0, 0, 0, &k);
        http_answer_json(q->x, 200, api_clip_json(q->api, &k));
    }
}

API_HANDLER(api_clip_show)
{
    struct clip_request *q = request(x, api, who);
    if (api_param_id(x, "id", &q->clip)) {
        get_clip(q, got);
    }
}

/* ---- links ---- */

static json_t *link_url(const struct clip_request *q, const char *file, const char *query)
{
    char id[ID_TEXT_SIZE];
    id_format(&q->clip, id);
    return json_sprintf("%s/api/v1/clips/%s/%s?%s", q->api->public_url, id, file, query);
}

static void answer_links(struct clip_request *q)
{
    char query[LINK_QUERY_SIZE];
    int64_t expires_s = clock_now_us() / CLOCK_US + q->ttl_s;
    const struct link_subject clip = {.kind = LINK_CLIP, .id = q->clip};
    link_format(playback_link_key(q->api->playback), &clip, &q->who->id, expires_s, query);
    http_answer_json(
        q->x, 200,
        json_pack("{s:o, s:{s:o, s:o, s:o}}", "expires_at", api_time(expires_s * CLOCK_US), "urls",
                  "mp4", link_url(q, "clip.mp4", query), "hls", link_url(q, "index.m3u8", query),
                  "still", link_url(q, "still.jpg", query)));
}

static void found_to_link(void *arg, const struct db_reply *r)
{
    struct clip_request *q = arg;
    if (is_there(q, r)) {
        answer_links(q);
    }
}

static void links_body(void *arg, struct http_exchange *x, json_t *body)
{
    static const char *const known[] = {"ttl_s", NULL};
    struct clip_request *q = arg;
    if (body == NULL || !api_fields_known(x, body, known)) {
        return;
    }
    const json_t *ttl = json_object_get(body, "ttl_s");
    q->ttl_s = ttl != NULL ? json_integer_value(ttl) : LINK_TTL_DEFAULT_S;
    if ((ttl != NULL && !json_is_integer(ttl)) || q->ttl_s < 1 || q->ttl_s > LINK_TTL_MAX_S) {
        http_answer_problem(x, PROBLEM_invalid_field, "/ttl_s: a number from 1 to %d.",
                            LINK_TTL_MAX_S);
        return;
    }
    get_clip(q, found_to_link);
}

API_HANDLER(api_clip_links)
{
    struct clip_request *q = request(x, api, who);
    if (!api_param_id(x, "id", &q->clip)) {
        return;
    }
    if (http_body_size(x) == 0) {
        q->ttl_s = LINK_TTL_DEFAULT_S;
        get_clip(q, found_to_link);
    } else {
        http_read_json(x, 1024, links_body, q);
    }
}
