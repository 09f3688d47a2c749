/* SPDX-License-Identifier: Apache-2.0 */
/* The published vectors. SUITE: the Signature Version 4 test suite of the AWS General Reference
 * (aws-sig-v4-test-suite; access key AKIDEXAMPLE, 20150830T123600Z, us-east-1, service "service").
 * S3 GUIDE: the examples of the Amazon S3 API Reference, "Authenticating Requests (AWS Signature
 * Version 4)": sig-v4-header-based-auth, sigv4-query-string-auth, sigv4-streaming,
 * sigv4-streaming-trailers (access key AKIAIOSFODNN7EXAMPLE, 20130524T000000Z). */
#include "tests/support/unit.h"

#include "auth/sigv4.h"
#include "base/clock.h"
#include "base/str.h"
#include "crypto/checksum.h"

#include <stdio.h>

#define SUITE_SECRET "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
#define GUIDE_SECRET "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
#define EMPTY_SHA256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

enum { HEADERS_MAX = 12 };

struct vector {
    const char *name, *method, *path, *query;
    struct sigv4_header headers[HEADERS_MAX]; /* without Authorization */
    const char *signed_headers, *signature;
    const char *body; /* SUITE only */
};

#define HOST_DATE                                                                                  \
    {"Host", "example.amazonaws.com"},                                                             \
    {                                                                                              \
        "X-Amz-Date", "20150830T123600Z"                                                           \
    }

static const struct vector suite[] = {
    {"get-vanilla",
     "GET",
     "/",
     "",
     {HOST_DATE},
     "host;x-amz-date",
     "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
     ""},
    {"get-header-key-duplicate",
     "GET",
     "/",
     "",
     {HOST_DATE, {"My-Header1", "value2"}, {"My-Header1", "value2"}, {"My-Header1", "value1"}},
     "host;my-header1;x-amz-date",
     "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea",
     ""},
    {"get-header-value-order",
     "GET",
     "/",
     "",
     {HOST_DATE,
      {"My-Header1", "value4"},
      {"My-Header1", "value1"},
      {"My-Header1", "value3"},
      {"My-Header1", "value2"}},
     "host;my-header1;x-amz-date",
     "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01",
     ""},
    {"get-header-value-trim",
     "GET",
     "/",
     "",
     {HOST_DATE, {"My-Header1", " value1"}, {"My-Header2", " \"a   b   c\""}},
     "host;my-header1;my-header2;x-amz-date",
     "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
     ""},
    {"get-unreserved",
     "GET",
     "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
     "",
     {HOST_DATE},
     "host;x-amz-date",
     "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f",
     ""},
    {"get-utf8",
     "GET",
     "/%E1%88%B4",
     "",
     {HOST_DATE},
     "host;x-amz-date",
     "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85",
     ""},
    {"get-space",
     "GET",
     "/example%20space/",
     "",
     {HOST_DATE},
     "host;x-amz-date",
     "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741",
     ""},
    {"get-vanilla-empty-query-key",
     "GET",
     "/",
     "Param1=value1",
     {HOST_DATE},
     "host;x-amz-date",
     "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb",
     ""},
    {"get-vanilla-query-order-key",
     "GET",
     "/",
     "Param1=value2&Param1=Value1",
     {HOST_DATE},
     "host;x-amz-date",
     "eedbc4e291e521cf13422ffca22be7d2eb8146eecf653089df300a15b2382bd1",
     ""},
    {"get-vanilla-query-order-key-case",
     "GET",
     "/",
     "Param2=value2&Param1=value1",
     {HOST_DATE},
     "host;x-amz-date",
     "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
     ""},
    {"get-vanilla-query-order-value",
     "GET",
     "/",
     "Param1=value2&Param1=value1",
     {HOST_DATE},
     "host;x-amz-date",
     "5772eed61e12b33fae39ee5e7012498b51d56abc0abb7c60486157bd471c4694",
     ""},
    {"get-vanilla-query-unreserved",
     "GET",
     "/",
     "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz=-._~0123456789"
     "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
     {HOST_DATE},
     "host;x-amz-date",
     "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197",
     ""},
    {"get-vanilla-utf8-query",
     "GET",
     "/",
     "%E1%88%B4=bar",
     {HOST_DATE},
     "host;x-amz-date",
     "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04",
     ""},
    {"post-vanilla",
     "POST",
     "/",
     "",
     {HOST_DATE},
     "host;x-amz-date",
     "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
     ""},
    {"post-vanilla-query",
     "POST",
     "/",
     "Param1=value1",
     {HOST_DATE},
     "host;x-amz-date",
     "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11",
     ""},
    {"post-header-key-sort",
     "POST",
     "/",
     "",
     {HOST_DATE, {"My-Header1", "value1"}},
     "host;my-header1;x-amz-date",
     "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c",
     ""},
    {"post-header-value-case",
     "POST",
     "/",
     "",
     {HOST_DATE, {"My-Header1", "VALUE1"}},
     "host;my-header1;x-amz-date",
     "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d",
     ""},
    {"post-x-www-form-urlencoded",
     "POST",
     "/",
     "",
     {HOST_DATE, {"Content-Type", "application/x-www-form-urlencoded"}},
     "content-type;host;x-amz-date",
     "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
     "Param1=value1"},
    {"post-sts-header-before",
     "POST",
     "/",
     "",
     {HOST_DATE,
      {"X-Amz-Security-Token",
       "AQoDYXdzEPT//////////"
       "wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSP"
       "fIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/"
       "kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT"
       "7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+"
       "scqKmlz"
       "m8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA=="}},
     "host;x-amz-date;x-amz-security-token",
     "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead",
     ""},
};

