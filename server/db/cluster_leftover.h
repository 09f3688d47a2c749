/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of db/: what a killed server left of its private cluster. */
#ifndef DB_CLUSTER_LEFTOVER_H
#define DB_CLUSTER_LEFTOVER_H

#include "base/log.h"

/* When it returns 0, no process works in the data folder and no lock file of one that did is left.
 * Blocking. CLUSTER_E_FAILED and a reason otherwise. */
int cluster_take_over(const char *data, const char *socket_folder, const struct log *log,
                      char *reason, size_t size) MUST_CHECK;

#endif
