/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies as tools send them, pushed in pieces of every size into a sink that takes a little at a
 * time. The signed ones are the examples of the Amazon S3 API Reference (sigv4-streaming,
 * sigv4-streaming-trailers). */
#include "tests/support/unit.h"

#include "base/buf.h"
#include "base/str.h"
#include "ingest/s3_body.h"

#include <string.h>

enum { GUIDE_BYTES = 66560, NOT_ENDED = 99 };

struct drain {
    struct sink sink;
    struct buf got;
    size_t at_once; /* takes no more than that per push; 0 = all */
    int how;        /* enum stream_end, or NOT_ENDED */
    int status;
};

static size_t drain_push(struct sink *s, const uint8_t *p, size_t n)
{
    struct drain *d = CONTAINER_OF(s, struct drain, sink);
    n = d->at_once > 0 && d->at_once < n ? d->at_once : n;
    buf_append(&d->got, p, n);
    return n;
}

static void drain_end(struct sink *s, enum stream_end how)
{
    CONTAINER_OF(s, struct drain, sink)->how = (int)how;
}

static const struct sink_ops drain_ops = {drain_push, drain_end};

static void body_done(void *arg, int status, enum stream_end how)
{
    ((struct drain *)arg)->status = status;
}

static void run(struct drain *d, struct s3_body_params p, const void *wire, size_t n, size_t step)
{
    size_t at_once = d->at_once;
    *d = (struct drain){
        .sink.ops = &drain_ops, .at_once = at_once, .how = NOT_ENDED, .got = BUF_INIT(1 << 20)};
    p.inner = &d->sink;
    p.done = body_done;
    p.arg = d;
    struct s3_body *b = s3_body_create(&p);
    struct sink *s = s3_body_sink(b);
    for (size_t at = 0; at < n;) {
        at += s->ops->push(s, (const uint8_t *)wire + at, n - at < step ? n - at : step);
    }
    s->ops->end(s, STREAM_COMPLETE);
    assert_int_not_equal(d->how, NOT_ENDED);
    assert_int_equal(s3_body_status(b), d->status);
    s3_body_destroy(b);
}

static struct sigv4_claim claim_of(enum sigv4_payload payload)
{
    return (struct sigv4_claim){.payload = payload};
}

/* ---- the guide's examples ---- */
static struct sigv4_chain guide_chain(const char *seed)
{
    struct sigv4_chain c = {.head = "20130524T000000Z\n20130524/us-east-1/s3/aws4_request\n"};
    static const char *const steps[] = {"20130524", "us-east-1", "s3", "aws4_request"};
    static const char first[] = "AWS4wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
    hmac_sha256(first, strlen(first), steps[0], strlen(steps[0]), c.key);
    for (size_t i = 1; i < ARRAY_LEN(steps); i++) {
        uint8_t next[SHA256_SIZE];
        hmac_sha256(c.key, sizeof c.key, steps[i], strlen(steps[i]), next);
        memcpy(c.key, next, sizeof next);
    }
    assert_int_equal(str_unhex(seed, SHA256_SIZE, c.previous), 0);
    return c;
}

static void append_chunk(struct buf *wire, const char *size, size_t n, const char *signature)
{
    buf_printf(wire, "%s;chunk-signature=%s\r\n", size, signature);
    memset(buf_room(wire, n + 1), 'a', n);
    wire->len += n;
    buf_str(wire, n > 0 ? "\r\n" : "");
}

static struct buf guide_wire(bool trailer, const char *tail)
{
    static const char *const signatures[2][3] = {
        {"ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
         "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
         "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9"},
        {"b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
         "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",
         "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992"}};
    struct buf wire = BUF_INIT(1 << 20);
    append_chunk(&wire, "10000", 65536, signatures[trailer][0]);
    append_chunk(&wire, "400", 1024, signatures[trailer][1]);
    append_chunk(&wire, "0", 0, signatures[trailer][2]);
    buf_str(&wire, tail);
    return wire;
}

#define TRAILER_SIGNATURE                                                                          \
    "x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435"
#define SEED         "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"
#define SEED_TRAILER "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e"

