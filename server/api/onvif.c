/* SPDX-License-Identifier: Apache-2.0 */
/* GET /onvif/storage: configuration renewal of ONVIF cameras (Core Specification, storage
 * configuration). The camera shows its access token, or its secret, and is given S3 credentials for
 * half a day. */
#include "api/handlers.h"
#include "auth/camera_token.h"
#include "auth/s3_key.h"
#include "config/config.h"

#include <stdio.h>
#include <string.h>

struct renewal {
    struct http_exchange *x;
    struct api *api;
    struct id camera;
    struct s3_key_made key;
};

static void wipe(void *arg)
{
    struct renewal *n = arg;
    secret_wipe(&n->key, sizeof n->key);
}

static void refuse(struct http_exchange *x)
{
    http_add_header(x, "WWW-Authenticate", "Bearer realm=\"doorward\", error=\"invalid_token\"");
    http_answer_problem(x, PROBLEM_unauthorized,
                        "Send an access token of POST /oauth/token as Bearer, or the camera's "
                        "secret.");
}

/* Where the door is: the bucket's address. */
static void storage_uri(const struct renewal *n, char *out, size_t size)
{
    char id[ID_TEXT_SIZE];
    const char *host = n->api->config->s3_host, *url = n->api->public_url;
    const char *port = strrchr(url, ':');
    id_format(&n->camera, id);
    if (host[0] == '\0') {
        snprintf(out, size, "%s/s3/%s", url, id);
    } else {
        bool has_port = port != NULL && port[1] >= '0' && port[1] <= '9';
        snprintf(out, size, "%.*s%s%s/%s", (int)(strstr(url, "://") + 3 - url), url, host,
                 has_port ? port : "", id);
    }
}

static void key_added(void *arg, const struct db_reply *r)
{
    struct renewal *n = arg;
    struct http_exchange *x = n->x;
    char uri[1024];
    if (api_db_failed(x, r)) {
        return;
    }
    storage_uri(n, uri, sizeof uri);
    const char *accept = http_header(x, "Accept");
    static const char vendor[] = "application/vnd.onvif.storageconfiguration.renewal+json";
    json_t *json = json_pack("{s:s, s:s, s:n, s:s, s:{s:s, s:s, s:s}, s:o}", "type",
                             "ObjectStorageS3", "region", "us-east-1", "localPath", "storageUri",
                             uri, "user", "username", n->key.access_key, "password", n->key.secret,
                             "token", n->key.token, "expiresAt", api_time(n->key.expires_us));
    char *text = json_dumps(json, JSON_COMPACT);
    json_decref(json);
    http_add_header(x, "Cache-Control", "no-store");
    http_answer_owned(
        x, 200, accept != NULL && strstr(accept, vendor) != NULL ? vendor : "application/json",
        text, strlen(text));
}

static void camera_found(void *arg, int status, const struct principal *who, bool enabled)
{
    struct renewal *n = arg;
    if (status == SESSION_E_UNAVAILABLE) {
        http_add_header(n->x, "Retry-After", "2");
        http_answer_problem(n->x, PROBLEM_unavailable, NULL);
    } else if (status != 0) {
        refuse(n->x);
    } else if (!enabled) {
        http_answer_problem(n->x, PROBLEM_forbidden, "This camera is switched off by its owner.");
    } else {
        n->camera = who->id;
        struct db_tx *tx = db_tx_begin(n->api->db);
        s3_key_add(tx, n->api->keyring, &who->id, false, &n->key);
        db_tx_commit(tx, key_added, n);
    }
}

API_HANDLER(api_onvif_storage)
{
    struct credential_header h = {0};
    uint8_t hash[SHA256_SIZE];
    const char *authorization = http_header(x, "Authorization");
    if (authorization == NULL || credential_parse(authorization, &h) != 0 ||
        credential_hash(h.secret, strlen(h.secret), hash) != 0) {
        refuse(x);
    } else {
        struct renewal *n = http_alloc(x, sizeof *n);
        *n = (struct renewal){.x = x, .api = api};
        http_on_finish(x, wipe, n);
        camera_token_find(api->db, hash, camera_found, n);
    }
    secret_wipe(&h, sizeof h);
}
