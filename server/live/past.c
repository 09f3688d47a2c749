/* SPDX-License-Identifier: Apache-2.0 */
/* look (the next segments of the camera and what is hidden of them) -> the init of a segment ->
 * fragment after fragment -> the next segment ... -> look. Each step ends in ready(). */
#include "live/past.h"

#include "base/clock.h"
#include "crypto/keyring.h"
#include "recording/segment_read.h"

#include <errno.h>
#include <string.h>

enum { SEGMENTS_MAX = 4, HIDDEN_MAX = 1000, OVERLAP_US = 250000 };

struct stored {
    struct segment_ref ref;
    struct index index;
    struct id recording;
    int64_t start_us;
};

struct hidden {
    int64_t from_us, to_us;
    struct id recording; /* zero: of all */
};

struct past {
    struct live *live;
    struct id camera;
    struct past_place place;
    loop_fn *ready;
    void *arg;
    bool busy, closed, looked; /* looked: and nothing was found */
    int error;
    struct stored segments[SEGMENTS_MAX];
    size_t n_segments, at; /* the segment being read */
    uint32_t fragment;     /* of it */
    struct hidden hidden[HIDDEN_MAX];
    size_t n_hidden;
    struct live_init *init; /* of the segment being read, held; NULL: not read yet */
    uint8_t *bytes;         /* of the fragment; NULL: not read yet */
};

static int64_t start_of(const struct stored *s, uint32_t f)
{
    return s->start_us + s->index.fragments[f].start_90k * CLOCK_US / CLOCK_90K;
}

static int64_t end_of(const struct stored *s, uint32_t f)
{
    return start_of(s, f) + (int64_t)s->index.fragments[f].duration_90k * CLOCK_US / CLOCK_90K;
}

static void drop_segments(struct past *p)
{
    for (size_t i = 0; i < p->n_segments; i++) {
        index_finish(&p->segments[i].index);
        secret_wipe(&p->segments[i].ref, sizeof p->segments[i].ref);
    }
    p->n_segments = p->at = 0;
    p->fragment = 0;
}

/* All of them were looked at: whatever comes next ends later. */
static void pass_segments(struct past *p)
{
    for (size_t i = 0; i < p->n_segments; i++) {
        const struct stored *s = &p->segments[i];
        uint32_t n = s->index.n_fragments;
        if (n > 0 && end_of(s, n - 1) > p->place.end_us) {
            p->place.end_us = end_of(s, n - 1);
        }
    }
    drop_segments(p);
}

static void drop_init(struct past *p)
{
    hub_lock(p->live->p.hub);
    p->init = live_init_unref(p->init);
    hub_unlock(p->live->p.hub);
}

static void release(struct past *p)
{
    p->live->under_way--;
    drop_segments(p);
    drop_init(p);
    free(p->bytes);
    free(p);
}

struct past *past_close(struct past *p)
{
    if (p != NULL) {
        p->closed = true;
        if (!p->busy) {
            release(p);
        }
    }
    return NULL;
}

/* A step is over. */
static void step_done(struct past *p)
{
    p->busy = false;
    if (p->closed) {
        release(p);
    } else {
        p->ready(p->arg);
    }
}

/* ---- look ---- */

/* Columns of live_past_segments.sql */
enum {
    COL_ID,
    COL_START_US,
    COL_ZERO_90K,
    COL_PLAIN_BYTES,
    COL_KEY,
    COL_HOUSEHOLD_KEY,
    COL_INDEX,
    COL_HOUSEHOLD,
    COL_RECORDING
};

