/* SPDX-License-Identifier: Apache-2.0 */
/* A spool in a folder of its own and its operations made blocking. */
#ifndef TESTS_UNIT_STORAGE_SPOOL_STORY_H
#define TESTS_UNIT_STORAGE_SPOOL_STORY_H

#include "base/buf.h"
#include "storage/spool/spool.h"

#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { UNSET = 12345 };

struct story {
    char dir[64];
    struct loop *loop;
    struct spool *spool;
    struct spool_ref ref;
};

static inline struct spool *story_open(const char *dir, uint64_t low_water)
{
    struct spool_params p = {.dir = dir, .key = {7}, .low_water_bytes = low_water};
    struct spool *s = NULL;
    ALWAYS(spool_create(&p, &s) == 0);
    return s;
}

static inline struct story *story_begin(void)
{
    struct story *s = mem_new(struct story);
    snprintf(s->dir, sizeof s->dir, "/tmp/doorward-spool-XXXXXX");
    ALWAYS(mkdtemp(s->dir) != NULL);
    s->loop = loop_create(NULL);
    s->spool = story_open(s->dir, 0);
    s->ref = (struct spool_ref){.area = SPOOL_RESUMABLE, .owner = id_new(), .body = id_new()};
    return s;
}

/* As by a new process. */
static inline void story_restart(struct story *s)
{
    spool_destroy(s->spool);
    s->spool = story_open(s->dir, 0);
}

static inline int story_remove(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    return remove(path);
}

static inline void story_end(struct story *s)
{
    ALWAYS(spool_busy(s->spool) == 0);
    spool_destroy(s->spool);
    loop_destroy(s->loop);
    ALWAYS(nftw(s->dir, story_remove, 16, FTW_DEPTH | FTW_PHYS) == 0);
    free(s);
}

static inline void story_turn(struct loop *l, const int *until)
{
    while (*until == UNSET) {
        uv_run(loop_uv(l), UV_RUN_ONCE);
    }
}

struct story_claim {
    int status;
    struct spool_writer *w;
    uint64_t size;
};

static inline void story_claimed(void *arg, int status, struct spool_writer *w, uint64_t size)
{
    *(struct story_claim *)arg = (struct story_claim){.status = status, .w = w, .size = size};
}

static inline struct story_claim story_claim(struct spool *s, struct loop *l,
                                             const struct spool_ref *ref)
{
    struct story_claim c = {.status = UNSET};
    spool_claim(s, l, ref, story_claimed, &c);
    story_turn(l, &c.status);
    return c;
}

struct story_append {
    int status, calls;
    uint64_t size;
    struct sink *sink;
    int resumed;
};

static inline void story_appended(void *arg, int status, uint64_t size)
{
    struct story_append *a = arg;
    a->status = status;
    a->size = size;
    a->calls++;
}

static inline void story_resumed(void *arg)
{
    struct story_append *a = arg;
    a->resumed = 0;
}

static inline void story_append_begin(struct story_append *a, struct spool_writer *w,
                                      bool tentative)
{
    *a = (struct story_append){.status = UNSET};
    a->sink = spool_append(
        w, &(struct spool_append_params){.tentative = tentative, .done = story_appended, .arg = a});
    a->sink->resume = story_resumed;
    a->sink->resume_arg = a;
}

static inline void story_push(struct loop *l, struct story_append *a, const void *p, size_t n)
{
    const uint8_t *at = p;
    while (n > 0) {
        a->resumed = UNSET;
        size_t taken = a->sink->ops->push(a->sink, at, n);
        at += taken;
        n -= taken;
        if (n > 0) {
            story_turn(l, &a->resumed);
        }
    }
}

static inline int story_finish(struct loop *l, struct story_append *a, enum stream_end how)
{
    a->sink->ops->end(a->sink, how);
    story_turn(l, &a->status);
    return a->status;
}

/* Claim, append, end: the synced size, or minus the status. */
struct story_bytes {
    const void *p;
    size_t n;
    bool tentative;
    enum stream_end how;
};
static inline int64_t story_put(struct story *s, const struct story_bytes *b)
{
    struct story_append a;
    struct story_claim c = story_claim(s->spool, s->loop, &s->ref);
    if (c.status != 0) {
        return -c.status;
    }
    story_append_begin(&a, c.w, b->tentative);
    story_push(s->loop, &a, b->p, b->n);
    int r = story_finish(s->loop, &a, b->how);
    ALWAYS(a.calls == 1);
    return r != 0 ? -r : (int64_t)a.size;
}

static inline void story_ready(void *arg)
{
    *(int *)arg = 0;
}

/* The whole of the bodies; a negative errno when it breaks off. */
static inline int story_read(struct spool *s, struct loop *l, const struct spool_ref *refs,
                             size_t n_refs, struct buf *out)
{
    struct source *from = spool_source(s, l, refs, n_refs);
    int ready = UNSET;
    uint8_t part[10007];
    from->ready = story_ready;
    from->ready_arg = &ready;
    ssize_t n;
    while ((n = from->ops->pull(from, part, sizeof part)) >= 0) {
        buf_append(out, part, (size_t)n);
        if (n == SOURCE_WAIT) {
            story_turn(l, &ready);
            ready = UNSET;
        }
    }
    from->ops->close(from);
    return n == SOURCE_END ? 0 : (int)n;
}

#endif
