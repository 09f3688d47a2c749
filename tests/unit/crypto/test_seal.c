/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include "base/buf.h"
#include "base/str.h"
#include "crypto/seal.h"

#include <errno.h>

struct sealed {
    struct seal_params params;
    uint8_t *plain;
    size_t plain_n;
    struct buf bytes;
    struct seal_result result;
};

static int take(void *arg, const uint8_t *p, size_t n)
{
    buf_append(arg, p, n);
    return 0;
}

static uint64_t random_state = 88172645463325252u;

static uint64_t random_next(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

/* piece: how much a write gets; 0: everything at once. */
static struct sealed *seal_bytes(size_t n, size_t piece)
{
    struct sealed *s = mem_new(struct sealed);
    random_bytes(s->params.key, sizeof s->params.key);
    s->params.household = id_new();
    s->params.object = id_new();
    s->plain = mem_alloc(n, 1);
    s->plain_n = n;
    for (size_t i = 0; i < n; i++) {
        s->plain[i] = (uint8_t)random_next();
    }
    s->bytes = BUF_INIT(8 << 20);
    struct sealer *w = sealer_create(&s->params, take, &s->bytes);
    for (size_t at = 0; at < n;) {
        size_t now = piece == 0 || piece > n - at ? n - at : piece;
        assert_int_equal(sealer_write(w, s->plain + at, now), 0);
        at += now;
    }
    assert_int_equal(sealer_finish(w, &s->result), 0);
    assert_null(sealer_destroy(w));
    return s;
}

static void sealed_free(struct sealed *s)
{
    free(s->plain);
    buf_finish(&s->bytes);
    free(s);
}

/* Front to back; the digest only on success. */
static int check(const struct sealed *s, const struct seal_params *k, const uint8_t *p, size_t n,
                 uint8_t digest[SHA256_SIZE])
{
    struct seal_check *c = seal_check_create(k, s->plain_n);
    int r = 0;
    for (size_t at = 0; at < n && r == 0;) {
        size_t now = 1 + random_next() % 100000;
        now = now < n - at ? now : n - at;
        r = seal_check_update(c, p + at, now);
        at += now;
    }
    r = r != 0 ? r : seal_check_finish(c, digest);
    seal_check_destroy(c);
    return r;
}

static const size_t sizes[] = {1,
                               15,
                               SEAL_CHUNK_SIZE - 1,
                               SEAL_CHUNK_SIZE,
                               SEAL_CHUNK_SIZE + 1,
                               2 * SEAL_CHUNK_SIZE,
                               3 * SEAL_CHUNK_SIZE + 777};

static void sealed_bytes_open_again_for_every_size_and_way_of_writing(void **state)
{
    static const size_t pieces[] = {0, 1000, SEAL_CHUNK_SIZE, SEAL_CHUNK_SIZE + 1, 200000};
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        for (size_t j = 0; j < ARRAY_LEN(pieces); j++) {
            struct sealed *s = seal_bytes(sizes[i], pieces[j]);
            uint8_t digest[SHA256_SIZE];
            uint64_t at, n;
            assert_int_equal(s->bytes.len, seal_sealed_size(sizes[i]));
            assert_int_equal(s->result.sealed_bytes, s->bytes.len);
            assert_int_equal(s->result.plain_bytes, sizes[i]);
            assert_int_equal(check(s, &s->params, s->bytes.data, s->bytes.len, digest), 0);
            assert_memory_equal(digest, s->result.digest, SHA256_SIZE);
            seal_span(sizes[i], 0, sizes[i], &at, &n);
            assert_int_equal(at, SEAL_HEADER_SIZE);
            assert_int_equal(n, s->bytes.len - SEAL_HEADER_SIZE);
            assert_int_equal(seal_open(&s->params, sizes[i], at, s->bytes.data + at, n), sizes[i]);
            assert_memory_equal(s->bytes.data + at, s->plain, sizes[i]);
            sealed_free(s);
        }
    }
}

static void any_range_opens_through_its_span(void **state)
{
    struct sealed *s = seal_bytes(5 * SEAL_CHUNK_SIZE + 4321, 0);
    for (int i = 0; i < 300; i++) {
        uint64_t offset = random_next() % s->plain_n, at, n;
        uint64_t want = 1 + random_next() % (s->plain_n - offset);
        seal_span(s->plain_n, offset, want, &at, &n);
        uint8_t *p = mem_dup(s->bytes.data + at, n);
        ssize_t got = seal_open(&s->params, s->plain_n, at, p, n);
        size_t skip = offset % SEAL_CHUNK_SIZE;
        assert_true(got >= 0 && (size_t)got >= skip + want);
        assert_memory_equal(p + skip, s->plain + offset, want);
        free(p);
    }
    sealed_free(s);
}

