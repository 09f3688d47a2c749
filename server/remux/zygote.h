/* SPDX-License-Identifier: Apache-2.0 */
/* The server's end of the zygote process: starts it, starts it again when it dies (sooner first,
 * later with pauses), has children forked and killed. Internal to this folder. */
#ifndef REMUX_ZYGOTE_H
#define REMUX_ZYGOTE_H

#include "base/loop.h"
#include "remux/protocol.h"

struct zygote;
int zygote_create(struct loop *loop, const char *worker_path,
                  struct zygote **ret_zygote) MUST_CHECK;
/* Fork a child that has the two descriptors (they stay the caller's). -EAGAIN while there is no
 * zygote. */
int zygote_start(struct zygote *z, const struct job_order *order, const int fds[ZYGOTE_START_FDS],
                 uint32_t *ret_job) MUST_CHECK;
bool zygote_running(const struct zygote *z);
/* Harmless when that child is gone. */
void zygote_kill(struct zygote *z, uint32_t job);
/* Kills the process and with it its children. Takes NULL. */
struct zygote *zygote_destroy(struct zygote *z);

#endif
