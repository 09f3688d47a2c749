/* SPDX-License-Identifier: Apache-2.0 */
/* /api/v1/ledger: to an account the entries of its households, to an officer those of the agency.
 */
#include "api/handlers.h"
#include "base/clock.h"

struct page {
    struct http_exchange *x;
    struct api *api;
    unsigned limit;
};

static json_t *party_json(const struct db_reply *r, int row, int kind_col)
{
    return json_pack("{s:s, s:o}", "kind", db_text(r, 0, row, kind_col), "id",
                     api_id_or_null(r, 0, row, kind_col + 1));
}

static json_t *entry_json(const struct db_reply *r, int i)
{
    json_t *detail = json_loads(db_text(r, 0, i, 8), 0, NULL);
    return json_pack("{s:o, s:o, s:o, s:o, s:s, s:o, s:o, s:s}", "id", api_id_or_null(r, 0, i, 0),
                     "at", api_time(db_i64(r, 0, i, 1)), "household_id", api_id_or_null(r, 0, i, 2),
                     "actor", party_json(r, i, 3), "action", db_text(r, 0, i, 5), "subject",
                     party_json(r, i, 6), "detail", detail ? detail : json_object(), "request_id",
                     db_text(r, 0, i, 9));
}

static void listed(void *arg, const struct db_reply *r)
{
    struct page *p = arg;
    if (api_db_failed(p->x, r)) {
        return;
    }
    json_t *items = json_array(), *next = json_null();
    int rows = db_rows(r, 0), shown = rows > (int)p->limit ? (int)p->limit : rows;
    for (int i = 0; i < shown; i++) {
        json_array_append_new(items, entry_json(r, i));
    }
    if (rows > shown) {
        char cursor[96];
        struct id last = db_id(r, 0, shown - 1, 0);
        api_cursor_format(p->api, db_i64(r, 0, shown - 1, 1), &last, cursor);
        next = json_string(cursor);
    }
    http_answer_json(p->x, 200, json_pack("{s:o, s:o}", "items", items, "next_cursor", next));
}

API_HANDLER(api_ledger_list)
{
    static const char *const known[] = {"limit", "cursor", NULL};
    struct page *p = http_alloc(x, sizeof(*p));
    *p = (struct page){.x = x, .api = api};
    const char *cursor = http_query(x, "cursor"), *odd = http_query_unknown(x, known);
    struct id before;
    int64_t at_us;
    if (odd) {
        http_answer_problem(x, PROBLEM_invalid_field, "%.64s: not an argument of this list.", odd);
        return;
    }
    if (!api_limit(x, &p->limit)) {
        return;
    }
    if (cursor && api_cursor_parse(api, cursor, &at_us, &before)) {
        http_answer_problem(x, PROBLEM_invalid_field, "cursor: not one that was given out here.");
        return;
    }
    if (who->kind == PRINCIPAL_OFFICER) {
        db_run(api->db, listed, p, DB_LEDGER_LIST_AGENCY, DB_ID(&who->agency),
               DB_ID(cursor ? &before : NULL), DB_I64(p->limit + 1));
    } else {
        db_run(api->db, listed, p, DB_LEDGER_LIST_ACCOUNT, DB_ID(&who->id), DB_I64(clock_now_us()),
               DB_ID(cursor ? &before : NULL), DB_I64(p->limit + 1));
    }
}