static void span_outside_the_plaintext_is_empty(void **state)
{
    uint64_t at, n;
    seal_span(1000, 0, 0, &at, &n);
    assert_int_equal(n, 0);
    seal_span(1000, 1000, 1, &at, &n);
    assert_int_equal(n, 0);
    seal_span(1000, 1, 1000, &at, &n);
    assert_int_equal(n, 0);
    seal_span(1000, 1, UINT64_MAX, &at, &n);
    assert_int_equal(n, 0);
    seal_span(UINT64_MAX, 0, 1, &at, &n);
    assert_int_equal(n, 0);
}

static void object_cut_anywhere_is_found(void **state)
{
    struct sealed *s = seal_bytes(3 * SEAL_CHUNK_SIZE + 50, 0);
    uint8_t digest[SHA256_SIZE];
    for (size_t chunk = 0; chunk <= 3; chunk++) {
        size_t border = SEAL_HEADER_SIZE + chunk * SEAL_SEALED_CHUNK_SIZE;
        for (int delta = -1; delta <= 1; delta++) {
            size_t cut = border + (size_t)delta;
            assert_int_equal(check(s, &s->params, s->bytes.data, cut, digest), -EBADMSG);
        }
        if (chunk == 0) {
            continue;
        }
        /* Somebody who also changes the stated length to fit a cut at a border is found by the mark
         * of the last chunk. */
        struct sealed shorter = *s;
        shorter.plain_n = chunk * SEAL_CHUNK_SIZE;
        assert_int_equal(check(&shorter, &s->params, s->bytes.data, border, digest), -EBADMSG);
        uint8_t *p = mem_dup(s->bytes.data + SEAL_HEADER_SIZE, border - SEAL_HEADER_SIZE);
        assert_int_equal(
            seal_open(&s->params, shorter.plain_n, SEAL_HEADER_SIZE, p, border - SEAL_HEADER_SIZE),
            -EBADMSG);
        free(p);
    }
    assert_int_equal(check(s, &s->params, s->bytes.data, s->bytes.len - 1, digest), -EBADMSG);
    sealed_free(s);
}

static void bytes_after_the_end_are_found(void **state)
{
    struct sealed *s = seal_bytes(100, 0);
    uint8_t digest[SHA256_SIZE];
    buf_str(&s->bytes, "x");
    assert_int_equal(check(s, &s->params, s->bytes.data, s->bytes.len, digest), -EBADMSG);
    sealed_free(s);
}

static void swapped_chunks_are_found(void **state)
{
    struct sealed *s = seal_bytes(3 * SEAL_CHUNK_SIZE, 0);
    uint8_t digest[SHA256_SIZE], *chunk = s->bytes.data + SEAL_HEADER_SIZE;
    uint8_t *first = mem_dup(chunk, SEAL_SEALED_CHUNK_SIZE);
    memcpy(chunk, chunk + SEAL_SEALED_CHUNK_SIZE, SEAL_SEALED_CHUNK_SIZE);
    memcpy(chunk + SEAL_SEALED_CHUNK_SIZE, first, SEAL_SEALED_CHUNK_SIZE);
    assert_int_equal(check(s, &s->params, s->bytes.data, s->bytes.len, digest), -EBADMSG);
    assert_int_equal(
        seal_open(&s->params, s->plain_n, SEAL_HEADER_SIZE, chunk, SEAL_SEALED_CHUNK_SIZE),
        -EBADMSG);
    free(first);
    sealed_free(s);
}

static void bytes_of_another_household_object_or_key_do_not_open(void **state)
{
    struct sealed *s = seal_bytes(1000, 0);
    uint8_t digest[SHA256_SIZE];
    struct seal_params wrong[3] = {s->params, s->params, s->params};
    wrong[0].household = id_new();
    wrong[1].object = id_new();
    wrong[2].key[31] ^= 1;
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        size_t n = s->bytes.len - SEAL_HEADER_SIZE;
        uint8_t *p = mem_dup(s->bytes.data + SEAL_HEADER_SIZE, n);
        assert_int_equal(seal_open(&wrong[i], 1000, SEAL_HEADER_SIZE, p, n), -EBADMSG);
        for (size_t b = 0; b < n; b++) {
            assert_int_equal(p[b], 0); /* not a byte of it is handed out */
        }
        free(p);
        assert_int_equal(check(s, &wrong[i], s->bytes.data, s->bytes.len, digest), -EBADMSG);
    }
    sealed_free(s);
}

