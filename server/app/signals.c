/* SPDX-License-Identifier: Apache-2.0 */
#include "app/signals.h"

#include <signal.h>

enum { HANDLES = 3 };

struct signals {
    uv_signal_t handles[HANDLES];
    unsigned open;
    loop_fn *stop, *reload;
    void *arg;
};

static void on_signal(uv_signal_t *h, int number)
{
    struct signals *s = h->data;
    (number == SIGHUP ? s->reload : s->stop)(s->arg);
}

struct signals *signals_create(struct loop *l, loop_fn *stop, loop_fn *reload, void *arg)
{
    static const int numbers[HANDLES] = {SIGTERM, SIGINT, SIGHUP};
    struct signals *s = mem_new(struct signals);
    *s = (struct signals){.open = HANDLES, .stop = stop, .reload = reload, .arg = arg};
    for (size_t i = 0; i < HANDLES; i++) {
        ALWAYS(uv_signal_init(loop_uv(l), &s->handles[i]) == 0);
        s->handles[i].data = s;
        ALWAYS(uv_signal_start(&s->handles[i], on_signal, numbers[i]) == 0);
    }
    return s;
}

/* Memory goes when libuv has let go of the last handle. */
static void on_closed(uv_handle_t *h)
{
    struct signals *s = h->data;
    if (--s->open == 0) {
        free(s);
    }
}

struct signals *signals_destroy(struct signals *s)
{
    for (size_t i = 0; s != NULL && i < HANDLES; i++) {
        uv_close((uv_handle_t *)&s->handles[i], on_closed);
    }
    return NULL;
}
