/* SPDX-License-Identifier: Apache-2.0 */
/* GET /api/v1/cameras/{id}/timeline: what there is of a camera's time, what is missing and why. */
#include "playback/timeline.h"

#include "api/handlers.h"
#include "api/spans.h"
#include "base/clock.h"
#include "playback/playback.h"

#include <string.h>

enum { EVENTS_MAX = 20000 };
enum { ST_ACCESS, ST_RUNS, ST_GAPS, ST_EVENTS, ST_DELETIONS };

struct request {
    struct http_exchange *x;
    struct id camera;
    int64_t from_us, to_us, now_us;
};

uint32_t api_gaps_of_rows(const struct db_reply *r, unsigned stmt, struct timeline_gap **ret_gaps)
{
    uint32_t n = (uint32_t)db_rows(r, stmt);
    struct timeline_gap *gaps = mem_alloc(n + 1, sizeof *gaps);
    for (uint32_t i = 0; i < n; i++) {
        gaps[i] = (struct timeline_gap){.from_us = db_i64(r, stmt, (int)i, 0),
                                        .to_us = db_i64(r, stmt, (int)i, 1),
                                        .reason = db_text(r, stmt, (int)i, 2)};
    }
    *ret_gaps = gaps;
    return n;
}

static uint32_t runs_of_rows(const struct db_reply *r, struct timeline_run **ret_runs)
{
    uint32_t n = (uint32_t)db_rows(r, ST_RUNS);
    struct timeline_run *runs = mem_alloc(n + 1, sizeof *runs);
    for (uint32_t i = 0; i < n; i++) {
        runs[i] = (struct timeline_run){.from_us = db_i64(r, ST_RUNS, (int)i, 0),
                                        .to_us = db_i64(r, ST_RUNS, (int)i, 1),
                                        .recording = db_id(r, ST_RUNS, (int)i, 2),
                                        .late = db_bool(r, ST_RUNS, (int)i, 3)};
    }
    *ret_runs = runs;
    return n;
}

static json_t *runs_json(const struct timeline_run *runs, uint32_t n)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < n; i++) {
        json_array_append_new(list,
                              json_pack("{s:o, s:o, s:o, s:b}", "from", api_time(runs[i].from_us),
                                        "to", api_time(runs[i].to_us), "recording_id",
                                        api_id(&runs[i].recording), "late", runs[i].late));
    }
    return list;
}

static json_t *gaps_json(const struct timeline_gap *gaps, uint32_t n)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < n; i++) {
        json_array_append_new(list,
                              json_pack("{s:o, s:o, s:s}", "from", api_time(gaps[i].from_us), "to",
                                        api_time(gaps[i].to_us), "reason", gaps[i].reason));
    }
    return list;
}

static json_t *events_json(const struct db_reply *r)
{
    json_t *list = json_array();
    for (int i = 0; i < db_rows(r, ST_EVENTS); i++) {
        json_array_append_new(
            list, json_pack("{s:o, s:s, s:s, s:o, s:o, s:b, s:b}", "clip_id",
                            api_id_or_null(r, ST_EVENTS, i, 0), "kind", db_text(r, ST_EVENTS, i, 1),
                            "name", db_text(r, ST_EVENTS, i, 2), "from",
                            api_time(db_i64(r, ST_EVENTS, i, 3)), "to",
                            api_time(db_i64(r, ST_EVENTS, i, 4)), "partial",
                            db_bool(r, ST_EVENTS, i, 5), "kept", db_bool(r, ST_EVENTS, i, 6)));
    }
    return list;
}

static json_t *deletions_json(const struct db_reply *r)
{
    json_t *list = json_array();
    for (int i = 0; i < db_rows(r, ST_DELETIONS); i++) {
        json_array_append_new(list, json_pack("{s:o, s:o, s:o, s:o}", "id",
                                              api_id_or_null(r, ST_DELETIONS, i, 0), "from",
                                              api_time(db_i64(r, ST_DELETIONS, i, 1)), "to",
                                              api_time(db_i64(r, ST_DELETIONS, i, 2)), "undo_until",
                                              api_time(db_i64(r, ST_DELETIONS, i, 3))));
    }
    return list;
}

