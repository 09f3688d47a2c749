/* SPDX-License-Identifier: Apache-2.0 */
/* Planted bugs, for the test that proves the jail; compiled only with -Dfault_points=true. An input
 * that begins with `doorward-fault:NAME;` makes the worker do what a taken-over parser would. */
#ifndef REMUX_WORKER_FAULT_H
#define REMUX_WORKER_FAULT_H

#include "remux/worker/input.h"

void fault_maybe(struct input *in);

#endif
