/* SPDX-License-Identifier: Apache-2.0 */
/* One claim: what is pushed gathers in one buffer while the other is sealed and written on a pool
 * thread. All fields belong to the writer's loop, but those of `work` to the pool thread while
 * `working`. A writer goes when it has told its end, its sink was ended and no notice of a fence is
 * on its way. */
#include "storage/spool/body.h"

#include <stdatomic.h>
#include <string.h>

enum { SYNC_EVERY_BYTES = 16 << 20 }; /* so that the last sync does not take long */

struct spool_writer {
    struct sink sink;
    struct spool *spool;
    struct loop *loop;
    struct spool_body *body;
    spool_claimed_fn *claimed;
    void *claimed_arg;
    struct spool_append_params p;
    uint64_t size;
    int status;
    uint8_t *gathered; /* NULL or BODY_BATCH_MAX bytes, like work.p */
    size_t n_gathered, cap_gathered;
    bool working, begun, ended, told, starved;
    enum stream_end how;
    atomic_uint refs; /* notices of a fence, and the writer itself */
    struct {
        uint64_t epoch;
        uint8_t *p;
        size_t n, cap;
        bool tentative, last, broken;
        int status;
        uint64_t size;
    } work;
};

static void unref(struct spool_writer *w)
{
    if (atomic_fetch_sub(&w->refs, 1) == 1) {
        free(w->gathered);
        free(w->work.p);
        free(w);
    }
}

void spool_writer_ref(struct spool_writer *w)
{
    atomic_fetch_add(&w->refs, 1);
}

/* The body is given back when nobody will come for it any more. */
static void gone(struct spool_writer *w)
{
    struct spool *s = w->spool;
    spool_body_let_go(w->body, w);
    spool_body_put(w->body);
    unref(w);
    spool_count(s, -1);
}

/* ---- claiming ---- */
static void claim_work(void *arg)
{
    struct spool_writer *w = arg;
    struct spool_body *b = w->body;
    struct spool_writer *fenced = NULL;
    pthread_mutex_lock(&b->lock);
    int r = body_load(b);
    if (r == 0) {
        w->work.epoch = ++b->epoch;
        fenced = spool_body_hold(b, w);
        r = body_settle(b);
    }
    w->work.status = r;
    w->work.size = b->synced.plain;
    pthread_mutex_unlock(&b->lock);
    spool_writer_fence(fenced);
}

static void claim_done(void *arg)
{
    struct spool_writer *w = arg;
    w->size = w->work.size;
    int status = w->work.status;
    if (status == 0) {
        w->claimed(w->claimed_arg, 0, w, w->size);
        return;
    }
    w->claimed(w->claimed_arg, status, NULL, 0);
    gone(w);
}

static void claim_refused(void *arg)
{
    struct spool_writer *w = arg;
    struct spool *s = w->spool;
    w->claimed(w->claimed_arg, w->status, NULL, 0);
    unref(w);
    spool_count(s, -1);
}

void spool_claim(struct spool *s, struct loop *l, const struct spool_ref *ref,
                 spool_claimed_fn *done, void *arg)
{
    struct spool_writer *w = mem_new(struct spool_writer);
    w->spool = s;
    w->loop = l;
    w->claimed = done;
    w->claimed_arg = arg;
    atomic_init(&w->refs, 1);
    spool_count(s, 1);
    w->status = spool_body_get(s, ref, &w->body);
    if (w->status != 0) {
        loop_post(l, claim_refused, w);
        return;
    }
    loop_offload(l, claim_work, claim_done, w);
}

struct spool_writer *spool_release(struct spool_writer *w)
{
    if (w != NULL) {
        ALWAYS(!w->begun);
        w->told = true;
        gone(w);
    }
    return NULL;
}

/* ---- writing, on a pool thread ---- */
static int write_batch(struct spool_writer *w)
{
    struct spool_body *b = w->body;
    bool nothing = w->work.n == 0 && b->end.file == b->synced.file;
    bool firm = w->work.last && w->work.tentative;
    if (w->work.tentative && w->work.broken) {
        body_cut(b);
        return b->broken ? SPOOL_E_UNAVAILABLE : 0;
    }
    if (!nothing && (w->work.n > 0 || firm)) {
        int r = body_append(
            b, &(struct body_batch){
                   .p = w->work.p, .n = w->work.n, .tentative = w->work.tentative, .firm = firm});
        if (r != 0) {
            return r;
        }
    }
    bool much = !w->work.tentative && b->end.plain - b->synced.plain >= SYNC_EVERY_BYTES;
    return w->work.last || much ? body_sync(b) : 0;
}

