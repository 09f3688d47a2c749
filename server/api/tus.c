/* SPDX-License-Identifier: Apache-2.0 */
/* tus 1.0.0 (https://tus.io/protocols/resumable-upload): core, creation, creation-with-upload,
 * creation-defer-length, checksum, expiration, termination, concatenation. The clip is made before
 * the request that brings the last byte is answered; `Doorward-Clip` says where it is. */
#include "api/append.h"
#include "api/handlers.h"
#include "api/s3.h"
#include "api/tus_header.h"
#include "api/upload_answer.h"
#include "base/str.h"
#include "config/config.h"
#include "storage/spool/spool.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char version[] = "1.0.0";
static const char body_type[] = "application/offset+octet-stream";
enum { LOCATION_SIZE = sizeof "/ingest//tus/" + 2 * ID_TEXT_SIZE };

struct tus_call {
    struct http_exchange *x;
    struct api *api;
    const struct principal *who;
    bool creating;
    struct resumable_append_params append;
};

static struct tus_call *call_new(struct http_exchange *x, struct api *api,
                                 const struct principal *who)
{
    struct tus_call *c = http_alloc(x, sizeof *c);
    *c = (struct tus_call){.x = x, .api = api, .who = who};
    return c;
}

/* ---- what all requests have ---- */
static bool speaks_tus(struct http_exchange *x)
{
    const char *spoken = http_header(x, "Tus-Resumable");
    http_add_header(x, "Tus-Resumable", version);
    if (spoken != NULL && strcmp(spoken, version) == 0) {
        return true;
    }
    http_add_header(x, "Tus-Version", version);
    http_answer_problem(x, PROBLEM_precondition_failed, "Tus-Resumable must be %s.", version);
    return false;
}

/* A header that is a number, or absent: *ret_value stays. */
static bool read_number(struct http_exchange *x, const char *name, uint64_t *ret_value)
{
    const char *text = http_header(x, name);
    if (text == NULL || str_parse_u64(text, INT64_MAX, ret_value) == 0) {
        return true;
    }
    http_answer_problem(x, PROBLEM_bad_request, "%s is not a number of bytes.", name);
    return false;
}

static bool has_body_type(struct http_exchange *x)
{
    const char *type = http_header(x, "Content-Type");
    if (type != NULL && str_same(type, body_type)) {
        return true;
    }
    http_answer_problem(x, PROBLEM_unsupported_media, "Send the bytes as %s.", body_type);
    return false;
}

static bool read_checksum(struct http_exchange *x, struct resumable_append_params *p)
{
    const char *text = http_header(x, "Upload-Checksum");
    int r = text != NULL ? tus_checksum_parse(text, &p->checksum, p->want) : 0;
    p->checked = text != NULL;
    if (r != 0) {
        http_answer_problem(x, PROBLEM_bad_request,
                            r == -ENOTSUP ? "Checksums are taken by sha1 or sha256."
                                          : "Upload-Checksum is not an algorithm and base64.");
    }
    return r == 0;
}

static void location_of(const struct tus_call *c, const struct id *id, char *out)
{
    char camera[ID_TEXT_SIZE], text[ID_TEXT_SIZE];
    id_format(&c->who->id, camera);
    id_format(id, text);
    snprintf(out, LOCATION_SIZE, "/ingest/%s/tus/%s", camera, text);
}

static void add_expires(struct http_exchange *x, int64_t us)
{
    char date[S3_HTTP_DATE_SIZE];
    s3_http_date(us, date);
    http_add_header(x, "Upload-Expires", date);
}

static void add_clip(struct http_exchange *x, const struct id *clip)
{
    char location[API_CLIP_LOCATION_SIZE];
    api_clip_location(clip, location);
    http_add_header(x, "Doorward-Clip", location);
}

static void add_number(struct http_exchange *x, const char *name, uint64_t v)
{
    char text[24];
    snprintf(text, sizeof text, "%llu", (unsigned long long)v);
    http_add_header(x, name, text);
}

/* ---- appending ---- */
static void opened(void *arg, struct sink *sink, uint64_t max_bytes)
{
    struct tus_call *c = arg;
    http_stream_body(c->x, sink, max_bytes);
}

static void appended(void *arg, const struct resumable_result *r)
{
    struct tus_call *c = arg;
    if (r->status != 0) {
        api_resumable_problem(c->x, r);
        return;
    }
    add_number(c->x, "Upload-Offset", r->offset);
    if (r->upload != NULL) {
        add_clip(c->x, &r->upload->clip->id);
    } else if (!id_is_zero(&r->clip)) {
        add_clip(c->x, &r->clip);
    } else {
        add_expires(c->x, r->expires_us);
    }
    http_answer_empty(c->x, c->creating ? 201 : 204);
}