static void expect_guide(struct s3_body_params p, struct buf wire, int status)
{
    static const size_t steps[] = {1, 7, 1000, 1 << 20}, at_once[] = {0, 13, 4096};
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        struct drain d = {.at_once = at_once[i % 3]};
        run(&d, p, wire.data, wire.len, steps[i]);
        assert_int_equal(d.status, status);
        assert_int_equal(d.how, status == 0 ? STREAM_COMPLETE : STREAM_REFUSED);
        if (status == 0) {
            assert_int_equal(d.got.len, GUIDE_BYTES);
            for (size_t k = 0; k < d.got.len; k++) {
                assert_int_equal(d.got.data[k], 'a');
            }
        }
        buf_finish(&d.got);
    }
    buf_finish(&wire);
}

static void the_guides_chunked_body_is_decoded(void **state)
{
    struct sigv4_claim c = claim_of(SIGV4_CHUNKS);
    struct sigv4_chain chain = guide_chain(SEED);
    struct s3_body_params p = {.claim = &c, .chain = &chain, .declared_bytes = GUIDE_BYTES};
    struct buf wire = guide_wire(false, "\r\n");
    assert_int_equal(wire.len, 66824); /* the example's Content-Length */
    expect_guide(p, wire, 0);
    expect_guide(p, guide_wire(false, ""), 0);
    p.declared_bytes = GUIDE_BYTES - 1;
    expect_guide(p, guide_wire(false, "\r\n"), S3_BODY_E_LENGTH);
    p.declared_bytes = GUIDE_BYTES + 1;
    expect_guide(p, guide_wire(false, "\r\n"), S3_BODY_E_LENGTH);
}

static void any_byte_of_a_signed_chunk_changed_is_refused(void **state)
{
    struct sigv4_claim c = claim_of(SIGV4_CHUNKS);
    struct sigv4_chain chain = guide_chain(SEED);
    const struct s3_body_params p = {.claim = &c, .chain = &chain, .declared_bytes = GUIDE_BYTES};
    static const size_t places[] = {30, 5000, 65600, 65700, 66800};
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        struct buf wire = guide_wire(false, "\r\n");
        struct drain d = {0};
        wire.data[places[i]] ^= 1;
        run(&d, p, wire.data, wire.len, 1 << 20);
        assert_int_not_equal(d.status, 0);
        assert_int_equal(d.how, STREAM_REFUSED);
        buf_finish(&d.got);
        buf_finish(&wire);
    }
}

static void the_guides_trailer_is_checked(void **state)
{
    struct sigv4_claim c = claim_of(SIGV4_CHUNKS_TRAILER);
    struct sigv4_chain chain = guide_chain(SEED_TRAILER);
    const struct s3_body_params p = {.claim = &c,
                                     .chain = &chain,
                                     .declared_bytes = GUIDE_BYTES,
                                     .has_checksum = true,
                                     .checksum = CHECKSUM_CRC32C,
                                     .trailer = "x-amz-checksum-crc32c"};
    static const char sum[] = "x-amz-checksum-crc32c:sOO8/Q==\r\n";
    struct buf tail = BUF_INIT(1000);
    buf_printf(&tail, "%s" TRAILER_SIGNATURE "\r\n\r\n", sum);
    expect_guide(p, guide_wire(true, (char *)tail.data), 0);
    buf_clear(&tail); /* as AWS's page prints it */
    buf_printf(&tail, "x-amz-checksum-crc32c:sOO8/Q==\n\r\n" TRAILER_SIGNATURE "\r\n\r\n");
    expect_guide(p, guide_wire(true, (char *)tail.data), 0);
    buf_clear(&tail);
    buf_printf(&tail, "x-amz-checksum-crc32c:sOO8/A==\r\n" TRAILER_SIGNATURE "\r\n\r\n");
    expect_guide(p, guide_wire(true, (char *)tail.data), S3_BODY_E_SIGNATURE);
    expect_guide(p, guide_wire(true, sum), S3_BODY_E_SIGNATURE); /* the signature left out */
    buf_finish(&tail);
}

/* ---- unsigned chunks, as @aws-sdk/client-s3 sends them ---- */
static int unsigned_status(const char *wire, uint64_t declared)
{
    struct sigv4_claim c = claim_of(SIGV4_UNSIGNED_TRAILER);
    const struct s3_body_params p = {.claim = &c,
                                     .declared_bytes = declared,
                                     .has_checksum = true,
                                     .checksum = CHECKSUM_CRC32,
                                     .trailer = "x-amz-checksum-crc32"};
    int status = -1;
    for (size_t step = 1; step < 40; step++) {
        struct drain d = {.at_once = step % 3};
        run(&d, p, wire, strlen(wire), step);
        assert_true(status == -1 || status == d.status);
        status = d.status;
        assert_true(status != 0 || (d.got.len == 9 && memcmp(d.got.data, "123456789", 9) == 0));
        buf_finish(&d.got);
    }
    return status;
}

