/* SPDX-License-Identifier: Apache-2.0 */
#include "api/append.h"

#include "api/clip_json.h"
#include "api/handlers.h"
#include "api/upload_answer.h"
#include "base/str.h"
#include "http/range.h"

#include <stdio.h>
#include <string.h>

struct append_call {
    struct http_exchange *x;
    struct api *api;
    const uint8_t *kept; /* instead of the request's own body; NULL: nothing */
    size_t kept_n;
};

static bool cannot_resume(const struct http_exchange *x)
{
    const char *agent = http_header(x, "User-Agent"), *asked = http_query(x, "append");
    return (asked != NULL && strcmp(asked, "1") == 0) ||
           (agent != NULL && str_prefix(agent, "GStreamer souphttpclientsink"));
}

bool api_is_append(const struct http_exchange *x)
{
    return http_header(x, "Content-Range") != NULL ||
           (cannot_resume(x) && http_body_size(x) != SOURCE_UNKNOWN_SIZE);
}

bool api_append_loses_body(const struct http_exchange *x)
{
    const char *agent = http_header(x, "User-Agent");
    uint64_t n = http_body_size(x);
    return agent != NULL && str_prefix(agent, "GStreamer souphttpclientsink") && n > 0 &&
           n <= HTTP_KEEP_MAX;
}

/* ---- answers ---- */
static void number_header(struct http_exchange *x, const char *name, uint64_t v)
{
    char text[24];
    snprintf(text, sizeof text, "%llu", (unsigned long long)v);
    http_add_header(x, name, text);
}

void api_resumable_headers(struct http_exchange *x, const struct resumable_result *r)
{
    number_header(x, "Upload-Offset", r->offset);
    if (r->declared != SOURCE_UNKNOWN_SIZE) {
        number_header(x, "Upload-Length", r->declared);
    }
}

static json_t *length_json(const struct resumable_result *r)
{
    return r->declared != SOURCE_UNKNOWN_SIZE ? json_integer((json_int_t)r->declared) : json_null();
}

/* 409: where to go on. */
static void answer_offset(struct http_exchange *x, const struct resumable_result *r, enum problem p,
                          const char *detail)
{
    api_resumable_headers(x, r);
    http_add_problem_member(x, "offset", json_integer((json_int_t)r->offset));
    http_add_problem_member(x, "length", length_json(r));
    http_answer_problem(x, p, "%s", detail);
}

static void answer_upload_error(struct http_exchange *x, int status)
{
    api_upload_problem(x, &(struct upload_result){.status = status});
}

void api_resumable_problem(struct http_exchange *x, const struct resumable_result *r)
{
    switch (r->status) {
    case RESUMABLE_E_NOT_FOUND:
        http_answer_problem(x, PROBLEM_not_found, "No upload is under way here; begin it anew.");
        break;
    case RESUMABLE_E_OFFSET:
        answer_offset(x, r, PROBLEM_wrong_offset, problem_table[PROBLEM_wrong_offset].title);
        break;
    case RESUMABLE_E_LENGTH:
        answer_offset(x, r, PROBLEM_conflict,
                      "The length is another than was told before, or the bytes go past it.");
        break;
    case RESUMABLE_E_FENCED:
        http_answer_problem(x, PROBLEM_conflict,
                            "A newer connection has taken the upload over; nothing more of this "
                            "one is kept.");
        break;
    case RESUMABLE_E_CHECKSUM:
        api_resumable_headers(x, r);
        http_answer_problem(x, PROBLEM_checksum_mismatch, NULL);
        break;
    case RESUMABLE_E_UNFINISHED:
        http_answer_problem(x, PROBLEM_conflict, "A part is not complete yet.");
        break;
    case RESUMABLE_E_FINAL:
        http_answer_problem(x, PROBLEM_forbidden,
                            "A final upload is joined of others; it takes no bytes.");
        break;
    case RESUMABLE_E_CLOSED:
        api_answer_later(x, PROBLEM_unavailable, "1",
                         "All bytes are there; the clip is being made.");
        break;
    case RESUMABLE_E_UPLOAD:
        api_upload_problem(x, r->upload);
        break;
    case RESUMABLE_E_TOO_LARGE:
        answer_upload_error(x, INGEST_E_TOO_LARGE);
        break;
    case RESUMABLE_E_FULL:
        answer_upload_error(x, INGEST_E_FULL);
        break;
    case RESUMABLE_E_QUOTA:
        answer_upload_error(x, INGEST_E_QUOTA);
        break;
    case RESUMABLE_E_BUSY:
        answer_upload_error(x, INGEST_E_BUSY);
        break;
    case RESUMABLE_E_NO_CAMERA:
        answer_upload_error(x, INGEST_E_NO_CAMERA);
        break;
    default:
        answer_upload_error(x, INGEST_E_UNAVAILABLE);
        break;
    }
}

