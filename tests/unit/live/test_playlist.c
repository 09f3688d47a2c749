/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include "live/playlist.h"

#include <errno.h>

#define START_US 1790000000250000 /* 2026-09-21T14:13:20.250Z */

static struct playlist_part parts[PLAYLIST_PARTS_MAX];

/* Parts of half a second, four a segment, the first of each a key picture. */
static struct playlist list(size_t n)
{
    for (size_t i = 0; i < n; i++) {
        parts[i] = (struct playlist_part){.number = 100 + i,
                                          .msn = 7 + i / 4,
                                          .init = 100,
                                          .start_us = START_US + (int64_t)i * 500000,
                                          .duration_90k = 45000,
                                          .key = i % 4 == 0};
    }
    return (struct playlist){.parts = parts,
                             .n = n,
                             .next_number = 100 + n,
                             .open = true,
                             .target_s = 2,
                             .part_target_ms = 500,
                             .query = ""};
}

static char *format(const struct playlist *l)
{
    struct buf b = BUF_INIT(PLAYLIST_TEXT_MAX);
    playlist_format(l, &b);
    assert_false(b.overflow);
    return buf_take(&b);
}

static unsigned count(const char *text, const char *what)
{
    unsigned n = 0;
    for (const char *at = text; (at = strstr(at, what)) != NULL; at++) {
        n++;
    }
    return n;
}

static void a_whole_segment_and_an_open_one(void **state)
{
    struct playlist l = list(6);
    char *text = format(&l);
    assert_string_equal(
        text,
        "#EXTM3U\n#EXT-X-VERSION:9\n#EXT-X-TARGETDURATION:2\n"
        "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=12.0,PART-HOLD-BACK=1.500\n"
        "#EXT-X-PART-INF:PART-TARGET=0.500\n#EXT-X-MEDIA-SEQUENCE:7\n"
        "#EXT-X-MAP:URI=\"live/i100.mp4\"\n"
        "#EXT-X-PROGRAM-DATE-TIME:2026-09-21T14:13:20.250Z\n"
        "#EXT-X-PART:DURATION=0.500000,URI=\"live/p100.mp4\",INDEPENDENT=YES\n"
        "#EXT-X-PART:DURATION=0.500000,URI=\"live/p101.mp4\"\n"
        "#EXT-X-PART:DURATION=0.500000,URI=\"live/p102.mp4\"\n"
        "#EXT-X-PART:DURATION=0.500000,URI=\"live/p103.mp4\"\n"
        "#EXTINF:2.000000,\nlive/s7.mp4\n"
        "#EXT-X-PROGRAM-DATE-TIME:2026-09-21T14:13:22.250Z\n"
        "#EXT-X-PART:DURATION=0.500000,URI=\"live/p104.mp4\",INDEPENDENT=YES\n"
        "#EXT-X-PART:DURATION=0.500000,URI=\"live/p105.mp4\"\n"
        "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"live/p106.mp4\"\n");
    free(text);
}

static void parts_are_listed_for_three_target_durations(void **state)
{
    struct playlist l = list(40); /* 20 s, the last segment whole but for its end */
    char *text = format(&l);
    assert_int_equal(count(text, "#EXTINF"), 9);
    assert_int_equal(count(text, "#EXT-X-PART:"), 12);
    free(text);
}

static void another_stream_is_a_discontinuity_with_its_own_init(void **state)
{
    struct playlist l = list(8);
    for (size_t i = 4; i < 8; i++) {
        parts[i].init = 104;
    }
    parts[4].discontinuity = true;
    char *text = format(&l);
    assert_non_null(strstr(text, "live/s7.mp4\n#EXT-X-DISCONTINUITY\n"
                                 "#EXT-X-MAP:URI=\"live/i104.mp4\"\n"));
    free(text);
    l.parts += 4; /* the mark goes with what was before it, and is counted instead */
    l.n -= 4;
    l.discontinuities = 1;
    text = format(&l);
    assert_null(strstr(text, "#EXT-X-DISCONTINUITY\n"));
    assert_non_null(strstr(text, "#EXT-X-DISCONTINUITY-SEQUENCE:1\n"));
    free(text);
}

