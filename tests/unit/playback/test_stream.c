/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks and streams over segments that answer with made-up bytes: stream.c is linked with the
 * segment_read() below. */

#include "tests/support/unit.h"

#include "playback/playback_internal.h"
#include "playback/stream.h"

#include "make_index.h"

#include <errno.h>

/* ---- the segments ---- */

static struct {
    segment_read_fn *done;
    void *arg;
    uint8_t *p;
    size_t n;
    int status;
} pending[4];
static size_t n_pending;
static int fail_with;
static unsigned reads;

static uint8_t byte_of(uint64_t segment, uint64_t offset)
{
    return (uint8_t)(offset * 131 + (offset >> 8) * 7 + segment * 101);
}

void segment_read(struct store *s, const struct segment_ref *ref, uint64_t from, uint64_t to,
                  segment_read_fn *done, void *arg)
{
    assert_true(from < to && to <= ref->plain_bytes && to - from <= SEGMENT_READ_MAX);
    assert_true(n_pending < ARRAY_LEN(pending));
    assert_true(from % SEAL_CHUNK_SIZE == 0);
    reads++;
    uint8_t *p = malloc(to - from);
    for (uint64_t i = from; i < to; i++) {
        p[i - from] = byte_of(ref->seal.object.b[0], i);
    }
    if (fail_with != 0) {
        free(p);
        p = NULL;
    }
    pending[n_pending].done = done;
    pending[n_pending].arg = arg;
    pending[n_pending].p = p;
    pending[n_pending].n = (size_t)(to - from);
    pending[n_pending++].status = fail_with;
}

static void answer_one(void)
{
    assert_true(n_pending > 0);
    n_pending--;
    pending[n_pending].done(pending[n_pending].arg, pending[n_pending].status, pending[n_pending].p,
                            pending[n_pending].n);
}

struct playback_clip *playback_clip_ref(struct playback_clip *c)
{
    c->refs++;
    return c;
}

struct playback_clip *playback_clip_unref(struct playback_clip *c)
{
    c->refs--;
    return NULL;
}

/* ---- a clip of two segments, and what its MP4 must be ---- */

struct fixture {
    struct playback_clip clip;
    struct segment_ref refs[2];
    uint8_t *whole;
};

static struct loop *loop;
static struct playback services;
static const struct log quiet = {.fd = 2, .level = LOG_ERROR};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct make_index m[2] = {
        {.fragments = 40, .pictures = 20, .picture_ticks = 9000, .sounds = 30},
        {.fragments = 9, .pictures = 20, .picture_ticks = 9000, .zero_90k = 40 * 180000}};
    struct index ix[2] = {make_index(&m[0]), make_index(&m[1])};
    for (uint32_t i = 0; i < ix[0].n_fragments; i++) { /* large enough for several reads */
        ix[0].tracks[0].samples[i * 20].size += 50000;
        ix[0].fragments[i].mdat_bytes += 50000;
        ix[0].fragments[i].offset += (uint64_t)i * 50000;
        ix[0].plain_bytes += 50000;
    }
    const struct index *list[] = {&ix[0], &ix[1]};
    struct mp4_params p = {.segments = list, .n_segments = 2};
    assert_int_equal(mp4_init(&p, &f->clip.mp4), 0);
    for (size_t i = 0; i < 2; i++) {
        f->refs[i].seal.object.b[0] = (uint8_t)(i + 1);
        f->refs[i].plain_bytes = ix[i].plain_bytes;
        index_finish(&ix[i]);
    }
    f->clip.segments = f->refs;
    f->clip.n_segments = 2;
    f->clip.refs = 1;
    loop = loop_create(&quiet);
    services.extents = extent_cache_create(loop);
    f->clip.pb = &services;
    const struct mp4 *v = &f->clip.mp4;
    f->whole = malloc(v->size_bytes);
    memcpy(f->whole, v->header, v->header_bytes);
    for (uint32_t i = 0; i < v->n_slices; i++) {
        for (uint32_t k = 0; k < v->slices[i].length; k++) {
            f->whole[v->slices[i].at + k] =
                byte_of(v->slices[i].segment + 1, v->slices[i].offset + k);
        }
    }
    fail_with = 0;
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(f->clip.refs, 1);
    assert_int_equal(n_pending, 0);
    extent_cache_destroy(services.extents);
    loop_destroy(loop);
    mp4_finish(&f->clip.mp4);
    free(f->whole);
    free(f);
    return 0;
}

struct got {
    int status, calls;
    uint8_t *p;
    size_t n;
};

static void on_block(void *arg, int status, uint8_t *p, size_t n)
{
    struct got *g = arg;
    *g = (struct got){.status = status, .calls = g->calls + 1, .p = p, .n = n};
}

static struct got read_block(struct fixture *f, uint32_t file, uint64_t from, uint64_t to)
{
    struct got g = {0};
    stream_block(&f->clip, file, from, to, on_block, &g);
    while (g.calls == 0) {
        answer_one();
    }
    assert_int_equal(g.calls, 1);
    return g;
}

/* ---- the tests ---- */

