/* SPDX-License-Identifier: Apache-2.0 */
/* A segment is held until the next one is known: whether its end is needed may depend on whether
 * that one begins with a key picture. */
#include "playback/film.h"

#include "base/clock.h"
#include "playback/playback_internal.h"

#include <stdio.h>
#include <string.h>

struct film {
    struct playback_clip *c; /* owned */
    const struct keyring *keyring;
    struct take_film view;
    struct take_hidden *hidden; /* owned */
    struct take_state state;
    struct mp4_builder *mp4; /* NULL: not wanted */
    struct sha256 *digest;
    uint32_t cap_segments, cap_parts, cap_slices;
    uint64_t kind; /* of a fragmented film: all segments' */
    int64_t origin_us;
    bool holds, has_still, fragmented;
    struct index held; /* owned */
    struct take_row held_row;
    struct segment_ref held_ref;
    int64_t held_from_us;
};

/* Columns of segments_of_clip.sql. */
enum {
    COL_ID,
    COL_START_US,
    COL_RECORDING,
    COL_ZERO_90K,
    COL_DURATION_90K,
    COL_PLAIN_BYTES,
    COL_KEY = 8,
    COL_HOUSEHOLD_KEY,
    COL_INDEX,
    COL_HOUSEHOLD
};

void film_read_row(const struct db_reply *r, unsigned stmt, int row, struct film_row *ret_row)
{
    size_t n, m;
    struct film_row f = {.household = db_id(r, stmt, row, COL_HOUSEHOLD),
                         .plain_bytes = (uint64_t)db_i64(r, stmt, row, COL_PLAIN_BYTES)};
    f.row = (struct take_row){.id = db_id(r, stmt, row, COL_ID),
                              .recording = db_id(r, stmt, row, COL_RECORDING),
                              .start_us = db_i64(r, stmt, row, COL_START_US),
                              .zero_90k = db_i64(r, stmt, row, COL_ZERO_90K),
                              .duration_90k = (uint32_t)db_i64(r, stmt, row, COL_DURATION_90K)};
    const uint8_t *wrapped = db_bytes(r, stmt, row, COL_KEY, &n);
    const uint8_t *household_key = db_bytes(r, stmt, row, COL_HOUSEHOLD_KEY, &m);
    f.keys_fit = n == KEY_WRAPPED_SIZE && m == KEY_WRAPPED_SIZE;
    if (f.keys_fit) {
        memcpy(f.wrapped_key, wrapped, sizeof f.wrapped_key);
        memcpy(f.household_key, household_key, sizeof f.household_key);
    }
    f.coded = db_bytes(r, stmt, row, COL_INDEX, &f.coded_n);
    *ret_row = f;
}

/* ---- begin ---- */

static void copy_text(char *to, size_t size, const char *from)
{
    size_t n = from != NULL ? strnlen(from, size - 1) : 0;
    memcpy(to, from != NULL ? from : "", n);
    to[n] = 0;
}

static struct playback_clip *make_clip(struct playback *pb, const struct film_facts *facts)
{
    struct playback_clip *c = mem_new(struct playback_clip);
    *c = (struct playback_clip){.pb = pb,
                                .subject = facts->subject,
                                .camera = facts->camera,
                                .household = facts->household,
                                .start_us = facts->from_us,
                                .end_us = facts->to_us,
                                .refs = 1};
    list_init(&c->node);
    copy_text(c->camera_name, sizeof c->camera_name, facts->camera_name);
    copy_text(c->kind, sizeof c->kind, facts->kind);
    return c;
}

static void set_hidden(struct film *f, const struct film_hidden *hidden, uint32_t n)
{
    struct take_hidden *h = mem_alloc(n + 1, sizeof *h);
    for (uint32_t i = 0; i < n; i++) {
        h[i] = (struct take_hidden){.from_90k = take_90k(hidden[i].from_us - f->view.zero_us),
                                    .to_90k = take_90k(hidden[i].to_us - f->view.zero_us)};
    }
    if (n >= TAKE_HIDDEN_MAX) { /* there may be more: nothing after it is shown */
        h[n - 1].to_90k = INT64_MAX;
    }
    f->hidden = h;
    f->view.hidden = h;
    f->view.n_hidden = n;
}

