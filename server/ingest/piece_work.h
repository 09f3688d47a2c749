/* SPDX-License-Identifier: Apache-2.0 */
/* Pieces that wait in the spool are worked off: those of one number together, when nothing is
 * missing any more or the wait is over. What a row says is leased for a while, so that loops and
 * nodes do not work at the same; what a crash leaves is taken up again when the lease is over. */
#ifndef INGEST_PIECE_WORK_H
#define INGEST_PIECE_WORK_H

#include "ingest/upload.h"

/* Something may be due: look now. */
void piece_work(struct ingest *in);

/* Looks every second, and once a day lets rows of pieces go that nobody sends again; at the start
 * makes right what a crash left in the spool. On one loop a server. */
struct piece_keeper;
struct piece_keeper *piece_keeper_create(struct ingest *in);
/* What is under way ends by itself (ingest.live covers it). Takes NULL. */
struct piece_keeper *piece_keeper_destroy(struct piece_keeper *k);

#endif