static void append(struct tus_call *c)
{
    c->append.camera = c->who;
    c->append.length = http_body_size(c->x);
    c->append.request_id = http_request_id(c->x);
    c->append.opened = opened;
    c->append.done = appended;
    c->append.arg = c;
    http_set_deadline(c->x, API_RESUMABLE_DEADLINE_MS);
    resumable_append(c->api->ingest, &c->append);
}

static void patch(struct http_exchange *x, struct api *api, const struct principal *who)
{
    struct tus_call *c = call_new(x, api, who);
    c->append.declared = SOURCE_UNKNOWN_SIZE;
    c->append.offset = SOURCE_UNKNOWN_SIZE;
    if (!has_body_type(x) || !read_number(x, "Upload-Offset", &c->append.offset) ||
        !read_number(x, "Upload-Length", &c->append.declared) || !read_checksum(x, &c->append)) {
        return;
    }
    if (c->append.offset == SOURCE_UNKNOWN_SIZE) {
        http_answer_problem(x, PROBLEM_bad_request, "Upload-Offset is missing.");
    } else if (api_param_id(x, "id", &c->append.id)) {
        append(c);
    }
}

API_HANDLER(api_tus_patch)
{
    if (speaks_tus(x)) {
        patch(x, api, who);
    }
}

/* ---- creating ---- */
static void created(void *arg, const struct resumable_result *r)
{
    struct tus_call *c = arg;
    char location[LOCATION_SIZE];
    if (r->status != 0) {
        api_resumable_problem(c->x, r);
        return;
    }
    location_of(c, &r->id, location);
    http_add_header(c->x, "Location", location);
    if (http_body_size(c->x) == 0) {
        add_expires(c->x, r->expires_us);
        http_answer_empty(c->x, 201);
        return;
    }
    c->append.id = r->id;
    append(c);
}

static void joined(void *arg, const struct resumable_result *r)
{
    struct tus_call *c = arg;
    char location[LOCATION_SIZE];
    location_of(c, &r->id, location);
    http_add_header(c->x, "Location", location);
    appended(c, r);
}

/* What the body shall become, as the metadata tell it. */
struct facts {
    struct tus_metadata told;
    const char *kind, *raw;
    int64_t started_us;
};

static bool read_facts(struct http_exchange *x, struct facts *f)
{
    f->raw = http_header(x, "Upload-Metadata");
    if (tus_metadata_parse(f->raw, &f->told) != 0 ||
        (f->raw != NULL && !str_is_text(f->raw, strlen(f->raw)))) {
        http_answer_problem(x, PROBLEM_bad_request,
                            "Upload-Metadata is not a list of keys and base64 texts, or one of "
                            "them is too long.");
        return false;
    }
    f->raw = f->raw != NULL ? f->raw : "";
    return api_upload_kind(x, f->told.kind[0] != '\0' ? f->told.kind : NULL, &f->kind) &&
           api_upload_started(x, f->told.started_at[0] != '\0' ? f->told.started_at : NULL,
                              &f->started_us);
}

static bool read_length(struct http_exchange *x, uint64_t *ret_length)
{
    const char *deferred = http_header(x, "Upload-Defer-Length");
    *ret_length = SOURCE_UNKNOWN_SIZE;
    if (!read_number(x, "Upload-Length", ret_length)) {
        return false;
    }
    if ((deferred != NULL) == (*ret_length != SOURCE_UNKNOWN_SIZE) ||
        (deferred != NULL && strcmp(deferred, "1") != 0)) {
        http_answer_problem(x, PROBLEM_bad_request,
                            "Either Upload-Length or Upload-Defer-Length: 1 is needed.");
        return false;
    }
    return true;
}

static void create(struct tus_call *c, bool partial, const struct facts *f)
{
    struct resumable_create_params p = {
        .camera = c->who,
        .name = f->told.name,
        .kind = f->kind,
        .metadata = f->raw,
        .started_us = f->started_us,
        .camera_now_us = api_camera_clock(c->x),
        .joined = partial,
        .done = created,
        .arg = c,
    };
    c->append.declared = SOURCE_UNKNOWN_SIZE;
    if (read_length(c->x, &p.declared) &&
        (http_body_size(c->x) == 0 || (has_body_type(c->x) && read_checksum(c->x, &c->append)))) {
        resumable_create(c->api->ingest, &p);
    }
}

static void join(struct tus_call *c, const struct id *parts, size_t n, const struct facts *f)
{
    if (http_header(c->x, "Upload-Length") != NULL || http_body_size(c->x) != 0) {
        http_answer_problem(c->x, PROBLEM_bad_request,
                            "A final upload has neither Upload-Length nor bytes of its own.");
        return;
    }
    http_set_deadline(c->x, API_RESUMABLE_DEADLINE_MS);
    resumable_join(c->api->ingest,
                   &(struct resumable_join_params){.camera = c->who,
                                                   .parts = parts,
                                                   .n_parts = n,
                                                   .name = f->told.name,
                                                   .kind = f->kind,
                                                   .metadata = f->raw,
                                                   .request_id = http_request_id(c->x),
                                                   .started_us = f->started_us,
                                                   .camera_now_us = api_camera_clock(c->x),
                                                   .done = joined,
                                                   .arg = c});
}