#define BUCKET_HOST                                                                                \
    {                                                                                              \
        "Host", "examplebucket.s3.amazonaws.com"                                                   \
    }
#define GUIDE_DATE                                                                                 \
    {                                                                                              \
        "x-amz-date", "20130524T000000Z"                                                           \
    }
#define NO_BODY                                                                                    \
    {                                                                                              \
        "x-amz-content-sha256", EMPTY_SHA256                                                       \
    }

static const struct vector guide[] = {
    {"GET Object",
     "GET",
     "/test.txt",
     "",
     {BUCKET_HOST, {"Range", "bytes=0-9"}, NO_BODY, GUIDE_DATE},
     "host;range;x-amz-content-sha256;x-amz-date",
     "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"},
    {"PUT Object",
     "PUT",
     "/test$file.text",
     "",
     {BUCKET_HOST,
      {"Date", "Fri, 24 May 2013 00:00:00 GMT"},
      GUIDE_DATE,
      {"x-amz-storage-class", "REDUCED_REDUNDANCY"},
      {"x-amz-content-sha256", "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072"}},
     "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
     "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"},
    {"GET Bucket Lifecycle",
     "GET",
     "/",
     "lifecycle",
     {BUCKET_HOST, NO_BODY, GUIDE_DATE},
     "host;x-amz-content-sha256;x-amz-date",
     "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"},
    {"Get Bucket (List Objects)",
     "GET",
     "/",
     "max-keys=2&prefix=J",
     {BUCKET_HOST, NO_BODY, GUIDE_DATE},
     "host;x-amz-content-sha256;x-amz-date",
     "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"},
    {"chunked PUT, seed",
     "PUT",
     "/examplebucket/chunkObject.txt",
     "",
     {{"Host", "s3.amazonaws.com"},
      GUIDE_DATE,
      {"x-amz-storage-class", "REDUCED_REDUNDANCY"},
      {"x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"},
      {"Content-Encoding", "aws-chunked"},
      {"x-amz-decoded-content-length", "66560"},
      {"Content-Length", "66824"}},
     "content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;"
     "x-amz-decoded-content-length;x-amz-storage-class",
     "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"},
    {"chunked PUT with trailer, seed",
     "PUT",
     "/examplebucket/chunkObject.txt",
     "",
     {{"Host", "s3.amazonaws.com"},
      GUIDE_DATE,
      {"x-amz-storage-class", "REDUCED_REDUNDANCY"},
      {"x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"},
      {"Content-Encoding", "aws-chunked"},
      {"x-amz-decoded-content-length", "66560"},
      {"x-amz-trailer", "x-amz-checksum-crc32c"}},
     "content-encoding;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;"
     "x-amz-storage-class;x-amz-trailer",
     "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e"},
};

static const char presigned[] =
    "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1"
    "%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
    "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404";

/* ---- what the tests share ---- */
struct asked {
    struct sigv4_header headers[HEADERS_MAX + 1];
    struct sigv4_request request;
    char authorization[1024];
};

static int64_t at(const char *rfc3339)
{
    int64_t us;
    assert_int_equal(clock_parse(rfc3339, &us), 0);
    return us;
}

static void ask(const struct vector *v, const char *credential, struct asked *a)
{
    size_t n = 0;
    *a = (struct asked){.request = {.method = v->method, .path = v->path, .query = v->query}};
    for (; n < HEADERS_MAX && v->headers[n].name != NULL; n++) {
        a->headers[n] = v->headers[n];
    }
    snprintf(a->authorization, sizeof a->authorization,
             "AWS4-HMAC-SHA256 Credential=%s/aws4_request, SignedHeaders=%s, Signature=%s",
             credential, v->signed_headers, v->signature);
    a->headers[n++] = (struct sigv4_header){"Authorization", a->authorization};
    a->request.headers = a->headers;
    a->request.n_headers = n;
}

