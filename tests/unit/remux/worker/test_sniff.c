/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include "remux/worker/sniff.h"

static uint8_t ts[188 * 4];

static void make_ts(size_t step, uint8_t scrambling)
{
    memset(ts, 0, sizeof(ts));
    for (size_t at = step - 188; at < sizeof(ts); at += step) {
        ts[at] = 0x47;
        ts[at + 3] = scrambling;
    }
}

static void containers_are_told_by_content(void **state)
{
    assert_int_equal(sniff_container((const uint8_t *)"\0\0\0\x10"
                                                      "ftypisom",
                                     12),
                     SNIFF_MP4);
    assert_int_equal(sniff_container((const uint8_t *)"\x1a\x45\xdf\xa3....", 8), SNIFF_MATROSKA);
    make_ts(188, 0);
    assert_int_equal(sniff_container(ts, sizeof(ts)), SNIFF_MPEGTS);
    make_ts(192, 0);
    assert_int_equal(sniff_container(ts, sizeof(ts)), SNIFF_MPEGTS);
}

static void a_playlist_is_no_container(void **state)
{
    const char *texts[] = {"#EXTM3U\n#EXTINF:4,\nfile:///etc/passwd\n",
                           "ffconcat version 1.0\nfile '/etc/passwd'\n", "RIFF....WAVEfmt ", "G",
                           ""};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        assert_int_equal(sniff_container((const uint8_t *)texts[i], strlen(texts[i])),
                         SNIFF_UNKNOWN);
    }
}

static void the_place_of_the_index_is_found(void **state)
{
    const uint8_t first[] = "\0\0\0\x08"
                            "ftyp\0\0\0\x08"
                            "free\0\0\x10\0moov........";
    const uint8_t last[] = "\0\0\0\x08"
                           "ftyp\0\0\x10\0mdat............";
    const uint8_t cut[] = "\0\0\0\x08"
                          "ftyp\0\0";
    assert_int_equal(sniff_mp4_layout(first, sizeof(first) - 1), SNIFF_MP4_FIRST);
    assert_int_equal(sniff_mp4_layout(last, sizeof(last) - 1), SNIFF_MP4_LAST);
    assert_int_equal(sniff_mp4_layout(cut, sizeof(cut) - 1), SNIFF_MP4_MORE);
}

static void a_size_of_zero_does_not_loop(void **state)
{
    const uint8_t zero[] = "\0\0\0\0ftyp................";
    assert_int_equal(sniff_mp4_layout(zero, sizeof(zero)), SNIFF_MP4_LAST);
}

static void scrambling_is_seen(void **state)
{
    make_ts(188, 0x80);
    assert_true(sniff_ts_scrambled(ts, sizeof(ts)));
    make_ts(188, 0x10);
    assert_false(sniff_ts_scrambled(ts, sizeof(ts)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(containers_are_told_by_content),
        cmocka_unit_test(a_playlist_is_no_container),
        cmocka_unit_test(the_place_of_the_index_is_found),
        cmocka_unit_test(a_size_of_zero_does_not_loop),
        cmocka_unit_test(scrambling_is_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
