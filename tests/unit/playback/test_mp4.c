/* SPDX-License-Identifier: Apache-2.0 */

#include "tests/support/unit.h"

#include "playback/mp4.h"

#include "make_index.h"

#include <errno.h>

/* ---- a small reader of what was written ---- */

static uint64_t be(const uint8_t *p, size_t n)
{
    uint64_t v = 0;
    while (n-- > 0) {
        v = v << 8 | *p++;
    }
    return v;
}

/* Contents of the nth box of that type inside [p, p+n), or NULL. */
static const uint8_t *child(const uint8_t *p, size_t n, const char *type, unsigned nth,
                            size_t *ret_n)
{
    for (size_t at = 0; at + 8 <= n;) {
        size_t size = be(p + at, 4);
        if (memcmp(p + at + 4, "mdat", 4) == 0) {
            return NULL;
        }
        assert_in_range(size, 8, n - at);
        if (memcmp(p + at + 4, type, 4) == 0 && nth-- == 0) {
            *ret_n = size - 8;
            return p + at + 8;
        }
        at += size;
    }
    return NULL;
}

/* moov / trak[track] / path... ; path is a list of types separated by '/'. */
static const uint8_t *find(const struct mp4 *m, unsigned track, const char *path, size_t *ret_n)
{
    size_t n;
    const uint8_t *p = child(m->header, m->header_bytes, "moov", 0, &n);
    p = child(p, n, "trak", track, &n);
    for (; p != NULL && *path != 0; path += path[4] == '/' ? 5 : 4) {
        char type[5] = {path[0], path[1], path[2], path[3], 0};
        p = child(p, n, type, 0, &n);
    }
    *ret_n = n;
    return p;
}

static const uint8_t *table(const struct mp4 *m, unsigned track, const char *type,
                            uint32_t *ret_rows)
{
    size_t n;
    char path[32] = "mdia/minf/stbl/";
    strcat(path, type);
    const uint8_t *p = find(m, track, path, &n);
    *ret_rows = p != NULL ? (uint32_t)be(p + 4, 4) : 0;
    return p != NULL ? p + 8 : NULL;
}

static struct mp4 build(const struct make_index *m, size_t n)
{
    struct index ix[4];
    const struct index *list[4];
    struct mp4 out;
    for (size_t i = 0; i < n; i++) {
        ix[i] = make_index(&m[i]);
        list[i] = &ix[i];
    }
    struct mp4_params p = {.segments = list, .n_segments = n, .start_us = 1790000000000000};
    assert_int_equal(mp4_init(&p, &out), 0);
    for (size_t i = 0; i < n; i++) {
        index_finish(&ix[i]);
    }
    return out;
}

/* ---- the tests ---- */

static const struct make_index plain = {
    .fragments = 3, .pictures = 10, .picture_ticks = 9000, .sounds = 47};

static void slices_follow_the_header_without_a_gap(void **state)
{
    struct make_index two[2] = {plain, plain};
    two[1].zero_90k = 270000;
    struct mp4 m = build(two, 2);
    uint64_t at = m.header_bytes;
    assert_int_equal(m.n_slices, 6);
    for (uint32_t i = 0; i < m.n_slices; i++) {
        assert_int_equal(m.slices[i].at, at);
        assert_int_equal(mp4_slice_at(&m, at), i);
        assert_int_equal(mp4_slice_at(&m, at + m.slices[i].length - 1), i);
        assert_int_equal(m.slices[i].segment, i / 3);
        at += m.slices[i].length;
    }
    assert_int_equal(m.size_bytes, at);
    /* 700 init, 100 moof, 8 mdat header */
    assert_int_equal(m.slices[0].offset, 808);
    assert_int_equal(m.slices[3].offset, 808);
    size_t mdat = m.header_bytes - 8;
    assert_int_equal(be(m.header + mdat, 4), m.size_bytes - mdat);
    mp4_finish(&m);
}

static void chunks_lie_where_their_samples_are(void **state)
{
    struct mp4 m = build(&plain, 1);
    uint32_t chunks, rows;
    const uint8_t *pictures = table(&m, 0, "stco", &chunks);
    assert_int_equal(chunks, 3);
    const uint8_t *sounds = table(&m, 1, "stco", &chunks);
    assert_int_equal(chunks, 3);
    for (uint32_t f = 0; f < 3; f++) {
        assert_int_equal(be(pictures + 4 * f, 4), m.slices[f].at);
        assert_int_equal(be(sounds + 4 * f, 4), m.slices[f].at + 1945 + f);
    }
    const uint8_t *stsc = table(&m, 1, "stsc", &rows);
    assert_int_equal(rows, 1);
    assert_int_equal(be(stsc, 4), 1);
    assert_int_equal(be(stsc + 4, 4), 47);
    assert_int_equal(be(stsc + 8, 4), 1);
    const uint8_t *stsz = table(&m, 0, "stsz", &rows);
    assert_int_equal(be(stsz, 4), 30);
    assert_int_equal(be(stsz + 4 + 4 * 10, 4), 1001);
    const uint8_t *stss = table(&m, 0, "stss", &rows);
    assert_int_equal(rows, 3);
    assert_int_equal(be(stss + 4, 4), 11);
    assert_null(table(&m, 1, "stss", &rows));
    assert_null(table(&m, 0, "ctts", &rows));
    mp4_finish(&m);
}

static void assert_edit(const struct mp4 *m, unsigned track, unsigned row, uint32_t duration,
                        int32_t media_time)
{
    size_t n;
    const uint8_t *p = find(m, track, "edts/elst", &n);
    assert_int_equal(be(p + 8 + 12 * row, 4), duration);
    assert_int_equal((int32_t)be(p + 12 + 12 * row, 4), media_time);
}

