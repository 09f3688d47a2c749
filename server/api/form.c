/* SPDX-License-Identifier: Apache-2.0 */
/* The request's body is pushed into a sink that finds the parts; the file's content is pushed on
 * into the upload's sink, as much as that takes. What is wrong is kept until nobody feeds the
 * upload any more, then answered. */
#include "api/form.h"

#include "api/upload_answer.h"
#include "base/clock.h"
#include "base/str.h"
#include "http/multipart.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { FACTS_MAX = 16384, OVERHEAD_MAX = 1 << 20, KIND_SIZE = 32 };
enum target { TO_NOTHING, TO_FILE, TO_META, TO_KIND, TO_STARTED };

struct form {
    struct sink sink;
    struct http_exchange *x;
    struct api *api;
    const struct principal *who;
    struct multipart parts;
    enum target target;
    struct buf fact;            /* the content of a part that is no file */
    struct multipart_span held; /* content inside `parts` that was not taken yet */
    char name[UPLOAD_NAME_MAX_BYTES + 1];
    char kind[KIND_SIZE]; /* "" until told */
    int64_t started_us;
    struct upload *upload;
    struct sink *file;      /* the upload's, while it may be fed */
    bool began, file_ended; /* of the upload; of the file's part */
    bool told_late;         /* a fact came behind the file */
    bool whole;             /* the last boundary was seen */
    bool done;              /* answered, or about to be: everything else runs past */
    bool sunk;              /* our own end() has come, ... */
    enum stream_end how;    /* ... with this */
    enum problem problem;
    char detail[200];
};

bool api_is_form(const struct http_exchange *x)
{
    const char *type = http_header(x, "Content-Type");
    return type != NULL && strncasecmp(type, "multipart/form-data", 19) == 0;
}

/* ---- the end ---- */
static void answer_problem(void *arg)
{
    struct form *f = arg;
    http_answer_problem(f->x, f->problem, "%s", f->detail);
}

static void end_file(struct form *f, enum stream_end how)
{
    struct sink *file = f->file;
    f->file = NULL;
    if (file != NULL) {
        file->ops->end(file, how);
    }
}

/* First failure wins. The upload, if there is one, answers when it has ended. */
static void fail(struct form *f, enum problem p, const char *detail)
{
    if (f->done) {
        return;
    }
    f->done = true;
    f->problem = p;
    snprintf(f->detail, sizeof f->detail, "%s", detail);
    if (f->file != NULL) {
        end_file(f, STREAM_REFUSED);
    } else if (!f->began) {
        loop_post(http_loop(f->x), answer_problem, f);
    }
}

static void upload_done(void *arg, const struct upload_result *r)
{
    struct form *f = arg;
    bool failed = f->done;
    f->done = true;
    if (failed) {
        answer_problem(f);
    } else {
        api_upload_answer(f->x, f->api, r);
    }
}

/* ---- the file ---- */
static void file_resumed(void *arg)
{
    struct form *f = arg;
    if (!f->sunk) {
        f->sink.resume(f->sink.resume_arg);
    }
}

/* Everything has come, or nothing more will. */
static void finish_file(struct form *f)
{
    if (f->told_late) {
        upload_describe(f->upload, f->kind, f->started_us);
    }
    end_file(f, f->how);
}

static void upload_opened(void *arg, uint64_t max_bytes)
{
    struct form *f = arg;
    f->file = upload_sink(f->upload);
    f->file->resume = file_resumed;
    f->file->resume_arg = f;
    if (f->done) {
        end_file(f, STREAM_REFUSED);
    } else if (f->sunk) {
        finish_file(f);
    } else {
        file_resumed(f);
    }
}

