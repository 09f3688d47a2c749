/* SPDX-License-Identifier: Apache-2.0 */

#include "tests/support/unit.h"

#include "playback/hls.h"

#include "make_index.h"

#include <stdio.h>
#include <string.h>

#define START_US 1790000000250000 /* 2026-09-21T14:13:20.250Z */

static void number(void *arg, uint32_t segment, char out[HLS_NAME_SIZE])
{
    snprintf(out, HLS_NAME_SIZE, "%u.mp4", segment);
}

/* The segments of one recording, all of them. */
static struct hls whole(const struct make_index *m, size_t n)
{
    struct hls h;
    hls_begin(&h, START_US, 2 * 90000);
    for (size_t i = 0; i < n; i++) {
        struct index ix = make_index(&m[i]);
        struct take_segment all;
        take_all(&ix, m[0].zero_90k, &all);
        assert_int_equal(hls_add(&h, (uint32_t)i, &ix, &all), 0);
        index_finish(&ix);
    }
    hls_end(&h);
    return h;
}

static char *playlist(const struct make_index *m, size_t n, const char *query)
{
    struct hls h = whole(m, n);
    struct buf b = BUF_INIT(HLS_TEXT_MAX);
    assert_int_equal(hls_format(&h, &(struct hls_text){.query = query, .name = number}, &b), 0);
    hls_finish(&h);
    return buf_take(&b);
}

static void fragments_are_joined_to_two_seconds(void **state)
{
    /* 5 fragments of 1 s, 10 pictures each: 1000+f + 9*100 + 1..9 = 1945+f payload. */
    char *text = playlist(
        &(struct make_index){.fragments = 5, .pictures = 10, .picture_ticks = 9000}, 1, "");
    assert_string_equal(text, "#EXTM3U\n"
                              "#EXT-X-VERSION:7\n"
                              "#EXT-X-TARGETDURATION:2\n"
                              "#EXT-X-MEDIA-SEQUENCE:0\n"
                              "#EXT-X-PLAYLIST-TYPE:VOD\n"
                              "#EXT-X-INDEPENDENT-SEGMENTS\n"
                              "#EXT-X-MAP:URI=\"segments/0.mp4\",BYTERANGE=\"700@0\"\n"
                              "#EXT-X-PROGRAM-DATE-TIME:2026-09-21T14:13:20.250Z\n"
                              "#EXTINF:2.000000,\n"
                              "#EXT-X-BYTERANGE:4107@700\n"
                              "segments/0.mp4\n"
                              "#EXT-X-PROGRAM-DATE-TIME:2026-09-21T14:13:22.250Z\n"
                              "#EXTINF:2.000000,\n"
                              "#EXT-X-BYTERANGE:4111@4807\n"
                              "segments/0.mp4\n"
                              "#EXT-X-PROGRAM-DATE-TIME:2026-09-21T14:13:24.250Z\n"
                              "#EXTINF:1.000000,\n"
                              "#EXT-X-BYTERANGE:2057@8918\n"
                              "segments/0.mp4\n"
                              "#EXT-X-ENDLIST\n");
    free(text);
}

static void consecutive_segments_share_a_map_and_carry_the_query(void **state)
{
    struct make_index m[2] = {
        {.fragments = 1, .pictures = 25, .picture_ticks = 9030},
        {.fragments = 1, .pictures = 25, .picture_ticks = 9000, .zero_90k = 225750}};
    char *text = playlist(m, 2, "?exp=1&sig=x");
    assert_string_equal(text, "#EXTM3U\n"
                              "#EXT-X-VERSION:7\n"
                              "#EXT-X-TARGETDURATION:3\n"
                              "#EXT-X-MEDIA-SEQUENCE:0\n"
                              "#EXT-X-PLAYLIST-TYPE:VOD\n"
                              "#EXT-X-INDEPENDENT-SEGMENTS\n"
                              "#EXT-X-MAP:URI=\"segments/0.mp4?exp=1&sig=x\",BYTERANGE=\"700@0\"\n"
                              "#EXT-X-PROGRAM-DATE-TIME:2026-09-21T14:13:20.250Z\n"
                              "#EXTINF:2.508333,\n"
                              "#EXT-X-BYTERANGE:3808@700\n"
                              "segments/0.mp4?exp=1&sig=x\n"
                              "#EXT-X-PROGRAM-DATE-TIME:2026-09-21T14:13:22.758Z\n"
                              "#EXTINF:2.500000,\n"
                              "#EXT-X-BYTERANGE:3808@700\n"
                              "segments/1.mp4?exp=1&sig=x\n"
                              "#EXT-X-ENDLIST\n");
    free(text);
}

