/* SPDX-License-Identifier: Apache-2.0 */
/* What a job comes to: its status, one sentence of reason, and a note for each thing that was done
 * to the media. */
#ifndef REMUX_WORKER_VERDICT_H
#define REMUX_WORKER_VERDICT_H

#include "remux/protocol.h"

/* Record why the job ends and return status, so that callers write `return verdict_fail(...)`. The
 * first failure wins. */
int verdict_fail(struct channel_done *v, int status, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Add a sentence, once. What does not fit is left out whole. */
void verdict_note(struct channel_done *v, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
