/* SPDX-License-Identifier: Apache-2.0 */
/* Endless uploads that ended without their clip - the server was killed, the power went, the
 * database was away for too long - are finished from their journals (docs/design/streams.md), at
 * the start and whenever one is left behind. One at a time, one journal at a time: its plaintext
 * goes through an ordinary worker job, its segments continue the recording, and the transaction
 * that adds them takes the journal off the upload. So it may be interrupted anywhere, too. On one
 * loop a server. */
#ifndef INGEST_SALVAGE_H
#define INGEST_SALVAGE_H

#include "ingest/upload.h"

struct salvage;
/* before_us: live uploads of the node from before that time are nobody's any more. */
struct salvage *salvage_create(struct ingest *in, int64_t before_us);
/* Nothing new is begun; what is under way ends by itself (in->live covers it). Takes NULL. */
struct salvage *salvage_destroy(struct salvage *s);

#endif
