/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include "api/tus_header.h"

#include <errno.h>

static void metadata_are_read_by_key(void **state)
{
    struct tus_metadata m;
    assert_int_equal(tus_metadata_parse("filename Y2xpcC5tcDQ=,filetype dmlkZW8vbXA0, kind "
                                        "bW90aW9u ,started_at MjAyNi0wMS0wMlQwMzowNDowNVo=,empty",
                                        &m),
                     0);
    assert_string_equal(m.name, "clip.mp4");
    assert_string_equal(m.kind, "motion");
    assert_string_equal(m.started_at, "2026-01-02T03:04:05Z");
    assert_int_equal(tus_metadata_parse("name Yg==,filename YQ==", &m), 0);
    assert_string_equal(m.name, "b"); /* the first counts */
    assert_int_equal(tus_metadata_parse(NULL, &m), 0);
    assert_string_equal(m.name, "");
    assert_int_equal(tus_metadata_parse("filename", &m), 0);
    assert_string_equal(m.name, "");
}

static void odd_metadata_are_refused(void **state)
{
    static const char *const odd[] = {
        ",", "a YQ==,", " ", "filename !", "filename AA==", "kind Cg== x", "filename /w=="};
    struct tus_metadata m;
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        assert_int_equal(tus_metadata_parse(odd[i], &m), -EINVAL);
    }
    char header[600] = "filename ";
    memset(header + 9, 'Y', 400);
    assert_int_equal(tus_metadata_parse(header, &m), -EINVAL);
}

static void checksums_are_sha1_or_sha256(void **state)
{
    enum checksum_kind kind;
    uint8_t value[CHECKSUM_MAX];
    assert_int_equal(tus_checksum_parse("sha1 Lve95gjOVATpfV8EL5X4nxwjKHE=", &kind, value), 0);
    assert_int_equal(kind, CHECKSUM_SHA1);
    assert_int_equal(value[0], 0x2e);
    assert_int_equal(
        tus_checksum_parse("sha256 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", &kind, value), 0);
    assert_int_equal(kind, CHECKSUM_SHA256);
    assert_int_equal(tus_checksum_parse("md5 1B2M2Y8AsgTpgAmY7PhCfg==", &kind, value), -ENOTSUP);
    assert_int_equal(tus_checksum_parse("sha1", &kind, value), -EINVAL);
    assert_int_equal(tus_checksum_parse("", &kind, value), -EINVAL);
    assert_int_equal(tus_checksum_parse("sha1 Lve95gjOVATpfV8EL5X4nxwjKA==", &kind, value),
                     -EINVAL);
    assert_int_equal(tus_checksum_parse("sha1 Lve95gjOVATpfV8EL5X4nxwjKHE= x", &kind, value),
                     -EINVAL);
}

static void parts_are_the_last_segments_of_their_addresses(void **state)
{
    struct id parts[2];
    enum tus_concat what;
    size_t n;
    assert_int_equal(
        tus_concat_parse("final;https://host/ingest/c/tus/01935712-9f30-7c4e-8a11-000000000001 "
                         "/ingest/c/tus/01935712-9f30-7c4e-8a11-000000000002",
                         parts, 2, &what, &n),
        0);
    assert_int_equal(what, TUS_FINAL);
    assert_int_equal(n, 2);
    assert_int_equal(parts[1].b[15], 2);
    assert_int_equal(tus_concat_parse("partial", parts, 2, &what, &n), 0);
    assert_int_equal(what, TUS_PARTIAL);
    assert_int_equal(tus_concat_parse(NULL, parts, 2, &what, &n), 0);
    assert_int_equal(what, TUS_ALONE);
}

static void odd_concatenations_are_refused(void **state)
{
    static const char *const odd[] = {
        "",
        "final",
        "final;",
        "final; ",
        "parts",
        "final;/a/b",
        "final;/x01935712-9f30-7c4e-8a11-000000000001",
        ("final;01935712-9f30-7c4e-8a11-000000000001 01935712-9f30-7c4e-8a11-000000000001 "
         "01935712-9f30-7c4e-8a11-000000000001")};
    struct id parts[2];
    enum tus_concat what;
    size_t n;
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        assert_int_equal(tus_concat_parse(odd[i], parts, 2, &what, &n), -EINVAL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(metadata_are_read_by_key),
        cmocka_unit_test(odd_metadata_are_refused),
        cmocka_unit_test(checksums_are_sha1_or_sha256),
        cmocka_unit_test(parts_are_the_last_segments_of_their_addresses),
        cmocka_unit_test(odd_concatenations_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
