/* SPDX-License-Identifier: Apache-2.0 */
#include "api/upload_answer.h"

#include "api/clip_json.h"
#include "base/clock.h"
#include "base/str.h"

#include <stdio.h>
#include <string.h>

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

void api_answer_later(struct http_exchange *x, enum problem p, const char *seconds,
                      const char *detail)
{
    http_add_header(x, "Retry-After", seconds);
    http_answer_problem(x, p, "%s", detail);
}

void api_upload_problem(struct http_exchange *x, const struct upload_result *r)
{
    switch (r->status) {
    case INGEST_E_NO_CAMERA:
        http_answer_problem(x, PROBLEM_forbidden,
                            "This camera is switched off by its owner; nothing was stored.");
        break;
    case INGEST_E_QUOTA:
        api_answer_later(x, PROBLEM_storage_full, "3600",
                         "This camera's storage is used up; nothing was stored.");
        break;
    case INGEST_E_FULL:
        api_answer_later(x, PROBLEM_storage_full, "60",
                         "The server's storage is full; nothing was stored.");
        break;
    case INGEST_E_EXISTS:
        http_answer_problem(x, PROBLEM_precondition_failed,
                            "A clip of this name exists and If-None-Match: * was sent.");
        break;
    case INGEST_E_BUSY:
        api_answer_later(x, PROBLEM_too_many_requests, "2", "Too many uploads at once.");
        break;
    case INGEST_E_UNAVAILABLE:
        api_answer_later(x, PROBLEM_unavailable, "2",
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

void api_clip_location(const struct id *clip, char *out)
{
    char id[ID_TEXT_SIZE];
    id_format(clip, id);
    snprintf(out, API_CLIP_LOCATION_SIZE, "/api/v1/clips/%s", id);
}

void api_upload_answer(struct http_exchange *x, const struct api *api,
                       const struct upload_result *r)
{
    char location[API_CLIP_LOCATION_SIZE];
    if (r->status != 0) {
        api_upload_problem(x, r);
        return;
    }
    api_clip_location(&r->clip->id, location);
    http_add_header(x, "Location", location);
    http_answer_json(x, r->created ? 201 : 200,
                     json_pack("{s:o}", "clip", api_clip_json(api, r->clip)));
}

/* ---- reading ---- */
bool api_upload_started(struct http_exchange *x, const char *text, int64_t *ret_us)
{
    int64_t us;
    if (text == NULL) {
        return true;
    }
    if (clock_parse(text, &us) != 0) {
        http_answer_problem(x, PROBLEM_invalid_field,
                            "started_at is not an RFC 3339 time such as 2026-11-23T18:52:03Z.");
        return false;
    }
    *ret_us = us != 0 ? us : 1; /* a clock without a battery begins at 1970; 0 means not told */
    return true;
}

int64_t api_camera_clock(struct http_exchange *x)
{
    const char *text = http_header(x, "Date");
    int64_t us;
    return text != NULL && clock_parse_http(text, &us) == 0 ? us : 0;
}

bool api_upload_kind(struct http_exchange *x, const char *text, const char **ret_kind)
{
    const char *kind = text != NULL ? text : "other";
    if (!clip_kind_known(kind)) {
        http_answer_problem(x, PROBLEM_invalid_field,
                            "kind is none of motion, ring, person, package, vehicle, animal, "
                            "sound, continuous, manual, other.");
        return false;
    }
    *ret_kind = kind;
    return true;
}

static const char *argument(struct http_exchange *x, const char *query, const char *header)
{
    const char *v = http_query(x, query);
    return v != NULL ? v : http_header(x, header);
}

bool api_upload_facts(struct http_exchange *x, const char **ret_kind, int64_t *ret_started_us)
{
    return api_upload_started(x, argument(x, "started_at", "Doorward-Started-At"),
                              ret_started_us) &&
           api_upload_kind(x, argument(x, "kind", "Doorward-Kind"), ret_kind);
}

bool api_upload_name(struct http_exchange *x, const char *name)
{
    if (strlen(name) > UPLOAD_NAME_MAX_BYTES || !str_is_text(name, strlen(name))) {
        http_answer_problem(x, PROBLEM_invalid_field,
                            "The name must be UTF-8 text of at most %d bytes.",
                            UPLOAD_NAME_MAX_BYTES);
        return false;
    }
    return true;
}
