/* SPDX-License-Identifier: Apache-2.0 */
/* /api/v1/storage: what the cameras of an account's households use, what comes a day, and when
 * there will be no room. */
#include "api/growth.h"
#include "api/handlers.h"
#include "base/clock.h"

enum { CAMERAS_MAX = 1000 };

/* Columns of storage_list.sql. */
enum { ID, NAME, HOUSEHOLD, HOUSEHOLD_QUOTA, GROWTH };

struct storage_request {
    struct http_exchange *x;
    struct api *api;
    int64_t now_us, used_bytes, quota_bytes, rest_bytes; /* of quotas; quota 0: there is none */
    bool limited;                                        /* every household has a quota */
    int room_status;
    uint64_t room_bytes; /* of the store */
    json_t *cameras;
    size_t n;
    struct forecast_camera *list;
};

static void finish(struct storage_request *q)
{
    json_decref(q->cameras);
    free(q->list);
}

static json_t *time_or_null(int64_t us)
{
    return us != 0 ? api_time(us) : json_null();
}

static void answer(void *arg)
{
    struct storage_request *q = arg;
    int64_t room = q->limited ? q->rest_bytes : INT64_MAX;
    if (q->room_status == 0 && q->room_bytes < (uint64_t)room) {
        room = (int64_t)q->room_bytes;
    }
    bool known = room != INT64_MAX;
    int64_t full_us = known ? forecast_full_us(q->list, q->n, room, q->now_us) : 0;
    http_answer_json(
        q->x, 200,
        json_pack("{s:I, s:o, s:o, s:o, s:O}", "used_bytes", (json_int_t)q->used_bytes,
                  "quota_bytes", q->limited ? json_integer(q->quota_bytes) : json_null(),
                  "room_bytes", known ? json_integer(room) : json_null(), "full_on",
                  q->n > 0 ? time_or_null(full_us) : json_null(), "cameras", q->cameras));
    finish(q);
}

static void look_at_room(void *arg)
{
    struct storage_request *q = arg;
    q->room_status = store_room(q->api->store, &q->room_bytes);
}

/* A household's quota counts once: its rows stand together. */
static void add_household(struct storage_request *q, const struct db_reply *r, int row)
{
    struct id id = db_id(r, 0, row, HOUSEHOLD), before = {{0}};
    if (row > 0) {
        before = db_id(r, 0, row - 1, HOUSEHOLD);
    }
    if (row == 0 || !id_equal(&id, &before)) {
        q->limited = (row == 0 || q->limited) && !db_is_null(r, 0, row, HOUSEHOLD_QUOTA);
        q->quota_bytes += db_i64(r, 0, row, HOUSEHOLD_QUOTA);
    }
}

static void add_camera(struct storage_request *q, const struct db_reply *r, int row)
{
    struct forecast_camera *c = &q->list[row];
    api_growth_read(r, 0, row, GROWTH, c);
    q->used_bytes += c->used_bytes;
    json_array_append_new(q->cameras,
                          json_pack("{s:o, s:s, s:I, s:o, s:I, s:o}", "id",
                                    api_id_or_null(r, 0, row, ID), "name", db_text(r, 0, row, NAME),
                                    "used_bytes", (json_int_t)c->used_bytes, "quota_bytes",
                                    c->quota_bytes > 0 ? json_integer(c->quota_bytes) : json_null(),
                                    "bytes_per_day", (json_int_t)forecast_bytes_per_day(c),
                                    "full_on", time_or_null(api_growth_full_us(c, q->now_us))));
}

static void listed(void *arg, const struct db_reply *r)
{
    struct storage_request *q = arg;
    if (api_db_failed(q->x, r)) {
        return;
    }
    q->n = (size_t)db_rows(r, 0);
    q->cameras = json_array();
    q->list = mem_alloc(q->n + 1, sizeof *q->list);
    for (size_t i = 0; i < q->n; i++) {
        add_household(q, r, (int)i);
        add_camera(q, r, (int)i);
    }
    q->rest_bytes = q->quota_bytes > q->used_bytes ? q->quota_bytes - q->used_bytes : 0;
    loop_offload(q->api->loop, look_at_room, answer, q);
}

API_HANDLER(api_storage_show)
{
    struct storage_request *q = http_alloc(x, sizeof *q);
    *q = (struct storage_request){.x = x, .api = api, .now_us = clock_now_us()};
    db_run(api->db, listed, q, DB_STORAGE_LIST, DB_ID(&who->id), DB_I64(q->now_us));
}