static int read_row(struct past *p, const struct db_reply *r, int row, struct stored *s)
{
    size_t n, m, coded_n;
    *s = (struct stored){.start_us = db_i64(r, 0, row, COL_START_US),
                         .recording = db_id(r, 0, row, COL_RECORDING)};
    s->ref.plain_bytes = (uint64_t)db_i64(r, 0, row, COL_PLAIN_BYTES);
    s->ref.seal.object = db_id(r, 0, row, COL_ID);
    s->ref.seal.household = db_id(r, 0, row, COL_HOUSEHOLD);
    const uint8_t *key = db_bytes(r, 0, row, COL_KEY, &n);
    const uint8_t *household = db_bytes(r, 0, row, COL_HOUSEHOLD_KEY, &m);
    const uint8_t *coded = db_bytes(r, 0, row, COL_INDEX, &coded_n);
    if (n != KEY_WRAPPED_SIZE || m != KEY_WRAPPED_SIZE ||
        keyring_open_object(p->live->p.keyring, &s->ref.seal.household, household,
                            &s->ref.seal.object, key, s->ref.seal.key) < 0) {
        return -EBADMSG;
    }
    return index_decode(coded, coded_n, &s->index);
}

static void read_hidden(struct past *p, const struct db_reply *r)
{
    p->n_hidden = 0;
    for (int i = 0; i < db_rows(r, 1) && p->n_hidden < HIDDEN_MAX; i++) {
        struct hidden *h = &p->hidden[p->n_hidden++];
        *h = (struct hidden){.from_us = db_i64(r, 1, i, 0), .to_us = db_i64(r, 1, i, 1)};
        if (!db_is_null(r, 1, i, 2)) {
            h->recording = db_id(r, 1, i, 2);
        }
    }
}

static void found(void *arg, const struct db_reply *r)
{
    struct past *p = arg;
    p->error = db_status(r) != 0 ? -EIO : 0;
    p->looked = p->error == 0 && db_rows(r, 0) == 0;
    for (int i = 0; p->error == 0 && i < db_rows(r, 0); i++) {
        p->error = read_row(p, r, i, &p->segments[p->n_segments]);
        p->n_segments += p->error == 0;
    }
    if (p->error == 0) {
        read_hidden(p, r);
    }
    step_done(p);
}

static void begin_look(struct past *p)
{
    struct db_tx *tx = db_tx_begin(p->live->p.db);
    p->busy = true;
    db_tx_add(tx, DB_LIVE_PAST_SEGMENTS, DB_ID(&p->camera), DB_I64(p->place.end_us),
              DB_I64(SEGMENTS_MAX));
    db_tx_add(tx, DB_LIVE_PAST_HIDDEN, DB_ID(&p->camera), DB_I64(p->place.end_us));
    db_tx_commit(tx, found, p);
}

/* ---- which fragments ---- */

/* Decode time of its first picture (of its sound where there is none) on the recording's line. */
static int64_t decode_of(const struct stored *s, uint32_t f)
{
    const struct index *ix = &s->index;
    const struct index_run *run = &ix->fragments[f].runs[0];
    return ix->zero_90k + run->decode_time * CLOCK_90K / (int64_t)ix->tracks[0].timescale;
}

static bool is_hidden(const struct past *p, const struct stored *s, uint32_t f)
{
    int64_t from_us = start_of(s, f), to_us = end_of(s, f);
    for (size_t i = 0; i < p->n_hidden; i++) {
        const struct hidden *h = &p->hidden[i];
        if (h->from_us < to_us && h->to_us > from_us &&
            (id_is_zero(&h->recording) || id_equal(&h->recording, &s->recording))) {
            return true;
        }
    }
    return false;
}

/* A view begins with the key picture before the time it asks for, where the segment has one. */
static bool is_before_begin(const struct past *p, const struct stored *s, uint32_t f)
{
    const struct index *ix = &s->index;
    for (uint32_t k = f + 1; k < ix->n_fragments; k++) {
        if (ix->fragments[k].key) {
            return !ix->fragments[f].key || start_of(s, k) <= p->place.end_us;
        }
    }
    return !ix->fragments[f].key;
}

