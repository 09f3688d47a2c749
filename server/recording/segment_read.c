/* SPDX-License-Identifier: Apache-2.0 */
#include "recording/segment_read.h"

#include <errno.h>
#include <string.h>

struct read_op {
    struct segment_ref ref;
    uint64_t sealed_offset;
    size_t skip, want; /* of the opened chunks */
    segment_read_fn *done;
    void *arg;
};

/* On the pool. */
static ssize_t read_open(void *arg, uint8_t *p, size_t n)
{
    struct read_op *op = arg;
    ssize_t plain = seal_open(&op->ref.seal, op->ref.plain_bytes, op->sealed_offset, p, n);
    if (plain < 0) {
        return plain;
    }
    ALWAYS((size_t)plain >= op->skip + op->want);
    if (op->skip > 0) {
        memmove(p, p + op->skip, op->want);
    }
    return (ssize_t)op->want;
}

static void read_done(void *arg, int status, uint8_t *p, size_t n)
{
    struct read_op *op = arg;
    op->done(op->arg, status, p, n);
    secret_wipe(op, sizeof *op);
    free(op);
}

void segment_read(struct store *s, const struct segment_ref *ref, uint64_t from, uint64_t to,
                  segment_read_fn *done, void *arg)
{
    struct read_op *op = mem_new(struct read_op);
    char key[STORE_KEY_SIZE];
    uint64_t n = 0;
    *op = (struct read_op){.ref = *ref, .done = done, .arg = arg};
    if (from < to && to - from <= SEGMENT_READ_MAX) {
        seal_span(ref->plain_bytes, from, to - from, &op->sealed_offset, &n);
        op->skip = from % SEAL_CHUNK_SIZE;
        op->want = (size_t)(to - from);
    }
    store_key(&ref->seal.object, key);
    const struct store_get_params get = {.key = key,
                                         .offset = op->sealed_offset,
                                         .n = (size_t)n, /* 0 is refused by the store: -EINVAL */
                                         .map = read_open,
                                         .map_arg = op,
                                         .done = read_done,
                                         .arg = op};
    store_get(s, &get);
}
