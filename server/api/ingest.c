/* SPDX-License-Identifier: Apache-2.0 */
/* Uploads from cameras: the request is read into upload_params, the upload's result is turned into
 * an answer. */
#include "ingest/upload.h"

#include "api/clip_json.h"
#include "api/handlers.h"
#include "base/clock.h"
#include "base/str.h"

#include <stdio.h>
#include <string.h>

enum { NAME_MAX_BYTES = 255 };
static const int64_t AHEAD_MAX_US =
    86400ll * CLOCK_US; /* a camera's clock may run ahead by a day at most */
static const int64_t EARLIEST_US = 946684800ll * CLOCK_US; /* 2000-01-01 */

struct ingest_call {
    struct http_exchange *x;
    struct api *api;
    struct upload *upload;
};

static void answer_media_problem(struct http_exchange *x, const struct upload_result *r)
{
    switch (r->remux_status) {
    case REMUX_E_UNSUPPORTED_CONTAINER:
        http_answer_problem(x, PROBLEM_unsupported_media, "%s",
                            r->reason != NULL ? r->reason : "Unknown container.");
        break;
    case REMUX_E_UNSUPPORTED_CODEC:
        http_answer_problem(x, PROBLEM_unsupported_codec, "%s",
                            r->reason != NULL ? r->reason : "Unknown codec.");
        break;
    case REMUX_E_ENCRYPTED:
        http_answer_problem(x, PROBLEM_encrypted_media, NULL);
        break;
    default:
        http_answer_problem(x, PROBLEM_broken_media, "%s",
                            r->reason != NULL ? r->reason : "The media cannot be read.");
        break;
    }
}

static void answer_later(struct http_exchange *x, enum problem p, const char *seconds,
                         const char *detail)
{
    http_add_header(x, "Retry-After", seconds);
    http_answer_problem(x, p, "%s", detail);
}

static void answer_failure(struct http_exchange *x, const struct upload_result *r)
{
    switch (r->status) {
    case INGEST_E_NO_CAMERA:
        http_answer_problem(x, PROBLEM_forbidden,
                            "This camera is switched off by its owner; nothing was stored.");
        break;
    case INGEST_E_QUOTA:
        answer_later(x, PROBLEM_storage_full, "3600",
                     "This camera's storage is used up; nothing was stored.");
        break;
    case INGEST_E_FULL:
        answer_later(x, PROBLEM_storage_full, "60",
                     "The server's storage is full; nothing was stored.");
        break;
    case INGEST_E_EXISTS:
        http_answer_problem(x, PROBLEM_precondition_failed,
                            "A clip of this name exists and If-None-Match: * was sent.");
        break;
    case INGEST_E_BUSY:
        answer_later(x, PROBLEM_too_many_requests, "2", "Too many uploads at once.");
        break;
    case INGEST_E_UNAVAILABLE:
        answer_later(x, PROBLEM_unavailable, "2",
                     "The upload could not be stored; nothing is acknowledged. Send it again.");
        break;
    case INGEST_E_MEDIA:
        answer_media_problem(x, r);
        break;
    case INGEST_E_TOO_LARGE:
        http_answer_problem(x, PROBLEM_too_large,
                            "The body is larger than one upload may be; nothing was stored.");
        break;
    default:
        http_answer_problem(x, PROBLEM_internal, NULL);
        break;
    }
}

static void upload_opened(void *arg, uint64_t max_bytes)
{
    struct ingest_call *c = arg;
    http_stream_body(c->x, upload_sink(c->upload), max_bytes);
}

static void upload_done(void *arg, const struct upload_result *r)
{
    struct ingest_call *c = arg;
    if (r->status != 0) {
        answer_failure(c->x, r);
        return;
    }
    char id[ID_TEXT_SIZE], location[sizeof "/api/v1/clips/" + ID_TEXT_SIZE];
    id_format(&r->clip->id, id);
    snprintf(location, sizeof location, "/api/v1/clips/%s", id);
    http_add_header(c->x, "Location", location);
    http_answer_json(c->x, r->created ? 201 : 200,
                     json_pack("{s:o}", "clip", api_clip_json(c->api, r->clip)));
}

