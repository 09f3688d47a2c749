/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include "remux/index.h"

#include <errno.h>

enum { INIT = 500, MOOF = 200, PICTURES = 30, STEP = 3000, SOUNDS = 47, SOUND = 1024 };

static const uint8_t stsd[] = {0, 0, 0, 24, 's', 't', 's', 'd', 0,   0,   0,   0,
                               0, 0, 0, 1,  0,   0,   0,   8,   'a', 'v', 'c', '1'};

static void make_track(struct index_track *t, enum index_kind kind, uint32_t timescale, uint32_t n,
                       uint32_t duration)
{
    *t = (struct index_track){.kind = kind, .timescale = timescale, .n_samples = n};
    strcpy(t->codec, kind == INDEX_VIDEO ? "avc1.64001f" : "mp4a.40.2");
    t->stsd_len = sizeof stsd;
    t->stsd = mem_dup(stsd, sizeof stsd);
    t->samples = mem_alloc(n, sizeof *t->samples);
    for (uint32_t i = 0; i < n; i++) {
        t->samples[i] = (struct index_sample){
            .size = 100 + i, .duration = duration, .sync = kind == INDEX_AUDIO || i == 0};
    }
}

/* One second, one fragment: 30 pictures, and sound that begins a little earlier. */
static struct index make(int64_t zero_90k, uint8_t mark)
{
    struct index ix = {.init_bytes = INIT,
                       .zero_90k = zero_90k,
                       .duration_90k = 90000,
                       .n_tracks = 2,
                       .n_fragments = 1};
    make_track(&ix.tracks[0], INDEX_VIDEO, 90000, PICTURES, STEP);
    make_track(&ix.tracks[1], INDEX_AUDIO, 48000, SOUNDS, SOUND);
    ix.fragments = mem_alloc(1, sizeof *ix.fragments);
    uint32_t bytes = 8;
    for (uint32_t t = 0; t < 2; t++) {
        for (uint32_t i = 0; i < ix.tracks[t].n_samples; i++) {
            bytes += ix.tracks[t].samples[i].size;
        }
    }
    ix.fragments[0] = (struct index_fragment){.offset = INIT,
                                              .moof_bytes = MOOF,
                                              .mdat_bytes = bytes,
                                              .duration_90k = 90000,
                                              .key = true,
                                              .sketch = {mark}};
    ix.fragments[0].runs[0] = (struct index_run){.n_samples = PICTURES};
    ix.fragments[0].runs[1] = (struct index_run){.n_samples = SOUNDS, .decode_time = -100};
    ix.plain_bytes = INIT + MOOF + bytes;
    return ix;
}

static void fragments_keep_their_bytes_and_their_time(void **state)
{
    struct index a = make(INT64_C(9000000001), 1), b = make(INT64_C(9000090001), 2),
                 c = make(INT64_C(9000180301), 3), j;
    const struct index *list[] = {&a, &b, &c};
    assert_int_equal(index_join(list, 3, &j), 0);
    assert_int_equal(j.n_fragments, 3);
    assert_int_equal(j.init_bytes, INIT);
    assert_int_equal(j.plain_bytes, a.plain_bytes * 3 - 2 * INIT);
    assert_true(j.zero_90k == a.zero_90k);
    assert_int_equal(j.duration_90k, 180300 + 90000);
    assert_int_equal(j.fragments[1].offset, a.plain_bytes);
    assert_int_equal(j.fragments[2].start_90k, 180300);
    assert_int_equal(j.fragments[2].sketch[0], 3);
    assert_int_equal(j.fragments[1].runs[0].first_sample, PICTURES);
    assert_int_equal(j.fragments[1].runs[0].decode_time, 90000);
    /* 48 kHz: 90000 ticks are 48000 samples; the fraction is that of absolute times */
    assert_int_equal(j.fragments[1].runs[1].decode_time, 48000 - 100);
    assert_int_equal(j.tracks[1].n_samples, 3 * SOUNDS);
    struct buf coded = BUF_INIT(INDEX_BYTES_MAX);
    struct index back;
    assert_int_equal(index_encode(&j, &coded), 0);
    assert_int_equal(index_decode(coded.data, coded.len, &back), 0);
    index_finish(&back);
    buf_finish(&coded);
    index_finish(&j);
    index_finish(&a);
    index_finish(&b);
    index_finish(&c);
}

static void what_does_not_fit_is_refused(void **state)
{
    struct index a = make(0, 1), b = make(90000, 2), j;
    const struct index *forward[] = {&a, &b}, *back[] = {&b, &a};
    assert_int_equal(index_join(back, 2, &j), -EINVAL);
    assert_int_equal(index_join(forward, 0, &j), -EINVAL);
    b.tracks[0].width = 1;
    assert_int_equal(index_join(forward, 2, &j), -EINVAL);
    b.tracks[0].width = 0;
    b.tracks[0].stsd[sizeof stsd - 1] = '3';
    assert_int_equal(index_join(forward, 2, &j), -EINVAL);
    b.tracks[0].stsd[sizeof stsd - 1] = '1';
    b.n_tracks = 1;
    assert_int_equal(index_join(forward, 2, &j), -EINVAL);
    b.n_tracks = 2;
    b.plain_bytes++;
    assert_int_equal(index_join(forward, 2, &j), -EINVAL);
    b.plain_bytes--;
    assert_int_equal(index_join(forward, 2, &j), 0);
    index_finish(&j);
    index_finish(&a);
    index_finish(&b);
}

static void there_is_a_limit(void **state)
{
    enum { MANY = INDEX_SAMPLES_MAX / SOUNDS + 1 };
    struct index a = make(0, 1), j;
    const struct index **list = mem_alloc(MANY, sizeof *list);
    for (size_t i = 0; i < MANY; i++) {
        list[i] = &a;
    }
    assert_int_equal(index_join(list, MANY, &j), -E2BIG);
    free(list);
    index_finish(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fragments_keep_their_bytes_and_their_time),
        cmocka_unit_test(what_does_not_fit_is_refused),
        cmocka_unit_test(there_is_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
