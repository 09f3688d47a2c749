/* SPDX-License-Identifier: Apache-2.0 */
/* A made-up recording: fragments of one second, each ten pictures and sound whose frames do not
 * meet the pictures' seconds. */
#include "tests/support/unit.h"

#include "recording/cut.h"

enum { PICTURES = 10, FRAMES = 47, FRAGMENTS = 6, SOUND_HZ = 48000, FRAME = 1024 };
static const int64_t start_us = 1700000000000000;

/* Sound runs ahead of the pictures by up to one frame at each cut: the worst case for cutting
 * inward. */
static struct index made_up(int64_t sound_shift)
{
    struct index ix = {.init_bytes = 600, .n_tracks = 2, .n_fragments = FRAGMENTS};
    ix.fragments = mem_alloc(FRAGMENTS, sizeof(*ix.fragments));
    ix.tracks[0] = (struct index_track){.kind = INDEX_VIDEO,
                                        .codec = "avc1.64001f",
                                        .timescale = 1000,
                                        .n_samples = FRAGMENTS * PICTURES};
    ix.tracks[1] = (struct index_track){.kind = INDEX_AUDIO,
                                        .codec = "mp4a.40.2",
                                        .timescale = SOUND_HZ,
                                        .n_samples = FRAGMENTS * FRAMES};
    for (int t = 0; t < 2; t++) {
        ix.tracks[t].samples = mem_alloc(ix.tracks[t].n_samples, sizeof(struct index_sample));
        for (uint32_t i = 0; i < ix.tracks[t].n_samples; i++) {
            ix.tracks[t].samples[i] = (struct index_sample){
                .size = 100, .duration = t ? FRAME : 100, .sync = t || i % PICTURES == 0};
        }
    }
    uint64_t offset = ix.init_bytes;
    for (uint32_t f = 0; f < FRAGMENTS; f++) {
        struct index_fragment *g = &ix.fragments[f];
        *g = (struct index_fragment){.offset = offset,
                                     .moof_bytes = 200,
                                     .mdat_bytes = 8 + 100 * (PICTURES + FRAMES),
                                     .start_90k = f * 90000,
                                     .duration_90k = 90000,
                                     .key = true};
        g->runs[0] = (struct index_run){f * PICTURES, PICTURES, f * 1000};
        g->runs[1] =
            (struct index_run){f * FRAMES, FRAMES, (int64_t)f * FRAMES * FRAME + sound_shift};
        offset += g->moof_bytes + g->mdat_bytes;
    }
    ix.plain_bytes = offset;
    ix.duration_90k = FRAGMENTS * 90000;
    return ix;
}

static uint32_t choose(const struct index *ix, int64_t from_us, int64_t to_us,
                       struct cut_piece *piece, struct cut_span *span)
{
    const struct cut_source source = {.index = ix, .start_us = start_us};
    const struct cut_span window = {start_us + from_us, start_us + to_us};
    return cut_choose(&source, 1, &window, piece, span);
}

static void all_of_it_goes_when_the_window_is_wider(void **state)
{
    struct index ix = made_up(0);
    struct cut_piece piece;
    struct cut_span span;
    assert_int_equal(choose(&ix, -5000000, 60000000, &piece, &span), 1);
    assert_int_equal(piece.first, 0);
    assert_int_equal(piece.n, FRAGMENTS);
    assert_true(span.from_us == start_us);
    index_finish(&ix);
}

static void no_sample_of_any_track_leaves_the_window(void **state)
{
    /* For every start and end in steps of 37 ms: nothing of what goes lies outside, and one
     * fragment more would. */
    for (int shift = -FRAME; shift <= FRAME; shift += FRAME) {
        struct index ix = made_up(shift);
        for (int64_t from = -200000; from < 3000000; from += 37000) {
            for (int64_t to = from + 900000; to < 6300000; to += 370000) {
                struct cut_piece piece;
                struct cut_span span;
                if (choose(&ix, from, to, &piece, &span)) {
                    assert_true(span.from_us >= start_us + from && span.to_us <= start_us + to);
                    assert_true(span.from_us < span.to_us);
                }
            }
        }
        index_finish(&ix);
    }
}

static void sound_that_begins_before_the_window_moves_the_cut(void **state)
{
    struct index ix = made_up(-FRAME); /* sound of each second begins 21 ms early */
    struct cut_piece piece;
    struct cut_span span;
    assert_int_equal(choose(&ix, 1000000, 6000000, &piece, &span), 1);
    assert_int_equal(piece.first, 2);
    index_finish(&ix);
}

static void a_cut_begins_with_a_key_frame(void **state)
{
    struct index ix = made_up(0);
    struct cut_piece piece;
    struct cut_span span;
    ix.fragments[1].key = ix.fragments[2].key = false;
    assert_int_equal(choose(&ix, 500000, 7000000, &piece, &span), 1);
    assert_int_equal(piece.first, 3);
    index_finish(&ix);
}

static void nothing_goes_when_nothing_whole_lies_inside(void **state)
{
    struct index ix = made_up(0);
    struct cut_piece piece;
    struct cut_span span;
    assert_int_equal(choose(&ix, 100000, 1900000, &piece, &span), 0);
    assert_int_equal(choose(&ix, 10000000, 20000000, &piece, &span), 0);
    index_finish(&ix);
}

