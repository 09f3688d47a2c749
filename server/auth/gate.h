/* SPDX-License-Identifier: Apache-2.0 */
/* At most GATE_SLOTS password hashes at once in the whole process (each takes 64 MiB and ~0.2 s of
 * a core), whatever the number of loops; at most GATE_WAITING more wait their turn. Otherwise
 * signing in would be the cheapest way to stop the server. */
#ifndef AUTH_GATE_H
#define AUTH_GATE_H

#include "base/loop.h"

enum { GATE_SLOTS = 4, GATE_WAITING = 28 };
enum { GATE_E_FULL = 1 };
/* Run work(arg) on the thread pool as soon as there is a slot, then done(arg) on l. GATE_E_FULL:
 * neither will be called. Any loop's thread. */
int gate_offload(struct loop *l, loop_fn *work, loop_fn *done, void *arg) MUST_CHECK;

#endif