/* A query argument, or else the header of the same meaning. */
static const char *argument(struct http_exchange *x, const char *query, const char *header)
{
    const char *v = http_query(x, query);
    return v != NULL ? v : http_header(x, header);
}

static bool read_start(struct http_exchange *x, struct upload_params *p)
{
    const char *text = argument(x, "started_at", "Doorward-Started-At");
    if (text == NULL) {
        return true;
    }
    if (clock_parse(text, &p->started_us) != 0) {
        http_answer_problem(x, PROBLEM_invalid_field,
                            "started_at is not an RFC 3339 time such as 2026-11-23T18:52:03Z.");
        return false;
    }
    if (p->started_us < EARLIEST_US || p->started_us > clock_now_us() + AHEAD_MAX_US) {
        http_answer_problem(
            x, PROBLEM_invalid_field,
            "started_at lies before 2000 or more than a day ahead: check the camera's clock.");
        return false;
    }
    return true;
}

static bool read_kind(struct http_exchange *x, struct upload_params *p)
{
    const char *kind = argument(x, "kind", "Doorward-Kind");
    p->kind = kind != NULL ? kind : "other";
    if (!clip_kind_known(p->kind)) {
        http_answer_problem(x, PROBLEM_invalid_field,
                            "kind is none of motion, ring, person, package, vehicle, animal, "
                            "sound, continuous, manual, other.");
        return false;
    }
    return true;
}

static bool read_headers(struct http_exchange *x, struct upload_params *p)
{
    static const char *const known[] = {"started_at", "kind", NULL};
    const char *unknown = http_query_unknown(x, known);
    const char *only = http_header(x, "If-None-Match");
    if (unknown != NULL) {
        http_answer_problem(x, PROBLEM_bad_request, "Unknown query argument: %s", unknown);
    } else if (http_header(x, "Content-Encoding") != NULL) {
        http_answer_problem(
            x, PROBLEM_unsupported_media,
            "Content-Encoding is not taken on uploads: media is compressed already.");
    } else if (http_header(x, "Content-Range") != NULL) {
        http_answer_problem(x, PROBLEM_bad_request,
                            "Content-Range is not taken: send the whole file.");
    } else if (only != NULL && strcmp(only, "*") != 0) {
        http_answer_problem(x, PROBLEM_bad_request, "If-None-Match on an upload may only be *.");
    } else if (strlen(p->name) > NAME_MAX_BYTES || !str_is_text(p->name, strlen(p->name))) {
        http_answer_problem(x, PROBLEM_invalid_field,
                            "The name must be UTF-8 text of at most %d bytes.", NAME_MAX_BYTES);
    } else {
        p->only_new = only != NULL && p->name[0] != '\0';
        return read_start(x, p) && read_kind(x, p);
    }
    return false;
}

static void take_upload(struct http_exchange *x, struct api *api, const struct principal *who,
                        const char *name)
{
    struct ingest_call *c = http_alloc(x, sizeof *c);
    *c = (struct ingest_call){.x = x, .api = api};
    struct upload_params p = {
        .camera = who,
        .name = name,
        .declared_bytes = http_body_size(x),
        .request_id = http_request_id(x),
        .opened = upload_opened,
        .done = upload_done,
        .arg = c,
    };
    if (read_headers(x, &p)) {
        c->upload = upload_begin(api->ingest, &p);
    }
}

void api_ingest_named(struct http_exchange *x, struct api *api, const struct principal *who)
{
    take_upload(x, api, who, http_param(x, "name"));
}

void api_ingest_unnamed(struct http_exchange *x, struct api *api, const struct principal *who)
{
    take_upload(x, api, who, "");
}
