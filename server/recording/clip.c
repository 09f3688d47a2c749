/* SPDX-License-Identifier: Apache-2.0 */
#include "recording/clip.h"

#include <string.h>

bool clip_kind_known(const char *kind)
{
    static const char *const kinds[] = {"motion", "ring",  "person",     "package", "vehicle",
                                        "animal", "sound", "continuous", "manual",  "other"};
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        if (strcmp(kind, kinds[i]) == 0) {
            return true;
        }
    }
    return false;
}

void clip_from_row(const struct db_reply *r, unsigned stmt, int row, int first_col,
                   struct clip *ret_clip)
{
    int c = first_col;
    struct clip k = {0};
    k.id = db_id(r, stmt, row, c++);
    k.household = db_id(r, stmt, row, c++);
    k.camera = db_id(r, stmt, row, c++);
    k.recording = db_id(r, stmt, row, c++);
    k.kind = db_text(r, stmt, row, c++);
    k.name = db_text(r, stmt, row, c++);
    k.start_us = db_i64(r, stmt, row, c++);
    k.start_source = db_text(r, stmt, row, c++);
    k.arrived_us = db_i64(r, stmt, row, c++);
    k.duration_ms = db_i64(r, stmt, row, c++);
    k.upload_bytes = db_i64(r, stmt, row, c++);
    size_t n;
    const uint8_t *sha256 = db_bytes(r, stmt, row, c++, &n);
    k.hashed = sha256 != NULL;
    if (k.hashed) {
        ALWAYS(n == SHA256_SIZE);
        memcpy(k.upload_sha256, sha256, SHA256_SIZE);
    }
    k.stored_bytes = db_i64(r, stmt, row, c++);
    k.container = db_text(r, stmt, row, c++);
    k.video_json = db_text(r, stmt, row, c++);
    k.audio_json = db_text(r, stmt, row, c++);
    k.notes_json = db_text(r, stmt, row, c++);
    k.partial = db_bool(r, stmt, row, c++);
    k.created_us = db_i64(r, stmt, row, c++);
    k.kept = db_bool(r, stmt, row, c++);
    k.late = db_bool(r, stmt, row, c++);
    k.has_clock_offset = !db_is_null(r, stmt, row, c);
    k.clock_offset_us = db_i64(r, stmt, row, c++);
    ALWAYS(c == first_col + CLIP_COLUMNS);
    *ret_clip = k;
}