static void late_sound_waits(void **state)
{
    struct make_index late = plain;
    late.sound_at = 24000;
    struct mp4 m = build(&late, 1);
    size_t n;
    assert_int_equal(be(find(&m, 1, "edts/elst", &n) + 4, 4), 2);
    assert_edit(&m, 1, 0, 45000, -1);
    assert_edit(&m, 1, 1, 141 * 1024 * 90000ull / 48000, 0);
    assert_int_equal(be(find(&m, 0, "edts/elst", &n) + 4, 4), 1);
    assert_edit(&m, 0, 0, 270000, 0);
    mp4_finish(&m);
}

static void priming_sound_is_skipped(void **state)
{
    struct make_index early = plain;
    early.sound_at = -1024;
    struct mp4 m = build(&early, 1);
    size_t n;
    assert_int_equal(be(find(&m, 1, "edts/elst", &n) + 4, 4), 1);
    assert_edit(&m, 1, 0, 140 * 1024 * 90000ull / 48000, 1024);
    mp4_finish(&m);
}

static void negative_composition_is_shifted_and_taken_back(void **state)
{
    struct make_index b = plain;
    b.b_frames = 9000; /* pictures at +9000, -9000, ... */
    struct mp4 m = build(&b, 1);
    uint32_t rows;
    const uint8_t *ctts = table(&m, 0, "ctts", &rows);
    assert_int_equal(rows, 30);
    assert_int_equal(be(ctts + 4, 4), 18000);
    assert_int_equal(be(ctts + 12, 4), 0);
    /* earliest presentation: picture 1 at 9000 - 9000 = 0, which the shift moved to 9000 */
    assert_edit(&m, 0, 0, 270000, 9000);
    mp4_finish(&m);
}

static void another_format_is_another_description(void **state)
{
    struct make_index three[3] = {plain, plain, plain};
    three[1].zero_90k = 270000;
    three[1].format = 7;
    three[2].zero_90k = 540000;
    struct mp4 m = build(three, 3);
    uint32_t rows;
    table(&m, 0, "stsd", &rows);
    assert_int_equal(rows, 2);
    const uint8_t *stsc = table(&m, 0, "stsc", &rows);
    assert_int_equal(rows, 3);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(be(stsc + 12 * i, 4), 1 + 3 * i);
        assert_int_equal(be(stsc + 12 * i + 8, 4), i == 1 ? 2 : 1);
    }
    mp4_finish(&m);
}

static void a_track_may_be_missing_from_some_segments(void **state)
{
    struct make_index three[3] = {plain, plain, plain};
    three[1].sounds = 0;
    three[1].zero_90k = 270000;
    three[2].zero_90k = 540000;
    struct mp4 m = build(three, 3);
    uint32_t rows;
    const uint8_t *stts = table(&m, 1, "stts", &rows);
    /* 140 samples, one stretched over the second segment, 141 */
    assert_int_equal(rows, 3);
    assert_int_equal(be(stts, 4), 140);
    assert_int_equal(be(stts + 8, 4), 1);
    assert_int_equal(be(stts + 12, 4), 6 * 48000 - 140 * 1024);
    assert_int_equal(be(stts + 16, 4), 141);
    mp4_finish(&m);
}

static void rounding_between_segments_is_not_written(void **state)
{
    struct make_index two[2] = {plain, plain};
    two[1].zero_90k = 141 * 1024 * 90000ll / 48000 + 3; /* a hair late for the sound */
    two[0].picture_ticks = two[1].picture_ticks = 9024;
    struct mp4 m = build(two, 2);
    uint32_t rows;
    table(&m, 1, "stts", &rows);
    assert_int_equal(rows, 1);
    mp4_finish(&m);
}

static void large_files_use_64_bits(void **state)
{
    struct index ix = make_index(&plain);
    ix.tracks[0].samples[0].size = 0xfffff000u - 20000;
    ix.fragments[0].mdat_bytes = 8 + ix.tracks[0].samples[0].size + 945 + 470;
    const struct index *list[] = {&ix};
    struct mp4_params p = {.segments = list, .n_segments = 1};
    struct mp4 m;
    assert_int_equal(mp4_init(&p, &m), 0);
    uint32_t rows;
    assert_null(table(&m, 0, "stco", &rows));
    const uint8_t *co64 = table(&m, 0, "co64", &rows);
    assert_int_equal(rows, 3);
    assert_int_equal(be(co64, 8), m.header_bytes);
    assert_int_equal(be(co64 + 8, 8), m.slices[1].at);
    assert_int_equal(be(m.header + m.header_bytes - 16, 4), 1);
    assert_int_equal(be(m.header + m.header_bytes - 8, 8), m.size_bytes - m.header_bytes + 16);
    mp4_finish(&m);
    index_finish(&ix);
}

static void the_same_indexes_give_the_same_bytes(void **state)
{
    struct mp4 a = build(&plain, 1), b = build(&plain, 1);
    assert_int_equal(a.header_bytes, b.header_bytes);
    assert_memory_equal(a.header, b.header, a.header_bytes);
    mp4_finish(&a);
    mp4_finish(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slices_follow_the_header_without_a_gap),
        cmocka_unit_test(chunks_lie_where_their_samples_are),
        cmocka_unit_test(late_sound_waits),
        cmocka_unit_test(priming_sound_is_skipped),
        cmocka_unit_test(negative_composition_is_shifted_and_taken_back),
        cmocka_unit_test(another_format_is_another_description),
        cmocka_unit_test(a_track_may_be_missing_from_some_segments),
        cmocka_unit_test(rounding_between_segments_is_not_written),
        cmocka_unit_test(large_files_use_64_bits),
        cmocka_unit_test(the_same_indexes_give_the_same_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
