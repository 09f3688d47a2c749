/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "ingest/footage_time.h"
#include "ingest/resumable_op.h"

#include <string.h>

enum {
    C_ID,
    C_HOUSEHOLD,
    C_CAMERA,
    C_PROTOCOL,
    C_STATE,
    C_JOINED,
    C_NAME,
    C_KIND,
    C_STARTED,
    C_DECLARED,
    C_METADATA,
    C_PARTS,
    C_BROKEN,
    C_CLIP,
    C_CREATED,
    C_EXPIRES
};

static enum resumable_state state_of(const char *s)
{
    return strcmp(s, "open") == 0    ? RESUMABLE_OPEN
           : strcmp(s, "part") == 0  ? RESUMABLE_PART
           : strcmp(s, "whole") == 0 ? RESUMABLE_WHOLE
                                     : RESUMABLE_DONE;
}

size_t resumable_refs(const struct id *camera, const char *ids, struct spool_ref **ret_refs)
{
    size_t n = 1;
    for (const char *p = ids; *p != '\0'; p++) {
        n += *p == ',';
    }
    struct spool_ref *refs = mem_alloc(n, sizeof *refs);
    for (size_t i = 0; i < n; i++) {
        char one[ID_TEXT_SIZE] = "";
        memcpy(one, ids, strnlen(ids, ID_TEXT_SIZE - 1));
        refs[i] = (struct spool_ref){.area = SPOOL_RESUMABLE, .owner = *camera};
        ALWAYS(id_parse(one, &refs[i].body) == 0);
        ids += ID_TEXT_SIZE - 1 + (i + 1 < n);
    }
    *ret_refs = refs;
    return n;
}

void resumable_row_read(const struct db_reply *r, int row, struct resumable_row *ret_row)
{
    struct resumable_row *w = ret_row;
    char own[ID_TEXT_SIZE];
    *w = (struct resumable_row){
        .id = db_id(r, 0, row, C_ID),
        .household = db_id(r, 0, row, C_HOUSEHOLD),
        .camera = db_id(r, 0, row, C_CAMERA),
        .tus = strcmp(db_text(r, 0, row, C_PROTOCOL), "tus") == 0,
        .state = state_of(db_text(r, 0, row, C_STATE)),
        .joined = db_bool(r, 0, row, C_JOINED),
        .broken = db_bool(r, 0, row, C_BROKEN),
        .name = mem_str(db_text(r, 0, row, C_NAME)),
        .kind = mem_str(db_text(r, 0, row, C_KIND)),
        .metadata = mem_str(db_text(r, 0, row, C_METADATA)),
        .started_us = db_i64(r, 0, row, C_STARTED),
        .created_us = db_i64(r, 0, row, C_CREATED),
        .expires_us = db_i64(r, 0, row, C_EXPIRES),
        .declared = SOURCE_UNKNOWN_SIZE,
        .final = !db_is_null(r, 0, row, C_PARTS),
    };
    if (!db_is_null(r, 0, row, C_DECLARED)) {
        w->declared = (uint64_t)db_i64(r, 0, row, C_DECLARED);
    }
    if (w->state == RESUMABLE_DONE) {
        w->clip = db_id(r, 0, row, C_CLIP);
    }
    id_format(&w->id, own);
    w->n_refs = resumable_refs(&w->camera, w->final ? db_text(r, 0, row, C_PARTS) : own, &w->refs);
}

void resumable_row_finish(struct resumable_row *row)
{
    free(row->name);
    free(row->kind);
    free(row->metadata);
    free(row->refs);
    *row = (struct resumable_row){.declared = SOURCE_UNKNOWN_SIZE};
}

struct db_arg resumable_start(int64_t started_us, int64_t camera_now_us)
{
    const struct footage_told told = {
        .started_us = started_us, .camera_now_us = camera_now_us, .arrived_us = clock_now_us()};
    int64_t start_us = footage_time_of(&told).start_us;
    return start_us != 0 ? DB_I64(start_us) : DB_NULL;
}

int resumable_db_error(const struct db_reply *r)
{
    if (db_status(r) != DB_E_REFUSED) {
        return RESUMABLE_E_UNAVAILABLE;
    }
    const char *why = db_message(r);
    return strcmp(why, "storage_full") == 0        ? RESUMABLE_E_QUOTA
           : strcmp(why, "too_many_requests") == 0 ? RESUMABLE_E_BUSY
           : strcmp(why, "conflict") == 0          ? RESUMABLE_E_UNFINISHED
                                                   : RESUMABLE_E_NOT_FOUND;
}

int resumable_spool_error(int status)
{
    switch (status) {
    case 0:
        return 0;
    case SPOOL_E_FULL:
        return RESUMABLE_E_FULL;
    case SPOOL_E_FENCED:
        return RESUMABLE_E_FENCED;
    case SPOOL_E_BUSY:
        return RESUMABLE_E_BUSY;
    default:
        return RESUMABLE_E_UNAVAILABLE;
    }
}

int64_t resumable_rest_us(const struct ingest *in, bool tus, uint64_t declared)
{
    bool by_idle = !tus && declared == SOURCE_UNKNOWN_SIZE;
    return clock_now_us() + (by_idle ? in->resumable_idle_us : in->resumable_keep_us);
}
