/* SPDX-License-Identifier: Apache-2.0 */

#include "tests/support/unit.h"

#include "playback/patch.h"
#include "remux/worker/boxes.h"

#include "make_index.h"

enum { MDAT_HEADER = 8, SEGMENT = 3 };

/* The plaintext of a segment as the worker writes it, media zeroed. */
static struct buf written(struct index *ix)
{
    struct buf b = BUF_INIT(8 << 20);
    const int64_t base[INDEX_TRACKS_MAX] = {0};
    uint8_t *zeros = calloc(1 << 20, 1);
    buf_append(&b, zeros, ix->init_bytes);
    for (uint32_t f = 0; f < ix->n_fragments; f++) {
        struct index_fragment *g = &ix->fragments[f];
        g->offset = b.len;
        boxes_moof(&b, f, ix->tracks, ix->n_tracks, g, base, &g->moof_bytes);
        buf_append(&b, zeros, g->mdat_bytes - MDAT_HEADER);
    }
    free(zeros);
    ix->plain_bytes = b.len;
    return b;
}

static uint64_t be64(const uint8_t *p)
{
    uint64_t v = 0;
    for (int i = 0; i < 8; i++) {
        v = v << 8 | p[i];
    }
    return v;
}

static struct index some(unsigned variant)
{
    struct index ix = make_index(&(struct make_index){.fragments = 4,
                                                      .pictures = 10,
                                                      .picture_ticks = 9000,
                                                      .sounds = variant & 1 ? 30 : 0,
                                                      .b_frames = variant & 2 ? 900 : 0,
                                                      .key_each = variant & 4 ? 2 : 1});
    for (uint32_t i = 0; (variant & 8) != 0 && i < ix.tracks[0].n_samples; i += 3) {
        ix.tracks[0].samples[i].duration++;
    }
    for (uint32_t i = 5; (variant & 16) != 0 && i < ix.tracks[0].n_samples; i += 10) {
        ix.tracks[0].samples[i].sync = true;
    }
    return ix;
}

/* Whatever the shape of the runs: each tfdt gets its new time, and no other byte changes. */
static void every_decode_time_is_found(void **state)
{
    const int64_t start_us = 1790000000000000;
    for (unsigned variant = 0; variant < 32; variant++) {
        struct index ix = some(variant);
        struct buf plain = written(&ix);
        uint8_t *out = malloc(plain.len);
        memcpy(out, plain.data, plain.len);
        struct patches p = {0};
        patches_add(&p, &(struct patch_source){
                            .segment = SEGMENT, .index = &ix, .n = 4, .start_us = start_us});
        assert_int_equal(p.n, 4 * ix.n_tracks);
        patches_apply(&p, SEGMENT, 0, out, plain.len);
        uint32_t found = 0;
        for (size_t at = 0; at + 16 < plain.len; at++) {
            if (memcmp(out + at, "tfdt", 4) == 0) {
                uint32_t t = found % ix.n_tracks, f = found / ix.n_tracks;
                uint64_t scale = ix.tracks[t].timescale;
                assert_int_equal(be64(out + at + 8),
                                 (uint64_t)(start_us / 1000000) * scale +
                                     (uint64_t)ix.fragments[f].runs[t].decode_time);
                memcpy(out + at + 8, plain.data + at + 8, 8);
                found++;
            }
        }
        assert_int_equal(found, p.n);
        assert_memory_equal(out, plain.data, plain.len);
        patches_finish(&p);
        free(out);
        buf_finish(&plain);
        index_finish(&ix);
    }
}

static void pieces_are_patched_as_the_whole(void **state)
{
    struct index ix = some(7);
    struct buf plain = written(&ix);
    uint8_t *whole = malloc(plain.len), *parts = malloc(plain.len);
    struct patches p = {0};
    memcpy(whole, plain.data, plain.len);
    memcpy(parts, plain.data, plain.len);
    patches_add(&p, &(struct patch_source){
                        .segment = SEGMENT, .index = &ix, .n = 4, .start_us = 1790000000000000});
    patches_apply(&p, SEGMENT, 0, whole, plain.len);
    for (size_t at = 0; at < plain.len;) {
        size_t n = 1 + at % 13;
        n = n < plain.len - at ? n : plain.len - at;
        patches_apply(&p, SEGMENT, at, parts + at, n);
        patches_apply(&p, SEGMENT + 1, at, parts + at, n);
        at += n;
    }
    assert_memory_equal(whole, parts, plain.len);
    patches_finish(&p);
    free(whole);
    free(parts);
    buf_finish(&plain);
    index_finish(&ix);
}

static void a_moof_of_another_size_is_left_alone(void **state)
{
    struct index ix = some(1);
    struct patches p = {0};
    patches_add(&p,
                &(struct patch_source){.index = &ix, .n = 4, .start_us = 1}); /* 100 bytes each */
    assert_int_equal(p.n, 0);
    patches_finish(&p);
    index_finish(&ix);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_decode_time_is_found),
        cmocka_unit_test(pieces_are_patched_as_the_whole),
        cmocka_unit_test(a_moof_of_another_size_is_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
