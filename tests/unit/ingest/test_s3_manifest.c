/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include "ingest/s3_manifest.h"

#define PART(n, etag) "<Part><PartNumber>" n "</PartNumber><ETag>" etag "</ETag></Part>"
#define WHOLE(parts)  "<CompleteMultipartUpload>" parts "</CompleteMultipartUpload>"
#define MD5           "57f1a908a663444cfe2ba2e1922b4c27"

static int parse(const char *xml, struct s3_manifest *ret)
{
    return s3_manifest_parse(xml, strlen(xml), ret);
}

static void what_tools_send_is_read(void **state)
{
    static const char *const good[] = {
        WHOLE(PART("1", MD5) PART("7", MD5)),
        WHOLE(PART("1", "\"" MD5 "\"") PART("7", "&quot;" MD5 "&quot;")),
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<CompleteMultipartUpload "
        "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\n"
        "  <Part>\n    <ETag>&#34;" MD5
        "&#34;</ETag>\n    <PartNumber> 1 </PartNumber>\n  </Part>\n"
        "  <Part><ChecksumCRC32>AAAAAA==</ChecksumCRC32><ETag>" MD5
        "</ETag><PartNumber>7</PartNumber></Part>\n</CompleteMultipartUpload>\n"};
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        struct s3_manifest m;
        assert_int_equal(parse(good[i], &m), 0);
        assert_int_equal(m.n, 2);
        assert_int_equal(m.parts[0].number, 1);
        assert_int_equal(m.parts[1].number, 7);
        assert_int_equal(m.parts[1].md5[0], 0x57);
        assert_int_equal(m.parts[1].md5[15], 0x27);
        s3_manifest_finish(&m);
    }
}

static void everything_else_is_refused(void **state)
{
    static const char *const bad[] = {"",
                                      "<",
                                      "CompleteMultipartUpload",
                                      WHOLE(""),
                                      "<CompleteMultipartUpload>" PART("1", MD5),
                                      PART("1", MD5),
                                      WHOLE(PART("0", MD5)),
                                      WHOLE(PART("10001", MD5)),
                                      WHOLE(PART("-1", MD5)),
                                      WHOLE(PART("1", "abc")),
                                      WHOLE(PART("1", MD5 "00")),
                                      WHOLE("<Part><PartNumber>1</PartNumber></Part>"),
                                      WHOLE("<Part><ETag>" MD5 "</ETag></Part>"),
                                      WHOLE("<Part><PartNumber>1</ETag></Part>"),
                                      WHOLE("<!-- x -->" PART("1", MD5)),
                                      "<!DOCTYPE a [<!ENTITY b \"c\">]>" WHOLE(PART("1", MD5)),
                                      WHOLE("<Other/>" PART("1", MD5))};
    struct s3_manifest m;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        if (parse(bad[i], &m) != S3_MANIFEST_E_MALFORMED) {
            fail_msg("taken: %s", bad[i]);
        }
    }
    assert_int_equal(parse(WHOLE(PART("2", MD5) PART("1", MD5)), &m), S3_MANIFEST_E_ORDER);
    assert_int_equal(parse(WHOLE(PART("2", MD5) PART("2", MD5)), &m), S3_MANIFEST_E_ORDER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_tools_send_is_read),
        cmocka_unit_test(everything_else_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