/* Playlists of many hours have longer entries, so that they stay within a few thousand. */
static int64_t entry_90k(const struct film_facts *facts)
{
    enum { SHORT_S = 2 * 3600 };
    bool is_long = facts->to_us - facts->from_us > SHORT_S * (int64_t)CLOCK_US;
    return (is_long ? 10 : 2) * CLOCK_90K;
}

struct film *film_begin(struct playback *pb, const struct film_facts *facts, int64_t first_us,
                        const struct film_hidden *hidden, uint32_t n_hidden)
{
    struct film *f = mem_new(struct film);
    f->c = make_clip(pb, facts);
    f->keyring = pb->p.keyring;
    f->digest = sha256_create();
    f->view = (struct take_film){.zero_us = first_us, .from_90k = INT64_MIN, .to_90k = INT64_MAX};
    if (facts->whole) {
        f->c->start_us = first_us;
    } else {
        f->view.zero_us = facts->from_us;
        f->view.from_90k = 0;
        f->view.to_90k = take_90k(facts->to_us - facts->from_us);
    }
    set_hidden(f, hidden, n_hidden);
    hls_begin(&f->c->hls, f->view.zero_us, entry_90k(facts));
    f->fragmented = !facts->whole && facts->to_us - facts->from_us > PLAYBACK_SPAN_MAX_US;
    f->origin_us = f->fragmented ? first_us : 0;
    if (!facts->subject.list_only && !f->fragmented) {
        f->mp4 = mp4_begin(f->view.zero_us, f->view.to_90k);
    }
    sha256_update(f->digest, facts->subject.id.b, sizeof facts->subject.id.b);
    return f;
}

struct film *film_cancel(struct film *f)
{
    if (f != NULL) {
        if (f->holds) {
            index_finish(&f->held);
        }
        secret_wipe(&f->held_ref, sizeof f->held_ref);
        mp4_cancel(f->mp4);
        sha256_destroy(f->digest);
        free(f->hidden);
        playback_clip_unref(f->c);
        free(f);
    }
    return NULL;
}

/* ---- one segment ---- */

static void add_part(struct film *f, uint32_t segment, uint64_t from, uint64_t to)
{
    struct playback_clip *c = f->c;
    struct playback_part *last = c->n_parts > 0 ? &c->parts[c->n_parts - 1] : NULL;
    if (last != NULL && last->segment == segment && last->to == from) {
        last->to = to;
        return;
    }
    if (c->n_parts == f->cap_parts) {
        f->cap_parts = f->cap_parts == 0 ? 4 : f->cap_parts * 2;
        c->parts = mem_resize(c->parts, f->cap_parts, sizeof *c->parts);
    }
    c->parts[c->n_parts++] = (struct playback_part){segment, from, to};
}

/* Its header, and the fragments that are taken whole. */
static void add_parts(struct film *f, uint32_t segment, const struct take_segment *s)
{
    const struct index *ix = &f->held;
    add_part(f, segment, 0, ix->init_bytes);
    for (uint32_t i = 0; i < s->n; i++) {
        const struct take *t = &s->takes[i];
        uint32_t n = t->n - (t->cut ? 1 : 0);
        if (n > 0) {
            const struct index_fragment *z = &ix->fragments[t->first + n - 1];
            uint64_t end = z->offset + z->moof_bytes + z->mdat_bytes;
            add_part(f, segment, ix->fragments[t->first].offset, end);
        }
    }
}

static void place_still(struct film *f, uint32_t segment, const struct take_segment *s)
{
    const struct index *ix = &f->held;
    for (uint32_t i = 0; i < s->n && !f->has_still; i++) {
        const struct take *t = &s->takes[i];
        for (uint32_t k = t->first; k < t->first + t->n - (t->cut ? 1 : 0); k++) {
            const struct index_fragment *g = &ix->fragments[k];
            if (g->key && g->mdat_bytes < SEGMENT_READ_MAX * 8) {
                struct playback_clip *c = f->c;
                c->still_segment = segment;
                c->still_init_bytes = ix->init_bytes;
                c->still_offset = g->offset;
                c->still_bytes = g->moof_bytes + g->mdat_bytes;
                c->still_us = f->view.zero_us + take_us(s->base_90k + g->start_90k);
                f->has_still = true;
                return;
            }
        }
    }
}

