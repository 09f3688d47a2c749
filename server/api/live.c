/* SPDX-License-Identifier: Apache-2.0 */
/* /api/v1/cameras/{id}/live and live.mp4: what a camera sends now, and the stream of it. */
#include "api/live.h"

#include "api/handlers.h"
#include "base/clock.h"
#include "base/str.h"
#include "live/stream.h"
#include "playback/link.h"

enum { FIRST_WAIT_MS = 10000, FROM_MAX_S = 24 * 3600 };

static int64_t link_end_us(const struct http_exchange *x, const struct principal *who)
{
    uint64_t s = 0;
    if (who->kind != PRINCIPAL_LINK ||
        str_parse_u64(http_query(x, "exp"), INT64_MAX / CLOCK_US, &s) != 0) {
        return 0;
    }
    return (int64_t)s * CLOCK_US;
}

void api_live_refused(struct http_exchange *x, int status)
{
    switch (status) {
    case LIVE_E_NOT_FOUND:
        http_answer_problem(x, PROBLEM_not_found, NULL);
        return;
    case LIVE_E_FORBIDDEN:
        http_answer_problem(x, PROBLEM_forbidden,
                            "Watching this needs a right that you do not have.");
        return;
    case LIVE_E_OFF:
        http_answer_problem(x, PROBLEM_camera_off, NULL);
        return;
    case LIVE_E_CUT:
        http_answer_problem(
            x, PROBLEM_forbidden,
            "You were cut off from this camera; it can be opened again in a minute.");
        return;
    case LIVE_E_FULL:
        http_answer_problem(x, PROBLEM_unavailable, "Too many are watching this camera.");
        return;
    default:
        http_answer_problem(x, PROBLEM_unavailable, NULL);
    }
}

static void live_ended(struct http_exchange *x, enum live_end how)
{
    if (how == LIVE_CUT) {
        api_live_refused(x, LIVE_E_CUT);
    } else if (how == LIVE_OFF) {
        api_live_refused(x, LIVE_E_OFF);
    } else {
        http_answer_problem(x, PROBLEM_not_live, NULL);
    }
}

/* ---- what it sends now ---- */

struct asked {
    struct http_exchange *x;
    struct api *api;
    struct id camera;
};

static json_t *status_json(const struct live_status *s, bool enabled)
{
    bool live = s->live && enabled;
    return json_pack("{s:b, s:o, s:o, s:o, s:o, s:i}", "live", live, "codecs",
                     live ? json_string(s->codecs) : json_null(), "width",
                     live ? json_integer(s->width) : json_null(), "height",
                     live ? json_integer(s->height) : json_null(), "since",
                     live ? api_time(s->since_us) : json_null(), "viewers", (int)s->viewers);
}

static void allowed(void *arg, const struct db_reply *r)
{
    struct asked *a = arg;
    struct live_status s;
    if (api_db_failed(a->x, r)) {
        return;
    }
    if (db_rows(r, 0) == 0 || (db_i64(r, 0, 0, 0) & RIGHT_LIVE) == 0) {
        api_live_refused(a->x, db_rows(r, 0) == 0 ? LIVE_E_NOT_FOUND : LIVE_E_FORBIDDEN);
        return;
    }
    live_hub_status(live_hub_of(a->api->live), &a->camera, &s);
    http_answer_json(a->x, 200, status_json(&s, db_bool(r, 0, 0, 1)));
}

API_HANDLER(api_camera_live)
{
    struct asked *a = http_alloc(x, sizeof *a);
    *a = (struct asked){.x = x, .api = api};
    if (api_param_id(x, "id", &a->camera)) {
        db_run(api->db, allowed, a, DB_LIVE_ACCESS, DB_ID(&who->id), DB_I64(clock_now_us()),
               DB_ID(&a->camera));
    }
}

/* ---- the stream ---- */

struct watching {
    struct http_exchange *x;
    struct live_enter enter;
    int64_t from_us;
    struct live_view *view;
};

static void sends(void *arg, enum live_end how)
{
    struct watching *w = arg;
    char type[LIVE_TYPE_SIZE];
    if (how != LIVE_GOES_ON || !live_media_type(w->view, type)) {
        live_leave(w->view);
        live_ended(w->x, how);
        return;
    }
    http_add_header(w->x, "Cache-Control", "no-store");
    struct source *body = live_stream_create(w->view, w->from_us);
    if (http_method(w->x) == HTTP_HEAD) {
        body->ops->close(body);
        http_answer_static(w->x, 200, type, NULL, 0);
        return;
    }
    http_hold_little(w->x);
    http_answer_source(w->x, 200, type, body);
}

static void entered(void *arg, int status, struct live_view *v)
{
    struct watching *w = arg;
    if (status != 0) {
        api_live_refused(w->x, status);
        return;
    }
    w->view = v;
    live_await(v, FIRST_WAIT_MS, sends, w);
}

/* False: answered. */
static bool read_from(struct http_exchange *x, int64_t *ret_us)
{
    const char *from = http_query(x, "from");
    int64_t now = clock_now_us();
    if (from == NULL) {
        return true;
    }
    if (clock_parse(from, ret_us) != 0 || *ret_us > now ||
        *ret_us < now - (int64_t)FROM_MAX_S * CLOCK_US) {
        http_answer_problem(x, PROBLEM_invalid_field, "from: a time within the last 24 hours.");
        return false;
    }
    return true;
}

API_HANDLER(api_camera_live_mp4)
{
    static const char *const known[] = {"from", LINK_ARGUMENTS, NULL};
    const char *odd = http_query_unknown(x, known);
    struct watching *w = http_alloc(x, sizeof *w);
    w->x = x;
    if (!api_param_id(x, "id", &w->enter.camera)) {
        return;
    }
    if (odd != NULL) {
        http_answer_problem(x, PROBLEM_bad_request, "%.64s: not an argument of this address.", odd);
        return;
    }
    if (read_from(x, &w->from_us)) {
        w->enter.who = who;
        w->enter.history = w->from_us != 0;
        w->enter.until_us = link_end_us(x, who);
        w->enter.peer = http_peer(x);
        w->enter.request_id = http_request_id(x);
        live_enter(api->live, &w->enter, entered, w);
    }
}
