/* SPDX-License-Identifier: Apache-2.0 */
/* A clip as every layer above the database sees it: the columns of table clip
 * (migrations/0001_core.sql) that people and players need. Text is borrowed from where the clip was
 * read (a reply, an upload). */
#ifndef RECORDING_CLIP_H
#define RECORDING_CLIP_H

#include "base/id.h"
#include "crypto/hash.h"
#include "db/db.h"

struct clip {
    struct id id, household, camera, recording;
    const char *kind, *name, *start_source, *container;
    int64_t start_us, arrived_us, duration_ms, created_us;
    int64_t upload_bytes, stored_bytes;
    bool hashed; /* it came as one body: its digest */
    uint8_t upload_sha256[SHA256_SIZE];
    const char *video_json; /* {"codec","width","height","rotation"} */
    const char *audio_json; /* {"codec","channels","sample_rate"} or NULL */
    const char *notes_json; /* array of sentences */
    bool partial;
    bool kept; /* somebody pressed Keep */
    bool late; /* it came long after it was filmed: the camera had been offline */
    bool has_clock_offset;
    int64_t clock_offset_us; /* the camera's clock minus the server's, when it came */
};

/* Kinds a clip can have, as in the table's CHECK. */
bool clip_kind_known(const char *kind);

/* Read the standard column list, which every statement that returns clips selects in this order:
 * id, household_id, camera_id, recording_id, kind, name, start_us, start_source, arrived_us,
 * duration_ms, upload_bytes, upload_sha256, stored_bytes, container, video::text, audio::text,
 * notes::text, partial, created_us, clip_kept(id), late, clock_offset_us. first_col: where the list
 * starts. */
void clip_from_row(const struct db_reply *r, unsigned stmt, int row, int first_col,
                   struct clip *ret_clip);
enum { CLIP_COLUMNS = 22 };

#endif