static void consecutive_segments_go_on_until_the_end(void **state)
{
    struct index a = made_up(0), b = made_up(0), c = made_up(0);
    const struct cut_source sources[] = {
        {&a, start_us}, {&b, start_us + 6100000}, {&c, start_us + 12200000}};
    const struct cut_span window = {start_us + 2000000, start_us + 14500000};
    struct cut_piece p[3];
    struct cut_span span;
    assert_int_equal(cut_choose(sources, 3, &window, p, &span), 3);
    assert_int_equal(p[0].first, 2);
    assert_int_equal(p[1].n, FRAGMENTS);
    assert_int_equal(p[2].n, 2);
    index_finish(&a);
    index_finish(&b);
    index_finish(&c);
}

static void the_cut_index_starts_at_its_first_sample(void **state)
{
    struct index ix = made_up(0), cut;
    const struct cut_source source = {.index = &ix, .start_us = start_us};
    const struct cut_piece piece = {.first = 2, .n = 3};
    int64_t from_us;
    assert_int_equal(cut_index(&source, &piece, true, &cut, &from_us), 0);
    assert_int_equal(cut.n_fragments, 3);
    assert_int_equal(cut.fragments[0].offset, ix.init_bytes);
    assert_true(cut.plain_bytes ==
                ix.init_bytes + 3 * (uint64_t)(200 + 8 + 100 * (PICTURES + FRAMES)));
    assert_true(cut.zero_90k > 0 && cut.fragments[0].runs[0].decode_time >= 0 &&
                cut.fragments[0].runs[1].decode_time >= 0);
    assert_true(from_us >= start_us + 1999000 && from_us <= start_us + 2006000);
    index_finish(&cut);
    index_finish(&ix);
}

static void what_is_primed_before_media_zero_stays_before_it(void **state)
{
    struct index ix = made_up(-FRAME), cut;
    const struct cut_source source = {.index = &ix, .start_us = start_us};
    const struct cut_piece piece = {.first = 0, .n = 2};
    struct buf coded = BUF_INIT(INDEX_BYTES_MAX);
    int64_t from_us;
    assert_int_equal(cut_index(&source, &piece, true, &cut, &from_us), 0);
    assert_true(from_us == start_us && cut.zero_90k == 0);
    assert_int_equal(cut.fragments[0].runs[1].decode_time, -FRAME);
    assert_int_equal(index_encode(&cut, &coded), 0);
    index_finish(&cut);
    index_finish(&ix);
    buf_finish(&coded);
}

/* Every sample that stays lies outside the span, and what stays begins with a key picture. */
static void check_around(const struct index *ix, int64_t from, int64_t to, uint32_t *ret_stays)
{
    const struct cut_source source = {.index = ix, .start_us = start_us};
    struct cut_piece pieces[CUT_PARTS];
    uint32_t n = cut_around(&source, start_us + from, start_us + to, pieces);
    *ret_stays = 0;
    for (uint32_t i = 0; i < n; i++) {
        struct index part;
        int64_t at;
        assert_true(pieces[i].n > 0 && ix->fragments[pieces[i].first].key);
        assert_int_equal(cut_index(&source, &pieces[i], true, &part, &at), 0);
        int64_t end = at + (int64_t)part.duration_90k * 100 / 9;
        assert_true(end <= start_us + from + 1000 || at >= start_us + to);
        *ret_stays += pieces[i].n;
        index_finish(&part);
    }
}

static void what_stays_around_a_hole_does_not_touch_it(void **state)
{
    struct index ix = made_up(0);
    uint32_t stays;
    check_around(&ix, 2100000, 2900000, &stays); /* inside the third second, sound and all */
    assert_in_range(stays, 4, 5);
    check_around(&ix, -1000000, 3500000, &stays);
    assert_in_range(stays, 1, 2);
    check_around(&ix, 2500000, 60000000, &stays);
    assert_in_range(stays, 1, 2);
    check_around(&ix, -1000000, 60000000, &stays);
    assert_int_equal(stays, 0);
    /* Where no sample is, behind the last: a fragment goes all the same, or it would never end. */
    check_around(&ix, 6100000, 7000000, &stays);
    assert_int_equal(stays, FRAGMENTS - 1);
    for (int64_t from = -300000; from < 6000000; from += 130000) {
        for (int64_t to = from + 10000; to < 6500000; to += 410000) {
            check_around(&ix, from, to, &stays);
            assert_true(stays < FRAGMENTS || to < 0);
        }
    }
    index_finish(&ix);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_of_it_goes_when_the_window_is_wider),
        cmocka_unit_test(no_sample_of_any_track_leaves_the_window),
        cmocka_unit_test(sound_that_begins_before_the_window_moves_the_cut),
        cmocka_unit_test(a_cut_begins_with_a_key_frame),
        cmocka_unit_test(nothing_goes_when_nothing_whole_lies_inside),
        cmocka_unit_test(consecutive_segments_go_on_until_the_end),
        cmocka_unit_test(the_cut_index_starts_at_its_first_sample),
        cmocka_unit_test(what_is_primed_before_media_zero_stays_before_it),
        cmocka_unit_test(what_stays_around_a_hole_does_not_touch_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
