/* SPDX-License-Identifier: Apache-2.0 */
/* /api/v1/grants: what the account's households gave; taking it back. */
#include "api/handlers.h"
#include "api/request_json.h"
#include "base/clock.h"

static void listed(void *arg, const struct db_reply *r)
{
    struct http_exchange *x = arg;
    if (!api_db_failed(x, r)) {
        http_answer_json(x, 200,
                         json_pack("{s:o, s:n}", "items", api_grants_json(r, 0), "next_cursor"));
    }
}

API_HANDLER(api_grants_list)
{
    db_run(api->db, listed, x, DB_GRANT_LIST, DB_ID(&who->id), DB_I64(clock_now_us()), DB_NULL,
           DB_NULL);
}

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
    json_t *list = api_grants_json(r, 0), *grant = json_incref(json_array_get(list, 0));
    json_decref(list);
    http_answer_json(x, 200, grant);
}

API_HANDLER(api_grant_show)
{
    struct id id;
    if (api_param_id(x, "id", &id)) {
        db_run(api->db, shown, x, DB_GRANT_LIST, DB_ID(&who->id), DB_I64(clock_now_us()),
               DB_ID(&id), DB_NULL);
    }
}

static void withdrawn(void *arg, const struct db_reply *r)
{
    struct http_exchange *x = arg;
    if (!api_db_failed(x, r)) {
        http_answer_json(x, 200, json_pack("{s:s}", "state", "withdrawn"));
    }
}

API_HANDLER(api_grant_withdraw)
{
    struct id id;
    int64_t now_us = clock_now_us();
    if (!api_param_id(x, "id", &id)) {
        return;
    }
    struct db_tx *tx = db_tx_begin(api->db);
    db_tx_add(tx, DB_GRANT_WITHDRAW, DB_ID(&id), DB_ID(&who->id), DB_I64(now_us),
              DB_TEXT(http_request_id(x)));
    db_tx_add(tx, DB_HOLD_LIFT, DB_ID(&id), DB_TEXT("grant"), DB_I64(now_us));
    db_tx_commit(tx, withdrawn, x);
}
