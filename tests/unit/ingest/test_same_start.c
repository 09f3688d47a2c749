/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include "ingest/same_start.h"

enum { FRAGMENTS = 3, PER_FRAGMENT = 4 };

/* Three fragments of four pictures; every number is its own, so that equality means something. */
static struct index make(uint32_t n_samples)
{
    struct index ix = {.n_tracks = 1, .n_fragments = FRAGMENTS};
    ix.tracks[0] =
        (struct index_track){.kind = INDEX_VIDEO, .timescale = 90000, .n_samples = n_samples};
    ix.tracks[0].samples = mem_alloc(n_samples, sizeof(struct index_sample));
    for (uint32_t i = 0; i < n_samples; i++) {
        ix.tracks[0].samples[i] =
            (struct index_sample){.size = 100 + i, .duration = 6000, .sync = i % PER_FRAGMENT == 0};
    }
    ix.fragments = mem_alloc(FRAGMENTS, sizeof(struct index_fragment));
    for (uint32_t f = 0; f < FRAGMENTS; f++) {
        uint32_t first = f * PER_FRAGMENT;
        uint32_t left = n_samples > first ? n_samples - first : 0;
        ix.fragments[f].runs[0] = (struct index_run){
            .first_sample = first,
            .n_samples = left < PER_FRAGMENT ? left : PER_FRAGMENT,
            .decode_time = first * 6000,
        };
        memset(ix.fragments[f].sketch, (int)f + 1 + (left < PER_FRAGMENT ? 100 : 0), SHA256_SIZE);
    }
    return ix;
}

static void a_cut_off_last_fragment_may_be_shorter(void **state)
{
    struct index whole = make(12), partial = make(10);
    assert_true(same_start(&partial, true, &whole));
    assert_false(same_start(&partial, false, &whole));
    index_finish(&whole);
    index_finish(&partial);
}

static void another_picture_size_is_another_clip(void **state)
{
    struct index whole = make(12), partial = make(10);
    partial.tracks[0].samples[9].size++;
    assert_false(same_start(&partial, true, &whole));
    index_finish(&whole);
    index_finish(&partial);
}

static void another_digest_is_another_clip(void **state)
{
    struct index whole = make(12), partial = make(10);
    partial.fragments[0].sketch[0] ^= 1;
    assert_false(same_start(&partial, true, &whole));
    index_finish(&whole);
    index_finish(&partial);
}

static void a_longer_one_is_no_beginning(void **state)
{
    struct index whole = make(9), partial = make(12);
    assert_false(same_start(&partial, true, &whole));
    index_finish(&whole);
    index_finish(&partial);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cut_off_last_fragment_may_be_shorter),
        cmocka_unit_test(another_picture_size_is_another_clip),
        cmocka_unit_test(another_digest_is_another_clip),
        cmocka_unit_test(a_longer_one_is_no_beginning),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
