/* SPDX-License-Identifier: Apache-2.0 */
/* The data folder: who owns it, and that one server at a time uses it. */
#ifndef APP_DATA_DIR_H
#define APP_DATA_DIR_H

#include "base/status.h"

struct config;

enum { DATA_DIR_E_LOCKED = 1 }; /* a server is running on this folder */

/* When root: make the data folder, give it to RUN_AS and become that user for good. When not root:
 * nothing. On failure reason holds one sentence. */
int data_dir_become_owner(const struct config *c, char *reason, size_t size) MUST_CHECK;
/* Make the folder and those inside it (0700); -EACCES and others with a reason. */
int data_dir_make(const struct config *c, char *reason, size_t size) MUST_CHECK;
/* The lock is held until ret_fd is closed. DATA_DIR_E_LOCKED or negative errno, with a reason. */
int data_dir_lock(const struct config *c, int *ret_fd, char *reason, size_t size) MUST_CHECK;

#endif
