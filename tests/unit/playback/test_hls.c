/* SPDX-License-Identifier: Apache-2.0 */

#include "tests/support/unit.h"

#include "playback/hls.h"

#include "make_index.h"

#include <errno.h>

#define START_US 1790000000250000 /* 2026-09-21T14:13:20.250Z */

static char *playlist(const struct make_index *m, size_t n, const char *query)
{
    struct index ix[4];
    const struct index *list[4];
    for (size_t i = 0; i < n; i++) {
        ix[i] = make_index(&m[i]);
        list[i] = &ix[i];
    }
    struct hls h;
    struct buf b = BUF_INIT(HLS_TEXT_MAX);
    assert_int_equal(hls_init(list, n, START_US, &h), 0);
    assert_int_equal(hls_format(&h, query, &b), 0);
    hls_finish(&h);
    for (size_t i = 0; i < n; i++) {
        index_finish(&ix[i]);
    }
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
    assert_non_null(strstr(text, "#EXT-X-PROGRAM-DATE-TIME:2026-09-21T14:13:32.250Z\n"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fragments_are_joined_to_two_seconds),
        cmocka_unit_test(consecutive_segments_share_a_map_and_carry_the_query),
        cmocka_unit_test(other_tracks_are_a_discontinuity),
        cmocka_unit_test(independence_is_claimed_only_when_true),
        cmocka_unit_test(a_gap_between_segments_is_no_playing_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
