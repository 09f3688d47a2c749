/* SPDX-License-Identifier: Apache-2.0 */
/* /api/v1/session and /api/v1/sessions: signing in and out, who am I, what is signed in. */
#include "api/authenticate.h"
#include "api/fields.h"
#include "api/handlers.h"
#include "auth/sign_in.h"
#include "base/clock.h"
#include "config/config.h"

#include <stdio.h>
#include <string.h>

enum {
    SIGN_IN_BODY_MAX = 8192,
    SIGN_IN_DEADLINE_MS = 60000
}; /* a turn at hashing may take a while */

/* ---- who am I ---- */
static json_t *rights_json(int64_t rights)
{
    static const struct {
        enum right bit;
        const char *name;
    } names[] = {{RIGHT_LIVE, "live"},     {RIGHT_HISTORY, "history"}, {RIGHT_EXPORT, "export"},
                 {RIGHT_DELETE, "delete"}, {RIGHT_SHARE, "share"},     {RIGHT_MANAGE, "manage"},
                 {RIGHT_ANSWER, "answer"}};
    json_t *list = json_array();
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (rights & names[i].bit) {
            json_array_append_new(list, json_string(names[i].name));
        }
    }
    return list;
}

static json_t *households_json(const struct db_reply *r, unsigned stmt)
{
    json_t *list = json_array();
    for (int i = 0; i < db_rows(r, stmt); i++) {
        json_array_append_new(
            list, json_pack("{s:o, s:s, s:o}", "id", api_id_or_null(r, stmt, i, 0), "name",
                            db_text(r, stmt, i, 1), "rights", rights_json(db_i64(r, stmt, i, 2))));
    }
    return list;
}

static void described(void *arg, const struct db_reply *r)
{
    struct http_exchange *x = arg;
    if (api_db_failed(x, r)) {
        return;
    }
    const struct session *s = api_session_of(x);
    bool officer = s->who.kind == PRINCIPAL_OFFICER;
    json_t *json =
        json_pack("{s:s, s:o, s:s, s:s, s:s, s:o}", "kind", officer ? "officer" : "account", "id",
                  api_id(&s->who.id), "email", db_text(r, 0, 0, 0), "name", db_text(r, 0, 0, 1),
                  "csrf", s->csrf, "expires_at", api_time(s->expires_us));
    if (officer) {
        json_object_set_new(json, "badge", json_string(db_text(r, 0, 0, 2)));
        json_object_set_new(json, "role", json_string(db_text(r, 0, 0, 3)));
        json_object_set_new(
            json, "agency",
            json_pack("{s:o, s:s}", "id", api_id_or_null(r, 0, 0, 4), "name", db_text(r, 0, 0, 5)));
    } else {
        json_object_set_new(json, "households", households_json(r, 1));
    }
    http_add_header(x, "Cache-Control", "no-store");
    http_answer_json(x, 200, json);
}

API_HANDLER(api_session_show)
{
    struct db_tx *tx = db_tx_begin(api->db);
    if (who->kind == PRINCIPAL_OFFICER) {
        db_tx_add(tx, DB_OFFICER_DESCRIBE, DB_ID(&who->id));
    } else {
        db_tx_add(tx, DB_ACCOUNT_DESCRIBE, DB_ID(&who->id));
        db_tx_add(tx, DB_ACCOUNT_HOUSEHOLDS, DB_ID(&who->id), DB_I64(clock_now_us()));
    }
    db_tx_commit(tx, described, x);
}

/* ---- signing in ---- */
static void new_session_found(void *arg, int status, const struct session *found)
{
    struct http_exchange *x = arg;
    if (status) {
        http_answer_problem(x, PROBLEM_unavailable, NULL);
        return;
    }
    struct session *s = http_alloc(x, sizeof(*s));
    *s = *found;
    http_set_principal(x, s);
    api_session_show(x, http_app(x), &s->who);
}

static void set_cookie(struct http_exchange *x, const char *value, const char *attributes)
{
    char line[CREDENTIAL_SIZE + 96];
    snprintf(line, sizeof(line), "__Host-session=%s; Path=/; Secure; HttpOnly; SameSite=Lax%s",
             value, attributes);
    http_add_header(x, "Set-Cookie", line);
}

