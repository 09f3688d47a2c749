/* SPDX-License-Identifier: Apache-2.0 */
/* One event loop: a thread that never blocks. Everything a loop owns is touched on its thread only;
 * loop_post() is the one door from other threads. Objects hide libuv's asynchronous close: destroy
 * functions may be called at any time on the loop's thread, even inside the object's own callback,
 * and no callback fires afterwards. */
#ifndef BASE_LOOP_H
#define BASE_LOOP_H

#include "base/log.h"
#include "base/status.h"

#include <stdbool.h>
#include <uv.h>

struct loop; /* opaque; one per thread */

struct loop *loop_create(const struct log *log);
/* Run until loop_stop(). */
void loop_run(struct loop *l);
/* Any thread. The loop returns from loop_run() after the current turn. */
void loop_stop(struct loop *l);
/* All timers and watches must be destroyed and offloaded work done; runs the loop until libuv let
 * go. Takes NULL. */
struct loop *loop_destroy(struct loop *l);
uv_loop_t *loop_uv(struct loop *l);
const struct log *loop_log(struct loop *l);

typedef void loop_fn(void *arg);
/* Any thread: run fn(arg) on the loop's thread in a later turn, in order of posting. */
void loop_post(struct loop *l, loop_fn *fn, void *arg);
/* Run work(arg) on the uv thread pool, then done(arg) on the loop. arg belongs to the work until
 * done. */
void loop_offload(struct loop *l, loop_fn *work, loop_fn *done, void *arg);
/* Work handed to the pool whose done() has not run yet. */
unsigned loop_offloaded(const struct loop *l);

struct timer;
struct timer *timer_create_on(struct loop *l, loop_fn *fn, void *arg);
/* (Re)arm to fire once after ms. */
void timer_set(struct timer *t, uint64_t ms);
void timer_stop(struct timer *t);
struct timer *timer_destroy(struct timer *t); /* takes NULL, returns NULL */

/* Readiness of a descriptor (socket, pipe, epoll fd - not a regular file). The descriptor stays the
 * caller's and must stay open until watch_destroy() returned. */
struct watch;
typedef void watch_fn(void *arg,
                      int events); /* events: UV_READABLE | UV_WRITABLE | UV_DISCONNECT */
struct watch *watch_create(struct loop *l, int fd, watch_fn *fn, void *arg);
void watch_set(struct watch *w, int events); /* 0 stops */
struct watch *watch_destroy(struct watch *w);

#endif
