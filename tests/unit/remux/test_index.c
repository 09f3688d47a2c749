/* SPDX-License-Identifier: Apache-2.0 */

#include "tests/support/unit.h"

#include "remux/index.h"

#include <errno.h>
#include <stdlib.h>

static uint32_t seed;

static uint32_t any(uint32_t below)
{
    seed = seed * 1664525 + 1013904223;
    return (seed >> 8) % below;
}

static uint8_t *make_stsd(uint32_t payload, uint32_t *ret_len)
{
    struct buf b = BUF_INIT(INDEX_STSD_MAX);
    buf_be32(&b, 24 + payload);
    buf_str(&b, "stsd");
    buf_be32(&b, 0);
    buf_be32(&b, 1);
    buf_be32(&b, 8 + payload);
    buf_str(&b, "avc1");
    for (uint32_t i = 0; i < payload; i++) {
        buf_u8(&b, (uint8_t)any(256));
    }
    *ret_len = (uint32_t)b.len;
    return buf_take(&b);
}

static void make_track(struct index_track *t, uint32_t n_fragments, uint32_t per_fragment)
{
    bool video = any(2) == 0;
    *t = (struct index_track){.kind = video ? INDEX_VIDEO : INDEX_AUDIO,
                              .timescale = 1 + any(192000),
                              .width = (uint16_t)any(65536),
                              .height = (uint16_t)any(65536),
                              .channels = (uint16_t)any(9),
                              .sample_rate = any(192000)};
    strcpy(t->codec, video ? "avc1.64001f" : "mp4a.40.2");
    for (size_t i = 0; i < 9; i++) {
        t->matrix[i] = (int32_t)any(0x7fffff) - 0x400000;
    }
    t->stsd = make_stsd(any(300), &t->stsd_len);
    t->n_samples = n_fragments * per_fragment;
    t->samples = calloc(t->n_samples + 1, sizeof *t->samples);
    for (uint32_t i = 0; i < t->n_samples; i++) {
        t->samples[i] = (struct index_sample){.size = any(4) == 0 ? 0 : any(200000),
                                              .duration = any(8) == 0 ? any(90000) : 3000,
                                              .composition = ((int32_t)any(5) - 2) * 1500,
                                              .sync = !video || i % per_fragment == 0};
    }
}

static void make_fragment(struct index *ix, uint32_t f, uint32_t per_fragment, uint64_t *offset,
                          int64_t *start)
{
    struct index_fragment *g = &ix->fragments[f];
    *offset += any(3) == 0 ? any(100) : 0;
    *g = (struct index_fragment){.offset = *offset,
                                 .moof_bytes = 8 + any(5000),
                                 .mdat_bytes = 8,
                                 .start_90k = *start,
                                 .duration_90k = any(900000),
                                 .key = true};
    for (uint32_t t = 0; t < ix->n_tracks; t++) {
        g->runs[t] = (struct index_run){.first_sample = f * per_fragment,
                                        .n_samples = per_fragment,
                                        .decode_time = *start + (int64_t)any(1000) - 500};
        for (uint32_t s = 0; s < per_fragment; s++) {
            g->mdat_bytes += ix->tracks[t].samples[f * per_fragment + s].size;
        }
    }
    g->sketch[any(SHA256_SIZE)] = (uint8_t)any(256);
    *offset += (uint64_t)g->moof_bytes + g->mdat_bytes;
    *start += g->duration_90k + any(10);
}

static struct index make_index(uint32_t with_seed)
{
    seed = with_seed;
    struct index ix = {.init_bytes = 100 + any(1000),
                       .zero_90k = any(100000000),
                       .duration_90k = any(5400000),
                       .n_tracks = 1 + any(INDEX_TRACKS_MAX),
                       .n_fragments = 1 + any(12)};
    uint32_t per_fragment = 1 + any(20);
    ix.fragments = calloc(ix.n_fragments, sizeof *ix.fragments);
    for (uint32_t t = 0; t < ix.n_tracks; t++) {
        make_track(&ix.tracks[t], ix.n_fragments, per_fragment);
    }
    uint64_t offset = ix.init_bytes;
    int64_t start = (int64_t)any(5000) - 2500;
    for (uint32_t f = 0; f < ix.n_fragments; f++) {
        make_fragment(&ix, f, per_fragment, &offset, &start);
    }
    ix.plain_bytes = offset + any(2) * 10;
    return ix;
}