static uint32_t hidden_of(const struct timeline_gap *known, uint32_t n, struct timeline_gap **ret)
{
    struct timeline_gap *hidden = mem_alloc(n + 1, sizeof *hidden);
    uint32_t n_hidden = 0;
    for (uint32_t i = 0; i < n && strcmp(known[i].reason, "deleted") == 0; i++) {
        hidden[n_hidden++] = known[i];
    }
    *ret = hidden;
    return n_hidden;
}

static json_t *timeline_json(const struct request *q, const struct db_reply *r)
{
    struct timeline_run *all, *runs;
    struct timeline_gap *known, *hidden, *gaps;
    uint32_t n_all = runs_of_rows(r, &all), n_known = api_gaps_of_rows(r, ST_GAPS, &known);
    uint32_t n_hidden = hidden_of(known, n_known, &hidden);
    uint32_t n_runs = timeline_visible(all, n_all, hidden, n_hidden, &runs);
    const struct timeline_params p = {.from_us = q->from_us,
                                      .to_us = q->to_us,
                                      .first_us = db_i64(r, ST_ACCESS, 0, 1),
                                      .now_us = q->now_us,
                                      .runs = runs,
                                      .n_runs = n_runs,
                                      .known = known,
                                      .n_known = n_known};
    uint32_t n_gaps = timeline_gaps(&p, &gaps);
    json_t *j = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "from", api_time(q->from_us), "to",
                          api_time(q->to_us), "runs", runs_json(runs, n_runs), "gaps",
                          gaps_json(gaps, n_gaps), "events", events_json(r), "deletions",
                          deletions_json(r));
    free(all);
    free(runs);
    free(known);
    free(hidden);
    free(gaps);
    return j;
}

static void read_all(void *arg, const struct db_reply *r)
{
    struct request *q = arg;
    if (api_db_failed(q->x, r)) {
        return;
    }
    if (db_rows(r, ST_ACCESS) != 1) {
        http_answer_problem(q->x, PROBLEM_not_found, NULL);
        return;
    }
    http_answer_json(q->x, 200, timeline_json(q, r));
}

API_HANDLER(api_camera_timeline)
{
    static const char *const known[] = {"from", "to", NULL};
    const char *odd = http_query_unknown(x, known);
    struct request *q = http_alloc(x, sizeof *q);
    *q = (struct request){.x = x, .now_us = clock_now_us()};
    if (!api_param_id(x, "id", &q->camera)) {
        return;
    }
    if (odd != NULL) {
        http_answer_problem(x, PROBLEM_bad_request, "%.64s: not an argument of this address.", odd);
        return;
    }
    if (!api_span(x, PLAYBACK_SPAN_MAX_US, &q->from_us, &q->to_us)) {
        return;
    }
    const struct db_arg camera = DB_ID(&q->camera), from = DB_I64(q->from_us),
                        to = DB_I64(q->to_us), now = DB_I64(q->now_us);
    struct db_tx *tx = db_tx_begin(api->db);
    db_tx_add(tx, DB_CAMERA_ACCESS, DB_ID(&who->id), now, camera);
    db_tx_add(tx, DB_TIMELINE_RUNS, camera, from, to, DB_I64(TIMELINE_RUNS_MAX));
    db_tx_add(tx, DB_TIMELINE_GAPS, camera, from, to, now);
    db_tx_add(tx, DB_TIMELINE_EVENTS, camera, from, to, DB_I64(EVENTS_MAX));
    db_tx_add(tx, DB_TIMELINE_DELETIONS, camera, from, to, now);
    db_tx_commit(tx, read_all, q);
}
