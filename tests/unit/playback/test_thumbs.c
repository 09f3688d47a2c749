/* SPDX-License-Identifier: Apache-2.0 */

#include "tests/support/unit.h"

#include "playback/thumbs.h"

#include <string.h>

#define S 1000000

static void each_tile_has_its_own_picture_or_the_one_before(void **state)
{
    /* Entries of 4 s from 1002 s on, a key picture in every fourth; nothing from 1042 to 1060. */
    struct hls_entry e[20] = {0};
    for (int i = 0; i < 20; i++) {
        bool after = i >= 10;
        e[i] = (struct hls_entry){.start_us = (1002 + 4 * i + (after ? 18 : 0)) * (int64_t)S,
                                  .duration_90k = 4 * 90000,
                                  .key_bytes = i % 4 == 0 || i == 10 ? 100 : 0,
                                  .breaks = i == 10};
    }
    const struct hls h = {.n_entries = 20, .entries = e};
    int32_t tiles[THUMB_TILES];
    thumbs_choose(&h, 1000 * (int64_t)S, tiles);
    const int32_t expected[] = {0, 4, 4, 8, 8, -1, 10, 12, 16, 16, -1};
    assert_memory_equal(tiles, expected, sizeof expected);
    assert_int_equal(tiles[20], -1);
}

static void cues_name_the_place_in_the_sprite(void **state)
{
    char tiles[THUMB_TILES + 1];
    memset(tiles, '0', THUMB_TILES);
    tiles[THUMB_TILES] = 0;
    tiles[3] = tiles[11] = tiles[99] = '1';
    const struct thumb_sprite s = {.from_us = 2000 * (int64_t)S, .tiles = tiles};
    struct buf b = BUF_INIT(4096);
    thumbs_format(&s, 2035 * (int64_t)S, 2995 * (int64_t)S, "?exp=1", &b);
    assert_string_equal(
        (const char *)b.data,
        "\n00:00:00.000 --> 00:00:05.000\n"
        "thumbs/00000000-0000-0000-0000-000000000000.jpg?exp=1#xywh=480,0,160,90\n"
        "\n00:01:15.000 --> 00:01:25.000\n"
        "thumbs/00000000-0000-0000-0000-000000000000.jpg?exp=1#xywh=160,90,160,90\n"
        "\n00:15:55.000 --> 00:16:00.000\n"
        "thumbs/00000000-0000-0000-0000-000000000000.jpg?exp=1#xywh=1440,810,160,90\n");
    buf_finish(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_tile_has_its_own_picture_or_the_one_before),
        cmocka_unit_test(cues_name_the_place_in_the_sprite),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