static void assert_same(const struct index *a, const struct index *b)
{
    assert_int_equal(a->init_bytes, b->init_bytes);
    assert_int_equal(a->plain_bytes, b->plain_bytes);
    assert_int_equal(a->zero_90k, b->zero_90k);
    assert_int_equal(a->duration_90k, b->duration_90k);
    assert_int_equal(a->n_tracks, b->n_tracks);
    assert_int_equal(a->n_fragments, b->n_fragments);
    for (uint32_t t = 0; t < a->n_tracks; t++) {
        const struct index_track *u = &a->tracks[t], *v = &b->tracks[t];
        assert_int_equal(u->kind, v->kind);
        assert_string_equal(u->codec, v->codec);
        assert_int_equal(u->timescale, v->timescale);
        assert_int_equal(u->width, v->width);
        assert_int_equal(u->height, v->height);
        assert_int_equal(u->channels, v->channels);
        assert_int_equal(u->sample_rate, v->sample_rate);
        assert_memory_equal(u->matrix, v->matrix, sizeof u->matrix);
        assert_int_equal(u->stsd_len, v->stsd_len);
        assert_memory_equal(u->stsd, v->stsd, u->stsd_len);
        assert_int_equal(u->n_samples, v->n_samples);
        for (uint32_t s = 0; s < u->n_samples; s++) {
            assert_int_equal(u->samples[s].size, v->samples[s].size);
            assert_int_equal(u->samples[s].duration, v->samples[s].duration);
            assert_int_equal(u->samples[s].composition, v->samples[s].composition);
            assert_int_equal(u->samples[s].sync, v->samples[s].sync);
        }
    }
    for (uint32_t f = 0; f < a->n_fragments; f++) {
        const struct index_fragment *u = &a->fragments[f], *v = &b->fragments[f];
        assert_int_equal(u->offset, v->offset);
        assert_int_equal(u->moof_bytes, v->moof_bytes);
        assert_int_equal(u->mdat_bytes, v->mdat_bytes);
        assert_int_equal(u->start_90k, v->start_90k);
        assert_int_equal(u->duration_90k, v->duration_90k);
        assert_int_equal(u->key, v->key);
        assert_memory_equal(u->sketch, v->sketch, SHA256_SIZE);
        for (uint32_t t = 0; t < a->n_tracks; t++) {
            assert_int_equal(u->runs[t].first_sample, v->runs[t].first_sample);
            assert_int_equal(u->runs[t].n_samples, v->runs[t].n_samples);
            assert_int_equal(u->runs[t].decode_time, v->runs[t].decode_time);
        }
    }
}

/* What the server relies on after a successful decode. */
static void assert_in_bounds(const struct index *ix)
{
    uint64_t end = ix->init_bytes;
    uint32_t used[INDEX_TRACKS_MAX] = {0};
    assert_in_range(ix->n_tracks, 1, INDEX_TRACKS_MAX);
    assert_in_range(ix->n_fragments, 1, INDEX_FRAGMENTS_MAX);
    for (uint32_t f = 0; f < ix->n_fragments; f++) {
        const struct index_fragment *g = &ix->fragments[f];
        assert_true(g->offset >= end);
        end = g->offset + g->moof_bytes + g->mdat_bytes;
        uint64_t bytes = 8;
        for (uint32_t t = 0; t < ix->n_tracks; t++) {
            assert_int_equal(g->runs[t].first_sample, used[t]);
            for (uint32_t s = 0; s < g->runs[t].n_samples; s++) {
                assert_true(used[t] < ix->tracks[t].n_samples);
                bytes += ix->tracks[t].samples[used[t]++].size;
            }
        }
        assert_true(bytes == g->mdat_bytes);
    }
    assert_true(end <= ix->plain_bytes);
}

static void random_indexes_come_back_the_same(void **state)
{
    for (uint32_t i = 0; i < 300; i++) {
        struct index ix = make_index(i), back;
        struct buf b = BUF_INIT(INDEX_BYTES_MAX);
        assert_int_equal(index_encode(&ix, &b), 0);
        assert_int_equal(index_decode(b.data, b.len, &back), 0);
        assert_same(&ix, &back);
        assert_in_bounds(&back);
        index_finish(&back);
        index_finish(&ix);
        buf_finish(&b);
    }
}

static void every_truncation_is_refused(void **state)
{
    struct index ix = make_index(7), back;
    struct buf b = BUF_INIT(INDEX_BYTES_MAX);
    assert_int_equal(index_encode(&ix, &b), 0);
    for (size_t n = 0; n < b.len; n++) {
        uint8_t *cut = mem_dup(b.data, n); /* its own memory, so that a sanitizer sees overreads */
        assert_int_equal(index_decode(cut, n, &back), -EBADMSG);
        free(cut);
    }
    buf_u8(&b, 0);
    assert_int_equal(index_decode(b.data, b.len, &back), -EBADMSG);
    index_finish(&ix);
    buf_finish(&b);
}

