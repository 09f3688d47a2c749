/* SPDX-License-Identifier: Apache-2.0 */
/* /api/v1/cameras: the list, and a new secret for one of them. */
#include "api/handlers.h"
#include "auth/credential.h"
#include "base/clock.h"

static void listed(void *arg, const struct db_reply *r)
{
    struct http_exchange *x = arg;
    if (api_db_failed(x, r)) {
        return;
    }
    json_t *items = json_array();
    for (int i = 0; i < db_rows(r, 0); i++) {
        json_array_append_new(
            items,
            json_pack("{s:o, s:s, s:o, s:b, s:o, s:o}", "id", api_id_or_null(r, 0, i, 0), "name",
                      db_text(r, 0, i, 1), "household_id", api_id_or_null(r, 0, i, 2), "enabled",
                      db_bool(r, 0, i, 3), "created_at", api_time(db_i64(r, 0, i, 4)),
                      "last_clip_at", api_time_or_null(r, 0, i, 5)));
    }
    http_answer_json(x, 200, json_pack("{s:o, s:n}", "items", items, "next_cursor"));
}

API_HANDLER(api_cameras_list)
{
    db_run(api->db, listed, x, DB_CAMERA_LIST, DB_ID(&who->id), DB_I64(clock_now_us()));
}

/* ---- a new secret ---- */
struct rotation {
    struct http_exchange *x;
    struct id camera;
    char secret[CREDENTIAL_SIZE];
};

static void rotated(void *arg, const struct db_reply *r)
{
    struct rotation *o = arg;
    if (!api_db_failed(o->x, r)) {
        http_add_header(o->x, "Cache-Control", "no-store");
        http_answer_json(o->x, 200,
                         json_pack("{s:o, s:s}", "id", api_id(&o->camera), "secret", o->secret));
    }
}

API_HANDLER(api_camera_secret_rotate)
{
    struct rotation *o = http_alloc(x, sizeof(*o));
    struct id secret_id = id_new();
    uint8_t hash[SHA256_SIZE];
    int64_t now = clock_now_us();
    o->x = x;
    if (!api_param_id(x, "id", &o->camera)) {
        return;
    }
    credential_new(CREDENTIAL_CAMERA, o->secret, hash);
    struct db_tx *tx = db_tx_begin(api->db);
    db_tx_add(tx, DB_CAMERA_MANAGE, DB_ID(&o->camera), DB_ID(&who->id), DB_I64(now));
    db_tx_add(tx, DB_CAMERA_SECRET_REVOKE, DB_ID(&o->camera), DB_I64(now));
    db_tx_add(tx, DB_CAMERA_SECRET_INSERT, DB_ID(&secret_id), DB_ID(&o->camera),
              DB_BYTES(hash, SHA256_SIZE), DB_I64(now));
    ledger_add(tx, &(struct ledger_entry){.action = "camera.secret_rotate",
                                          .who = who,
                                          .subject_kind = "camera",
                                          .subject = &o->camera,
                                          .request_id = http_request_id(x)});
    db_tx_commit(tx, rotated, o);
}
