/* SPDX-License-Identifier: Apache-2.0 */
/* read init -> read the key fragment in pieces -> jail -> keep. Jobs wait in order of asking; two
 * requests for one clip find its picture when their turn comes. */
#include "playback/still.h"

#include "playback/playback_internal.h"

#include <string.h>

struct still_queue {
    struct playback *pb;
    struct list waiting;
    unsigned n_waiting, running;
    bool closed; /* nothing new is started */
};

struct still_job {
    struct list node;
    struct playback_clip *clip;
    uint8_t *fmp4; /* owned: init, then the fragment */
    size_t have;
    still_fn *done;
    void *arg;
};

static void start_next(struct still_queue *q);

struct still_queue *still_queue_create(struct playback *pb)
{
    struct still_queue *q = mem_new(struct still_queue);
    q->pb = pb;
    list_init(&q->waiting);
    return q;
}

struct still_queue *still_queue_destroy(struct still_queue *q)
{
    ALWAYS(q == NULL || !still_queue_busy(q));
    free(q);
    return NULL;
}

bool still_queue_busy(const struct still_queue *q)
{
    return q->running > 0 || q->n_waiting > 0;
}

void still_queue_close(struct still_queue *q)
{
    q->closed = true;
}

static void finish(struct still_job *j, int status)
{
    struct still_queue *q = j->clip->pb->stills;
    struct playback_clip *c = j->clip;
    q->running--;
    j->done(j->arg, status, status == 0 ? c->still : NULL, status == 0 ? c->still_n : 0);
    playback_clip_unref(c);
    free(j->fmp4);
    free(j);
    start_next(q);
}

static void on_picture(void *arg, int status, const uint8_t *jpeg, size_t n)
{
    struct still_job *j = arg;
    struct playback_clip *c = j->clip;
    if (status == 0 && c->still == NULL) {
        c->still = mem_dup(jpeg, n);
        c->still_n = n;
        c->bytes += n;
        c->pb->cached_bytes += c->cached ? n : 0;
    }
    finish(j, status == 0 ? 0 : status == REMUX_E_BUSY ? STILL_E_BUSY : STILL_E_FAILED);
}

static void read_on(struct still_job *j);

static void on_bytes(void *arg, int status, uint8_t *p, size_t n)
{
    struct still_job *j = arg;
    if (status != 0) {
        finish(j, STILL_E_FAILED);
        return;
    }
    memcpy(j->fmp4 + j->have, p, n);
    free(p);
    j->have += n;
    read_on(j);
}

static void read_on(struct still_job *j)
{
    const struct playback_clip *c = j->clip;
    size_t init = c->still_init_bytes, all = init + c->still_bytes;
    if (j->have == all) {
        int r = remux_still_begin(c->pb->p.remux, j->fmp4, all, STILL_WIDTH_MAX, on_picture, j);
        if (r != 0) {
            finish(j, r == REMUX_E_BUSY ? STILL_E_BUSY : STILL_E_FAILED);
        }
        return;
    }
    bool head = j->have < init;
    uint64_t from = head ? j->have : c->still_offset + (j->have - init);
    uint64_t left = head ? init - j->have : all - j->have;
    uint64_t n = left < SEGMENT_READ_MAX ? left : SEGMENT_READ_MAX;
    segment_read(c->pb->p.store, &c->segments[c->still_segment], from, from + n, on_bytes, j);
}

static void start_next(struct still_queue *q)
{
    while (!q->closed && q->running < STILL_RUNNING_MAX && !list_empty(&q->waiting)) {
        struct still_job *j = CONTAINER_OF(list_pop(&q->waiting), struct still_job, node);
        q->n_waiting--;
        q->running++;
        if (j->clip->still != NULL) {
            finish(j, 0);
            return; /* finish() went on with the next */
        }
        j->fmp4 = mem_alloc(j->clip->still_init_bytes + (size_t)j->clip->still_bytes, 1);
        read_on(j);
    }
}

void still_get(struct playback_clip *c, still_fn *done, void *arg)
{
    struct still_queue *q = c->pb->stills;
    if (c->still != NULL) {
        done(arg, 0, c->still, c->still_n);
        return;
    }
    if (c->still_bytes == 0) {
        done(arg, STILL_E_NONE, NULL, 0);
        return;
    }
    if (q->n_waiting == STILL_WAITING_MAX) {
        done(arg, STILL_E_BUSY, NULL, 0);
        return;
    }
    struct still_job *j = mem_new(struct still_job);
    *j = (struct still_job){.clip = playback_clip_ref(c), .done = done, .arg = arg};
    list_append(&q->waiting, &j->node);
    q->n_waiting++;
    start_next(q);
}
