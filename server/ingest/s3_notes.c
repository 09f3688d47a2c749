/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/s3_notes.h"

#include "base/str.h"
#include "ingest/onvif_key.h"
#include "ingest/s3_object.h"
#include "ingest/seek_table.h"

#include <stdio.h>
#include <string.h>

enum { SEGMENTS_MAX = 16, PICTURES_MAX = 4096, DURATION_OFF_MS = 1500 };
enum { COLUMN_INDEX = 10 }; /* of segments_of_clip.sql */

struct noting {
    struct ingest *in;
    s3_notes_fn *done;
    void *arg;
    uint64_t timescale;
    struct seek_table table;
    char note[S3_NOTE_MAX];
};

static void compare_duration(struct noting *o, const char *metadata, int64_t duration_ms)
{
    char value[64];
    int64_t told_ms;
    if (s3_metadata_value(metadata, "duration", value, sizeof value) == NULL ||
        onvif_duration_parse(value, &told_ms) != 0) {
        return;
    }
    int64_t off = told_ms - duration_ms;
    if (off > DURATION_OFF_MS || off < -DURATION_OFF_MS) {
        snprintf(o->note, sizeof o->note, "The camera said that it recorded %.1f s; %.1f s came.",
                 (double)told_ms / 1000, (double)duration_ms / 1000);
    }
}

static bool read_table(struct noting *o, const char *metadata)
{
    char value[S3_METADATA_MAX + 1], scale[24];
    return s3_metadata_value(metadata, "seektable", value, sizeof value) != NULL &&
           s3_metadata_value(metadata, "timescale", scale, sizeof scale) != NULL &&
           str_parse_u64(scale, UINT32_MAX, &o->timescale) == 0 && o->timescale > 0 &&
           seek_table_parse(value, strlen(value), &o->table) == 0;
}

static void compare_table(struct noting *o, const struct db_reply *r)
{
    int64_t *times = mem_alloc(PICTURES_MAX, sizeof *times);
    size_t n = 0;
    for (int i = 0; i < db_rows(r, 0); i++) {
        struct index ix = {0};
        size_t bytes;
        const uint8_t *coded = db_bytes(r, 0, i, COLUMN_INDEX, &bytes);
        if (index_decode(coded, bytes, &ix) == 0) {
            n += seek_key_pictures(&ix, times + n, PICTURES_MAX - n);
        }
        index_finish(&ix);
    }
    unsigned missing = seek_table_missing(&o->table, o->timescale, times, n);
    if (missing > 0 && db_rows(r, 0) < SEGMENTS_MAX) {
        snprintf(o->note, sizeof o->note,
                 "The camera's seek table names %u points that are not in what came.", missing);
    }
    free(times);
}

static void segments_read(void *arg, const struct db_reply *r)
{
    struct noting *o = arg;
    if (db_status(r) == 0) { /* else it is said another time, or never: a note is no promise */
        compare_table(o, r);
    }
    o->done(o->arg, o->note);
    free(o);
}

static void nothing_to_read(void *arg)
{
    struct noting *o = arg;
    o->done(o->arg, o->note);
    free(o);
}

bool s3_notes_begin(struct ingest *in, const struct clip *clip, const char *metadata,
                    s3_notes_fn *done, void *arg)
{
    struct noting *o = mem_new(struct noting);
    o->in = in;
    o->done = done;
    o->arg = arg;
    compare_duration(o, metadata, clip->duration_ms);
    if (read_table(o, metadata)) {
        db_run(in->db, segments_read, o, DB_SEGMENTS_OF_CLIP, DB_ID(&clip->id),
               DB_I64(SEGMENTS_MAX));
    } else if (o->note[0] != '\0') {
        loop_post(in->loop, nothing_to_read, o);
    } else {
        free(o);
        return false;
    }
    return true;
}
