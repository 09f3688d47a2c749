/* SPDX-License-Identifier: Apache-2.0 */
/* A film is put together: its segments one after another -> a struct playback_clip. Their indexes
 * are used for the header, the playlist and the place of the still, and forgotten. Between begin
 * and end it may be worked on by one thread after another. */
#ifndef PLAYBACK_FILM_H
#define PLAYBACK_FILM_H

#include "crypto/keyring.h"
#include "playback/playback.h"

struct film;

struct film_facts {
    struct playback_subject subject;
    struct id camera, household;
    const char *camera_name, *kind; /* copied */
    int64_t from_us, to_us;
    bool whole; /* of a recording: all its segments, from the first one's zero on */
};
struct film_hidden {
    int64_t from_us, to_us;
};

/* One segment as the database has it; nothing is looked at before film_add(). */
struct film_row {
    struct take_row row;
    struct id household;
    uint64_t plain_bytes;
    uint8_t wrapped_key[KEY_WRAPPED_SIZE], household_key[KEY_WRAPPED_SIZE];
    const uint8_t *coded; /* its index; borrowed */
    size_t coded_n;
    bool keys_fit; /* the wrapped ones have their size */
};
/* Row `row` of a statement that returns columns as segments_of_clip.sql. */
void film_read_row(const struct db_reply *r, unsigned stmt, int row, struct film_row *ret_row);

/* What a film is called and covers: the columns of clip_facts.sql. Text is borrowed from r. */
enum { FILM_COL_RECORDING = 6 };
void film_read_facts(const struct db_reply *r, unsigned stmt, const struct playback_subject *s,
                     struct film_facts *ret_facts);

/* first_us: start of the first segment. hidden in order of time; copied. */
struct film *film_begin(struct playback *pb, const struct film_facts *facts, int64_t first_us,
                        const struct film_hidden *hidden, uint32_t n_hidden);
/* The next one, as take_choose() wants it shown. PLAYBACK_E_BROKEN or _TOO_LARGE. */
int film_add(struct film *f, const struct film_row *row, int64_t from_us) MUST_CHECK;
/* The film is gone in any case. PLAYBACK_E_EMPTY, _BROKEN or _TOO_LARGE. */
int film_end(struct film *f, struct playback_clip **ret_clip) MUST_CHECK;
struct film *film_cancel(struct film *f); /* takes NULL */
/* All of it out of one reply: rows in order of start_us. As film_end(). */
int film_of_rows(struct playback *pb, const struct film_facts *facts,
                 const struct film_hidden *hidden, uint32_t n_hidden, const struct db_reply *r,
                 unsigned segments, struct playback_clip **ret_clip) MUST_CHECK;

#endif
