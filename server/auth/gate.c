/* SPDX-License-Identifier: Apache-2.0 */
/* The limit belongs to the process, so its state is the one static of this folder. A task waits
 * here, is posted to its own loop when a slot is free, and gives the slot to the next one when its
 * work is done. */
#include "auth/gate.h"

#include "base/list.h"

#include <pthread.h>

struct task {
    struct list node;
    struct loop *loop;
    loop_fn *work, *done;
    void *arg;
};

static struct {
    pthread_mutex_t lock;
    struct {
        struct list waiting;
        unsigned n_waiting, n_running;
    } synced;
} gate = {.lock = PTHREAD_MUTEX_INITIALIZER,
          .synced = {.waiting = {&gate.synced.waiting, &gate.synced.waiting}}};

static void work(void *arg)
{
    struct task *t = arg;
    t->work(t->arg);
}

static void start(void *arg);

static void done(void *arg)
{
    struct task t = *(struct task *)arg;
    free(arg);
    pthread_mutex_lock(&gate.lock);
    struct list *next = list_pop(&gate.synced.waiting);
    if (next) {
        gate.synced.n_waiting--;
    } else {
        gate.synced.n_running--;
    }
    pthread_mutex_unlock(&gate.lock);
    if (next) {
        struct task *waiter = CONTAINER_OF(next, struct task, node);
        loop_post(waiter->loop, start, waiter);
    }
    t.done(t.arg);
}

static void start(void *arg)
{
    struct task *t = arg;
    loop_offload(t->loop, work, done, t);
}

int gate_offload(struct loop *l, loop_fn *work_fn, loop_fn *done_fn, void *arg)
{
    struct task *t = mem_new(struct task);
    *t = (struct task){.loop = l, .work = work_fn, .done = done_fn, .arg = arg};
    list_init(&t->node);
    pthread_mutex_lock(&gate.lock);
    bool run = gate.synced.n_running < GATE_SLOTS;
    bool wait = !run && gate.synced.n_waiting < GATE_WAITING;
    if (run) {
        gate.synced.n_running++;
    } else if (wait) {
        gate.synced.n_waiting++;
        list_append(&gate.synced.waiting, &t->node);
    }
    pthread_mutex_unlock(&gate.lock);
    if (!run && !wait) {
        free(t);
        return GATE_E_FULL;
    }
    if (run) {
        start(t);
    }
    return 0;
}
