/* SPDX-License-Identifier: Apache-2.0 */
/* The private PostgreSQL: used when no DATABASE_URL is set. initdb on first start, unix socket
 * only, no TCP, never root, restarted with back-off when it dies, stopped (fast shutdown) on the
 * way out. Knows where distributions keep the binaries.*/
#ifndef DB_CLUSTER_H
#define DB_CLUSTER_H

#include "base/loop.h"

enum {
    CLUSTER_E_NO_BINARIES = 1, /* no postgres/initdb found */
    CLUSTER_E_VERSION,         /* the data folder is of another major version */
    CLUSTER_E_FAILED           /* initdb or the first start failed: reason says why */
};
struct cluster;
/* dir: DATA/postgres. Blocking until it accepts connections (at most 60 s). A postmaster left by a
 * killed server on this folder is taken over (stopped and started again). */
int cluster_start(const char *dir, const struct log *log, struct cluster **ret_cluster,
                  char *reason, size_t size) MUST_CHECK;
const char *cluster_url(const struct cluster *c); /* for libpq */
/* Watch it on this loop and restart it when it dies; until cluster_stop. */
void cluster_supervise(struct cluster *c, struct loop *l);
struct cluster *cluster_stop(struct cluster *c); /* blocking, at most 30 s; takes NULL */

#endif
