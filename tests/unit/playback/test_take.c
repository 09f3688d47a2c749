/* SPDX-License-Identifier: Apache-2.0 */

#include "tests/support/unit.h"

#include "playback/mp4.h"
#include "playback/take.h"

#include "make_index.h"

#define START_US 1790000000000000
#define SECOND   1000000

static struct id id_of(unsigned n)
{
    struct id id = {0};
    id.b[15] = (uint8_t)n;
    return id;
}

static struct take_row row(unsigned recording, int64_t at_s, unsigned seconds)
{
    return (struct take_row){.recording = id_of(recording),
                             .start_us = START_US + at_s * SECOND,
                             .zero_90k = at_s * 90000,
                             .duration_90k = seconds * 90000};
}

/* ---- which segments ---- */

static void a_recording_that_is_shown_goes_on(void **state)
{
    const struct take_row rows[] = {row(1, 0, 60), row(2, 30, 60), row(1, 60, 60), row(2, 90, 60)};
    struct take_use uses[4];
    assert_int_equal(take_choose(rows, 4, uses), 3);
    assert_int_equal(uses[0].row, 0);
    assert_int_equal(uses[1].row, 2);
    assert_int_equal(uses[2].row, 3);
    assert_int_equal(uses[2].from_us, START_US + 120 * (int64_t)SECOND);
}

static void another_one_fills_a_hole(void **state)
{
    const struct take_row rows[] = {row(1, 0, 10), row(2, 5, 30), row(1, 40, 10)};
    struct take_use uses[3];
    assert_int_equal(take_choose(rows, 3, uses), 3);
    assert_int_equal(uses[1].from_us, START_US + 10 * (int64_t)SECOND);
    assert_int_equal(uses[2].from_us, START_US + 40 * (int64_t)SECOND);
}

static void what_was_shown_already_is_left_out(void **state)
{
    const struct take_row rows[] = {row(1, 0, 30), row(2, 0, 30), row(3, 5, 10), row(4, 30, 5)};
    struct take_use uses[4];
    assert_int_equal(take_choose(rows, 4, uses), 2);
    assert_int_equal(uses[1].row, 3);
}

/* Rows at random, several recordings: uses are in order of time, none twice, and every moment that
 * a row covers is shown by some use. */
static void nothing_that_is_there_is_missing(void **state)
{
    srandom(7);
    for (int round = 0; round < 300; round++) {
        struct take_row rows[40];
        struct take_use uses[40];
        bool there[1000] = {0}, shown[1000] = {0}, used[40] = {0};
        int64_t at = 0;
        for (unsigned i = 0; i < 40; i++) {
            at += random() % 20;
            rows[i] = row(1 + (unsigned)random() % 3, at, 1 + (unsigned)random() % 40);
            for (int64_t s = at; s < at + rows[i].duration_90k / 90000; s++) {
                there[s] = true;
            }
        }
        uint32_t n = take_choose(rows, 40, uses);
        for (uint32_t u = 0; u < n; u++) {
            const struct take_row *r = &rows[uses[u].row];
            assert_false(used[uses[u].row]);
            used[uses[u].row] = true;
            assert_true(uses[u].from_us >= r->start_us);
            for (int64_t s = (uses[u].from_us - START_US) / SECOND;
                 s < (r->start_us - START_US) / SECOND + r->duration_90k / 90000; s++) {
                shown[s] = true;
            }
        }
        assert_memory_equal(there, shown, sizeof there);
    }
}

/* ---- which fragments ---- */

/* 20 fragments of 1 s, a key picture in every second one. */
static struct index footage(void)
{
    return make_index(&(struct make_index){
        .fragments = 20, .pictures = 10, .picture_ticks = 9000, .sounds = 47, .key_each = 2});
}

static struct take_segment taken(const struct take_film *film, const struct index *ix)
{
    const struct take_row r = {.start_us = film->zero_us, .duration_90k = ix->duration_90k};
    struct take_state state = {0};
    struct take_segment s;
    take_fragments(
        film, &state,
        &(struct take_source){.row = &r, .from_us = r.start_us, .index = ix, .next_is_key = true},
        &s);
    return s;
}