/* The clip that the body became before: the answer to its last part, once more. */
static void clip_found(void *arg, const struct db_reply *r)
{
    struct append_call *c = arg;
    struct clip k;
    if (api_db_failed(c->x, r)) {
        return;
    }
    if (db_rows(r, 0) == 0) {
        http_answer_problem(c->x, PROBLEM_gone, "The clip was deleted.");
        return;
    }
    clip_from_row(r, 0, 0, 0, &k);
    api_upload_answer(c->x, c->api, &(struct upload_result){.clip = &k});
}

static void appended(void *arg, const struct resumable_result *r)
{
    struct append_call *c = arg;
    if (r->status != 0) {
        api_resumable_problem(c->x, r);
    } else if (r->upload != NULL) {
        api_upload_answer(c->x, c->api, r->upload);
    } else if (!id_is_zero(&r->clip)) {
        const struct principal *who = http_principal(c->x);
        db_run(c->api->db, clip_found, c, DB_CLIP_OF_CAMERA, DB_ID(&r->clip), DB_ID(&who->id));
    } else {
        api_resumable_headers(c->x, r);
        http_answer_json(c->x, 202,
                         json_pack("{s:{s:I, s:o, s:o}}", "upload", "offset", (json_int_t)r->offset,
                                   "length", length_json(r), "expires_at",
                                   api_time(r->expires_us)));
    }
}

/* ---- requests ---- */
static void opened(void *arg, struct sink *sink, uint64_t max_bytes)
{
    struct append_call *c = arg;
    if (c->kept == NULL) {
        http_stream_body(c->x, sink, max_bytes);
        return;
    }
    size_t taken = sink->ops->push(sink, c->kept, c->kept_n);
    sink->ops->end(sink, taken == c->kept_n ? STREAM_COMPLETE : STREAM_BROKEN);
}

static bool read_range(struct append_call *c, struct resumable_append_params *p)
{
    struct http_exchange *x = c->x;
    const char *range = http_header(x, "Content-Range");
    uint64_t last, size = http_body_size(x);
    if (range == NULL) {
        c->kept = size == 0 ? http_kept_body(x, &c->kept_n) : NULL;
        p->anew = true;
        p->length = c->kept != NULL ? c->kept_n : size;
        return true;
    }
    if (range_content_parse(range, &p->offset, &last, &p->declared) != 0) {
        http_answer_problem(x, PROBLEM_bad_request,
                            "Content-Range is not bytes FIRST-LAST/TOTAL (or * for the total).");
        return false;
    }
    p->length = last - p->offset + 1;
    if (size != SOURCE_UNKNOWN_SIZE && size != p->length) {
        http_answer_problem(x, PROBLEM_bad_request,
                            "The body is not as long as Content-Range says.");
        return false;
    }
    return true;
}

static bool read_request(struct append_call *c, struct resumable_append_params *p)
{
    struct http_exchange *x = c->x;
    static const char *const known[] = {"started_at", "kind", "append", NULL};
    const char *unknown = http_query_unknown(x, known);
    if (unknown != NULL) {
        http_answer_problem(x, PROBLEM_bad_request, "Unknown query argument: %s", unknown);
    } else if (http_header(x, "Content-Encoding") != NULL ||
               http_header(x, "If-None-Match") != NULL) {
        http_answer_problem(x, PROBLEM_bad_request,
                            "Content-Encoding and If-None-Match are not taken with ranges.");
    } else {
        return api_upload_name(x, p->name) && api_upload_facts(x, &p->kind, &p->started_us) &&
               read_range(c, p);
    }
    return false;
}

void api_append(struct http_exchange *x, struct api *api, const struct principal *who)
{
    struct append_call *c = http_alloc(x, sizeof *c);
    *c = (struct append_call){.x = x, .api = api};
    struct resumable_append_params p = {
        .camera = who,
        .name = http_param(x, "name"),
        .camera_now_us = api_camera_clock(x),
        .declared = SOURCE_UNKNOWN_SIZE,
        .request_id = http_request_id(x),
        .opened = opened,
        .done = appended,
        .arg = c,
    };
    if (read_request(c, &p)) {
        http_set_deadline(x, API_RESUMABLE_DEADLINE_MS);
        resumable_append(api->ingest, &p);
    }
}

/* ---- how far it is ---- */
static void looked(void *arg, const struct resumable_result *r)
{
    struct http_exchange *x = arg;
    char location[API_CLIP_LOCATION_SIZE];
    if (r->status != 0) {
        api_resumable_problem(x, r);
        return;
    }
    api_resumable_headers(x, r);
    if (!id_is_zero(&r->clip)) {
        api_clip_location(&r->clip, location);
        http_add_header(x, "Location", location);
    }
    http_answer_empty(x, 200);
}

API_HANDLER(api_ingest_look)
{
    const struct resumable_which w = {
        .camera = who, .name = http_param(x, "name"), .done = looked, .arg = x};
    if (api_upload_name(x, w.name)) {
        resumable_look(api->ingest, &w);
    }
}