/* Codecs and size, as the first segment has them. */
static void describe(struct playback_clip *c, const struct index *ix)
{
    size_t n = 0;
    for (uint32_t i = 0; i < ix->n_tracks && n < sizeof c->codecs; i++) {
        const struct index_track *t = &ix->tracks[i];
        n += (size_t)snprintf(c->codecs + n, sizeof c->codecs - n, "%s%s", n > 0 ? "," : "",
                              t->codec);
        if (t->kind == INDEX_VIDEO && c->width == 0) {
            c->width = t->width;
            c->height = t->height;
        }
    }
}

static void add_digest(struct film *f, const struct take_segment *s)
{
    sha256_update(f->digest, f->held_row.id.b, sizeof f->held_row.id.b);
    for (uint32_t i = 0; i < s->n; i++) {
        const struct take *t = &s->takes[i];
        const int64_t facts[] = {s->base_90k, t->first, t->n, t->low_90k, t->high_90k};
        sha256_update(f->digest, facts, sizeof facts);
    }
}

static uint32_t add_ref(struct film *f)
{
    struct playback_clip *c = f->c;
    if (c->n_segments == f->cap_segments) {
        uint32_t cap = f->cap_segments == 0 ? 4 : f->cap_segments * 2;
        struct segment_ref *more = mem_alloc(cap, sizeof *more);
        if (c->n_segments > 0) {
            memcpy(more, c->segments, c->n_segments * sizeof *more);
            secret_wipe(c->segments, c->n_segments * sizeof *c->segments);
        }
        free(c->segments);
        c->segments = more;
        f->cap_segments = cap;
    }
    c->segments[c->n_segments] = f->held_ref;
    return c->n_segments++;
}

/* One time line for all recordings of a film: the clock on the wall. */
static void add_patches(struct film *f, uint32_t segment, const struct take_segment *s)
{
    if (f->view.from_90k == INT64_MIN && f->c->subject.kind != PLAYBACK_SEGMENT) {
        return;
    }
    for (uint32_t i = 0; i < s->n; i++) {
        patches_add(&f->c->patches, &(struct patch_source){.segment = segment,
                                                           .index = &f->held,
                                                           .first = s->takes[i].first,
                                                           .n = s->takes[i].n,
                                                           .start_us = f->held_row.start_us,
                                                           .origin_us = f->origin_us});
    }
}

static void add_slice(struct film *f, uint32_t segment, uint64_t from, uint64_t to)
{
    struct mp4 *m = &f->c->mp4;
    if (m->n_slices == f->cap_slices) {
        f->cap_slices = f->cap_slices == 0 ? 64 : f->cap_slices * 2;
        m->slices = mem_resize(m->slices, f->cap_slices, sizeof *m->slices);
    }
    m->slices[m->n_slices++] = (struct mp4_slice){
        .at = m->size_bytes, .offset = from, .length = (uint32_t)(to - from), .segment = segment};
    m->size_bytes += to - from;
}

/* A very long span: the first header, then fragments as they are stored. */
static int add_fragments(struct film *f, uint32_t segment, const struct take_segment *s)
{
    const struct index *ix = &f->held;
    uint64_t kind = hls_kind(ix);
    if (segment == 0) {
        f->kind = kind;
        add_slice(f, 0, 0, ix->init_bytes);
    }
    if (kind != f->kind) {
        return PLAYBACK_E_MIXED;
    }
    for (uint32_t i = 0; i < s->n; i++) {
        const struct take *t = &s->takes[i];
        uint32_t n = t->n - (t->cut ? 1 : 0);
        if (n > 0) {
            const struct index_fragment *z = &ix->fragments[t->first + n - 1];
            add_slice(f, segment, ix->fragments[t->first].offset,
                      z->offset + z->moof_bytes + z->mdat_bytes);
        }
    }
    return 0;
}

