/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of db/: where the programs of PostgreSQL are, and where a private cluster's socket may
 * be. */
#ifndef DB_CLUSTER_PLACE_H
#define DB_CLUSTER_PLACE_H

#include "base/status.h"

/* The folder with postgres and initdb: of that major version, or of any when 0 (the newest known
 * place, after PATH). Caller frees; NULL when there is none. */
char *cluster_find_programs(unsigned major);
/* The major version of a program ("postgres (PostgreSQL) 15.4" is 15); 0 when it does not say. */
unsigned cluster_program_major(const char *programs);
/* The major version a data folder was made by; 0 when it is not one. */
unsigned cluster_data_major(const char *data);
/* A folder for the socket that only we can enter: DIR/run, or, when its name is too long for a
 * socket's, one of our own under XDG_RUNTIME_DIR or /tmp. Made when absent. Caller frees. */
int cluster_socket_folder(const char *dir, char **ret_folder, char *reason, size_t size) MUST_CHECK;
/* Keyword string for libpq. Caller frees. */
char *cluster_make_url(const char *socket_folder);

#endif