static void file_begins(struct form *f)
{
    const char *only = http_header(f->x, "If-None-Match");
    const char *slash = strrchr(f->parts.filename, '/');
    if (f->began) {
        fail(f, PROBLEM_bad_request, "There is more than one file; send each by itself.");
        return;
    }
    if (f->name[0] == '\0') {
        snprintf(f->name, sizeof f->name, "%s", slash != NULL ? slash + 1 : f->parts.filename);
    }
    f->began = true;
    f->target = TO_FILE;
    f->upload = upload_begin(
        f->api->ingest, &(struct upload_params){
                            .camera = f->who,
                            .name = f->name,
                            .kind = f->kind[0] != '\0' ? f->kind : "other",
                            .started_us = f->started_us,
                            .only_new = only != NULL && f->name[0] != '\0',
                            .camera_now_us = api_camera_clock(f->x),
                            .declared_bytes = http_body_size(f->x), /* a little less will come */
                            .request_id = http_request_id(f->x),
                            .opened = upload_opened,
                            .done = upload_done,
                            .arg = f,
                        });
}

/* ---- what is said about it ---- */
static void take_kind(struct form *f, const char *text)
{
    if (!clip_kind_known(text)) {
        fail(f, PROBLEM_invalid_field, "kind is none that a clip can have.");
    } else {
        snprintf(f->kind, sizeof f->kind, "%s", text);
    }
}

static void take_started(struct form *f, const char *text)
{
    if (clock_parse(text, &f->started_us) != 0) {
        fail(f, PROBLEM_invalid_field,
             "started_at is not an RFC 3339 time such as 2026-11-23T18:52:03Z.");
    } else if (f->started_us == 0) {
        f->started_us = 1; /* 0 means not told */
    }
}

static void take_meta(struct form *f, const uint8_t *p, size_t n)
{
    json_t *meta = json_loadb(n > 0 ? (const char *)p : "", n, JSON_REJECT_DUPLICATES, NULL), *v;
    const char *key;
    if (!json_is_object(meta)) {
        fail(f, PROBLEM_invalid_body, "meta is not one JSON object.");
    }
    json_object_foreach(meta, key, v)
    {
        if (strcmp(key, "kind") == 0 && json_is_string(v)) {
            take_kind(f, json_string_value(v));
        } else if (strcmp(key, "started_at") == 0 && json_is_string(v)) {
            take_started(f, json_string_value(v));
        } else {
            fail(f, PROBLEM_invalid_field, "meta may say kind and started_at, as texts.");
        }
    }
    json_decref(meta);
}

static void fact_ends(struct form *f)
{
    const char *text = f->fact.len > 0 ? (const char *)f->fact.data : "";
    f->told_late |= f->file_ended;
    if (f->fact.overflow) {
        fail(f, PROBLEM_too_large, "A part that is no file is too long.");
    } else if (f->target == TO_META) {
        take_meta(f, f->fact.data, f->fact.len);
    } else if (!str_is_text(text, f->fact.len)) {
        fail(f, PROBLEM_invalid_field, "kind and started_at are texts.");
    } else if (f->target == TO_KIND) {
        take_kind(f, text);
    } else {
        take_started(f, text);
    }
    buf_clear(&f->fact);
    if (f->told_late && http_body_size(f->x) == SOURCE_UNKNOWN_SIZE) {
        fail(f, PROBLEM_bad_request,
             "Of a body without a length, what is said about the file must come before it.");
    }
}

/* ---- parts ---- */
static void part_begins(struct form *f)
{
    const struct multipart *m = &f->parts;
    f->target = strcmp(m->name, "meta") == 0         ? TO_META
                : strcmp(m->name, "kind") == 0       ? TO_KIND
                : strcmp(m->name, "started_at") == 0 ? TO_STARTED
                                                     : TO_NOTHING;
    if (f->target != TO_NOTHING) {
        buf_clear(&f->fact);
    } else if (strcmp(m->name, "file") == 0 || m->filename[0] != '\0') {
        file_begins(f);
    } else {
        fail(f, PROBLEM_bad_request, "A part is none of file, meta, kind and started_at.");
    }
}

static void part_ends(struct form *f)
{
    if (f->target == TO_FILE) {
        f->file_ended = true;
    } else if (f->target != TO_NOTHING) {
        fact_ends(f);
    }
    f->target = TO_NOTHING;
}

/* How much of it was taken. */
static size_t take_content(struct form *f, const struct multipart_span *s)
{
    if (f->done || f->target == TO_NOTHING) {
        return s->n;
    }
    if (f->target == TO_FILE) {
        return f->file != NULL ? f->file->ops->push(f->file, s->p, s->n) : 0;
    }
    buf_append(&f->fact, s->p, s->n);
    return s->n;
}

