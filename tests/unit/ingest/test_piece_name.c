/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include "ingest/piece_name.h"

static struct piece_name parse(const char *name)
{
    struct piece_name p;
    piece_name_parse(name, &p);
    return p;
}

static void expect_media(const char *name, const char *stem, int track, int64_t number)
{
    struct piece_name p = parse(name);
    assert_int_equal(p.role, PIECE_MEDIA);
    assert_string_equal(p.stem, stem);
    assert_int_equal(p.track, track);
    assert_true(p.number == number);
}

static void names_of_ffmpeg_s_muxers_are_understood(void **state)
{
    expect_media("live0.ts", "live", -1, 0);
    expect_media("live12.m4s", "live", -1, 12);
    expect_media("000.ts", "", -1, 0);
    expect_media("017.TS", "", -1, 17);
    expect_media("live1732383123.ts", "live", -1, 1732383123);
    expect_media("chunk-stream0-00001.m4s", "stream", 0, 1);
    expect_media("chunk-stream1-00042.m4s.tmp", "stream", 1, 42);
    expect_media("front_2_17.m4s", "front_2_", -1, 17);
    expect_media("007.mp4", "", -1, 7);
}

static void headers_belong_to_their_stem_and_track(void **state)
{
    struct piece_name p = parse("init.mp4");
    assert_int_equal(p.role, PIECE_INIT);
    assert_string_equal(p.stem, "");
    assert_int_equal(p.track, -1);
    p = parse("init-stream1.m4s");
    assert_int_equal(p.role, PIECE_INIT);
    assert_string_equal(p.stem, "stream");
    assert_int_equal(p.track, 1);
    p = parse("init_front.mp4");
    assert_int_equal(p.role, PIECE_INIT);
    assert_string_equal(p.stem, "front");
}

static void a_date_at_the_end_is_one_number(void **state)
{
    expect_media("cam-2026-11-23_18-52-03.ts", "cam-", -1, INT64_C(20261123185203));
    expect_media("cam-20261123T185203.ts", "cam-", -1, INT64_C(20261123185203));
    expect_media("cam20261123185203.ts", "cam", -1, INT64_C(20261123185203));
}

static void files_that_cameras_name_with_numbers_are_pieces_only_when_live(void **state)
{
    assert_true(parse("motion_0001.mp4").needs_live);
    assert_true(parse("chunk3.mkv").needs_live);
    assert_false(parse("live3.ts").needs_live);
    assert_false(parse("live3.m4s").needs_live);
}

static void other_names_are_clips_playlists_or_pictures(void **state)
{
    static const char *const clips[] = {"clip.mp4", "live.ts", "initial.mp4", "ring", "",
                                        ".ts",      "a.mkv",   "live.m4s",    "12",   "12.x264"};
    for (size_t i = 0; i < ARRAY_LEN(clips); i++) {
        assert_int_equal(parse(clips[i]).role, PIECE_NONE);
    }
    assert_int_equal(parse("live.m3u8").role, PIECE_PLAYLIST);
    assert_string_equal(parse("live.m3u8").stem, "live");
    assert_int_equal(parse("live.mpd").role, PIECE_PLAYLIST);
    assert_int_equal(parse("snap.JPG").role, PIECE_SNAPSHOT);
    assert_int_equal(parse("img007.jpeg").role, PIECE_SNAPSHOT);
}

static void what_is_too_long_or_too_large_is_no_piece(void **state)
{
    char name[400];
    memset(name, '7', sizeof name);
    memcpy(name + 300, ".ts", 4);
    assert_int_equal(parse(name).role, PIECE_NONE);
    memcpy(name + 100, ".ts", 4);
    assert_int_equal(parse(name).role, PIECE_NONE);
    expect_media("a999999999999999999.ts", "a", -1, INT64_C(999999999999999999));
    assert_int_equal(parse("a1000000000000000000.ts").role, PIECE_NONE);
    expect_media("chunk-stream99-1.m4s", "stream99-", -1, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_of_ffmpeg_s_muxers_are_understood),
        cmocka_unit_test(headers_belong_to_their_stem_and_track),
        cmocka_unit_test(a_date_at_the_end_is_one_number),
        cmocka_unit_test(files_that_cameras_name_with_numbers_are_pieces_only_when_live),
        cmocka_unit_test(other_names_are_clips_playlists_or_pictures),
        cmocka_unit_test(what_is_too_long_or_too_large_is_no_piece),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