static void every_bit_flip_fails_or_stays_in_bounds(void **state)
{
    struct index ix = make_index(11), back;
    struct buf b = BUF_INIT(INDEX_BYTES_MAX);
    assert_int_equal(index_encode(&ix, &b), 0);
    unsigned refused = 0;
    for (size_t bit = 0; bit < b.len * 8; bit++) {
        b.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (index_decode(b.data, b.len, &back) == 0) {
            assert_in_bounds(&back);
            index_finish(&back);
        } else {
            refused++;
        }
        b.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_true(refused > 100);
    index_finish(&ix);
    buf_finish(&b);
}

static void a_cut_is_an_index_of_its_own(void **state)
{
    for (uint32_t i = 0; i < 100; i++) {
        struct index ix = make_index(i), cut, back;
        uint32_t first = any(ix.n_fragments), n = 1 + any(ix.n_fragments - first);
        assert_int_equal(index_cut(&ix, first, n, &cut), 0);
        assert_int_equal(cut.n_fragments, n);
        assert_int_equal(cut.zero_90k, ix.zero_90k);
        assert_int_equal(cut.fragments[0].offset, ix.init_bytes);
        assert_int_equal(cut.fragments[n - 1].start_90k, ix.fragments[first + n - 1].start_90k);
        assert_int_equal(cut.fragments[0].runs[0].decode_time,
                         ix.fragments[first].runs[0].decode_time);
        assert_in_bounds(&cut);
        struct buf b = BUF_INIT(INDEX_BYTES_MAX);
        assert_int_equal(index_encode(&cut, &b), 0);
        assert_int_equal(index_decode(b.data, b.len, &back), 0);
        assert_same(&cut, &back);
        buf_finish(&b);
        index_finish(&back);
        index_finish(&cut);
        index_finish(&ix);
    }
    struct index ix = make_index(3), cut;
    assert_int_equal(index_cut(&ix, 0, ix.n_fragments + 1, &cut), -EINVAL);
    assert_int_equal(index_cut(&ix, UINT32_MAX, 2, &cut), -EINVAL);
    assert_int_equal(index_cut(&ix, 0, 0, &cut), -EINVAL);
    index_finish(&ix);
}

static void limits_are_refused_when_encoding(void **state)
{
    struct index ix = make_index(5);
    struct buf b = BUF_INIT(INDEX_BYTES_MAX), tiny = BUF_INIT(50);
    ix.n_tracks = INDEX_TRACKS_MAX + 1;
    assert_int_equal(index_encode(&ix, &b), -E2BIG);
    ix.n_tracks = 1;
    assert_int_equal(index_encode(&ix, &tiny), -E2BIG);
    uint32_t n = ix.tracks[0].n_samples;
    ix.tracks[0].n_samples = INDEX_SAMPLES_MAX + 1;
    assert_int_equal(index_encode(&ix, &b), -E2BIG);
    ix.tracks[0].n_samples = n;
    buf_finish(&b);
    buf_finish(&tiny);
    index_finish(&ix);
}

/* 900 pictures in 15 fragments with B-frames and 2813 sound samples. */
static void a_minute_takes_a_few_kilobytes(void **state)
{
    seed = 1;
    struct index ix = {.init_bytes = 1200, .n_tracks = 2, .n_fragments = 15};
    ix.fragments = calloc(15, sizeof *ix.fragments);
    uint32_t counts[2] = {900, 2805};
    for (uint32_t t = 0; t < 2; t++) {
        make_track(&ix.tracks[t], 15, counts[t] / 15);
        ix.tracks[t].kind = t == 0 ? INDEX_VIDEO : INDEX_AUDIO;
        for (uint32_t i = 0; i < counts[t]; i++) {
            ix.tracks[t].samples[i] =
                t == 0 ? (struct index_sample){i % 60 == 0 ? 60000 + any(9000) : 6000 + any(3000),
                                               6000, i % 2 ? 12000 : 6000, i % 60 == 0}
                       : (struct index_sample){150 + any(60), 1024, 0, true};
        }
    }
    uint64_t offset = ix.init_bytes;
    int64_t start = 0;
    for (uint32_t f = 0; f < 15; f++) {
        make_fragment(&ix, f, 60, &offset, &start);
        ix.fragments[f].mdat_bytes = 8;
        for (uint32_t t = 0; t < 2; t++) {
            uint32_t per = counts[t] / 15;
            ix.fragments[f].runs[t] = (struct index_run){f * per, per, start};
            for (uint32_t s = 0; s < per; s++) {
                ix.fragments[f].mdat_bytes += ix.tracks[t].samples[f * per + s].size;
            }
        }
        ix.fragments[f].offset = offset;
        offset += (uint64_t)ix.fragments[f].moof_bytes + ix.fragments[f].mdat_bytes;
    }
    ix.plain_bytes = offset;
    struct buf b = BUF_INIT(INDEX_BYTES_MAX);
    struct index back;
    assert_int_equal(index_encode(&ix, &b), 0);
    assert_int_equal(index_decode(b.data, b.len, &back), 0);
    assert_in_range(b.len, 2000, 9000);
    index_finish(&back);
    index_finish(&ix);
    buf_finish(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_indexes_come_back_the_same),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(every_bit_flip_fails_or_stays_in_bounds),
        cmocka_unit_test(a_cut_is_an_index_of_its_own),
        cmocka_unit_test(limits_are_refused_when_encoding),
        cmocka_unit_test(a_minute_takes_a_few_kilobytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