static void other_tracks_are_a_discontinuity(void **state)
{
    struct make_index m[3] = {
        {.fragments = 1, .pictures = 20, .picture_ticks = 9000},
        {.fragments = 1, .pictures = 20, .picture_ticks = 9000, .sounds = 5, .zero_90k = 180000},
        {.fragments = 1,
         .pictures = 20,
         .picture_ticks = 9000,
         .sounds = 5,
         .format = 1,
         .zero_90k = 360000}};
    char *text = playlist(m, 3, "");
    char *first = strstr(text, "#EXT-X-DISCONTINUITY\n#EXT-X-MAP:URI=\"segments/1.mp4\"");
    assert_non_null(first);
    assert_non_null(strstr(first + 1, "#EXT-X-DISCONTINUITY\n#EXT-X-MAP:URI=\"segments/2.mp4\""));
    free(text);
}

static void independence_is_claimed_only_when_true(void **state)
{
    /* Key pictures every 15 s, fragments of 1 s: entries of 10 s and 5 s, the second without one.
     */
    char *text = playlist(
        &(struct make_index){
            .fragments = 30, .pictures = 10, .picture_ticks = 9000, .key_each = 15},
        1, "");
    assert_null(strstr(text, "INDEPENDENT"));
    assert_non_null(strstr(text, "#EXT-X-TARGETDURATION:10\n"));
    assert_non_null(strstr(text, "#EXTINF:5.000000,\n"));
    free(text);
    text = playlist(
        &(struct make_index){.fragments = 30, .pictures = 10, .picture_ticks = 9000, .key_each = 5},
        1, "");
    assert_non_null(strstr(text, "#EXT-X-INDEPENDENT-SEGMENTS\n"));
    assert_non_null(strstr(text, "#EXTINF:5.000000,\n"));
    free(text);
}

static void a_gap_between_segments_is_no_playing_time(void **state)
{
    struct make_index m[2] = {
        {.fragments = 1, .pictures = 20, .picture_ticks = 9000},
        {.fragments = 1, .pictures = 20, .picture_ticks = 9000, .zero_90k = 180000 + 900000}};
    char *text = playlist(m, 2, "");
    assert_null(strstr(text, "#EXTINF:12"));
    assert_non_null(
        strstr(text, "#EXT-X-DISCONTINUITY\n#EXT-X-PROGRAM-DATE-TIME:2026-09-21T14:13:32.250Z\n"));
    free(text);
}

static void gaps_are_told_before_what_follows_them(void **state)
{
    struct make_index m[2] = {
        {.fragments = 1, .pictures = 20, .picture_ticks = 9000},
        {.fragments = 1, .pictures = 20, .picture_ticks = 9000, .zero_90k = 180000 + 900000}};
    const struct hls_gap gaps[] = {
        {START_US - 5000000, START_US, "never_sent"},
        {START_US + 2000000, START_US + 12000000, "deleted"},
        {START_US + 14000000, START_US + 20000000, "offline"},
    };
    struct hls h = whole(m, 2);
    struct buf b = BUF_INIT(HLS_TEXT_MAX);
    const struct hls_text t = {.query = "", .name = number, .gaps = gaps, .n_gaps = 3};
    assert_int_equal(hls_format(&h, &t, &b), 0);
    const char *text = (const char *)b.data, *first = strstr(text, "X-REASON=\"never_sent\""),
               *one = strstr(text, "segments/0.mp4\n"), *second = strstr(text, "=\"deleted\""),
               *two = strstr(text, "segments/1.mp4\n"), *third = strstr(text, "=\"offline\"");
    assert_true(first != NULL && first < one && one < second && second < two && two < third);
    assert_non_null(strstr(text, "START-DATE=\"2026-09-21T14:13:22.250Z\","
                                 "END-DATE=\"2026-09-21T14:13:32.250Z\""));
    buf_finish(&b);
    hls_finish(&h);
}

static void key_pictures_are_listed_alone(void **state)
{
    /* Fragments of 1 s, key pictures every 2 s of 1000 + f bytes behind 100 + 8. */
    struct make_index m = {.fragments = 6, .pictures = 10, .picture_ticks = 9000, .key_each = 2};
    struct hls h = whole(&m, 1);
    struct buf b = BUF_INIT(HLS_TEXT_MAX);
    const struct hls_text t = {.query = "", .name = number, .keys_only = true};
    assert_int_equal(hls_format(&h, &t, &b), 0);
    const char *text = (const char *)b.data;
    assert_non_null(strstr(text, "#EXT-X-I-FRAMES-ONLY\n"));
    assert_non_null(strstr(text, "#EXTINF:2.000000,\n#EXT-X-BYTERANGE:1108@700\n"));
    assert_non_null(strstr(text, "#EXT-X-BYTERANGE:1110@"));
    assert_null(strstr(text, "#EXT-X-BYTERANGE:1109@"));
    buf_finish(&b);
    hls_finish(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fragments_are_joined_to_two_seconds),
        cmocka_unit_test(consecutive_segments_share_a_map_and_carry_the_query),
        cmocka_unit_test(other_tracks_are_a_discontinuity),
        cmocka_unit_test(independence_is_claimed_only_when_true),
        cmocka_unit_test(a_gap_between_segments_is_no_playing_time),
        cmocka_unit_test(gaps_are_told_before_what_follows_them),
        cmocka_unit_test(key_pictures_are_listed_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
