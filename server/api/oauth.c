/* SPDX-License-Identifier: Apache-2.0 */
/* POST /oauth/token: RFC 6749, client credentials (4.4). The client is a camera: its id (or "cam")
 * and its secret, by Basic or in the form. Answers and errors are those of the RFC. */
#include "api/handlers.h"
#include "auth/camera_token.h"
#include "base/str.h"
#include "http/uri.h"

#include <string.h>
#include <strings.h>

enum { FORM_MAX = 4096 };

struct token_call {
    struct http_exchange *x;
    struct api *api;
    struct credential_header client;
    char token[CREDENTIAL_SIZE];
};

static void wipe(void *arg)
{
    struct token_call *c = arg;
    secret_wipe(&c->client, sizeof c->client);
    secret_wipe(c->token, sizeof c->token);
}

static void answer_error(struct http_exchange *x, int status, const char *error, const char *why)
{
    if (status == 401) {
        http_add_header(x, "WWW-Authenticate", "Basic realm=\"doorward\"");
    }
    http_add_header(x, "Cache-Control", "no-store");
    http_add_header(x, "Pragma", "no-cache");
    http_answer_json(x, status, json_pack("{s:s, s:s}", "error", error, "error_description", why));
}

static void answer_unavailable(struct http_exchange *x)
{
    http_add_header(x, "Retry-After", "2");
    http_answer_problem(x, PROBLEM_unavailable, NULL);
}

static void token_added(void *arg, const struct db_reply *r)
{
    struct token_call *c = arg;
    if (db_status(r) != 0) {
        answer_unavailable(c->x);
        return;
    }
    http_add_header(c->x, "Cache-Control", "no-store");
    http_add_header(c->x, "Pragma", "no-cache");
    http_answer_json(c->x, 200,
                     json_pack("{s:s, s:s, s:i}", "access_token", c->token, "token_type", "Bearer",
                               "expires_in", CAMERA_TOKEN_LIFETIME_S));
}

static bool is_client(const struct credential_header *h, const struct id *camera)
{
    char id[ID_TEXT_SIZE];
    id_format(camera, id);
    return strcmp(h->user, "cam") == 0 || str_same(h->user, id);
}

static void client_found(void *arg, int status, const struct principal *who, bool enabled)
{
    struct token_call *c = arg;
    if (status == SESSION_E_UNAVAILABLE) {
        answer_unavailable(c->x);
    } else if (status != 0 || !is_client(&c->client, &who->id)) {
        answer_error(c->x, 401, "invalid_client", "The camera's id and secret are not known here.");
    } else if (!enabled) {
        answer_error(c->x, 400, "unauthorized_client", "This camera is switched off by its owner.");
    } else {
        struct db_tx *tx = db_tx_begin(c->api->db);
        camera_token_add(tx, &who->id, c->token);
        db_tx_commit(tx, token_added, c);
    }
}

/* A field of the form; false when it is there twice or cannot be decoded. */
static bool form_value(const char *form, const char *name, char *out, size_t size)
{
    const char *at = form, *n, *v;
    size_t n_len, v_len;
    bool found = false;
    out[0] = '\0';
    while (uri_next_arg(&at, &n, &n_len, &v, &v_len)) {
        if (n_len == strlen(name) && strncmp(n, name, n_len) == 0) {
            if (found || v_len >= size || uri_decode(v, v_len, true, out) < 0) {
                return false;
            }
            found = true;
        }
    }
    return true;
}

/* The RFC has Basic's two halves form-encoded; ours have nothing that would be. */
static bool read_client(struct token_call *c, const char *form)
{
    struct credential_header posted = {0};
    const char *header = http_header(c->x, "Authorization");
    if (!form_value(form, "client_id", posted.user, sizeof posted.user) ||
        !form_value(form, "client_secret", posted.secret, sizeof posted.secret)) {
        return false;
    }
    if (header == NULL) {
        c->client = posted;
    } else if (posted.secret[0] != '\0' || credential_parse(header, &c->client) != 0 ||
               !c->client.basic) {
        return false; /* one way to authenticate, not two (2.3) */
    }
    secret_wipe(&posted, sizeof posted);
    return true;
}

static void form_read(void *arg, struct http_exchange *x, const uint8_t *bytes, size_t n)
{
    struct token_call *c = arg;
    char grant[64];
    uint8_t hash[SHA256_SIZE];
    if (bytes == NULL) {
        return;
    }
    char *form = http_alloc(x, n + 1);
    memcpy(form, bytes, n);
    if (strlen(form) != n || !form_value(form, "grant_type", grant, sizeof grant) ||
        grant[0] == '\0') {
        answer_error(x, 400, "invalid_request", "grant_type is missing or given twice.");
    } else if (strcmp(grant, "client_credentials") != 0) {
        answer_error(x, 400, "unsupported_grant_type", "Only client_credentials is offered.");
    } else if (!read_client(c, form)) {
        answer_error(x, 400, "invalid_request", "Send the camera's id and secret once.");
    } else if (credential_hash(c->client.secret, strlen(c->client.secret), hash) != 0) {
        answer_error(x, 401, "invalid_client", "Send the camera's id and secret.");
    } else {
        session_find_camera(c->api->db, hash, client_found, c);
    }
    secret_wipe(form, n);
}

API_HANDLER(api_oauth_token)
{
    static const char form[] = "application/x-www-form-urlencoded";
    const char *type = http_header(x, "Content-Type");
    struct token_call *c = http_alloc(x, sizeof *c);
    *c = (struct token_call){.x = x, .api = api};
    if (type == NULL || strncasecmp(type, form, sizeof form - 1) != 0) {
        answer_error(x, 400, "invalid_request", "Send application/x-www-form-urlencoded.");
        return;
    }
    http_on_finish(x, wipe, c);
    http_read_body(x, FORM_MAX, form_read, c);
}
