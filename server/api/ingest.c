/* SPDX-License-Identifier: Apache-2.0 */
/* Uploads from cameras: the request is read into upload_params, the upload's result is turned into
 * an answer. */
#include "ingest/upload.h"

#include "api/append.h"
#include "api/form.h"
#include "api/handlers.h"
#include "api/pieces.h"
#include "api/upload_answer.h"

#include <string.h>

struct ingest_call {
    struct http_exchange *x;
    struct api *api;
    struct upload *upload;
};

static void upload_opened(void *arg, uint64_t max_bytes)
{
    struct ingest_call *c = arg;
    http_stream_body(c->x, upload_sink(c->upload), max_bytes);
}

static void upload_done(void *arg, const struct upload_result *r)
{
    struct ingest_call *c = arg;
    api_upload_answer(c->x, c->api, r);
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
                            "Content-Range is only taken under a name: PUT it there.");
    } else if (only != NULL && strcmp(only, "*") != 0) {
        http_answer_problem(x, PROBLEM_bad_request, "If-None-Match on an upload may only be *.");
    } else if (api_upload_name(x, p->name)) {
        p->only_new = only != NULL && p->name[0] != '\0';
        return api_upload_facts(x, &p->kind, &p->started_us);
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
        .camera_now_us = api_camera_clock(x),
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
    if (api_is_append(x)) {
        api_append(x, api, who);
    } else if (api_is_form(x)) {
        api_form(x, api, who, http_param(x, "name"));
    } else if (!api_piece(x, api, who)) {
        take_upload(x, api, who, http_param(x, "name"));
    }
}

void api_ingest_unnamed(struct http_exchange *x, struct api *api, const struct principal *who)
{
    if (api_is_form(x)) {
        api_form(x, api, who, "");
    } else {
        take_upload(x, api, who, "");
    }
}
