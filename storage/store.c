/* SPDX-License-Identifier: Apache-2.0 */
/* The part all drivers share: no key reaches a driver that key.c did not make, every operation runs
 * on the pool and completes exactly once on the loop, and what is under way is counted. */
#include "storage/driver.h"

#include "metrics/metrics.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { GET_MAX_BYTES = 16 << 20 };

struct store {
    struct loop *loop;
    struct store_driver *driver;
    unsigned busy; /* operations and stages */
};

struct store_stage {
    struct store *store;
    int fd;
    void *token;
};

struct store *store_create(struct loop *l, struct store_driver *d)
{
    struct store *s = mem_new(struct store);
    s->loop = l;
    s->driver = d;
    return s;
}

struct store *store_destroy(struct store *s)
{
    if (s != NULL) {
        ALWAYS(s->busy == 0);
        s->driver->ops->destroy(s->driver);
        free(s);
    }
    return NULL;
}

const char *store_name(const struct store *s)
{
    return s->driver->ops->name;
}

unsigned store_busy(const struct store *s)
{
    return s->busy;
}

int store_stage(struct store *s, struct store_stage **ret_stage)
{
    struct store_stage *st = mem_new(struct store_stage);
    int r = s->driver->ops->stage(s->driver, &st->fd, &st->token);
    if (r != 0) {
        free(st);
        return r;
    }
    st->store = s;
    s->busy++;
    *ret_stage = st;
    return 0;
}

int store_stage_fd(const struct store_stage *st)
{
    return st->fd;
}

void store_stage_direct(struct store_stage *st)
{
    int flags = fcntl(st->fd, F_GETFL);
    if (flags >= 0) {
        (void)!fcntl(st->fd, F_SETFL, flags | O_DIRECT); /* not every file system can: then not */
    }
}

struct store_stage *store_stage_drop(struct store_stage *st)
{
    if (st != NULL) {
        struct store_driver *d = st->store->driver;
        d->ops->stage_drop(d, st->fd, st->token);
        st->store->busy--;
        free(st);
    }
    return NULL;
}

/* ---- operations ---- */
struct op {
    struct store *store;
    char key[STORE_KEY_SIZE];
    int status;
    void *arg;
    store_done_fn *done; /* put, delete */
    store_stat_fn *stat_done;
    struct store_stage *stage;
    uint64_t size; /* put: expected; stat: found */
    struct store_get_params get;
    uint8_t *p;
    size_t n;
    enum metric metric;
    uint64_t began_us; /* monotonic */
};

static uint64_t mono_us(void)
{
    return uv_hrtime() / 1000;
}

static void op_count(const struct op *op)
{
    metric_add(op->metric, 1);
    if (op->status == STORE_E_FULL) {
        metric_add(METRIC_STORE_FULL, 1);
    } else if (op->status < 0 || op->status == STORE_E_UNAVAILABLE || op->status == STORE_E_SHORT) {
        metric_add(METRIC_STORE_FAILED, 1);
    }
    if (op->metric == METRIC_STORE_PUTS) {
        metric_observe_us(METRIC_STORE_PUT_SECONDS, mono_us() - op->began_us);
    }
}

/* A key that is none makes the operation end with -EINVAL without reaching the driver. */
static struct op *op_create(struct store *s, const char *key, void *arg)
{
    struct op *op = mem_new(struct op);
    struct id object;
    op->store = s;
    op->arg = arg;
    op->status = store_key_parse(key, &object);
    if (op->status == 0) {
        store_key(&object, op->key);
    }
    s->busy++;
    return op;
}

static void op_done(void *arg)
{
    struct op *op = arg;
    op_count(op);
    op->store->busy--;
    op->done(op->arg, op->status);
    free(op);
}

static void put_work(void *arg)
{
    struct op *op = arg;
    struct store_driver *d = op->store->driver;
    struct store_stage *st = op->stage;
    if (op->status != 0) {
        d->ops->stage_drop(d, st->fd, st->token);
    } else {
        op->status = d->ops->put(d, st->fd, st->token, op->key, op->size);
    }
    free(st);
}

void store_put(struct store *s, struct store_stage *st, const char *key, uint64_t size,
               store_done_fn *done, void *arg)
{
    struct op *op = op_create(s, key, arg);
    ALWAYS(st->store == s);
    s->busy--; /* the stage, whose place the operation takes */
    op->metric = METRIC_STORE_PUTS;
    op->began_us = mono_us();
    op->done = done;
    op->stage = st;
    op->size = size;
    loop_offload(s->loop, put_work, op_done, op);
}

static void delete_work(void *arg)
{
    struct op *op = arg;
    if (op->status == 0) {
        op->status = op->store->driver->ops->delete (op->store->driver, op->key);
    }
}

void store_delete(struct store *s, const char *key, store_done_fn *done, void *arg)
{
    struct op *op = op_create(s, key, arg);
    op->metric = METRIC_STORE_DELETES;
    op->done = done;
    loop_offload(s->loop, delete_work, op_done, op);
}

static void stat_work(void *arg)
{
    struct op *op = arg;
    if (op->status == 0) {
        op->status = op->store->driver->ops->stat(op->store->driver, op->key, &op->size);
    }
}

static void stat_done(void *arg)
{
    struct op *op = arg;
    op->store->busy--;
    op->stat_done(op->arg, op->status, op->size);
    free(op);
}

void store_stat(struct store *s, const char *key, store_stat_fn *done, void *arg)
{
    struct op *op = op_create(s, key, arg);
    op->stat_done = done;
    loop_offload(s->loop, stat_work, stat_done, op);
}

static void get_work(void *arg)
{
    struct op *op = arg;
    struct store_driver *d = op->store->driver;
    if (op->status != 0) {
        return;
    }
    op->n = op->get.n;
    op->p = mem_resize(NULL, op->n, 1); /* need not be zeroed: all of it is read */
    op->status = d->ops->get(d, op->key, op->get.offset, op->p, op->n);
    if (op->status == 0 && op->get.map != NULL) {
        ssize_t mapped = op->get.map(op->get.map_arg, op->p, op->n);
        if (mapped < 0) {
            op->status = (int)mapped;
        } else {
            op->n = (size_t)mapped;
        }
    }
}

static void get_done(void *arg)
{
    struct op *op = arg;
    op_count(op);
    op->store->busy--;
    if (op->status != 0) {
        free(op->p);
        op->p = NULL;
        op->n = 0;
    }
    op->get.done(op->arg, op->status, op->p, op->n);
    free(op);
}

void store_get(struct store *s, const struct store_get_params *p)
{
    struct op *op = op_create(s, p->key, p->arg);
    op->metric = METRIC_STORE_GETS;
    op->get = *p;
    op->get.key = NULL; /* the caller's; ours is op->key */
    if (p->n == 0 || p->n > GET_MAX_BYTES) {
        op->status = -EINVAL;
    }
    loop_offload(s->loop, get_work, get_done, op);
}

/* ---- blocking ---- */
int store_list(struct store *s, int (*each)(void *arg, const char *key, uint64_t size), void *arg)
{
    return s->driver->ops->list(s->driver, each, arg);
}

int store_recover(struct store *s, unsigned *ret_removed)
{
    *ret_removed = 0;
    return s->driver->ops->recover == NULL ? 0 : s->driver->ops->recover(s->driver, ret_removed);
}

int store_health(struct store *s)
{
    return s->driver->ops->health(s->driver);
}

int store_room(struct store *s, uint64_t *ret_bytes)
{
    struct store_driver *d = s->driver;
    return d->ops->room == NULL ? -ENOTSUP : d->ops->room(d, ret_bytes);
}
