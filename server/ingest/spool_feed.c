/* SPDX-License-Identifier: Apache-2.0 */
/* size up the bodies -> begin the upload -> pump source to sink -> tell. What fails for want of a
 * place or an answer begins again from the start: the bodies are still there. */
#include "ingest/spool_feed.h"

#include "base/clock.h"

#include <string.h>

enum { PUMP_BYTES = 65536, AGAIN_MS = 300 };

struct spool_feed {
    struct spool_feed_params p;
    struct principal camera;
    char *name, *kind, *request_id;
    void *head;
    struct spool_ref *refs;
    size_t sized; /* of refs */
    uint64_t total;
    struct upload *upload;
    struct source *source;
    struct sink *sink; /* until it was ended */
    struct timer *again;
    const uint8_t *at; /* what waits to be pushed */
    size_t n;
    bool pumping, over;
    uint8_t buffer[PUMP_BYTES];
};

static void feed_free(struct spool_feed *f)
{
    f->p.in->live--;
    timer_destroy(f->again);
    free(f->name);
    free(f->kind);
    free(f->request_id);
    free(f->head);
    free(f->refs);
    free(f);
}

static void end_sink(struct spool_feed *f, enum stream_end how)
{
    struct sink *sink = f->sink;
    f->sink = NULL;
    if (f->source != NULL) {
        f->source->ops->close(f->source);
        f->source = NULL;
    }
    if (sink != NULL) {
        sink->ops->end(sink, how);
    }
}

/* ---- pump ---- */
static bool pull_more(struct spool_feed *f)
{
    ssize_t n = f->source->ops->pull(f->source, f->buffer, sizeof f->buffer);
    if (n == SOURCE_WAIT) {
        return false;
    }
    if (n < 0) { /* a body that cannot be read to its end: what was read is kept */
        bool whole = n == SOURCE_END && !f->p.broken;
        if (n != SOURCE_END) {
            log_error(f->p.in->log, "spooled_body_unreadable", F_ID("camera", &f->camera.id),
                      F_ID("body", &f->refs[0].body), F_STR("reason", log_errno_text((int)n)));
        }
        end_sink(f, whole ? STREAM_COMPLETE : STREAM_BROKEN);
        return false;
    }
    f->at = f->buffer;
    f->n = (size_t)n;
    return true;
}

static void pump(void *arg)
{
    struct spool_feed *f = arg;
    if (f->pumping) {
        return;
    }
    f->pumping = true;
    while (f->sink != NULL && (f->n > 0 || pull_more(f))) {
        size_t taken = f->sink->ops->push(f->sink, f->at, f->n);
        f->at += taken;
        f->n -= taken;
        if (f->n > 0) {
            break;
        }
    }
    f->pumping = false;
}

static void opened(void *arg, uint64_t max_bytes)
{
    struct spool_feed *f = arg;
    f->sink = upload_sink(f->upload);
    f->sink->resume = pump;
    f->sink->resume_arg = f;
    f->source = spool_source(f->p.in->spool, f->p.in->loop, f->refs, f->p.n_refs);
    f->source->ready = pump;
    f->source->ready_arg = f;
    f->at = f->head;
    f->n = f->p.head_n;
    pump(f);
}

/* ---- the end ---- */
static void begin(void *arg);

/* The upload has told its result; it waits for the end of the body. */
static void settle(void *arg)
{
    struct spool_feed *f = arg;
    end_sink(f, STREAM_BROKEN);
    if (f->over) {
        feed_free(f);
    } else {
        timer_set(f->again, AGAIN_MS);
    }
}

static bool worth_another_try(const struct spool_feed *f, int status)
{
    return (status == INGEST_E_BUSY || status == INGEST_E_UNAVAILABLE) && !f->p.in->draining &&
           clock_mono_ms() < f->p.try_until_ms;
}

static void told(void *arg, const struct upload_result *r)
{
    struct spool_feed *f = arg;
    f->over = !worth_another_try(f, r->status);
    if (f->over) {
        f->p.done(f->p.arg, r);
    }
    loop_post(f->p.in->loop, settle, f);
}

static void fail(struct spool_feed *f, int status)
{
    const struct upload_result r = {.status = status};
    told(f, &r);
}

/* ---- begin ---- */
static void begin_upload(struct spool_feed *f)
{
    struct upload_params up = f->p.upload;
    up.camera = &f->camera;
    up.name = f->name;
    up.kind = f->kind;
    up.request_id = f->request_id;
    up.declared_bytes = f->total;
    up.opened = opened;
    up.done = told;
    up.arg = f;
    f->upload = upload_begin(f->p.in, &up);
}

static void sized(void *arg, int status, uint64_t size)
{
    struct spool_feed *f = arg;
    if (status != 0) {
        fail(f, status == SPOOL_E_BUSY ? INGEST_E_BUSY : INGEST_E_UNAVAILABLE);
        return;
    }
    f->total += size;
    if (++f->sized < f->p.n_refs) {
        spool_size(f->p.in->spool, f->p.in->loop, &f->refs[f->sized], sized, f);
    } else {
        begin_upload(f);
    }
}

static void begin(void *arg)
{
    struct spool_feed *f = arg;
    f->sized = 0;
    f->total = f->p.head_n;
    spool_size(f->p.in->spool, f->p.in->loop, &f->refs[0], sized, f);
}

void spool_feed_begin(const struct spool_feed_params *p)
{
    ALWAYS(p->n_refs > 0);
    struct spool_feed *f = mem_new(struct spool_feed);
    f->p = *p;
    f->camera = *p->upload.camera;
    f->name = mem_str(p->upload.name);
    f->kind = mem_str(p->upload.kind);
    f->request_id = mem_str(p->upload.request_id);
    f->head = p->head_n > 0 ? mem_dup(p->head, p->head_n) : NULL;
    f->refs = mem_dup(p->refs, p->n_refs * sizeof *p->refs);
    f->again = timer_create_on(p->in->loop, begin, f);
    p->in->live++;
    begin(f);
}