static void write_work(void *arg)
{
    struct spool_writer *w = arg;
    struct spool_body *b = w->body;
    pthread_mutex_lock(&b->lock);
    if (b->epoch != w->work.epoch) {
        w->work.status = SPOOL_E_FENCED;
    } else {
        w->work.status = b->broken ? SPOOL_E_UNAVAILABLE : write_batch(w);
        if (w->work.status != 0) {
            body_cut(b);
        }
        w->work.size = b->synced.plain;
    }
    pthread_mutex_unlock(&b->lock);
}

/* ---- the loop's side ---- */
static void tell(struct spool_writer *w)
{
    bool ended = w->ended; /* else end() comes, perhaps from inside done(), and lets go */
    w->told = true;
    w->p.done(w->p.arg, w->status, w->size);
    if (ended) {
        gone(w);
    }
}

static void starve_no_more(struct spool_writer *w)
{
    if (w->starved && !w->ended) {
        w->starved = false;
        w->sink.resume(w->sink.resume_arg);
    }
}

static void write_done(void *arg);

static void write_begin(struct spool_writer *w)
{
    uint8_t *p = w->work.p;
    size_t cap = w->work.cap;
    w->work.p = w->gathered;
    w->work.n = w->n_gathered;
    w->work.cap = w->cap_gathered;
    w->gathered = p;
    w->cap_gathered = cap;
    w->n_gathered = 0;
    w->work.tentative = w->p.tentative;
    w->work.last = w->ended;
    w->work.broken = w->ended && w->how != STREAM_COMPLETE;
    w->working = true;
    loop_offload(w->loop, write_work, write_done, w);
}

static void write_done(void *arg)
{
    struct spool_writer *w = arg;
    w->working = false;
    w->status = w->status != 0 ? w->status : w->work.status;
    w->size = w->work.size;
    spool_writer_ref(w);
    if (w->status != 0 || w->work.last) {
        tell(w);
    } else if (w->ended || w->n_gathered >= BODY_RECORD_MAX) {
        write_begin(w);
    }
    starve_no_more(w);
    unref(w);
}

static size_t room_for(struct spool_writer *w, size_t n)
{
    size_t need = w->n_gathered + n < BODY_BATCH_MAX ? w->n_gathered + n : BODY_BATCH_MAX;
    if (need > w->cap_gathered) {
        size_t cap = w->cap_gathered != 0 ? w->cap_gathered : 4096;
        while (cap < need) {
            cap *= 2;
        }
        w->gathered = mem_resize(w->gathered, cap, 1);
        w->cap_gathered = cap;
    }
    return need - w->n_gathered;
}

static size_t writer_push(struct sink *s, const uint8_t *p, size_t n)
{
    struct spool_writer *w = CONTAINER_OF(s, struct spool_writer, sink);
    if (w->status != 0) {
        return n;
    }
    size_t taken = room_for(w, n);
    memcpy(w->gathered + w->n_gathered, p, taken);
    w->n_gathered += taken;
    w->starved = taken < n;
    if (!w->working && w->n_gathered >= BODY_RECORD_MAX) {
        write_begin(w);
    }
    return taken;
}

static void writer_end(struct sink *s, enum stream_end how)
{
    struct spool_writer *w = CONTAINER_OF(s, struct spool_writer, sink);
    ALWAYS(!w->ended);
    w->ended = true;
    w->how = how;
    w->starved = false;
    if (w->told) {
        gone(w);
    } else if (!w->working && w->status == 0) {
        write_begin(w);
    }
}

static const struct sink_ops writer_ops = {.push = writer_push, .end = writer_end};

static void tell_early(void *arg)
{
    struct spool_writer *w = arg;
    if (!w->told && !w->working) {
        tell(w);
    }
    unref(w);
}

struct sink *spool_append(struct spool_writer *w, const struct spool_append_params *p)
{
    w->sink.ops = &writer_ops;
    w->p = *p;
    w->begun = true;
    if (w->status != 0) {
        spool_writer_ref(w);
        loop_post(w->loop, tell_early, w);
    }
    return &w->sink;
}

/* ---- fenced ---- */
static void on_fence(void *arg)
{
    struct spool_writer *w = arg;
    if (!w->told && w->status == 0) {
        w->status = SPOOL_E_FENCED;
        if (w->begun && !w->working) {
            tell(w);
        }
        starve_no_more(w);
    }
    unref(w);
}

void spool_writer_fence(struct spool_writer *w)
{
    if (w != NULL) {
        loop_post(w->loop, on_fence, w);
    }
}
