/* SPDX-License-Identifier: Apache-2.0 */
/* /api/v1/cameras/{id}/retention: how long a camera's footage stays, how much of it, and what other
 * rules would erase. */
#include "api/fields.h"
#include "api/handlers.h"
#include "base/clock.h"
#include "recording/clip.h"

#include <string.h>

enum { KEEP_MIN_S = 3600, KEEP_MAX_S = 315576000, UNDO_MAX_S = 7 * 86400 };
enum { BODY_MAX = 4096, RULES_MAX = 16 };

struct retention_request {
    struct http_exchange *x;
    struct api *api;
    const struct principal *who;
    struct id camera;
};

static struct retention_request *request(struct http_exchange *x, struct api *api,
                                         const struct principal *who)
{
    struct retention_request *q = http_alloc(x, sizeof *q);
    *q = (struct retention_request){.x = x, .api = api, .who = who};
    return q;
}

/* ---- reading a body ---- */

static bool rule_valid(const json_t *rule)
{
    const char *kind = json_string_value(json_object_get(rule, "kind"));
    const json_t *keep = json_object_get(rule, "keep_s");
    json_int_t s = json_integer_value(keep);
    return json_object_size(rule) == 2 && kind != NULL &&
           (strcmp(kind, "*") == 0 || clip_kind_known(kind)) && json_is_integer(keep) &&
           (s == 0 || (s >= KEEP_MIN_S && s <= KEEP_MAX_S));
}

static bool kind_repeated(const json_t *rules, size_t at)
{
    const char *kind = json_string_value(json_object_get(json_array_get(rules, at), "kind"));
    for (size_t i = 0; i < at; i++) {
        if (strcmp(kind, json_string_value(json_object_get(json_array_get(rules, i), "kind"))) ==
            0) {
            return true;
        }
    }
    return false;
}

/* The member `rules` as JSON text (to be freed); NULL when there is none. Answers 422 and returns
 * false when it cannot be used. */
static bool read_rules(struct http_exchange *x, const json_t *body, char **ret_text)
{
    const json_t *rules = json_object_get(body, "rules");
    *ret_text = NULL;
    if (rules == NULL) {
        return true;
    }
    if (!json_is_array(rules) || json_array_size(rules) > RULES_MAX) {
        http_answer_problem(x, PROBLEM_invalid_field, "/rules: a list of at most %d is needed.",
                            RULES_MAX);
        return false;
    }
    for (size_t i = 0; i < json_array_size(rules); i++) {
        if (!rule_valid(json_array_get(rules, i)) || kind_repeated(rules, i)) {
            http_answer_problem(x, PROBLEM_invalid_field,
                                "/rules/%zu: a kind that is not in the list yet and keep_s are "
                                "needed: 0 (live only) or %d to %d.",
                                i, KEEP_MIN_S, KEEP_MAX_S);
            return false;
        }
    }
    *ret_text = json_dumps(rules, JSON_COMPACT);
    return true;
}

/* An optional number or null; moved into *set. */
static bool read_number(struct http_exchange *x, const json_t *body, const char *name,
                        json_int_t min, json_int_t max, json_t *set)
{
    json_t *value = json_object_get(body, name);
    if (value == NULL) {
        return true;
    }
    if (!json_is_null(value) && (!json_is_integer(value) || json_integer_value(value) < min ||
                                 json_integer_value(value) > max)) {
        http_answer_problem(x, PROBLEM_invalid_field,
                            "/%s: null or a number from %" JSON_INTEGER_FORMAT
                            " to %" JSON_INTEGER_FORMAT " is needed.",
                            name, min, max);
        return false;
    }
    json_object_set(set, name, value);
    return true;
}

/* ---- show ---- */

static json_t *number_or_null(const struct db_reply *r, unsigned stmt, int col)
{
    return db_is_null(r, stmt, 0, col) ? json_null() : json_integer(db_i64(r, stmt, 0, col));
}

static void shown(void *arg, const struct db_reply *r)
{
    struct retention_request *q = arg;
    if (api_db_failed(q->x, r)) {
        return;
    }
    if (db_rows(r, 1) != 1) {
        http_answer_problem(q->x, PROBLEM_not_found, NULL);
        return;
    }
    http_answer_json(q->x, 200,
                     json_pack("{s:o, s:I, s:I, s:o, s:o}", "rules",
                               json_loads(db_text(r, 1, 0, 0), 0, NULL), "default_keep_s",
                               (json_int_t)30 * 86400, "undo_s", (json_int_t)db_i64(r, 1, 0, 1),
                               "quota_bytes", number_or_null(r, 1, 2), "quota_soft_bytes",
                               number_or_null(r, 1, 3)));
}