static void every_flipped_bit_is_found(void **state)
{
    struct sealed *s = seal_bytes(40, 0);
    uint8_t digest[SHA256_SIZE];
    for (size_t bit = 0; bit < s->bytes.len * 8; bit++) {
        s->bytes.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_equal(check(s, &s->params, s->bytes.data, s->bytes.len, digest), -EBADMSG);
        s->bytes.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    assert_int_equal(check(s, &s->params, s->bytes.data, s->bytes.len, digest), 0);
    sealed_free(s);
}

static void open_refuses_spans_that_are_no_whole_chunks(void **state)
{
    struct sealed *s = seal_bytes(SEAL_CHUNK_SIZE + 10, 0);
    uint8_t *p = s->bytes.data;
    size_t n = s->bytes.len;
    assert_int_equal(seal_open(&s->params, s->plain_n, 0, p, n), -EBADMSG);
    assert_int_equal(seal_open(&s->params, s->plain_n, SEAL_HEADER_SIZE, p, 0), -EBADMSG);
    assert_int_equal(seal_open(&s->params, 0, SEAL_HEADER_SIZE, p, 16), -EBADMSG);
    assert_int_equal(seal_open(&s->params, s->plain_n, SEAL_HEADER_SIZE + 1, p, 100), -EBADMSG);
    assert_int_equal(seal_open(&s->params, UINT64_MAX, SEAL_HEADER_SIZE, p, 100), -EBADMSG);
    assert_int_equal(seal_open(&s->params, s->plain_n,
                               SEAL_HEADER_SIZE + 9 * (uint64_t)SEAL_SEALED_CHUNK_SIZE, p, 100),
                     -EBADMSG);
    sealed_free(s);
}

static int refuse_third(void *arg, const uint8_t *p, size_t n)
{
    int *calls = arg;
    return ++*calls >= 3 ? -ENOSPC : 0;
}

static void failing_output_is_reported_and_stays(void **state)
{
    struct seal_params p = {.key = {1}};
    struct seal_result result = {.plain_bytes = 99};
    uint8_t *data = mem_alloc(4 * SEAL_CHUNK_SIZE, 1);
    int calls = 0;
    struct sealer *s = sealer_create(&p, refuse_third, &calls);
    assert_int_equal(sealer_write(s, data, 4 * SEAL_CHUNK_SIZE), -ENOSPC);
    assert_int_equal(sealer_write(s, data, 1), -ENOSPC);
    assert_int_equal(sealer_finish(s, &result), -ENOSPC);
    assert_int_equal(calls, 3);
    assert_int_equal(result.plain_bytes, 99);
    sealer_destroy(s);
    free(data);
}

static void nothing_and_a_second_finish_are_refused(void **state)
{
    struct seal_params p = {.key = {1}};
    struct seal_result result;
    int calls = -100;
    struct sealer *s = sealer_create(&p, refuse_third, &calls);
    assert_int_equal(sealer_finish(s, &result), -ENODATA);
    sealer_destroy(s);
    s = sealer_create(&p, refuse_third, &calls);
    assert_int_equal(sealer_write(s, "x", 1), 0);
    assert_int_equal(sealer_finish(s, &result), 0);
    assert_int_equal(sealer_finish(s, &result), -EPIPE);
    assert_int_equal(sealer_write(s, "x", 1), -EPIPE);
    sealer_destroy(s);
    assert_null(sealer_destroy(NULL));
}

/* The format itself: a change that still opens its own writing must not pass. Made by an
 * independent program (Python `cryptography`) from docs/design/sealed-segment.md. */
static void known_object_has_exactly_these_bytes(void **state)
{
    struct seal_params p;
    for (uint8_t i = 0; i < 32; i++) {
        p.key[i] = i;
    }
    memset(p.household.b, 0x11, 16);
    memset(p.object.b, 0x22, 16);
    struct buf out = BUF_INIT(1000);
    struct seal_result result;
    struct sealer *s = sealer_create(&p, take, &out);
    assert_int_equal(sealer_write(s, "doorward", 8), 0);
    assert_int_equal(sealer_finish(s, &result), 0);
    sealer_destroy(s);
    char hex[2 * 88 + 1], digest[65];
    assert_int_equal(out.len, 88);
    str_hex(out.data, out.len, hex);
    str_hex(result.digest, SHA256_SIZE, digest);
    assert_string_equal(
        hex, "44575345414c310a0001000001000000222222222222222222222222222222220000000000000000"
             "000000000000000000000000000000000000000000000000241416152262619d766ac01a8c3abaa4"
             "ae7e5bdfcff25377");
    assert_string_equal(digest, "7cfd9fc132815f8596643ef85085591054cc5df9dc24df2119eddf7a74b55f6b");
    buf_finish(&out);
}

int main(void)
{
    seal_warm();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sealed_bytes_open_again_for_every_size_and_way_of_writing),
        cmocka_unit_test(any_range_opens_through_its_span),
        cmocka_unit_test(span_outside_the_plaintext_is_empty),
        cmocka_unit_test(object_cut_anywhere_is_found),
        cmocka_unit_test(bytes_after_the_end_are_found),
        cmocka_unit_test(swapped_chunks_are_found),
        cmocka_unit_test(bytes_of_another_household_object_or_key_do_not_open),
        cmocka_unit_test(every_flipped_bit_is_found),
        cmocka_unit_test(open_refuses_spans_that_are_no_whole_chunks),
        cmocka_unit_test(failing_output_is_reported_and_stays),
        cmocka_unit_test(nothing_and_a_second_finish_are_refused),
        cmocka_unit_test(known_object_has_exactly_these_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