static void any_range_of_the_mp4_is_what_the_whole_has_there(void **state)
{
    struct fixture *f = *state;
    uint64_t size = stream_size(&f->clip, STREAM_MP4);
    uint32_t seed = 1;
    assert_true(size > 2u << 20);
    for (int i = 0; i < 600; i++) {
        seed = seed * 1664525 + 1013904223;
        uint64_t from = (uint64_t)seed * 977 % size;
        seed = seed * 1664525 + 1013904223;
        uint64_t to = from + 1 + (seed >> 4) % (i % 2 ? STREAM_BLOCK_MAX : 300);
        to = to < size ? to : size;
        struct got g = read_block(f, STREAM_MP4, from, to);
        assert_int_equal(g.status, 0);
        assert_int_equal(g.n, to - from);
        assert_memory_equal(g.p, f->whole + from, to - from);
        free(g.p);
    }
}

static void what_was_read_lately_is_not_read_again(void **state)
{
    struct fixture *f = *state;
    reads = 0;
    for (uint64_t from = 200000; from < 1200000; from += 100000) {
        struct got g = read_block(f, STREAM_MP4, from, from + 100000);
        assert_memory_equal(g.p, f->whole + from, 100000);
        free(g.p);
    }
    assert_in_range(reads, 2, 4); /* the first, then half a megabyte ahead each time */
    extent_forget(services.extents, &f->refs[0].seal.object);
    assert_null(extent_find(services.extents, &f->refs[0].seal.object, 300000));
    unsigned before = reads;
    free(read_block(f, STREAM_MP4, 200000, 200010).p);
    assert_int_equal(reads, before + 1);
}

static void a_segment_is_read_as_it_is(void **state)
{
    struct fixture *f = *state;
    struct got g = read_block(f, 1, 5, 905);
    assert_int_equal(g.n, 900);
    for (uint64_t i = 0; i < 900; i++) {
        assert_int_equal(g.p[i], byte_of(2, i + 5));
    }
    free(g.p);
}

static void a_failed_read_fails_the_block(void **state)
{
    struct fixture *f = *state;
    fail_with = STORE_E_UNAVAILABLE;
    struct got g = read_block(f, STREAM_MP4, 0, 100000); /* header first, then a read */
    assert_int_equal(g.status, STORE_E_UNAVAILABLE);
    assert_null(g.p);
}

static void ready(void *arg)
{
    ++*(int *)arg;
}

static void a_stream_gives_every_byte_in_order(void **state)
{
    struct fixture *f = *state;
    uint64_t size = stream_size(&f->clip, STREAM_MP4), at = 3;
    int wakes = 0, waits = 0;
    struct source *s = stream_create(&f->clip, STREAM_MP4, at, size);
    s->ready = ready;
    s->ready_arg = &wakes;
    assert_int_equal(s->size_bytes, size - 3);
    for (uint8_t chunk[30000];;) {
        ssize_t n = s->ops->pull(s, chunk, sizeof chunk);
        if (n == SOURCE_END) {
            break;
        }
        if (n == SOURCE_WAIT) {
            int before = wakes;
            waits++;
            while (wakes == before) {
                answer_one();
            }
            continue;
        }
        assert_true(n > 0);
        assert_memory_equal(chunk, f->whole + at, (size_t)n);
        at += (uint64_t)n;
        if (n_pending > 0) {
            answer_one(); /* what is read ahead arrives in time */
        }
    }
    assert_int_equal(at, size);
    assert_int_equal(waits, wakes);
    assert_in_range(waits, 1, 2);
    s->ops->close(s);
}

static void a_failed_read_cuts_the_stream_off(void **state)
{
    struct fixture *f = *state;
    int wakes = 0;
    struct source *s = stream_create(&f->clip, 0, 0, f->refs[0].plain_bytes);
    uint8_t chunk[1000];
    s->ready = ready;
    s->ready_arg = &wakes;
    fail_with = -EBADMSG;
    assert_int_equal(s->ops->pull(s, chunk, sizeof chunk), SOURCE_WAIT);
    answer_one();
    assert_int_equal(wakes, 1);
    assert_int_equal(s->ops->pull(s, chunk, sizeof chunk), -EIO);
    s->ops->close(s);
}

static void closing_while_a_read_is_under_way_is_safe(void **state)
{
    struct fixture *f = *state;
    struct source *s = stream_create(&f->clip, 0, 0, f->refs[0].plain_bytes);
    uint8_t chunk[10];
    assert_int_equal(s->ops->pull(s, chunk, sizeof chunk), SOURCE_WAIT);
    s->ops->close(s);
    assert_int_equal(f->clip.refs, 3); /* the fixture, the stream, its block */
    answer_one();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(any_range_of_the_mp4_is_what_the_whole_has_there, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_was_read_lately_is_not_read_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_segment_is_read_as_it_is, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_failed_read_fails_the_block, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_stream_gives_every_byte_in_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_failed_read_cuts_the_stream_off, set_up, tear_down),
        cmocka_unit_test_setup_teardown(closing_while_a_read_is_under_way_is_safe, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