static void ask_guide(size_t i, struct asked *a)
{
    ask(&guide[i], "AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3", a);
}

static int64_t guide_now(void)
{
    return at("2013-05-24T00:00:00Z");
}

/* ---- tests ---- */
static void the_suite_verifies(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(suite); i++) {
        struct asked a;
        struct sigv4_claim c;
        uint8_t hash[SHA256_SIZE];
        ask(&suite[i], "AKIDEXAMPLE/20150830/us-east-1/service", &a);
        int r = sigv4_read(&a.request, at("2015-08-30T12:36:00Z"), &c);
        if (r != 0) {
            fail_msg("%s: %d", suite[i].name, r);
        }
        assert_int_equal(c.payload, SIGV4_NOT_TOLD);
        sha256_of(suite[i].body, strlen(suite[i].body), hash);
        str_hex(hash, sizeof hash, c.payload_text);
        r = sigv4_verify(&a.request, &c, SUITE_SECRET, NULL);
        if (r != 0) {
            fail_msg("%s: %d", suite[i].name, r);
        }
        assert_int_equal(sigv4_verify(&a.request, &c, GUIDE_SECRET, NULL), SIGV4_E_MISMATCH);
        a.request.method = "DELETE";
        assert_int_equal(sigv4_verify(&a.request, &c, SUITE_SECRET, NULL), SIGV4_E_MISMATCH);
    }
}

static void the_guides_examples_verify(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(guide); i++) {
        struct asked a;
        struct sigv4_claim c;
        ask_guide(i, &a);
        int r = sigv4_read(&a.request, guide_now(), &c);
        r = r != 0 ? r : sigv4_verify(&a.request, &c, GUIDE_SECRET, NULL);
        if (r != 0) {
            fail_msg("%s: %d", guide[i].name, r);
        }
        assert_string_equal(c.access_key, "AKIAIOSFODNN7EXAMPLE");
        assert_string_equal(c.service, "s3");
        assert_false(c.presigned);
        assert_int_equal(c.until_us, guide_now() + 900ll * CLOCK_US);
    }
}

static int read_presigned(const char *query, const char *now, struct sigv4_claim *c)
{
    static const struct sigv4_header host = {"Host", "examplebucket.s3.amazonaws.com"};
    const struct sigv4_request r = {"GET", "/test.txt", query, NULL, &host, 1};
    int status = sigv4_read(&r, at(now), c);
    return status != 0 ? status : sigv4_verify(&r, c, GUIDE_SECRET, NULL);
}

static void the_presigned_example_verifies_within_its_time(void **state)
{
    struct sigv4_claim c;
    assert_int_equal(read_presigned(presigned, "2013-05-24T00:00:00Z", &c), 0);
    assert_true(c.presigned);
    assert_int_equal(c.payload, SIGV4_UNSIGNED);
    assert_int_equal(read_presigned(presigned, "2013-05-24T23:59:59Z", &c), 0);
    assert_int_equal(read_presigned(presigned, "2013-05-25T00:00:00Z", &c), SIGV4_E_EXPIRED);
    assert_int_equal(read_presigned(presigned, "2013-05-23T23:44:59Z", &c), SIGV4_E_SKEWED);
}

static void a_presigned_url_with_anything_changed_is_refused(void **state)
{
    struct sigv4_claim c;
    static const char *const changes[][2] = {
        {"86400", "86401"}, {"86400", "604801"},    {"86400", "0"},   {"SHA256", "SHA512"},
        {"host", "hosT"},   {"us-east", "us-west"}, {"T0000", "T00"}, {"d404", "d405"},
    };
    for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
        char query[sizeof presigned + 16];
        const char *there = strstr(presigned, changes[i][0]);
        snprintf(query, sizeof query, "%.*s%s%s", (int)(there - presigned), presigned,
                 changes[i][1], there + strlen(changes[i][0]));
        assert_int_not_equal(read_presigned(query, "2013-05-24T00:00:00Z", &c), 0);
    }
    char more[sizeof presigned + 32];
    snprintf(more, sizeof more, "%s&X-Amz-Expires=86400", presigned);
    assert_int_equal(read_presigned(more, "2013-05-24T00:00:00Z", &c), SIGV4_E_MALFORMED);
    snprintf(more, sizeof more, "%s&versionId=1", presigned);
    assert_int_equal(read_presigned(more, "2013-05-24T00:00:00Z", &c), SIGV4_E_MISMATCH);
}