API_HANDLER(api_tus_create)
{
    struct tus_call *c = call_new(x, api, who);
    struct id *parts = http_alloc(x, RESUMABLE_PARTS_MAX * sizeof *parts);
    struct facts *f = http_alloc(x, sizeof *f);
    enum tus_concat what;
    size_t n;
    c->creating = true;
    if (!speaks_tus(x) || !read_facts(x, f)) {
        return;
    }
    if (tus_concat_parse(http_header(x, "Upload-Concat"), parts, RESUMABLE_PARTS_MAX, &what, &n) !=
        0) {
        http_answer_problem(x, PROBLEM_bad_request,
                            "Upload-Concat is neither partial nor final; and addresses of parts.");
    } else if (what == TUS_FINAL) {
        join(c, parts, n, f);
    } else {
        create(c, what == TUS_PARTIAL, f);
    }
}

/* ---- looking, ending ---- */
static void add_parts(struct tus_call *c, const struct resumable_result *r)
{
    struct buf b = BUF_INIT(RESUMABLE_PARTS_MAX * LOCATION_SIZE);
    char location[LOCATION_SIZE];
    buf_str(&b, "final;");
    for (size_t i = 0; i < r->n_parts; i++) {
        location_of(c, &r->parts[i].body, location);
        buf_printf(&b, "%s%s", i > 0 ? " " : "", location);
    }
    http_add_header(c->x, "Upload-Concat", (const char *)b.data);
    buf_finish(&b);
}

static void looked(void *arg, const struct resumable_result *r)
{
    struct tus_call *c = arg;
    if (r->status != 0) {
        api_resumable_problem(c->x, r);
        return;
    }
    api_resumable_headers(c->x, r);
    if (r->declared == SOURCE_UNKNOWN_SIZE) {
        http_add_header(c->x, "Upload-Defer-Length", "1");
    }
    if (r->metadata[0] != '\0') {
        http_add_header(c->x, "Upload-Metadata", r->metadata);
    }
    if (r->final) {
        add_parts(c, r);
    } else if (r->joined) {
        http_add_header(c->x, "Upload-Concat", "partial");
    }
    add_expires(c->x, r->expires_us);
    if (!id_is_zero(&r->clip)) {
        add_clip(c->x, &r->clip);
    }
    http_answer_empty(c->x, 200);
}

API_HANDLER(api_tus_look)
{
    struct resumable_which w = {.camera = who, .done = looked, .arg = call_new(x, api, who)};
    if (speaks_tus(x) && api_param_id(x, "id", &w.id)) {
        resumable_look(api->ingest, &w);
    }
}

static void ended(void *arg, const struct resumable_result *r)
{
    struct tus_call *c = arg;
    if (r->status != 0) {
        api_resumable_problem(c->x, r);
    } else {
        http_answer_empty(c->x, 204);
    }
}

static void end(struct http_exchange *x, struct api *api, const struct principal *who)
{
    struct resumable_which w = {.camera = who, .done = ended, .arg = call_new(x, api, who)};
    if (api_param_id(x, "id", &w.id)) {
        resumable_end(api->ingest, &w);
    }
}

API_HANDLER(api_tus_end)
{
    if (speaks_tus(x)) {
        end(x, api, who);
    }
}

/* For clients in places that let only GET and POST through. */
API_HANDLER(api_tus_override)
{
    const char *method = http_header(x, "X-HTTP-Method-Override");
    if (!speaks_tus(x)) {
        return;
    }
    if (method != NULL && strcmp(method, "PATCH") == 0) {
        patch(x, api, who);
    } else if (method != NULL && strcmp(method, "DELETE") == 0) {
        end(x, api, who);
    } else {
        http_answer_problem(x, PROBLEM_bad_request,
                            "POST here needs X-HTTP-Method-Override: PATCH or DELETE.");
    }
}

API_HANDLER(api_tus_options)
{
    http_add_header(x, "Tus-Resumable", version);
    http_add_header(x, "Tus-Version", version);
    add_number(x, "Tus-Max-Size", api->config->upload_max_bytes);
    http_add_header(x, "Tus-Extension",
                    "creation,creation-with-upload,creation-defer-length,checksum,expiration,"
                    "termination,concatenation");
    http_add_header(x, "Tus-Checksum-Algorithm", "sha1,sha256");
    http_add_header(x, "Allow", "POST, HEAD, PATCH, DELETE, OPTIONS");
    http_answer_empty(x, 204);
}
