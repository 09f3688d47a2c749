/* SPDX-License-Identifier: Apache-2.0 */
#include "api/request_json.h"

#include "request/area.h"

static json_t *polygon_json(const char *text)
{
    struct area_point p[AREA_POINTS_MAX];
    size_t n = 0;
    json_t *list = json_array();
    if (area_parse_polygon(text, p, &n) == 0) {
        for (size_t i = 0; i < n; i++) {
            json_array_append_new(list, json_pack("[f, f]", p[i].lon, p[i].lat));
        }
    }
    return list;
}

json_t *api_request_json(const struct db_reply *r, unsigned stmt, int row, int first)
{
    const char *text[REQUEST_COLUMNS];
    static const int text_columns[] = {1, 2, 3, 4, 5, 8, 12, 13, 15};
    for (size_t i = 0; i < ARRAY_LEN(text_columns); i++) {
        text[text_columns[i]] = db_text(r, stmt, row, first + text_columns[i]);
    }
    return json_pack(
        "{s:o, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:s, s:o, s:o, s:o, s:{s:s, s:s}, s:{s:o, s:s}}",
        "id", api_id_or_null(r, stmt, row, first), "case", text[1], "incident", text[2], "contact",
        text[3], "reason", text[4], "polygon", polygon_json(text[5]), "from",
        api_time_or_null(r, stmt, row, first + 6), "to", api_time_or_null(r, stmt, row, first + 7),
        "state", text[8], "created_at", api_time_or_null(r, stmt, row, first + 9), "published_at",
        api_time_or_null(r, stmt, row, first + 10), "expires_at",
        api_time_or_null(r, stmt, row, first + 11), "officer", "name", text[12], "badge", text[13],
        "agency", "id", api_id_or_null(r, stmt, row, first + 14), "name", text[15]);
}

/* Columns of grant_list.sql. */
static json_t *grant_json(const struct db_reply *r, unsigned stmt, int row)
{
    return json_pack(
        "{s:o, s:o, s:{s:o, s:s}, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:s, s:[]}", "id",
        api_id_or_null(r, stmt, row, 0), "request_id", api_id_or_null(r, stmt, row, 1), "agency",
        "id", api_id_or_null(r, stmt, row, 2), "name", db_text(r, stmt, row, 3), "case",
        db_text(r, stmt, row, 4), "alias", db_text(r, stmt, row, 5), "given_at",
        api_time_or_null(r, stmt, row, 6), "visible_at", api_time_or_null(r, stmt, row, 7),
        "expires_at", api_time_or_null(r, stmt, row, 8), "downloaded_at",
        api_time_or_null(r, stmt, row, 9), "withdrawn_at", api_time_or_null(r, stmt, row, 10),
        "state", db_text(r, stmt, row, 11), "items");
}

static json_t *item_json(const struct db_reply *r, unsigned stmt, int row)
{
    int64_t start_us = db_i64(r, stmt, row, 13), duration_ms = db_i64(r, stmt, row, 14);
    return json_pack("{s:o, s:o, s:o, s:I}", "clip_id", api_id_or_null(r, stmt, row, 12),
                     "sent_from", api_time(start_us), "sent_to",
                     api_time(start_us + duration_ms * 1000), "duration_ms",
                     (json_int_t)duration_ms);
}

json_t *api_grants_json(const struct db_reply *r, unsigned stmt)
{
    json_t *list = json_array(), *grant = NULL;
    struct id last = {{0}};
    for (int row = 0; row < db_rows(r, stmt); row++) {
        struct id id = db_id(r, stmt, row, 0);
        if (!grant || !id_equal(&id, &last)) {
            grant = grant_json(r, stmt, row);
            json_array_append_new(list, grant);
            last = id;
        }
        json_array_append_new(json_object_get(grant, "items"), item_json(r, stmt, row));
    }
    return list;
}