/* The held segment takes its place. */
static int settle(struct film *f, bool next_is_key)
{
    struct take_segment s;
    const struct take_source source = {.row = &f->held_row,
                                       .from_us = f->held_from_us,
                                       .index = &f->held,
                                       .next_is_key = next_is_key};
    take_fragments(&f->view, &f->state, &source, &s);
    if (s.n == 0) {
        return 0;
    }
    uint32_t number = add_ref(f);
    if (number == 0) {
        describe(f->c, &f->held);
    }
    const struct mp4_addition a = {.number = number, .index = &f->held, .segment = &s};
    add_parts(f, number, &s);
    add_digest(f, &s);
    place_still(f, number, &s);
    add_patches(f, number, &s);
    if (f->fragmented) {
        return add_fragments(f, number, &s);
    }
    int r = hls_add(&f->c->hls, number, &f->held, &s);
    if (r == 0 && f->mp4 != NULL) {
        r = mp4_add(f->mp4, &a);
    }
    return r < 0 ? PLAYBACK_E_TOO_LARGE : 0;
}

static int release(struct film *f, bool next_is_key)
{
    int r = f->holds ? settle(f, next_is_key) : 0;
    if (f->holds) {
        index_finish(&f->held);
        f->holds = false;
    }
    return r;
}

static int open_ref(const struct film *f, const struct film_row *row, struct segment_ref *ret_ref)
{
    struct segment_ref ref = {.plain_bytes = row->plain_bytes};
    ref.seal.object = row->row.id;
    ref.seal.household = row->household;
    if (!row->keys_fit || keyring_open_object(f->keyring, &row->household, row->household_key,
                                              &row->row.id, row->wrapped_key, ref.seal.key) < 0) {
        return PLAYBACK_E_BROKEN;
    }
    *ret_ref = ref;
    return 0;
}

int film_add(struct film *f, const struct film_row *row, int64_t from_us)
{
    struct index ix;
    struct segment_ref ref;
    int r = open_ref(f, row, &ref);
    if (r != 0) {
        return r;
    }
    if (index_decode(row->coded, row->coded_n, &ix) < 0) {
        return PLAYBACK_E_BROKEN;
    }
    if (ix.plain_bytes != row->plain_bytes) {
        index_finish(&ix);
        return PLAYBACK_E_BROKEN;
    }
    bool same = id_equal(&f->held_row.recording, &row->row.recording);
    r = release(f, !same || take_is_key(&ix, 0));
    f->holds = true;
    f->held = ix;
    f->held_row = row->row;
    f->held_ref = ref;
    f->held_from_us = from_us;
    secret_wipe(&ref, sizeof ref);
    return r;
}

/* ---- the end ---- */

static void make_tag(struct film *f)
{
    uint8_t digest[SHA256_SIZE];
    sha256_final(f->digest, digest);
    for (size_t i = 0; i < (sizeof f->c->tag - 1) / 2; i++) {
        static const char hex[] = "0123456789abcdef";
        f->c->tag[2 * i] = hex[digest[i] >> 4];
        f->c->tag[2 * i + 1] = hex[digest[i] & 15];
    }
}

static size_t bytes_of(const struct playback_clip *c)
{
    return sizeof *c + c->n_segments * sizeof *c->segments + c->n_parts * sizeof *c->parts +
           c->mp4.header_bytes + c->mp4.n_slices * sizeof *c->mp4.slices +
           c->hls.cap_entries * sizeof *c->hls.entries + c->patches.cap * sizeof *c->patches.list;
}

int film_end(struct film *f, struct playback_clip **ret_clip)
{
    struct playback_clip *c = f->c;
    int r = release(f, true);
    hls_end(&c->hls);
    if (r == 0 && c->n_segments == 0) {
        r = PLAYBACK_E_EMPTY;
    }
    if (r == 0 && f->mp4 != NULL) {
        r = mp4_end(f->mp4, &c->mp4) < 0 ? PLAYBACK_E_TOO_LARGE : 0;
        f->mp4 = NULL;
    }
    if (r == 0) {
        make_tag(f);
        c->bytes = bytes_of(c);
        *ret_clip = playback_clip_ref(c);
    }
    film_cancel(f);
    return r;
}