static void unsigned_chunks_with_a_trailer(void **state)
{
    static const char good[] =
        "4\r\n1234\r\n5\r\n56789\r\n0\r\nx-amz-checksum-crc32:y/Q5Jg==\r\n\r\n";
    assert_int_equal(unsigned_status(good, 9), 0);
    static const struct {
        const char *wire;
        int status;
    } bad[] = {
        {"9\r\n123456789\r\n0\r\nx-amz-checksum-crc32:y/Q5Jw==\r\n\r\n", S3_BODY_E_DIGEST},
        {"9\r\n123456789\r\n0\r\nx-amz-checksum-crc32:y/Q5\r\n\r\n", S3_BODY_E_DIGEST},
        {"9\r\n123456789\r\n0\r\n\r\n", S3_BODY_E_DIGEST},
        {"9\r\n12345678\r\n0\r\nx-amz-checksum-crc32:y/Q5Jg==\r\n\r\n", S3_BODY_E_DIGEST},
        {"8\r\n123456789\r\n0\r\nx-amz-checksum-crc32:y/Q5Jg==\r\n\r\n", S3_BODY_E_MALFORMED},
        {"g\r\n", S3_BODY_E_MALFORMED},
        {"\r\n", S3_BODY_E_MALFORMED},
        {"-1\r\n", S3_BODY_E_MALFORMED},
        {"ffffffffffffffff\r\n", S3_BODY_E_MALFORMED},
        {"a\r\n", S3_BODY_E_LENGTH},
        {"4\r\n1234\r\n0\r\n\r\n", S3_BODY_E_LENGTH},
        {"9\r\n123456789\r\n", S3_BODY_E_LENGTH},
        {"9\r\n123456789\r\n0\r\nno colon\r\n\r\n", S3_BODY_E_MALFORMED},
        {"9\r\n123456789\r\n0\r\nx-amz-checksum-crc32:y/Q5Jg==\r\n\r\nmore\r\n",
         S3_BODY_E_MALFORMED},
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        int status = unsigned_status(bad[i].wire, 9);
        if (status != bad[i].status) {
            fail_msg("%s: %d", bad[i].wire, status);
        }
    }
}

static void plain_bodies_keep_their_promises_or_are_refused(void **state)
{
    uint8_t md5[CHECKSUM_MAX], crc[CHECKSUM_MAX];
    checksum_of(CHECKSUM_MD5, "123456789", 9, md5);
    checksum_of(CHECKSUM_CRC64NVME, "123456789", 9, crc);
    for (int wrong = 0; wrong < 5; wrong++) {
        struct sigv4_claim c = claim_of(SIGV4_HASHED);
        struct drain d = {0};
        sha256_of("123456789", 9, c.payload_sha256);
        c.payload_sha256[3] ^= wrong == 1;
        md5[3] ^= wrong == 2;
        crc[3] ^= wrong == 3;
        const struct s3_body_params p = {.claim = &c,
                                         .declared_bytes = wrong == 4 ? 10 : 9,
                                         .md5 = md5,
                                         .has_checksum = true,
                                         .checksum = CHECKSUM_CRC64NVME,
                                         .promised = crc};
        static const int expected[] = {0, S3_BODY_E_SHA256, S3_BODY_E_DIGEST, S3_BODY_E_DIGEST,
                                       S3_BODY_E_LENGTH};
        run(&d, p, "123456789", 9, 4);
        assert_int_equal(d.status, expected[wrong]);
        assert_int_equal(d.how, wrong == 0 ? STREAM_COMPLETE : STREAM_REFUSED);
        md5[3] ^= wrong == 2;
        crc[3] ^= wrong == 3;
        buf_finish(&d.got);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_guides_chunked_body_is_decoded),
        cmocka_unit_test(any_byte_of_a_signed_chunk_changed_is_refused),
        cmocka_unit_test(the_guides_trailer_is_checked),
        cmocka_unit_test(unsigned_chunks_with_a_trailer),
        cmocka_unit_test(plain_bodies_keep_their_promises_or_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
