/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of one reply -> playback_clip. */
#include "playback/film.h"
#include "playback/playback_internal.h"

#include <string.h>

/* Columns of clip_facts.sql. */
enum { COL_NAME, COL_KIND, COL_CAMERA, COL_HOUSEHOLD, COL_FROM_US, COL_TO_US };

void film_read_facts(const struct db_reply *r, unsigned stmt, const struct playback_subject *s,
                     struct film_facts *ret_facts)
{
    *ret_facts = (struct film_facts){.subject = *s,
                                     .camera = db_id(r, stmt, 0, COL_CAMERA),
                                     .household = db_id(r, stmt, 0, COL_HOUSEHOLD),
                                     .camera_name = db_text(r, stmt, 0, COL_NAME),
                                     .kind = db_text(r, stmt, 0, COL_KIND),
                                     .from_us = db_i64(r, stmt, 0, COL_FROM_US),
                                     .to_us = db_i64(r, stmt, 0, COL_TO_US),
                                     .whole = !db_is_null(r, stmt, 0, FILM_COL_RECORDING)};
}

static int add_rows(struct film *f, const struct film_facts *facts, const struct film_row *rows,
                    uint32_t n)
{
    struct take_use *uses = mem_alloc(n, sizeof *uses);
    struct take_row *chosen = mem_alloc(n, sizeof *chosen);
    uint32_t n_uses = 0;
    int status = 0;
    for (uint32_t i = 0; i < n; i++) {
        chosen[i] = rows[i].row;
        uses[i] = (struct take_use){.row = i, .from_us = rows[i].row.start_us};
    }
    n_uses = facts->whole ? n : take_choose(chosen, n, uses);
    for (uint32_t i = 0; i < n_uses && status == 0; i++) {
        status = film_add(f, &rows[uses[i].row], uses[i].from_us);
    }
    free(uses);
    free(chosen);
    return status;
}

int film_of_rows(struct playback *pb, const struct film_facts *facts,
                 const struct film_hidden *hidden, uint32_t n_hidden, const struct db_reply *r,
                 unsigned segments, struct playback_clip **ret_clip)
{
    uint32_t n = (uint32_t)db_rows(r, segments);
    struct film_row *rows = mem_alloc(n, sizeof *rows);
    for (uint32_t i = 0; i < n; i++) {
        film_read_row(r, segments, (int)i, &rows[i]);
    }
    struct film *f = film_begin(pb, facts, rows[0].row.start_us, hidden, n_hidden);
    int status = add_rows(f, facts, rows, n);
    free(rows);
    if (status != 0) {
        film_cancel(f);
        return status;
    }
    return film_end(f, ret_clip);
}

int playback_load(struct playback *pb, const struct id *clip, const struct db_reply *r,
                  unsigned facts, unsigned segments, struct playback_clip **ret_clip)
{
    if (db_rows(r, facts) != 1 || db_rows(r, segments) == 0) {
        return PLAYBACK_E_NOT_FOUND;
    }
    struct film_row first;
    film_read_row(r, segments, 0, &first);
    const struct film_facts f = {.subject = {.kind = PLAYBACK_GRANTED, .id = *clip},
                                 .household = first.household,
                                 .camera_name = db_text(r, facts, 0, COL_NAME),
                                 .kind = db_text(r, facts, 0, COL_KIND),
                                 .whole = true};
    return film_of_rows(pb, &f, NULL, 0, r, segments, ret_clip);
}
