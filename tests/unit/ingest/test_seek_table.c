/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include "base/buf.h"
#include "ingest/seek_table.h"

#include <string.h>

/* An mfra with one tfra per list of times (ended by -1), as ffmpeg writes them. */
static char *mfra(unsigned version, const int64_t *const *tracks, size_t n)
{
    struct buf all = BUF_INIT(1 << 16), out = BUF_INIT(1 << 16);
    for (size_t i = 0; i < n; i++) {
        struct buf b = BUF_INIT(1 << 16);
        uint32_t count = 0;
        for (const int64_t *t = tracks[i]; *t >= 0; t++, count++) {
            version == 1 ? buf_be64(&b, (uint64_t)*t) : buf_be32(&b, (uint32_t)*t);
            version == 1 ? buf_be64(&b, 1000) : buf_be32(&b, 1000);
            buf_append(&b, "\1\1\1", 3);
        }
        buf_be32(&all, (uint32_t)b.len + 24);
        buf_str(&all, "tfra");
        buf_be32(&all, version << 24);
        buf_be32(&all, (uint32_t)i + 1);
        buf_be32(&all, 0);
        buf_be32(&all, count);
        buf_append(&all, b.data, b.len);
        buf_finish(&b);
    }
    buf_be32(&out, (uint32_t)all.len + 8);
    buf_str(&out, "mfra");
    buf_append(&out, all.data, all.len);
    char *text = mem_alloc(out.len * 2, 1);
    base64url(out.data, out.len, text);
    buf_finish(&all);
    buf_finish(&out);
    return text;
}

static const int64_t video[] = {5000, 7000, 9000, 11000, -1}; /* 1000 Hz: a key picture every 2 s */
static const int64_t sound[] = {5000, 5640, 7040, 9000, 10040, -1};
static const int64_t *const both[] = {sound, video};

static unsigned missing(const char *text, size_t came)
{
    static const int64_t ours[] = {0, 180000, 360000, 540000};
    struct seek_table t;
    assert_int_equal(seek_table_parse(text, strlen(text), &t), 0);
    assert_int_equal(t.n_tracks, 2);
    return seek_table_missing(&t, 1000, ours, came);
}

static void what_came_is_compared_with_what_was_named(void **state)
{
    for (unsigned version = 0; version < 2; version++) {
        char *text = mfra(version, both, 2);
        assert_int_equal(missing(text, 4), 0);
        assert_int_equal(missing(text, 3), 1);
        assert_int_equal(missing(text, 1), 3);
        assert_int_equal(missing(text, 0), 0); /* nothing to compare with */
        free(text);
    }
}

static void key_pictures_are_found_in_an_index(void **state)
{
    struct index_sample samples[6] = {{10, 1000, 500, true}, {10, 1000, 0, false},
                                      {10, 1000, 0, false},  {10, 1000, 500, true},
                                      {10, 1000, 0, false},  {10, 1000, 0, false}};
    struct index_fragment f = {.runs = {{0}, {.n_samples = 6, .decode_time = 1000}}};
    struct index ix = {.zero_90k = 90000, .n_tracks = 2, .n_fragments = 1, .fragments = &f};
    ix.tracks[0] = (struct index_track){.kind = INDEX_AUDIO, .timescale = 48000};
    ix.tracks[1] = (struct index_track){
        .kind = INDEX_VIDEO, .timescale = 1000, .n_samples = 6, .samples = samples};
    int64_t times[6];
    assert_int_equal(seek_key_pictures(&ix, times, 6), 2);
    assert_int_equal(times[0], 90000 + 135000);
    assert_int_equal(times[1], 90000 + 405000);
    assert_int_equal(seek_key_pictures(&ix, times, 1), 1);
}

static void other_text_is_no_table(void **state)
{
    static const char *const bad[] = {
        "", "!", "AAAA", "bWZyYQ", "AAAACG1mcmE", "AAAAEG1mcmEAAAAIdGZyYQ", "AAAA_21mcmE"};
    struct seek_table t;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_int_not_equal(seek_table_parse(bad[i], strlen(bad[i]), &t), 0);
    }
    static const int64_t back[] = {5, 4, -1};
    static const int64_t *const lists[] = {back};
    char *text = mfra(0, lists, 1);
    assert_int_not_equal(seek_table_parse(text, strlen(text), &t), 0);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_came_is_compared_with_what_was_named),
        cmocka_unit_test(key_pictures_are_found_in_an_index),
        cmocka_unit_test(other_text_is_no_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