static void signed_in(void *arg, const struct sign_in_result *r)
{
    struct http_exchange *x = arg;
    struct api *api = http_app(x);
    char retry[16];
    uint8_t hash[SHA256_SIZE];
    switch (r->status) {
    case 0:
        set_cookie(x, r->token, "");
        ALWAYS(credential_hash(r->token, strlen(r->token), hash) == 0);
        session_find(api->db, hash, new_session_found, x);
        return;
    case SIGN_IN_E_REFUSED:
        http_answer_problem(x, PROBLEM_unauthorized,
                            "The address, the password or the code is wrong.");
        return;
    case SIGN_IN_E_SECOND_FACTOR:
        http_answer_problem(x, PROBLEM_second_factor_required, NULL);
        return;
    case SIGN_IN_E_LATER:
        snprintf(retry, sizeof(retry), "%u", r->retry_s);
        http_add_header(x, "Retry-After", retry);
        http_answer_problem(x, PROBLEM_too_many_requests, NULL);
        return;
    default:
        http_add_header(x, "Retry-After", "2");
        http_answer_problem(x, PROBLEM_unavailable, NULL);
    }
}

static void sign_in_body(void *arg, struct http_exchange *x, json_t *json)
{
    struct api *api = arg;
    static const char *const known[] = {"email", "password", "totp", NULL};
    const char *email, *password, *totp;
    if (!json || !api_fields_known(x, json, known) ||
        !api_field_text(
            x, json, &(struct api_text_field){"email", 1, SIGN_IN_EMAIL_MAX, .single_line = true},
            &email) ||
        !api_field_text(x, json, &(struct api_text_field){"password", 1, SIGN_IN_PASSWORD_MAX},
                        &password) ||
        !api_field_text(
            x, json, &(struct api_text_field){"totp", 6, 6, .optional = true, .single_line = true},
            &totp)) {
        return;
    }
    sign_in_begin(
        &(struct sign_in_params){.loop = api->loop,
                                 .db = api->db,
                                 .email = email,
                                 .password = password,
                                 .totp = totp,
                                 .peer = http_peer(x),
                                 .request_id = http_request_id(x),
                                 .account_tries = (unsigned)api->config->sign_in_tries,
                                 .idle_us = (int64_t)api->config->session_idle_s * CLOCK_US,
                                 .lifetime_us = (int64_t)api->config->session_max_s * CLOCK_US},
        signed_in, x);
}

API_HANDLER(api_session_create)
{
    http_set_deadline(x, SIGN_IN_DEADLINE_MS);
    http_read_json(x, SIGN_IN_BODY_MAX, sign_in_body, api);
}

/* ---- ending ---- */
static void end_session(struct http_exchange *x, struct api *api, const struct principal *who,
                        const struct id *session, const char *action, db_done_fn *done)
{
    struct db_tx *tx = db_tx_begin(api->db);
    db_tx_add(tx, DB_SESSION_REVOKE, DB_ID(session), DB_ID(&who->id), DB_I64(clock_now_us()));
    ledger_add(
        tx, &(struct ledger_entry){.action = action,
                                   .agency = who->kind == PRINCIPAL_OFFICER ? &who->agency : NULL,
                                   .who = who,
                                   .subject_kind = "session",
                                   .subject = session,
                                   .request_id = http_request_id(x)});
    db_tx_commit(tx, done, x);
}

static void ended(void *arg, const struct db_reply *r)
{
    struct http_exchange *x = arg;
    if (api_db_failed(x, r)) {
        return;
    }
    set_cookie(x, "", "; Max-Age=0");
    http_answer_empty(x, 204);
}

API_HANDLER(api_session_end)
{
    end_session(x, api, who, &who->session, "session.sign_out", ended);
}

static void revoked(void *arg, const struct db_reply *r)
{
    struct http_exchange *x = arg;
    if (!api_db_failed(x, r)) {
        http_answer_empty(x, 204);
    }
}

API_HANDLER(api_sessions_revoke)
{
    struct id id;
    if (api_param_id(x, "id", &id)) {
        end_session(x, api, who, &id, "session.revoke", revoked);
    }
}

/* ---- the list ---- */
static void listed(void *arg, const struct db_reply *r)
{
    struct http_exchange *x = arg;
    if (api_db_failed(x, r)) {
        return;
    }
    json_t *items = json_array();
    for (int i = 0; i < db_rows(r, 0); i++) {
        struct id id = db_id(r, 0, i, 0);
        json_array_append_new(
            items,
            json_pack("{s:o, s:s, s:s, s:s, s:o, s:o, s:o, s:b}", "id", api_id(&id), "kind",
                      db_text(r, 0, i, 1), "name", db_text(r, 0, i, 2), "peer", db_text(r, 0, i, 3),
                      "created_at", api_time(db_i64(r, 0, i, 4)), "used_at",
                      api_time(db_i64(r, 0, i, 5)), "expires_at", api_time(db_i64(r, 0, i, 6)),
                      "current", id_equal(&id, &api_session_of(x)->who.session)));
    }
    http_answer_json(x, 200, json_pack("{s:o, s:n}", "items", items, "next_cursor"));
}

API_HANDLER(api_sessions_list)
{
    db_run(api->db, listed, x, DB_SESSION_LIST, DB_ID(&who->id), DB_I64(clock_now_us()));
}
