/* SPDX-License-Identifier: Apache-2.0 */
/* /api/v1/evidence: what owners gave to the officer's agency. The files themselves: media.c. */
#include "api/handlers.h"
#include "base/clock.h"

#include <stdio.h>

static json_t *file_json(const struct db_reply *r, int row)
{
    struct id grant = db_id(r, 0, row, 0), item = db_id(r, 0, row, 6);
    char grant_text[ID_TEXT_SIZE], item_text[ID_TEXT_SIZE];
    id_format(&grant, grant_text);
    id_format(&item, item_text);
    return json_pack("{s:s, s:o, s:I, s:I, s:{s:o}}", "id", item_text, "started_at",
                     api_time(db_i64(r, 0, row, 7)), "duration_ms",
                     (json_int_t)db_i64(r, 0, row, 8), "bytes", (json_int_t)db_i64(r, 0, row, 9),
                     "urls", "mp4",
                     json_sprintf("/api/v1/evidence/%s/%s.mp4", grant_text, item_text));
}

static json_t *grant_json(const struct db_reply *r, int row)
{
    return json_pack("{s:o, s:o, s:s, s:s, s:o, s:o, s:[]}", "id", api_id_or_null(r, 0, row, 0),
                     "request_id", api_id_or_null(r, 0, row, 1), "case", db_text(r, 0, row, 2),
                     "alias", db_text(r, 0, row, 3), "given_at", api_time_or_null(r, 0, row, 4),
                     "expires_at", api_time_or_null(r, 0, row, 5), "files");
}

static void listed(void *arg, const struct db_reply *r)
{
    struct http_exchange *x = arg;
    if (api_db_failed(x, r)) {
        return;
    }
    json_t *items = json_array(), *grant = NULL;
    struct id last = {{0}};
    for (int row = 0; row < db_rows(r, 0); row++) {
        struct id id = db_id(r, 0, row, 0);
        if (!grant || !id_equal(&id, &last)) {
            grant = grant_json(r, row);
            json_array_append_new(items, grant);
            last = id;
        }
        json_array_append_new(json_object_get(grant, "files"), file_json(r, row));
    }
    http_answer_json(x, 200, json_pack("{s:o, s:n}", "items", items, "next_cursor"));
}

API_HANDLER(api_evidence_list)
{
    static const char *const known[] = {"request_id", NULL};
    const char *request = http_query(x, "request_id"), *odd = http_query_unknown(x, known);
    struct id id;
    if (odd || (request && id_parse(request, &id))) {
        http_answer_problem(x, PROBLEM_invalid_field, "%.64s: not an argument of this list.",
                            odd ? odd : "request_id");
        return;
    }
    db_run(api->db, listed, x, DB_EVIDENCE_LIST, DB_ID(&who->agency), DB_I64(clock_now_us()),
           DB_ID(request ? &id : NULL));
}
