/* SPDX-License-Identifier: Apache-2.0 */
/* Reading bodies back, and the small operations: size and delete. */
#include "storage/spool/body.h"

#include "crypto/hash.h"

#include <errno.h>
#include <string.h>

struct spool_source {
    struct source source;
    struct spool *spool;
    struct loop *loop;
    struct spool_ref *refs;
    size_t n_refs;
    bool working, closed, end;
    int error;
    size_t at, n;
    struct {         /* the pool thread's while working */
        size_t next; /* of refs: the one to open */
        struct spool_ref ref;
        uint8_t key[RECORD_KEY_SIZE];
        struct body_read read;
        uint8_t *out;
        ssize_t n; /* plain bytes at out, SOURCE_END or negative errno */
    } work;
};

static int next_open(struct spool_source *c)
{
    struct spool_body *b;
    fd_close_at(&c->work.read.fd);
    c->work.read = (struct body_read){.fd = -1, .ref = &c->work.ref, .key = c->work.key};
    c->work.ref = c->refs[c->work.next++];
    int r = spool_body_get(c->spool, &c->work.ref, &b);
    if (r != 0) {
        return -EBUSY;
    }
    pthread_mutex_lock(&b->lock);
    r = body_reader_open(b, &c->work.read.fd, &c->work.read.end);
    memcpy(c->work.key, b->key, sizeof c->work.key);
    pthread_mutex_unlock(&b->lock);
    spool_body_put(b);
    c->work.read.at = (struct body_mark){.file = BODY_HEAD_SIZE};
    if (c->work.read.end.plain == 0) {
        c->work.read.at = c->work.read.end;
    }
    return r == 0 ? 0 : -EIO;
}

static void read_work(void *arg)
{
    struct spool_source *c = arg;
    c->work.n = 0;
    while (c->work.n == 0) {
        if (c->work.read.at.file < c->work.read.end.file) {
            c->work.n = body_read_batch(&c->work.read, c->work.out);
        } else if (c->work.next < c->n_refs) {
            c->work.n = next_open(c);
        } else {
            c->work.n = SOURCE_END;
        }
    }
}

static void source_free(struct spool_source *c)
{
    struct spool *s = c->spool;
    fd_close_at(&c->work.read.fd);
    secret_wipe(c->work.key, sizeof c->work.key);
    free(c->work.out);
    free(c->refs);
    free(c);
    spool_count(s, -1);
}

static void read_done(void *arg)
{
    struct spool_source *c = arg;
    c->working = false;
    if (c->closed) {
        source_free(c);
        return;
    }
    c->at = 0;
    c->n = c->work.n > 0 ? (size_t)c->work.n : 0;
    c->end = c->work.n == SOURCE_END;
    c->error = c->work.n < 0 && !c->end ? (int)c->work.n : 0;
    c->source.ready(c->source.ready_arg);
}

static ssize_t source_pull(struct source *s, uint8_t *p, size_t max)
{
    struct spool_source *c = CONTAINER_OF(s, struct spool_source, source);
    if (c->at < c->n) {
        size_t n = c->n - c->at < max ? c->n - c->at : max;
        memcpy(p, c->work.out + c->at, n);
        c->at += n;
        return (ssize_t)n;
    }
    if (c->end || c->error != 0) {
        return c->end ? SOURCE_END : c->error;
    }
    if (!c->working) {
        c->working = true;
        loop_offload(c->loop, read_work, read_done, c);
    }
    return SOURCE_WAIT;
}

static void source_close(struct source *s)
{
    struct spool_source *c = CONTAINER_OF(s, struct spool_source, source);
    c->closed = true;
    if (!c->working) {
        source_free(c);
    }
}

static const struct source_ops source_ops = {.pull = source_pull, .close = source_close};

struct source *spool_source(struct spool *s, struct loop *l, const struct spool_ref *refs, size_t n)
{
    ALWAYS(n > 0);
    struct spool_source *c = mem_new(struct spool_source);
    c->source = (struct source){.ops = &source_ops, .size_bytes = SOURCE_UNKNOWN_SIZE};
    c->spool = s;
    c->loop = l;
    c->refs = mem_dup(refs, n * sizeof *refs);
    c->n_refs = n;
    c->work.read.fd = -1;
    c->work.out = mem_alloc(1, BODY_BATCH_MAX);
    spool_count(s, 1);
    return &c->source;
}

/* ---- size ---- */
struct spool_sizing {
    struct spool *spool;
    struct spool_ref ref;
    void (*done)(void *arg, int status, uint64_t size);
    void *arg;
    int status;
    uint64_t size;
};

static void size_work(void *arg)
{
    struct spool_sizing *z = arg;
    struct spool_body *b;
    z->status = spool_body_get(z->spool, &z->ref, &b);
    if (z->status == 0) {
        pthread_mutex_lock(&b->lock);
        z->status = body_load(b);
        z->size = b->synced.plain;
        pthread_mutex_unlock(&b->lock);
        spool_body_put(b);
    }
}

static void size_done(void *arg)
{
    struct spool_sizing *z = arg;
    z->done(z->arg, z->status, z->status == 0 ? z->size : 0);
    spool_count(z->spool, -1);
    free(z);
}

void spool_size(struct spool *s, struct loop *l, const struct spool_ref *ref,
                void (*done)(void *arg, int status, uint64_t size), void *arg)
{
    struct spool_sizing *z = mem_new(struct spool_sizing);
    *z = (struct spool_sizing){.spool = s, .ref = *ref, .done = done, .arg = arg};
    spool_count(s, 1);
    loop_offload(l, size_work, size_done, z);
}

/* ---- delete ---- */
struct spool_deletion {
    struct spool *spool;
    struct spool_ref *refs;
    size_t n;
    void (*done)(void *arg, int status);
    void *arg;
    int status;
};

static int delete_one(struct spool *s, const struct spool_ref *ref)
{
    struct spool_body *b;
    int r = spool_body_get(s, ref, &b);
    if (r != 0) {
        return r;
    }
    pthread_mutex_lock(&b->lock);
    b->epoch++;
    struct spool_writer *fenced = spool_body_hold(b, NULL);
    r = body_remove(b);
    pthread_mutex_unlock(&b->lock);
    spool_writer_fence(fenced);
    spool_body_put(b);
    return r;
}

static void delete_work(void *arg)
{
    struct spool_deletion *d = arg;
    for (size_t i = 0; i < d->n; i++) {
        int r = delete_one(d->spool, &d->refs[i]);
        d->status = d->status != 0 ? d->status : r;
    }
}

static void delete_done(void *arg)
{
    struct spool_deletion *d = arg;
    if (d->done != NULL) {
        d->done(d->arg, d->status);
    }
    spool_count(d->spool, -1);
    free(d->refs);
    free(d);
}

void spool_delete(struct spool *s, struct loop *l, const struct spool_ref *refs, size_t n,
                  void (*done)(void *arg, int status), void *arg)
{
    struct spool_deletion *d = mem_new(struct spool_deletion);
    *d = (struct spool_deletion){.spool = s, .n = n, .done = done, .arg = arg};
    d->refs = mem_dup(refs, n * sizeof *refs);
    spool_count(s, 1);
    loop_offload(l, delete_work, delete_done, d);
}
