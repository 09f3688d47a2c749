/* SPDX-License-Identifier: Apache-2.0 */
/* Credentials, in order: a signed link's query (media only); the Authorization header; else the
 * session cookie. What a principal may do with one object is decided later, in SQL. The found
 * session lives in the exchange's memory. */
#include "api/authenticate.h"

#include "api/append.h"
#include "api/s3.h"
#include "base/clock.h"
#include "base/str.h"
#include "playback/link.h"
#include "playback/playback.h"

#include <string.h>

static const struct api_route *route_of(const struct http_exchange *x)
{
    return http_route_of(x)->tag;
}

static void go_on(struct http_exchange *x, const struct principal *who)
{
    route_of(x)->handle(x, http_app(x), who);
}

static void challenge(struct http_exchange *x, const char *detail)
{
    http_add_header(x, "WWW-Authenticate",
                    route_of(x)->access == API_CAMERA ? "Basic realm=\"doorward\""
                                                      : "Bearer realm=\"doorward\"");
    http_answer_problem(x, PROBLEM_unauthorized, detail ? "%s" : NULL, detail);
}

static void not_now(struct http_exchange *x)
{
    http_add_header(x, "Retry-After", "2");
    http_answer_problem(x, PROBLEM_unavailable, NULL);
}

/* ---- people ---- */
static bool is_unsafe(enum http_method m)
{
    return m != HTTP_GET && m != HTTP_HEAD && m != HTTP_OPTIONS;
}

static bool csrf_proved(const struct http_exchange *x, const struct session *s)
{
    const char *sent = http_header(x, "X-CSRF-Token");
    size_t n = strlen(s->csrf);
    return n && sent && strlen(sent) == n && bytes_equal(sent, s->csrf, n);
}

static bool kind_allowed(enum api_access access, enum principal_kind kind)
{
    switch (access) {
    case API_SIGNED_IN:
        return kind == PRINCIPAL_ACCOUNT || kind == PRINCIPAL_OFFICER;
    case API_ACCOUNT:
    case API_MEDIA:
        return kind == PRINCIPAL_ACCOUNT;
    case API_OFFICER:
        return kind == PRINCIPAL_OFFICER;
    default:
        return false;
    }
}

static void session_found(void *arg, int status, const struct session *found)
{
    struct http_exchange *x = arg;
    if (status == SESSION_E_UNAVAILABLE) {
        not_now(x);
        return;
    }
    if (status) {
        challenge(x, NULL);
        return;
    }
    if (!kind_allowed(route_of(x)->access, found->who.kind)) {
        http_answer_problem(x, PROBLEM_forbidden, NULL);
        return;
    }
    if (found->who.cookie && is_unsafe(http_method(x)) && !csrf_proved(x, found)) {
        http_answer_problem(x, PROBLEM_csrf, NULL);
        return;
    }
    struct session *s = http_alloc(x, sizeof(*s));
    *s = *found;
    http_set_principal(x, s);
    go_on(x, &s->who);
}

const struct session *api_session_of(const struct http_exchange *x)
{
    return http_principal(x);
}

static void authenticate_person(struct http_exchange *x)
{
    struct api *api = http_app(x);
    struct credential_header h = {0};
    uint8_t hash[SHA256_SIZE];
    const char *authorization = http_header(x, "Authorization");
    const char *token = authorization ? NULL : http_cookie(x, "__Host-session");
    if (authorization && !credential_parse(authorization, &h) && !h.basic) {
        token = h.secret;
    }
    if (!token || credential_hash(token, strlen(token), hash)) {
        challenge(x, NULL);
    } else {
        session_find(api->db, hash, session_found, x);
    }
    secret_wipe(&h, sizeof(h));
}

/* ---- signed links (docs/design/signed-link.md) ---- */
static void authenticate_link(struct http_exchange *x)
{
    struct api *api = http_app(x);
    struct principal *who = http_alloc(x, sizeof(*who));
    struct link_query q = {.exp = http_query(x, "exp"),
                           .acc = http_query(x, "acc"),
                           .kid = http_query(x, "kid"),
                           .sig = http_query(x, "sig")};
    struct link_subject subject = {
        .kind = str_prefix(http_path(x), "/api/v1/cameras/") ? LINK_CAMERA : LINK_CLIP};
    if (id_parse(http_param(x, "id"), &subject.id)) {
        http_answer_problem(x, PROBLEM_not_found, NULL);
        return;
    }
    int r = link_check(playback_link_key(api->playback), &subject, &q, clock_now_us() / CLOCK_US,
                       &who->id);
    if (r == LINK_E_EXPIRED) {
        http_answer_problem(x, PROBLEM_link_expired, NULL);
    } else if (r) {
        challenge(x, "The link is not genuine.");
    } else {
        who->kind = PRINCIPAL_LINK;
        go_on(x, who);
    }
}

/* ---- cameras ---- */
static void camera_found(void *arg, int status, const struct principal *who, bool enabled)
{
    struct http_exchange *x = arg;
    struct id wanted;
    if (status == SESSION_E_UNAVAILABLE) {
        not_now(x);
    } else if (status) {
        challenge(x, "The camera's secret is not known here.");
    } else if (id_parse(http_param(x, "camera_id"), &wanted) || !id_equal(&wanted, &who->id)) {
        http_answer_problem(x, PROBLEM_not_found, NULL);
    } else if (!enabled) {
        http_answer_problem(x, PROBLEM_forbidden, "This camera is switched off by its owner.");
    } else {
        struct principal *p = http_alloc(x, sizeof(*p));
        *p = *who;
        http_set_principal(x, p);
        go_on(x, p);
    }
}

static void challenge_camera(struct http_exchange *x)
{
    challenge(x, "Send the camera's secret as Basic (cam:SECRET) or Bearer.");
}

static void body_kept(void *arg, struct http_exchange *x, const uint8_t *p, size_t n)
{
    if (p != NULL) {
        http_keep_body(x, p, n);
        challenge_camera(x);
    }
}

static void authenticate_camera(struct http_exchange *x)
{
    struct api *api = http_app(x);
    struct credential_header h = {0};
    uint8_t hash[SHA256_SIZE];
    const char *authorization = http_header(x, "Authorization");
    if (!authorization && api_append_loses_body(x)) {
        http_read_body(x, HTTP_KEEP_MAX, body_kept, NULL);
    } else if (!authorization || credential_parse(authorization, &h) ||
               (h.basic && strcmp(h.user, "cam") &&
                !str_same(h.user, http_param(x, "camera_id"))) ||
               credential_hash(h.secret, strlen(h.secret), hash)) {
        challenge_camera(x);
    } else {
        session_find_camera(api->db, hash, camera_found, x);
    }
    secret_wipe(&h, sizeof(h));
}

void api_authenticate(struct http_exchange *x)
{
    static const struct principal nobody = {.kind = PRINCIPAL_NOBODY};
    switch (route_of(x)->access) {
    case API_PUBLIC:
        go_on(x, &nobody);
        return;
    case API_CAMERA:
        authenticate_camera(x);
        return;
    case API_S3:
        s3_authenticate(x);
        return;
    case API_MEDIA:
        if (http_query(x, "sig")) {
            authenticate_link(x);
            return;
        }
        authenticate_person(x);
        return;
    default:
        authenticate_person(x);
    }
}
