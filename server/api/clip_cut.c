/* SPDX-License-Identifier: Apache-2.0 */
/* POST /api/v1/clips: a clip of any span of a camera's time. */
#include "api/clip_json.h"
#include "api/fields.h"
#include "api/handlers.h"
#include "base/clock.h"
#include "playback/playback.h"

#include <stdio.h>
#include <string.h>

enum { BODY_MAX = 2048, NAME_MAX_LENGTH = 255 };
#define CLIP_SPAN_MAX_US (24 * (int64_t)3600 * CLOCK_US)

struct cut {
    struct http_exchange *x;
    struct api *api;
    const struct principal *who;
    struct id id, camera;
    int64_t from_us, to_us;
    char name[NAME_MAX_LENGTH * 4 + 1];
};

static void made(void *arg, const struct db_reply *r)
{
    struct cut *q = arg;
    char path[64], id[ID_TEXT_SIZE];
    struct clip k;
    if (api_db_failed(q->x, r)) {
        return;
    }
    clip_from_row(r, 0, 0, 0, &k);
    id_format(&q->id, id);
    snprintf(path, sizeof path, "/api/v1/clips/%s", id);
    http_add_header(q->x, "Location", path);
    http_answer_json(q->x, 201, api_clip_json(q->api, &k));
}

static void make(struct cut *q, const struct playback_clip *c)
{
    char detail[2 * CLOCK_RFC3339_SIZE + 128], from[CLOCK_RFC3339_SIZE], to[CLOCK_RFC3339_SIZE],
        camera[ID_TEXT_SIZE];
    int64_t bytes = 0;
    char codec[sizeof c->codecs];
    snprintf(codec, sizeof codec, "%.*s", (int)strcspn(c->codecs, ","), c->codecs);
    for (uint32_t i = 0; i < c->hls.n_entries; i++) {
        bytes += (int64_t)c->hls.entries[i].length;
    }
    clock_format(q->from_us, from);
    clock_format(q->to_us, to);
    id_format(&q->camera, camera);
    snprintf(detail, sizeof detail, "{\"camera_id\":\"%s\",\"from\":\"%s\",\"to\":\"%s\"}", camera,
             from, to);
    struct db_tx *tx = db_tx_begin(q->api->db);
    db_tx_add(tx, DB_CLIP_CUT, DB_ID(&q->id), DB_ID(&q->who->id), DB_I64(clock_now_us()),
              DB_ID(&q->camera), DB_I64(q->from_us), DB_I64((q->to_us - q->from_us) / 1000),
              DB_TEXT(q->name), DB_I64(bytes), DB_I64(RIGHT_EXPORT), DB_TEXT(codec),
              DB_I64(c->width), DB_I64(c->height));
    const struct ledger_entry e = {.action = "clip.create",
                                   .household = &c->household,
                                   .who = q->who,
                                   .subject_kind = "clip",
                                   .subject = &q->id,
                                   .detail_json = detail,
                                   .request_id = http_request_id(q->x)};
    ledger_add(tx, &e);
    db_tx_commit(tx, made, q);
}

/* Whether there is any footage is seen as a player would see it. */
static void opened(void *arg, int status, struct playback_clip *c, unsigned rights)
{
    struct cut *q = arg;
    bool known = status == 0 || status == PLAYBACK_E_EMPTY;
    if (known && (rights & RIGHT_EXPORT) == 0) {
        http_answer_problem(q->x, PROBLEM_forbidden, "Making clips needs the right to export.");
    } else if (status == 0) {
        make(q, c);
    } else if (status == PLAYBACK_E_EMPTY) {
        http_answer_problem(q->x, PROBLEM_invalid_field,
                            "/from: there is no footage from then to /to.");
    } else if (status == PLAYBACK_E_NOT_FOUND) {
        http_answer_problem(q->x, PROBLEM_not_found, NULL);
    } else {
        http_add_header(q->x, "Retry-After", "2");
        http_answer_problem(q->x, PROBLEM_unavailable, NULL);
    }
}

static bool read_span(struct cut *q, const json_t *body)
{
    if (!api_field_time(q->x, body, "from", &q->from_us) ||
        !api_field_time(q->x, body, "to", &q->to_us)) {
        return false;
    }
    if (q->from_us <= 0 || q->to_us - q->from_us < 1000) {
        http_answer_problem(q->x, PROBLEM_invalid_field, "/to: must be after /from.");
    } else if (q->to_us - q->from_us > CLIP_SPAN_MAX_US) {
        http_answer_problem(q->x, PROBLEM_invalid_field, "/to: at most 24 hours after /from.");
    } else if (q->to_us > clock_now_us()) {
        http_answer_problem(q->x, PROBLEM_invalid_field, "/to: lies in the future.");
    } else {
        return true;
    }
    return false;
}

static void read_body(void *arg, struct http_exchange *x, json_t *body)
{
    static const char *const known[] = {"camera_id", "from", "to", "name", NULL};
    const struct api_text_field name_field = {
        .name = "name", .max = NAME_MAX_LENGTH, .optional = true, .single_line = true};
    struct cut *q = arg;
    const char *name;
    if (body == NULL || !api_fields_known(x, body, known) ||
        !api_field_text(x, body, &name_field, &name)) {
        return;
    }
    const char *camera = json_string_value(json_object_get(body, "camera_id"));
    if (camera == NULL || id_parse(camera, &q->camera) != 0) {
        http_answer_problem(x, PROBLEM_invalid_field, "/camera_id: the id of a camera is needed.");
        return;
    }
    if (!read_span(q, body)) {
        return;
    }
    snprintf(q->name, sizeof q->name, "%s", name != NULL ? name : "");
    const struct playback_subject span = {.kind = PLAYBACK_SPAN,
                                          .id = q->camera,
                                          .from_us = q->from_us,
                                          .to_us = q->to_us,
                                          .list_only = true};
    playback_open(q->api->playback, &q->who->id, &span, opened, q);
}

API_HANDLER(api_clip_create)
{
    struct cut *q = http_alloc(x, sizeof *q);
    *q = (struct cut){.x = x, .api = api, .who = who, .id = id_new()};
    http_read_json(x, BODY_MAX, read_body, q);
}