static void clocks_may_differ_by_a_quarter_of_an_hour(void **state)
{
    struct asked a;
    struct sigv4_claim c;
    ask_guide(0, &a);
    assert_int_equal(sigv4_read(&a.request, at("2013-05-24T00:15:00Z"), &c), 0);
    assert_int_equal(sigv4_read(&a.request, at("2013-05-24T00:15:01Z"), &c), SIGV4_E_SKEWED);
    assert_int_equal(sigv4_read(&a.request, at("2013-05-23T23:45:00Z"), &c), 0);
    assert_int_equal(sigv4_read(&a.request, at("2013-05-23T23:44:59Z"), &c), SIGV4_E_SKEWED);
}

static void the_chunks_of_the_example_are_genuine(void **state)
{
    static const char *const signatures[] = {
        "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
        "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
        "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9"};
    static const size_t sizes[] = {65536, 1024, 0};
    struct asked a;
    struct sigv4_claim c;
    struct sigv4_chain chain, broken;
    ask_guide(4, &a);
    assert_int_equal(sigv4_read(&a.request, guide_now(), &c), 0);
    assert_int_equal(c.payload, SIGV4_CHUNKS);
    assert_int_equal(sigv4_verify(&a.request, &c, GUIDE_SECRET, &chain), 0);
    uint8_t *data = mem_alloc(65536, 1), hash[SHA256_SIZE], signature[SHA256_SIZE];
    memset(data, 'a', 65536);
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        sha256_of(data, sizes[i], hash);
        assert_int_equal(str_unhex(signatures[i], SHA256_SIZE, signature), 0);
        broken = chain;
        assert_true(sigv4_chunk_is_genuine(&chain, hash, signature));
        signature[31] ^= 1;
        assert_false(sigv4_chunk_is_genuine(&broken, hash, signature));
    }
    free(data);
}

static void the_trailer_of_the_example_is_genuine(void **state)
{
    static const char *const signatures[] = {
        "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
        "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",
        "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992"};
    static const size_t sizes[] = {65536, 1024, 0};
    static const char trailer[] = "x-amz-checksum-crc32c:sOO8/Q==\n";
    struct asked a;
    struct sigv4_claim c;
    struct sigv4_chain chain;
    ask_guide(5, &a);
    assert_int_equal(sigv4_read(&a.request, guide_now(), &c), 0);
    assert_int_equal(c.payload, SIGV4_CHUNKS_TRAILER);
    assert_int_equal(sigv4_verify(&a.request, &c, GUIDE_SECRET, &chain), 0);
    uint8_t *data = mem_alloc(66560, 1), hash[SHA256_SIZE], signature[SHA256_SIZE];
    memset(data, 'a', 66560);
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        sha256_of(data, sizes[i], hash);
        assert_int_equal(str_unhex(signatures[i], SHA256_SIZE, signature), 0);
        assert_true(sigv4_chunk_is_genuine(&chain, hash, signature));
    }
    assert_int_equal(str_unhex("d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435",
                               SHA256_SIZE, signature),
                     0);
    struct sigv4_chain other = chain;
    assert_true(sigv4_trailer_is_genuine(&chain, trailer, strlen(trailer), signature));
    assert_false(sigv4_trailer_is_genuine(&other, trailer, strlen(trailer) - 1, signature));
    checksum_of(CHECKSUM_CRC32C, data, 66560, hash);
    assert_memory_equal(hash, "\xb0\xe3\xbc\xfd", 4); /* sOO8/Q== */
    free(data);
}

static void headers_that_say_something_must_be_signed(void **state)
{
    struct asked a;
    struct sigv4_claim c;
    ask_guide(0, &a);
    a.headers[a.request.n_headers++] = (struct sigv4_header){"X-Amz-Meta-Kind", "ring"};
    assert_int_equal(sigv4_read(&a.request, guide_now(), &c), SIGV4_E_UNCOVERED);
    a.headers[a.request.n_headers - 1] = (struct sigv4_header){"Content-Type", "video/mp4"};
    assert_int_equal(sigv4_read(&a.request, guide_now(), &c), 0);
}

static int read_value(const char *authorization, const char *query)
{
    const struct sigv4_header headers[] = {
        {"Host", "h"}, GUIDE_DATE, {"Authorization", authorization}};
    const struct sigv4_request r = {"GET", "/",     query,
                                    NULL,  headers, authorization != NULL ? 3 : 2};
    struct sigv4_claim c;
    return sigv4_read(&r, guide_now(), &c);
}

