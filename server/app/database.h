/* SPDX-License-Identifier: Apache-2.0 */
/* Which database to use, for the server and for subcommands: the configured one; else the private
 * cluster in the data folder - of the running server when there is one, else started here. */
#ifndef APP_DATABASE_H
#define APP_DATABASE_H

#include "base/log.h"

struct config;
struct cluster;

struct database {
    char *url;               /* for libpq */
    struct cluster *cluster; /* NULL when somebody else runs it */
    int lock_fd;             /* the data folder's lock while we run the cluster, or -1 */
};

/* For the server, which holds the data folder's lock. Blocking. On failure (negative errno or
 * CLUSTER_E_) reason holds one sentence; ret_database starts as {.lock_fd = -1}. */
int database_serve(const struct config *c, const struct log *log, struct database *ret_database,
                   char *reason, size_t size) MUST_CHECK;
/* For subcommands, whether or not a server runs. Blocking. On failure (negative errno or positive)
 * reason holds one sentence. */
int database_open(const struct config *c, const struct log *log, struct database *ret_database,
                  char *reason, size_t size) MUST_CHECK;
void database_close(struct database *d); /* stops the cluster when it is ours */

#endif
