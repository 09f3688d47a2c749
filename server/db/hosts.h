/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of db/: where the URL's hosts are. libpq would look names up while it connects and block
 * the loop, so names are looked up on the thread pool and libpq is given addresses (and still the
 * names, for certificates). */
#ifndef DB_HOSTS_H
#define DB_HOSTS_H

#include "base/loop.h"

#include <libpq-fe.h>

struct hosts;
struct hosts *hosts_create(struct loop *l, const char *url);
/* False while a look-up runs: ask again a little later. Starts one when the last is too old. */
bool hosts_ready(struct hosts *h);
/* PQconnectStartParams() with what must hold for our connections. Another attempt number begins
 * with another host: one that swallows packets must not hide the next. Caller PQfinish()es. */
PGconn *hosts_connect(const struct hosts *h, unsigned attempt);
struct hosts *hosts_destroy(struct hosts *h); /* takes NULL */

#endif