/* Content that lies inside the parser; false: not all of it was taken. */
static bool take_held(struct form *f)
{
    if (f->held.n > 0) {
        size_t taken = take_content(f, &f->held);
        f->held.p += taken;
        f->held.n -= taken;
    }
    return f->held.n == 0;
}

/* One thing after another. Returns how many bytes of p were used; 0: wait. */
static size_t step(struct form *f, const uint8_t *p, size_t n)
{
    struct multipart_span span = {0};
    size_t used = 0;
    switch (multipart_next(&f->parts, p, n, &used, &span)) {
    case MULTIPART_PART:
        part_begins(f);
        break;
    case MULTIPART_PART_END:
        part_ends(f);
        break;
    case MULTIPART_END:
        f->whole = true;
        break;
    case MULTIPART_BAD:
        fail(f, PROBLEM_bad_request, f->parts.complaint);
        break;
    case MULTIPART_DATA:
        if (span.inside) {
            f->held = span;
        } else {
            used -= span.n - take_content(f, &span);
        }
        break;
    default:
        break;
    }
    return used;
}

static size_t form_push(struct sink *s, const uint8_t *p, size_t n)
{
    struct form *f = CONTAINER_OF(s, struct form, sink);
    size_t at = 0;
    while (at < n && !f->done) {
        if (!take_held(f)) {
            return at;
        }
        /* An event may use nothing: content before a match that failed. Waiting uses nothing too,
         * but holds nothing either. */
        size_t used = step(f, p + at, n - at);
        at += used;
        if (used == 0 && f->held.n == 0 && !f->done) {
            return at;
        }
    }
    return f->done ? n : at;
}

static void form_end(struct sink *s, enum stream_end how)
{
    struct form *f = CONTAINER_OF(s, struct form, sink);
    f->sunk = true;
    f->how = how;
    if (f->done) {
        end_file(f, STREAM_BROKEN);
        return;
    }
    if (how == STREAM_TOO_LARGE) {
        fail(f, PROBLEM_too_large, "The form is larger than one upload may be.");
    } else if (how == STREAM_COMPLETE && !(f->whole && f->file_ended)) {
        fail(f, PROBLEM_bad_request,
             f->whole ? "There is no part named file." : "The form breaks off.");
    } else if (f->file != NULL) {
        finish_file(f);
    } else if (!f->began) {
        fail(f, PROBLEM_bad_request, "The form breaks off.");
    }
}

static const struct sink_ops form_ops = {.push = form_push, .end = form_end};

static void forget(void *arg)
{
    struct form *f = arg;
    buf_finish(&f->fact);
}

static bool read_headers(struct http_exchange *x, struct form *f)
{
    static const char *const known[] = {"started_at", "kind", NULL};
    const char *unknown = http_query_unknown(x, known), *kind = NULL;
    const char *only = http_header(x, "If-None-Match");
    if (multipart_init(&f->parts, http_header(x, "Content-Type")) != 0) {
        http_answer_problem(x, PROBLEM_bad_request, "The form's boundary is missing or odd.");
    } else if (unknown != NULL) {
        http_answer_problem(x, PROBLEM_bad_request, "Unknown query argument: %s", unknown);
    } else if (only != NULL && strcmp(only, "*") != 0) {
        http_answer_problem(x, PROBLEM_bad_request, "If-None-Match on an upload may only be *.");
    } else if (api_upload_facts(x, &kind, &f->started_us)) {
        snprintf(f->kind, sizeof f->kind, "%s", kind);
        return true;
    }
    return false;
}

void api_form(struct http_exchange *x, struct api *api, const struct principal *who,
              const char *name)
{
    struct form *f = http_alloc(x, sizeof *f);
    f->sink.ops = &form_ops;
    f->x = x;
    f->api = api;
    f->who = who;
    f->fact = BUF_INIT(FACTS_MAX);
    if (!api_upload_name(x, name) || !read_headers(x, f)) {
        return;
    }
    snprintf(f->name, sizeof f->name, "%s", name);
    http_on_finish(x, forget, f);
    http_stream_body(x, &f->sink, api->ingest->upload_max_bytes + OVERHEAD_MAX);
}
