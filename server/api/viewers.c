/* SPDX-License-Identifier: Apache-2.0 */
/* /api/v1/cameras/{id}/viewers: who is watching, and cutting one off. */
#include "api/handlers.h"
#include "base/buf.h"
#include "base/clock.h"
#include "live/live.h"

#include <stdio.h>

enum { SHOWN_MAX = 200 };

struct viewers {
    struct http_exchange *x;
    struct api *api;
    struct id camera, viewer;
    unsigned accounts; /* statement */
    size_t n;
    struct live_viewer_facts facts[SHOWN_MAX];
};

static struct viewers *begin(struct http_exchange *x, struct api *api)
{
    struct viewers *v = http_alloc(x, sizeof *v);
    v->x = x;
    v->api = api;
    return api_param_id(x, "id", &v->camera) ? v : NULL;
}

/* ---- the list ---- */

/* Columns of viewer_accounts.sql: id, name, email */
static json_t *account_json(const struct viewers *v, const struct db_reply *r, const struct id *id)
{
    for (int i = 0; i < db_rows(r, v->accounts); i++) {
        struct id row = db_id(r, v->accounts, i, 0);
        if (id_equal(&row, id)) {
            return json_pack("{s:o, s:s, s:s}", "id", api_id(id), "name",
                             db_text(r, v->accounts, i, 1), "email", db_text(r, v->accounts, i, 2));
        }
    }
    return json_null();
}

static void listed(void *arg, const struct db_reply *r)
{
    struct viewers *v = arg;
    if (api_db_failed(v->x, r)) {
        return;
    }
    json_t *items = json_array();
    for (size_t i = 0; i < v->n; i++) {
        const struct live_viewer_facts *f = &v->facts[i];
        json_array_append_new(items,
                              json_pack("{s:o, s:o, s:s, s:o, s:s, s:i}", "id", api_id(&f->id),
                                        "account", account_json(v, r, &f->account), "how",
                                        f->hls ? "hls" : "stream", "since", api_time(f->since_us),
                                        "peer", f->peer, "skipped", (int)f->skipped));
    }
    http_answer_json(v->x, 200, json_pack("{s:o}", "items", items));
}

API_HANDLER(api_viewers_list)
{
    struct viewers *v = begin(x, api);
    struct buf ids = BUF_INIT(SHOWN_MAX * ID_TEXT_SIZE + 2);
    if (v == NULL) {
        return;
    }
    v->n = live_hub_viewers(live_hub_of(api->live), &v->camera, v->facts, SHOWN_MAX);
    for (size_t i = 0; i < v->n; i++) {
        char text[ID_TEXT_SIZE];
        id_format(&v->facts[i].account, text);
        buf_printf(&ids, "%s%s", i == 0 ? "{" : ",", text);
    }
    buf_str(&ids, v->n == 0 ? "{}" : "}");
    struct db_tx *tx = db_tx_begin(api->db);
    db_tx_add(tx, DB_CAMERA_MANAGE, DB_ID(&v->camera), DB_ID(&who->id), DB_I64(clock_now_us()));
    v->accounts = db_tx_add(tx, DB_VIEWER_ACCOUNTS, DB_TEXT((const char *)ids.data));
    db_tx_commit(tx, listed, v);
    buf_finish(&ids);
}

/* ---- cutting one off ---- */

static void recorded(void *arg, const struct db_reply *r)
{
    struct viewers *v = arg;
    if (api_db_failed(v->x, r)) {
        return;
    }
    if (live_hub_cut(live_hub_of(v->api->live), &v->camera, &v->viewer)) {
        http_answer_empty(v->x, 204);
    } else {
        http_answer_problem(v->x, PROBLEM_not_found, "This viewer has left.");
    }
}

static bool is_there(struct viewers *v)
{
    size_t n = live_hub_viewers(live_hub_of(v->api->live), &v->camera, v->facts, SHOWN_MAX);
    for (size_t i = 0; i < n; i++) {
        if (id_equal(&v->facts[i].id, &v->viewer)) {
            return true;
        }
    }
    return false;
}

API_HANDLER(api_viewer_cut)
{
    struct viewers *v = begin(x, api);
    char detail[64], id[ID_TEXT_SIZE];
    if (v == NULL || !api_param_id(x, "viewer_id", &v->viewer)) {
        return;
    }
    struct db_tx *tx = db_tx_begin(api->db);
    db_tx_add(tx, DB_CAMERA_MANAGE, DB_ID(&v->camera), DB_ID(&who->id), DB_I64(clock_now_us()));
    if (is_there(v)) {
        id_format(&v->viewer, id);
        snprintf(detail, sizeof detail, "{\"viewer\":\"%s\"}", id);
        ledger_add(tx, &(struct ledger_entry){.action = "camera.viewer_cut",
                                              .who = who,
                                              .subject_kind = "camera",
                                              .subject = &v->camera,
                                              .detail_json = detail,
                                              .request_id = http_request_id(x)});
    }
    db_tx_commit(tx, recorded, v);
}
