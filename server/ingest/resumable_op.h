/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of resumable bodies: the row, and the way from a whole body to a clip. */
#ifndef INGEST_RESUMABLE_OP_H
#define INGEST_RESUMABLE_OP_H

#include "base/clock.h"
#include "ingest/resumable.h"
#include "storage/spool/spool.h"

#include "db/db.h"

enum resumable_state { RESUMABLE_OPEN, RESUMABLE_PART, RESUMABLE_WHOLE, RESUMABLE_DONE };

/* The standard columns, which every statement that returns such rows selects in this order: id,
 * household_id, camera_id, protocol, state, joined, name, kind, started_us, declared_bytes,
 * metadata, parts (ids with commas), broken, clip_id, created_us, expires_us. */
struct resumable_row {
    struct id id, household, camera, clip;
    bool tus, joined, broken;
    enum resumable_state state;
    char *name, *kind, *metadata; /* owned */
    int64_t started_us, created_us, expires_us;
    uint64_t declared;
    struct spool_ref *refs; /* owned: its own body, or those it is joined of */
    size_t n_refs;
    bool final;
};
void resumable_row_read(const struct db_reply *r, int row, struct resumable_row *ret_row);
void resumable_row_finish(struct resumable_row *row);
/* Ids with commas between them to refs; at least one. */
size_t resumable_refs(const struct id *camera, const char *ids, struct spool_ref **ret_refs);

/* When it was filmed, as far as the camera's clock can be believed now; null: by arrival. */
struct db_arg resumable_start(int64_t started_us, int64_t camera_now_us);

/* RESUMABLE_E_ for what a statement or the spool said. */
int resumable_db_error(const struct db_reply *r);
int resumable_spool_error(int status);

/* A row that is whole becomes a clip; afterwards row and bytes go, or it waits for another try.
 * told exactly once, on the way; takes the row over. */
struct resumable_finish_params {
    struct ingest *in;
    struct resumable_row row;
    const char *request_id;
    uint64_t try_for_ms;
    void (*told)(void *arg, const struct upload_result *r);
    void *arg;
};
void resumable_finish(const struct resumable_finish_params *p);
/* A row that is being sent to is not closed meanwhile; a whole one is its finisher's. */
#define RESUMABLE_SENDING_US (86400ll * CLOCK_US)
#define RESUMABLE_LEASE_US   (900ll * CLOCK_US)
int64_t resumable_rest_us(const struct ingest *in, bool tus, uint64_t declared); /* until closed */

#endif