static void what_is_not_version_4_is_told_apart(void **state)
{
    static const char *const malformed[] = {
        "AWS4-HMAC-SHA256 ",
        "AWS4-HMAC-SHA256 Credential=A/20130524/r/s3/aws4_request",
        "AWS4-HMAC-SHA256 Credential=A/20130524/r/s3/aws4, SignedHeaders=host;x-amz-date, "
        "Signature=" EMPTY_SHA256,
        "AWS4-HMAC-SHA256 Credential=A/20130525/r/s3/aws4_request, SignedHeaders=host;x-amz-date, "
        "Signature=" EMPTY_SHA256,
        "AWS4-HMAC-SHA256 Credential=A/20130524/r/s3/aws4_request, SignedHeaders=Host, "
        "Signature=" EMPTY_SHA256,
        "AWS4-HMAC-SHA256 Credential=A/20130524/r/s3/aws4_request, SignedHeaders=host, Signature=1",
        "AWS4-HMAC-SHA256 Credential=//r/s3/aws4_request, SignedHeaders=host, "
        "Signature=" EMPTY_SHA256};
    for (size_t i = 0; i < ARRAY_LEN(malformed); i++) {
        assert_int_equal(read_value(malformed[i], ""), SIGV4_E_MALFORMED);
    }
    assert_int_equal(read_value(NULL, ""), SIGV4_E_NONE);
    assert_int_equal(read_value("AWS AKIAIOSFODNN7EXAMPLE:frJIUN8DYpKDtOLCwo//yllqDzg=", ""),
                     SIGV4_E_OTHER);
    assert_int_equal(read_value("Basic Y2FtOng=", ""), SIGV4_E_OTHER);
    assert_int_equal(read_value(NULL, "AWSAccessKeyId=A&Expires=1&Signature=x"), SIGV4_E_OTHER);
    assert_int_equal(read_value("Basic Y2FtOng=", presigned), SIGV4_E_MALFORMED);
}

/* s3cmd with `host_base = localhost:8443/s3` signs that as its host, and the path below it. */
static void the_mount_may_be_signed_with_the_host(void **state)
{
    static const struct vector v = {
        "s3cmd",
        "GET",
        "/s3/cam/",
        "delimiter=%2F",
        {{"Host", "localhost:8443"}, NO_BODY, GUIDE_DATE},
        "host;x-amz-content-sha256;x-amz-date",
        "7610d78b90f680bc507f2edca17961d3040de1824b083901382ad2c11b5aa633"};
    struct asked a;
    struct sigv4_claim c;
    ask(&v, "AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3", &a);
    assert_int_equal(sigv4_read(&a.request, guide_now(), &c), 0);
    assert_int_equal(sigv4_verify(&a.request, &c, GUIDE_SECRET, NULL), SIGV4_E_MISMATCH);
    a.request.mount = "/s3";
    assert_int_equal(sigv4_verify(&a.request, &c, GUIDE_SECRET, NULL), 0);
    a.request.path = "/s3cam/";
    assert_int_equal(sigv4_verify(&a.request, &c, GUIDE_SECRET, NULL), SIGV4_E_MISMATCH);
    a.request.path = "/cam/";
    assert_int_equal(sigv4_verify(&a.request, &c, GUIDE_SECRET, NULL), SIGV4_E_MISMATCH);
}

/* The same path written in another way is the same request. */
static void escapes_are_compared_by_what_they_mean(void **state)
{
    struct asked a;
    struct sigv4_claim c;
    ask_guide(1, &a);
    assert_int_equal(sigv4_read(&a.request, guide_now(), &c), 0);
    a.request.path = "/test%24file%2etext";
    assert_int_equal(sigv4_verify(&a.request, &c, GUIDE_SECRET, NULL), 0);
    a.request.path = "/test%2524file.text";
    assert_int_equal(sigv4_verify(&a.request, &c, GUIDE_SECRET, NULL), SIGV4_E_MISMATCH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_suite_verifies),
        cmocka_unit_test(the_guides_examples_verify),
        cmocka_unit_test(the_presigned_example_verifies_within_its_time),
        cmocka_unit_test(a_presigned_url_with_anything_changed_is_refused),
        cmocka_unit_test(clocks_may_differ_by_a_quarter_of_an_hour),
        cmocka_unit_test(the_chunks_of_the_example_are_genuine),
        cmocka_unit_test(the_trailer_of_the_example_is_genuine),
        cmocka_unit_test(headers_that_say_something_must_be_signed),
        cmocka_unit_test(what_is_not_version_4_is_told_apart),
        cmocka_unit_test(the_mount_may_be_signed_with_the_host),
        cmocka_unit_test(escapes_are_compared_by_what_they_mean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
