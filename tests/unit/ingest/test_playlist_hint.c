/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include "base/clock.h"
#include "ingest/playlist_hint.h"

static struct playlist_hint parse(const char *text)
{
    struct playlist_hint h;
    playlist_hint_parse(text, strlen(text), &h);
    return h;
}

static void dates_and_the_header_s_name_are_found(void **state)
{
    struct playlist_hint h = parse("#EXTM3U\r\n#EXT-X-VERSION:7\r\n#EXT-X-TARGETDURATION:2\n#EXT-X-"
                                   "MAP:URI=\"sub/init.mp4?x=1\"\n"
                                   "#EXTINF:2.000000,\nlive7.m4s\n#EXTINF:2.000000,\n#EXT-X-"
                                   "PROGRAM-DATE-TIME:2026-11-23T18:52:03.250+0000\n"
                                   "https://host/ingest/"
                                   "live8.m4s?secret=1\n#EXTINF:2,\n#EXT-X-PROGRAM-DATE-TIME:2026-"
                                   "11-23T18:52:05.250Z\nlive9.m4s\n");
    assert_true(h.is_hls && h.has_pieces && h.timed);
    assert_string_equal(h.map, "init.mp4");
    assert_string_equal(h.last.stem, "live");
    assert_int_equal(h.last.number, 9);
    assert_int_equal(h.number, 8);
    int64_t us;
    assert_int_equal(clock_parse("2026-11-23T18:52:03.25Z", &us), 0);
    assert_true(h.start_us == us);
}

static void offsets_are_counted(void **state)
{
    struct playlist_hint h =
        parse("#EXTM3U\n#EXT-X-PROGRAM-DATE-TIME:2026-11-23T18:52:03.250+0100\nlive0.ts\n");
    int64_t us;
    assert_int_equal(clock_parse("2026-11-23T17:52:03.25Z", &us), 0);
    assert_true(h.timed && h.start_us == us);
}

static void what_makes_no_sense_is_passed_over(void **state)
{
    assert_false(parse("").is_hls);
    assert_false(parse("<MPD/>").is_hls);
    assert_false(parse("#EXTM3U\nmaster.m3u8\n").has_pieces);
    assert_false(parse("#EXTM3U\n#EXT-X-PROGRAM-DATE-TIME:yesterday\nlive0.ts\n").timed);
    assert_false(
        parse("#EXTM3U\n#EXT-X-PROGRAM-DATE-TIME:2026-11-23T18:52:03Z\na0.ts\nb0.ts\n").timed);
    assert_false(parse("#EXTM3U\n#EXT-X-MAP:URI=\"init.mp4\n").map[0] != '\0');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dates_and_the_header_s_name_are_found),
        cmocka_unit_test(offsets_are_counted),
        cmocka_unit_test(what_makes_no_sense_is_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