static void a_delta_leaves_out_what_is_older_than_the_skip_boundary(void **state)
{
    struct playlist l = list(60); /* 30 s; 12 s stay */
    l.skip = true;
    char *text = format(&l);
    assert_non_null(strstr(text, "#EXT-X-SKIP:SKIPPED-SEGMENTS=9\n"));
    assert_non_null(strstr(text, "#EXT-X-MEDIA-SEQUENCE:7\n"));
    assert_null(strstr(text, "#EXT-X-MAP"));
    assert_null(strstr(text, "live/s15.mp4"));
    assert_non_null(strstr(text, "live/s16.mp4"));
    free(text);
    l.n = 20;
    text = format(&l);
    assert_null(strstr(text, "#EXT-X-SKIP"));
    free(text);
}

static void the_end_is_told_and_nothing_hinted_at(void **state)
{
    struct playlist l = list(8);
    l.open = false;
    l.ended = true;
    l.query = "?exp=1";
    char *text = format(&l);
    assert_non_null(strstr(text, "live/s8.mp4?exp=1\n#EXT-X-ENDLIST\n"));
    assert_null(strstr(text, "PRELOAD"));
    assert_null(strstr(text, "#EXT-X-PART:"));
    free(text);
}

static void what_a_player_asks_is_checked(void **state)
{
    struct playlist_ask a;
    const char *why = NULL;
    assert_true(playlist_parse_ask(NULL, NULL, NULL, &a, &why));
    assert_false(a.blocking || a.part_given || a.skip);
    assert_true(playlist_parse_ask("12", "3", "YES", &a, &why));
    assert_true(a.blocking && a.part_given && a.skip && a.msn == 12 && a.part == 3);
    assert_true(playlist_parse_ask("12", NULL, "v2", &a, &why));
    assert_false(playlist_parse_ask(NULL, "3", NULL, &a, &why));
    assert_false(playlist_parse_ask("-1", NULL, NULL, &a, &why));
    assert_false(playlist_parse_ask("1", "x", NULL, &a, &why));
    assert_false(playlist_parse_ask("1", NULL, "NO", &a, &why));
    assert_false(playlist_parse_ask("18446744073709551616", NULL, NULL, &a, &why));
    assert_non_null(why);
}

static void names_of_files_are_read_back(void **state)
{
    enum playlist_kind kind;
    uint64_t n;
    assert_int_equal(playlist_parse_name("p0.mp4", &kind, &n), 0);
    assert_true(kind == PLAYLIST_PART && n == 0);
    assert_int_equal(playlist_parse_name("s1790000000.mp4", &kind, &n), 0);
    assert_true(kind == PLAYLIST_SEGMENT && n == 1790000000);
    assert_int_equal(playlist_parse_name("i18446744073709551615.mp4", &kind, &n), 0);
    assert_true(kind == PLAYLIST_INIT && n == UINT64_MAX);
    static const char *const bad[] = {"",
                                      "p.mp4",
                                      "p1",
                                      "x1.mp4",
                                      "p01.mp4",
                                      "p-1.mp4",
                                      "p1.mp4x",
                                      "pp.mp4",
                                      ".mp4",
                                      "p1.m4s",
                                      "p18446744073709551616.mp4"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_int_equal(playlist_parse_name(bad[i], &kind, &n), -EINVAL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_segment_and_an_open_one),
        cmocka_unit_test(parts_are_listed_for_three_target_durations),
        cmocka_unit_test(another_stream_is_a_discontinuity_with_its_own_init),
        cmocka_unit_test(a_delta_leaves_out_what_is_older_than_the_skip_boundary),
        cmocka_unit_test(the_end_is_told_and_nothing_hinted_at),
        cmocka_unit_test(what_a_player_asks_is_checked),
        cmocka_unit_test(names_of_files_are_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
