/* SPDX-License-Identifier: Apache-2.0 */
/* One connection to PostgreSQL on the loop. It connects, prepares every statement, carries one
 * batch at a time, and when it breaks or its batch passes the deadline it is remade with back-off.
 */
#ifndef DB_CONNECTION_H
#define DB_CONNECTION_H

#include <stdbool.h>

struct connection;
struct db;
struct db_tx;

struct connection *connection_create(struct db *db);
bool connection_is_idle(const struct connection *c);
/* Only when idle. The batch comes back through pool_finish(). */
void connection_carry(struct connection *c, struct db_tx *tx);
/* Also when busy: the batch is then over with DB_E_UNAVAILABLE. */
struct connection *connection_destroy(struct connection *c);

#endif
