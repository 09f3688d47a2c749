/* SPDX-License-Identifier: Apache-2.0 */
/* libav links more than a hundred libraries of which a job uses a dozen. Their mappings are five of
 * six that fork() copies and exit() takes down. They stay with the zygote. */
#ifndef REMUX_WORKER_LEAN_H
#define REMUX_WORKER_LEAN_H

/* Children forked from now on do not have the libraries that no job calls; touching one ends the
 * child, as any other crash does. Call when everything is loaded and warm. */
void lean_children(void);

#endif
