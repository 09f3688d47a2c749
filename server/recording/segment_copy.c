/* SPDX-License-Identifier: Apache-2.0 */
/* stage -> (read a chunk, seal it)* -> finish the seal -> put. Reading, sealing and writing happen
 * on the pool; one chunk of at most SEGMENT_READ_MAX is in memory. */
#include "recording/segment_copy.h"

#include <errno.h>

struct copy {
    struct segment_copy_params p;
    struct segment_ref from;
    struct seal_params to;
    struct store_stage *stage;
    struct sealer *sealer;
    uint64_t done_bytes; /* init, then body */
    uint8_t *chunk;
    size_t chunk_n;
    int status;
    struct seal_result sealed;
    segment_copy_fn *done;
    void *arg;
};

static void read_chunk(struct copy *c);

static void finish(void *arg)
{
    struct copy *c = arg;
    sealer_destroy(c->sealer);
    store_stage_drop(c->stage);
    c->done(c->arg, c->status, c->status == 0 ? &c->sealed : NULL);
    secret_wipe(c, sizeof *c);
    free(c);
}

static int write_status(int r)
{
    return r == -ENOSPC || r == -EDQUOT ? STORE_E_FULL : r != 0 ? STORE_E_UNAVAILABLE : 0;
}

static int write_stage(void *arg, const uint8_t *p, size_t n)
{
    const struct copy *c = arg;
    return fd_write_all(store_stage_fd(c->stage), p, n);
}

static void put_done(void *arg, int status)
{
    struct copy *c = arg;
    c->status = status;
    finish(c);
}

static void seal_end_on_pool(void *arg)
{
    struct copy *c = arg;
    c->status = write_status(sealer_finish(c->sealer, &c->sealed));
}

static void seal_ended(void *arg)
{
    struct copy *c = arg;
    char key[STORE_KEY_SIZE];
    if (c->status != 0) {
        finish(c);
        return;
    }
    struct store_stage *stage = c->stage;
    c->stage = NULL;
    store_key(&c->to.object, key);
    store_put(c->p.store, stage, key, c->sealed.sealed_bytes, put_done, c);
}

static void seal_chunk_on_pool(void *arg)
{
    struct copy *c = arg;
    c->status = write_status(sealer_write(c->sealer, c->chunk, c->chunk_n));
    secret_wipe(c->chunk, c->chunk_n);
}

static void chunk_sealed(void *arg)
{
    struct copy *c = arg;
    free(c->chunk);
    c->chunk = NULL;
    c->done_bytes += c->chunk_n;
    if (c->status != 0) {
        finish(c);
    } else if (c->done_bytes == c->p.init_bytes + c->p.body_bytes) {
        loop_offload(c->p.loop, seal_end_on_pool, seal_ended, c);
    } else {
        read_chunk(c);
    }
}

static void chunk_read(void *arg, int status, uint8_t *p, size_t n)
{
    struct copy *c = arg;
    c->status = status;
    if (status != 0) {
        finish(c);
        return;
    }
    c->chunk = p;
    c->chunk_n = n;
    loop_offload(c->p.loop, seal_chunk_on_pool, chunk_sealed, c);
}

static void read_chunk(struct copy *c)
{
    bool init = c->done_bytes < c->p.init_bytes;
    uint64_t from = init ? c->done_bytes : c->p.body_offset + c->done_bytes - c->p.init_bytes;
    uint64_t end = init ? c->p.init_bytes : c->p.body_offset + c->p.body_bytes;
    uint64_t to = end - from > SEGMENT_READ_MAX ? from + SEGMENT_READ_MAX : end;
    segment_read(c->p.store, &c->from, from, to, chunk_read, c);
}

void segment_copy(const struct segment_copy_params *p, segment_copy_fn *done, void *arg)
{
    struct copy *c = mem_new(struct copy);
    *c = (struct copy){.p = *p, .from = *p->from, .to = *p->to, .done = done, .arg = arg};
    c->status = store_stage(p->store, &c->stage);
    if (c->status != 0) {
        c->stage = NULL;
        c->status = c->status < 0 ? STORE_E_UNAVAILABLE : c->status;
        loop_post(p->loop, finish, c);
        return;
    }
    c->sealer = sealer_create(&c->to, write_stage, c);
    read_chunk(c);
}
