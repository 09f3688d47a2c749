/* SPDX-License-Identifier: Apache-2.0 */
/* /api/v1/requests: an agency asks, and sees what it asked. */
#include "api/fields.h"
#include "api/handlers.h"
#include "api/request_json.h"
#include "base/clock.h"
#include "request/request.h"

enum { BODY_MAX = 65536, ANSWER_STEP_MS = 250 };

/* ---- asking ---- */
struct asking {
    struct http_exchange *x;
    struct api *api;
    const struct principal *who;
    struct id id;
    uint64_t begun_ms;
    struct timer *timer;
};

static void shown(void *arg, const struct db_reply *r);

static void answer_asking(void *arg)
{
    struct asking *a = arg;
    a->timer = timer_destroy(a->timer);
    http_add_header(a->x, "Cache-Control", "no-store");
    db_run(a->api->db, shown, a->x, DB_REQUEST_GET, DB_ID(&a->who->agency), DB_ID(&a->id),
           DB_I64(clock_now_us()));
}

/* How many households a request reached takes its time in the database: the answer waits for the
 * next quarter of a second since the question came, so that its time tells nothing. */
static void published(void *arg, const struct db_reply *r)
{
    struct asking *a = arg;
    if (api_db_failed(a->x, r)) {
        return;
    }
    uint64_t took_ms = clock_mono_ms() - a->begun_ms;
    a->timer = timer_create_on(a->api->loop, answer_asking, a);
    timer_set(a->timer, ANSWER_STEP_MS - took_ms % ANSWER_STEP_MS);
}

static bool read_polygon(struct http_exchange *x, const json_t *body, struct area_point *ret_p,
                         size_t *ret_n)
{
    const json_t *list = json_object_get(body, "polygon");
    size_t n = json_array_size(list);
    if (n < AREA_POINTS_MIN || n > AREA_REQUEST_POINTS_MAX) {
        http_answer_problem(x, PROBLEM_invalid_field, "%s", request_complaint(REQUEST_E_AREA));
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        const json_t *p = json_array_get(list, i);
        const json_t *lon = json_array_get(p, 0), *lat = json_array_get(p, 1);
        if (json_array_size(p) != 2 || !json_is_number(lon) || !json_is_number(lat)) {
            http_answer_problem(x, PROBLEM_invalid_field,
                                "/polygon/%zu: [longitude, latitude] in degrees is needed.", i);
            return false;
        }
        ret_p[i] =
            (struct area_point){.lon = json_number_value(lon), .lat = json_number_value(lat)};
    }
    *ret_n = n;
    return true;
}

static bool read_request(struct http_exchange *x, const json_t *json, struct request_new *n)
{
    static const char *const known[] = {"case",    "incident", "contact", "reason",
                                        "polygon", "from",     "to",      NULL};
    static const struct api_text_field fields[] = {{"case", 1, 100, .single_line = true},
                                                   {"incident", 1, 40, .single_line = true},
                                                   {"contact", 1, 200, .single_line = true},
                                                   {"reason", 1, 2000}};
    return api_fields_known(x, json, known) && api_field_text(x, json, &fields[0], &n->case_ref) &&
           api_field_text(x, json, &fields[1], &n->incident) &&
           api_field_text(x, json, &fields[2], &n->contact) &&
           api_field_text(x, json, &fields[3], &n->reason) &&
           api_field_time(x, json, "from", &n->from_us) && api_field_time(x, json, "to", &n->to_us);
}

static void asked(void *arg, struct http_exchange *x, json_t *json)
{
    struct asking *a = arg;
    struct area_point area[AREA_REQUEST_POINTS_MAX];
    struct request_new n = {.area = area};
    double km2;
    if (!json || !read_request(x, json, &n) || !read_polygon(x, json, area, &n.n_area)) {
        return;
    }
    int r = request_check(&n, a->who, clock_now_us(), &km2);
    if (r) {
        http_answer_problem(x, r == REQUEST_E_ROLE ? PROBLEM_forbidden : PROBLEM_invalid_field,
                            "%s", request_complaint(r));
        return;
    }
    struct db_tx *tx = db_tx_begin(a->api->db);
    request_publish(tx, &n, km2, a->who, http_request_id(x), &a->id);
    db_tx_commit(tx, published, a);
}

API_HANDLER(api_request_create)
{
    struct asking *a = http_alloc(x, sizeof(*a));
    *a = (struct asking){.x = x, .api = api, .who = who, .begun_ms = clock_mono_ms()};
    http_read_json(x, BODY_MAX, asked, a);
}

/* ---- seeing ---- */
static void shown(void *arg, const struct db_reply *r)
{
    struct http_exchange *x = arg;
    if (api_db_failed(x, r)) {
        return;
    }
    if (!db_rows(r, 0)) {
        http_answer_problem(x, PROBLEM_not_found, NULL);
        return;
    }
    http_answer_json(x, http_method(x) == HTTP_POST ? 201 : 200, api_request_json(r, 0, 0, 0));
}

API_HANDLER(api_request_show)
{
    struct id id;
    if (api_param_id(x, "id", &id)) {
        db_run(api->db, shown, x, DB_REQUEST_GET, DB_ID(&who->agency), DB_ID(&id),
               DB_I64(clock_now_us()));
    }
}

struct page {
    struct http_exchange *x;
    struct api *api;
    unsigned limit;
};

static void listed(void *arg, const struct db_reply *r)
{
    struct page *p = arg;
    if (api_db_failed(p->x, r)) {
        return;
    }
    json_t *items = json_array(), *next = json_null();
    int rows = db_rows(r, 0), shown_rows = rows > (int)p->limit ? (int)p->limit : rows;
    for (int i = 0; i < shown_rows; i++) {
        json_array_append_new(items, api_request_json(r, 0, i, 0));
    }
    if (rows > shown_rows) {
        char cursor[96];
        struct id last = db_id(r, 0, shown_rows - 1, 0);
        api_cursor_format(p->api, 0, &last, cursor);
        next = json_string(cursor);
    }
    http_answer_json(p->x, 200, json_pack("{s:o, s:o}", "items", items, "next_cursor", next));
}

API_HANDLER(api_requests_list)
{
    static const char *const known[] = {"limit", "cursor", NULL};
    struct page *p = http_alloc(x, sizeof(*p));
    *p = (struct page){.x = x, .api = api};
    const char *cursor = http_query(x, "cursor"), *odd = http_query_unknown(x, known);
    struct id before;
    int64_t unused_us;
    if (odd || (cursor && api_cursor_parse(api, cursor, &unused_us, &before))) {
        http_answer_problem(x, PROBLEM_invalid_field, "%.64s: not an argument that is taken here.",
                            odd ? odd : "cursor");
        return;
    }
    if (api_limit(x, &p->limit)) {
        db_run(api->db, listed, p, DB_REQUEST_LIST, DB_ID(&who->agency), DB_I64(clock_now_us()),
               DB_ID(cursor ? &before : NULL), DB_I64(p->limit + 1));
    }
}