static void add_allowed(const struct retention_request *q, struct db_tx *tx)
{
    db_tx_add(tx, DB_CAMERA_ALLOWED, DB_ID(&q->who->id), DB_ID(&q->camera), DB_I64(RIGHT_HISTORY),
              DB_I64(clock_now_us()));
}

API_HANDLER(api_retention_show)
{
    struct retention_request *q = request(x, api, who);
    if (!api_param_id(x, "id", &q->camera)) {
        return;
    }
    struct db_tx *tx = db_tx_begin(api->db);
    add_allowed(q, tx);
    db_tx_add(tx, DB_RETENTION_GET, DB_ID(&q->camera));
    db_tx_commit(tx, shown, q);
}

/* ---- change ---- */

static void change(struct retention_request *q, const char *rules, bool all, json_t *set)
{
    char *others = json_dumps(set, JSON_COMPACT);
    struct db_tx *tx = db_tx_begin(q->api->db);
    db_tx_add(tx, DB_RETENTION_PUT, DB_ID(&q->who->id), DB_ID(&q->camera), DB_TEXT(rules),
              DB_BOOL(all), DB_TEXT(others), DB_I64(clock_now_us()),
              DB_TEXT(http_request_id(q->x)));
    db_tx_add(tx, DB_RETENTION_GET, DB_ID(&q->camera));
    db_tx_commit(tx, shown, q);
    free(others);
}

static bool read_apply(struct http_exchange *x, const json_t *body, bool *ret_all)
{
    const json_t *apply = json_object_get(body, "apply");
    const char *word = apply == NULL ? "new" : json_string_value(apply);
    if (word == NULL || (strcmp(word, "new") != 0 && strcmp(word, "all") != 0)) {
        http_answer_problem(x, PROBLEM_invalid_field, "/apply: `new` or `all` is needed.");
        return false;
    }
    *ret_all = strcmp(word, "all") == 0;
    return true;
}

static void put_body(void *arg, struct http_exchange *x, json_t *body)
{
    static const char *const known[] = {
        "rules", "apply", "undo_s", "quota_bytes", "quota_soft_bytes", NULL};
    struct retention_request *q = arg;
    if (body == NULL || !api_fields_known(x, body, known)) {
        return;
    }
    bool all = false;
    char *rules = NULL;
    json_t *set = json_object();
    if (read_apply(x, body, &all) && read_number(x, body, "undo_s", 0, UNDO_MAX_S, set) &&
        read_number(x, body, "quota_bytes", 1, INT64_MAX, set) &&
        read_number(x, body, "quota_soft_bytes", 1, INT64_MAX, set) &&
        read_rules(x, body, &rules)) {
        change(q, rules, all, set);
    }
    free(rules);
    json_decref(set);
}

API_HANDLER(api_retention_put)
{
    struct retention_request *q = request(x, api, who);
    if (api_param_id(x, "id", &q->camera)) {
        http_read_json(x, BODY_MAX, put_body, q);
    }
}

/* ---- preview ---- */

static json_t *would_delete(const struct db_reply *r)
{
    return json_pack("{s:I, s:I, s:I, s:o, s:o}", "clips", (json_int_t)db_i64(r, 1, 0, 0),
                     "segments", (json_int_t)db_i64(r, 1, 0, 1), "bytes",
                     (json_int_t)db_i64(r, 1, 0, 2), "from", api_time_or_null(r, 1, 0, 3), "to",
                     api_time_or_null(r, 1, 0, 4));
}

static void previewed(void *arg, const struct db_reply *r)
{
    struct retention_request *q = arg;
    if (!api_db_failed(q->x, r)) {
        http_answer_json(q->x, 200,
                         json_pack("{s:o, s:{s:I, s:I}}", "would_delete", would_delete(r), "held",
                                   "segments", (json_int_t)db_i64(r, 1, 0, 5), "bytes",
                                   (json_int_t)db_i64(r, 1, 0, 6)));
    }
}

static void preview_body(void *arg, struct http_exchange *x, json_t *body)
{
    static const char *const known[] = {"rules", NULL};
    struct retention_request *q = arg;
    char *rules = NULL;
    if (body == NULL || !api_fields_known(x, body, known) || !read_rules(x, body, &rules)) {
        return;
    }
    if (rules == NULL) {
        http_answer_problem(x, PROBLEM_invalid_field, "/rules: a list is needed.");
        return;
    }
    struct db_tx *tx = db_tx_begin(q->api->db);
    add_allowed(q, tx);
    db_tx_add(tx, DB_RETENTION_PREVIEW, DB_ID(&q->camera), DB_TEXT(rules), DB_I64(clock_now_us()));
    db_tx_commit(tx, previewed, q);
    free(rules);
}

API_HANDLER(api_retention_preview)
{
    struct retention_request *q = request(x, api, who);
    if (api_param_id(x, "id", &q->camera)) {
        http_read_json(x, BODY_MAX, preview_body, q);
    }
}
