/* SPDX-License-Identifier: Apache-2.0 */
/* /api/v1/cameras: the list, one camera, its name and switch, and a new secret for it. */
#include "api/camera_json.h"
#include "api/fields.h"
#include "api/handlers.h"
#include "auth/credential.h"
#include "base/clock.h"
#include "live/live.h"

static void listed(void *arg, const struct db_reply *r)
{
    struct http_exchange *x = arg;
    if (api_db_failed(x, r)) {
        return;
    }
    json_t *items = json_array();
    for (int i = 0; i < db_rows(r, 0); i++) {
        json_array_append_new(items, api_camera_json(http_app(x), r, 0, i));
    }
    http_answer_json(x, 200, json_pack("{s:o, s:n}", "items", items, "next_cursor"));
}

API_HANDLER(api_cameras_list)
{
    db_run(api->db, listed, x, DB_CAMERA_LIST, DB_ID(&who->id), DB_I64(clock_now_us()), DB_NULL);
}

static void shown(void *arg, const struct db_reply *r)
{
    struct http_exchange *x = arg;
    if (api_db_failed(x, r)) {
        return;
    }
    if (db_rows(r, 0) == 0) {
        http_answer_problem(x, PROBLEM_not_found, NULL);
        return;
    }
    http_answer_json(x, 200, api_camera_json(http_app(x), r, 0, 0));
}

API_HANDLER(api_camera_show)
{
    struct id id;
    if (api_param_id(x, "id", &id)) {
        db_run(api->db, shown, x, DB_CAMERA_LIST, DB_ID(&who->id), DB_I64(clock_now_us()),
               DB_ID(&id));
    }
}

/* ---- name and switch ---- */
enum { NAME_MAX_CHARS = 100, CHANGE_BODY_MAX = 4096 };

struct change {
    struct http_exchange *x;
    struct api *api;
    const struct principal *who;
    struct id camera;
    bool off;
    unsigned facts; /* statement */
};

static void changed(void *arg, const struct db_reply *r)
{
    struct change *o = arg;
    if (api_db_failed(o->x, r)) {
        return;
    }
    if (o->off) {
        live_switch_off(o->api->live, &o->camera);
    }
    if (db_rows(r, o->facts) == 0) { /* removed in the same moment */
        http_answer_problem(o->x, PROBLEM_not_found, NULL);
        return;
    }
    http_answer_json(o->x, 200, api_camera_json(o->api, r, o->facts, 0));
}

static void change(struct change *o, const char *name, const json_t *enabled, const char *detail)
{
    struct id gap = id_new();
    int64_t now = clock_now_us();
    struct db_tx *tx = db_tx_begin(o->api->db);
    db_tx_add(tx, DB_CAMERA_MANAGE, DB_ID(&o->camera), DB_ID(&o->who->id), DB_I64(now));
    db_tx_add(tx, DB_CAMERA_UPDATE, DB_ID(&o->camera), DB_TEXT(name),
              enabled != NULL ? DB_BOOL(json_is_true(enabled)) : DB_NULL);
    if (o->off) {
        db_tx_add(tx, DB_CAMERA_PAUSE, DB_ID(&gap), DB_ID(&o->camera), DB_I64(now));
    } else if (enabled != NULL) {
        db_tx_add(tx, DB_CAMERA_RESUME, DB_ID(&o->camera), DB_I64(now));
    }
    ledger_add(tx, &(struct ledger_entry){.action = "camera.change",
                                          .who = o->who,
                                          .subject_kind = "camera",
                                          .subject = &o->camera,
                                          .detail_json = detail,
                                          .request_id = http_request_id(o->x)});
    o->facts = db_tx_add(tx, DB_CAMERA_LIST, DB_ID(&o->who->id), DB_I64(now), DB_ID(&o->camera));
    db_tx_commit(tx, changed, o);
}

static void change_read(void *arg, struct http_exchange *x, json_t *json)
{
    static const char *const known[] = {"name", "enabled", NULL};
    static const struct api_text_field name_field = {
        .name = "name", .min = 1, .max = NAME_MAX_CHARS, .optional = true, .single_line = true};
    struct change *o = arg;
    const char *name;
    const json_t *enabled = json_object_get(json, "enabled");
    if (json == NULL || !api_fields_known(x, json, known) ||
        !api_field_text(x, json, &name_field, &name)) {
        return;
    }
    if (enabled != NULL && !json_is_boolean(enabled)) {
        http_answer_problem(x, PROBLEM_invalid_field, "/enabled: true or false.");
        return;
    }
    o->off = json_is_false(enabled);
    char *detail = json_dumps(json, JSON_COMPACT);
    change(o, name, enabled, detail);
    free(detail);
}

API_HANDLER(api_camera_change)
{
    struct change *o = http_alloc(x, sizeof(*o));
    *o = (struct change){.x = x, .api = api, .who = who};
    if (api_param_id(x, "id", &o->camera)) {
        http_read_json(x, CHANGE_BODY_MAX, change_read, o);
    }
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