static bool is_wanted(const struct past *p, const struct stored *s, uint32_t f)
{
    if (is_hidden(p, s, f) || s->index.fragments[f].runs[0].n_samples == 0) {
        return false;
    }
    if (id_is_zero(&p->place.recording)) {
        return !is_before_begin(p, s, f);
    }
    if (id_equal(&p->place.recording, &s->recording)) {
        return decode_of(s, f) >= p->place.end_90k - PAST_FIT_90K;
    }
    return start_of(s, f) >= p->place.end_us - OVERLAP_US;
}

/* ---- reading ---- */

static void init_read(void *arg, int status, uint8_t *bytes, size_t n)
{
    struct past *p = arg;
    const struct index *ix = &p->segments[p->at].index;
    p->error = status != 0 ? -EIO : 0;
    if (status == 0) {
        p->init = live_init_make(bytes, n, ix->tracks, ix->n_tracks);
    }
    free(bytes);
    step_done(p);
}

static void fragment_read(void *arg, int status, uint8_t *bytes, size_t n)
{
    struct past *p = arg;
    p->error = status != 0 ? -EIO : 0;
    p->bytes = bytes;
    step_done(p);
}

static void read_span(struct past *p, uint64_t from, uint64_t n, segment_read_fn *done)
{
    p->busy = true;
    segment_read(p->live->p.store, &p->segments[p->at].ref, from, from + n, done, p);
}

/* The next fragment that is wanted. False: there is none in the segments at hand. */
static bool find_next(struct past *p)
{
    while (p->at < p->n_segments) {
        const struct stored *s = &p->segments[p->at];
        for (; p->fragment < s->index.n_fragments; p->fragment++) {
            if (is_wanted(p, s, p->fragment)) {
                return true;
            }
        }
        drop_init(p);
        p->fragment = 0;
        p->at++;
    }
    return false;
}

static enum past_next hand_out(struct past *p, struct past_unit *u)
{
    const struct stored *s = &p->segments[p->at];
    const struct index_fragment *f = &s->index.fragments[p->fragment];
    *u = (struct past_unit){.bytes = p->bytes,
                            .n = f->moof_bytes + f->mdat_bytes,
                            .recording = s->recording,
                            .start_us = start_of(s, p->fragment),
                            .decode_90k = decode_of(s, p->fragment),
                            .duration_90k = f->duration_90k};
    if (fragment_times(u->bytes, u->n, &u->times) != 0) {
        return PAST_FAILED;
    }
    hub_lock(p->live->p.hub);
    u->init = live_init_ref(p->init);
    hub_unlock(p->live->p.hub);
    p->bytes = NULL;
    p->place = (struct past_place){.recording = s->recording,
                                   .end_90k = u->decode_90k + u->duration_90k,
                                   .end_us = end_of(s, p->fragment)};
    p->fragment++;
    return PAST_UNIT;
}

enum past_next past_next(struct past *p, struct past_unit *ret_unit)
{
    if (p->error != 0) {
        return PAST_FAILED;
    }
    if (p->busy) {
        return PAST_WAIT;
    }
    if (p->bytes != NULL) {
        return hand_out(p, ret_unit);
    }
    if (!find_next(p)) {
        bool all = p->n_segments < SEGMENTS_MAX && (p->looked || p->n_segments > 0);
        pass_segments(p);
        if (all) {
            p->looked = false;
            return PAST_NO_MORE;
        }
        begin_look(p);
        return PAST_WAIT;
    }
    const struct index_fragment *f = &p->segments[p->at].index.fragments[p->fragment];
    if (p->init == NULL) {
        read_span(p, 0, p->segments[p->at].index.init_bytes, init_read);
    } else {
        read_span(p, f->offset, (uint64_t)f->moof_bytes + f->mdat_bytes, fragment_read);
    }
    return PAST_WAIT;
}

struct past *past_create(struct live *l, const struct id *camera, const struct past_place *from,
                         loop_fn *ready, void *arg)
{
    struct past *p = mem_new(struct past);
    *p = (struct past){.live = l, .camera = *camera, .place = *from, .ready = ready, .arg = arg};
    l->under_way++;
    return p;
}