static void a_span_begins_with_the_key_picture_before_it(void **state)
{
    struct index ix = footage();
    const struct take_film film = {
        .zero_us = START_US, .from_90k = 5 * 90000 + 45000, .to_90k = 9 * 90000 + 1};
    struct take_segment s = taken(&film, &ix);
    assert_int_equal(s.n, 1);
    assert_int_equal(s.takes[0].first, 4);
    assert_int_equal(s.takes[0].first + s.takes[0].n, 10);
    index_finish(&ix);
}

static void what_is_hidden_is_in_no_take(void **state)
{
    struct index ix = footage();
    const struct take_hidden hidden[] = {{5 * 90000 + 45000, 7 * 90000}, {12 * 90000, 13 * 90000}};
    const struct take_film film = {.zero_us = START_US,
                                   .from_90k = INT64_MIN,
                                   .to_90k = INT64_MAX,
                                   .n_hidden = 2,
                                   .hidden = hidden};
    struct take_segment s = taken(&film, &ix);
    assert_int_equal(s.n, 3);
    assert_int_equal(s.takes[0].n, 6); /* the last reaches into it */
    assert_true(s.takes[0].cut);
    assert_int_equal(s.takes[1].first, 8); /* the next key picture after it */
    assert_int_equal(s.takes[2].first, 14);
    index_finish(&ix);
}

static uint64_t payload(const struct mp4 *m)
{
    return m->size_bytes - m->header_bytes;
}

/* Of a film with something hidden no byte of a hidden sample is in the file. */
static void no_hidden_sample_is_in_the_file(void **state)
{
    struct index ix = footage();
    for (int64_t from = 0; from < 20; from += 3) {
        const struct take_hidden hidden = {from * 90000 + 31000, (from + 2) * 90000 + 5000};
        const struct take_film film = {.zero_us = START_US,
                                       .from_90k = INT64_MIN,
                                       .to_90k = INT64_MAX,
                                       .n_hidden = 1,
                                       .hidden = &hidden};
        struct take_segment s = taken(&film, &ix);
        struct mp4_builder *b = mp4_begin(START_US, INT64_MAX);
        struct mp4 m;
        assert_int_equal(mp4_add(b, &(struct mp4_addition){.index = &ix, .segment = &s}), 0);
        assert_int_equal(mp4_end(b, &m), 0);
        uint64_t expected = 0;
        for (uint32_t i = 0; i < s.n; i++) {
            for (uint32_t f = s.takes[i].first; f < s.takes[i].first + s.takes[i].n; f++) {
                for (uint32_t t = 0; t < 2; t++) {
                    uint32_t scale = ix.tracks[t].timescale;
                    int64_t at = ix.fragments[f].runs[t].decode_time;
                    bool over = false;
                    for (uint32_t k = 0; k < ix.fragments[f].runs[t].n_samples; k++) {
                        const struct index_sample *p =
                            &ix.tracks[t].samples[ix.fragments[f].runs[t].first_sample + k];
                        int64_t a = at * 90000 / scale, z = (at + p->duration) * 90000 / scale;
                        over |= z > hidden.from_90k + 2 && a < hidden.to_90k - 2;
                        expected += over ? 0 : p->size;
                        at += p->duration;
                    }
                }
            }
        }
        assert_true(payload(&m) <= expected);
        assert_true(payload(&m) > expected / 2);
        mp4_finish(&m);
    }
    index_finish(&ix);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_recording_that_is_shown_goes_on),
        cmocka_unit_test(another_one_fills_a_hole),
        cmocka_unit_test(what_was_shown_already_is_left_out),
        cmocka_unit_test(nothing_that_is_there_is_missing),
        cmocka_unit_test(a_span_begins_with_the_key_picture_before_it),
        cmocka_unit_test(what_is_hidden_is_in_no_take),
        cmocka_unit_test(no_hidden_sample_is_in_the_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
