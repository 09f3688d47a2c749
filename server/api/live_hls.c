/* SPDX-License-Identifier: Apache-2.0 */
/* /api/v1/cameras/{id}/live.m3u8 and the files it names. All requests of one session from one
 * address are one viewer. */
#include "api/handlers.h"
#include "api/live.h"
#include "base/str.h"
#include "live/hls.h"
#include "playback/link.h"
#include "playback/playback.h"

#include <stdio.h>
#include <string.h>

/* A blocking request waits three target durations, of ten seconds at most. */
enum { DEADLINE_MS = 45000 };

struct watching {
    struct http_exchange *x;
    struct api *api;
    struct live_enter enter;
    struct live_view *view;
    struct playlist_ask ask;
    enum playlist_kind kind;
    uint64_t number;
    char query[LINK_QUERY_SIZE + 1];
};

static void leave(void *arg)
{
    struct watching *w = arg;
    live_leave(w->view);
}

static void refuse(struct watching *w, int status)
{
    switch (status) {
    case HLS_E_AHEAD:
        http_answer_problem(w->x, PROBLEM_bad_request,
                            "_HLS_msn or _HLS_part is too far ahead of what there is.");
        return;
    case HLS_E_LATE:
        http_answer_problem(w->x, PROBLEM_unavailable, "What was waited for did not come in time.");
        return;
    case HLS_E_PUT_OUT:
        api_live_refused(w->x, LIVE_E_CUT);
        return;
    default:
        http_answer_problem(
            w->x, w->kind == PLAYLIST_PART && w->number == 0 ? PROBLEM_not_live : PROBLEM_not_found,
            NULL);
    }
}

/* False: answered. */
static bool begin(struct watching *w, const struct principal *who, const char *const *known)
{
    const char *odd = http_query_unknown(w->x, known);
    if (!api_param_id(w->x, "id", &w->enter.camera)) {
        return false;
    }
    if (odd != NULL) {
        http_answer_problem(w->x, PROBLEM_bad_request, "%.64s: not an argument of this address.",
                            odd);
        return false;
    }
    w->enter.who = who;
    w->enter.hls = true;
    w->enter.peer = http_peer(w->x);
    w->enter.request_id = http_request_id(w->x);
    http_set_deadline(w->x, DEADLINE_MS);
    return true;
}

static bool is_in(struct watching *w, int status, struct live_view *v)
{
    if (status != 0) {
        api_live_refused(w->x, status);
        return false;
    }
    w->view = v;
    http_on_finish(w->x, leave, w);
    return true;
}

/* ---- the playlist ---- */

/* The link that the request came by, for every address in the list. */
static void link_query_text(struct watching *w, const struct principal *who)
{
    if (who->kind == PRINCIPAL_LINK) {
        snprintf(w->query, sizeof w->query, "?exp=%s&acc=%s&kid=%s&sig=%s", http_query(w->x, "exp"),
                 http_query(w->x, "acc"), http_query(w->x, "kid"), http_query(w->x, "sig"));
    }
}

static void listed(void *arg, int status, char *text, size_t n)
{
    struct watching *w = arg;
    if (status != 0) {
        refuse(w, status);
        return;
    }
    http_add_header(w->x, "Cache-Control", "no-store");
    http_answer_owned(w->x, 200, "application/vnd.apple.mpegurl", text, n);
}

static void list_entered(void *arg, int status, struct live_view *v)
{
    struct watching *w = arg;
    if (is_in(w, status, v)) {
        live_playlist(v, &(struct live_playlist_params){
                             .ask = w->ask, .query = w->query, .done = listed, .arg = w});
    }
}

API_HANDLER(api_camera_live_hls)
{
    static const char *const known[] = {"_HLS_msn", "_HLS_part", "_HLS_skip", LINK_ARGUMENTS, NULL};
    struct watching *w = http_alloc(x, sizeof *w);
    const char *why;
    w->x = x;
    w->api = api;
    if (!begin(w, who, known)) {
        return;
    }
    if (!playlist_parse_ask(http_query(x, "_HLS_msn"), http_query(x, "_HLS_part"),
                            http_query(x, "_HLS_skip"), &w->ask, &why)) {
        http_answer_problem(x, PROBLEM_bad_request, "%s", why);
        return;
    }
    link_query_text(w, who);
    live_enter(api->live, &w->enter, list_entered, w);
}

/* ---- its files ---- */

static void found(void *arg, int status, struct source *body)
{
    struct watching *w = arg;
    if (status != 0) {
        refuse(w, status);
        return;
    }
    /* Under this name there is never anything else. */
    http_add_header(w->x, "Cache-Control", "private, max-age=60");
    http_answer_source(w->x, 200, "video/mp4", body);
}

static void file_entered(void *arg, int status, struct live_view *v)
{
    struct watching *w = arg;
    if (is_in(w, status, v)) {
        live_file(v, &(struct live_file_params){
                         .kind = w->kind, .number = w->number, .done = found, .arg = w});
    }
}

API_HANDLER(api_camera_live_file)
{
    static const char *const known[] = {LINK_ARGUMENTS, NULL};
    struct watching *w = http_alloc(x, sizeof *w);
    w->x = x;
    w->api = api;
    if (!begin(w, who, known)) {
        return;
    }
    if (playlist_parse_name(http_param(x, "file"), &w->kind, &w->number) != 0) {
        http_answer_problem(x, PROBLEM_not_found, NULL);
        return;
    }
    live_enter(api->live, &w->enter, file_entered, w);
}
