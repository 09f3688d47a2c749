/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include "base/buf.h"
#include "http/multipart.h"

#include <errno.h>

/* What a form says, as text: "[name|filename]content;" for each part, "." for the end, "!" for a
 * complaint. Fed in pieces of `size` bytes. */
static void tell(const char *type, const char *body, size_t n, size_t size, struct buf *out)
{
    struct multipart m;
    assert_int_equal(multipart_init(&m, type), 0);
    for (size_t at = 0; at < n;) {
        struct multipart_span span = {0};
        size_t used = 0, offered = n - at < size ? n - at : size;
        enum multipart_event e =
            multipart_next(&m, (const uint8_t *)body + at, offered, &used, &span);
        at += used;
        if (e == MULTIPART_PART) {
            buf_printf(out, "[%s|%s]", m.name, m.filename);
        } else if (e == MULTIPART_DATA) {
            buf_append(out, span.p, span.n);
        } else if (e == MULTIPART_PART_END) {
            buf_str(out, ";");
        } else if (e == MULTIPART_END) {
            buf_str(out, ".");
        } else if (e == MULTIPART_BAD) {
            assert_non_null(m.complaint);
            buf_str(out, "!");
            return;
        }
    }
}

static void assert_told(const char *body, const char *want)
{
    for (size_t size = 1; size <= strlen(body); size++) {
        struct buf got = BUF_INIT(100000);
        tell("multipart/form-data; boundary=XyZ", body, strlen(body), size, &got);
        assert_string_equal(got.len > 0 ? (const char *)got.data : "", want);
        buf_finish(&got);
    }
}

#define PART(headers, content) "--XyZ\r\n" headers "\r\n\r\n" content "\r\n"
#define DISPOSITION            "Content-Disposition: form-data; "

static void parts_are_found_however_they_are_cut(void **state)
{
    assert_told(
        PART(DISPOSITION "name=\"file\"; filename=\"a \\\"b\\\".mp4\"\r\nContent-Type: video/mp4",
             "some\r\n--Xy bytes\r\r\n-")
            PART("content-disposition: form-data; name=kind", "motion") "--XyZ--\r\nepilogue",
        "[file|a \"b\".mp4]some\r\n--Xy bytes\r\r\n-;[kind|]motion;.");
    assert_told("preamble\r\n" PART(DISPOSITION "name=a", "") "--XyZ--", "[a|];.");
    assert_told(PART(DISPOSITION "name=a", "\r\n--XyY\r\n--XyZ-") "--XyZ  --", "[a|]\r\n--XyY;!");
}

static void a_boundary_within_a_line_is_content(void **state)
{
    assert_told(PART(DISPOSITION "name=a", "x--XyZ--") "--XyZ-- \r\n", "[a|]x--XyZ--;.");
}

static void forms_that_break_off_do_not_end(void **state)
{
    assert_told(PART(DISPOSITION "name=a", "x") "--Xy", "[a|]x");
    assert_told("nothing", "");
    assert_told(PART(DISPOSITION "name=a", "x") "--XyZ\r\n", "[a|]x;");
}

static void odd_forms_are_complained_about(void **state)
{
    assert_told("--XyZ\r\n\r\n", "!");
    assert_told("--XyZx\r\n", "!");
    assert_told(PART("Content-Type: video/mp4", "x"), "!");
    assert_told(PART(DISPOSITION "filename=x", "x"), "!");
    assert_told(PART(DISPOSITION "name=\"x", "x"), "!");
    assert_told(PART("Content-Disposition: attachment; name=x", "x"), "!");
    assert_told(PART(DISPOSITION "name=\"\x01\"", "x"), "!");
}

static void heads_and_parts_are_bounded(void **state)
{
    struct buf body = BUF_INIT(1 << 20), got = BUF_INIT(1 << 20);
    buf_str(&body, "--XyZ\r\nX: ");
    for (int i = 0; i < MULTIPART_HEAD_MAX; i++) {
        buf_str(&body, "x");
    }
    tell("multipart/form-data; boundary=XyZ", (const char *)body.data, body.len, 100, &got);
    assert_string_equal((const char *)got.data, "!");
    buf_clear(&body);
    buf_clear(&got);
    for (int i = 0; i <= MULTIPART_PARTS_MAX; i++) {
        buf_str(&body, PART(DISPOSITION "name=a", "x"));
    }
    tell("multipart/form-data; boundary=XyZ", (const char *)body.data, body.len, 100, &got);
    assert_int_equal(((const char *)got.data)[got.len - 1], '!');
    buf_finish(&body);
    buf_finish(&got);
}

static void the_boundary_is_read_from_the_type(void **state)
{
    struct multipart m;
    assert_int_equal(multipart_init(&m, "Multipart/Form-Data; charset=utf-8; BOUNDARY=\"a b\""), 0);
    assert_int_equal(m.delimiter_n, 7);
    assert_int_equal(multipart_init(&m, NULL), -EINVAL);
    assert_int_equal(multipart_init(&m, "multipart/form-data"), -EINVAL);
    assert_int_equal(multipart_init(&m, "multipart/form-data; boundary="), -EINVAL);
    assert_int_equal(multipart_init(&m, "multipart/form-data; boundary=\"a \""), -EINVAL);
    assert_int_equal(multipart_init(&m, "multipart/form-data; boundary=a\"b"), -EINVAL);
    assert_int_equal(multipart_init(&m, "multipart/mixed; boundary=a"), -EINVAL);
    assert_int_equal(
        multipart_init(&m,
                       "multipart/form-data; boundary="
                       "12345678901234567890123456789012345678901234567890123456789012345678901"),
        -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_are_found_however_they_are_cut),
        cmocka_unit_test(a_boundary_within_a_line_is_content),
        cmocka_unit_test(forms_that_break_off_do_not_end),
        cmocka_unit_test(odd_forms_are_complained_about),
        cmocka_unit_test(heads_and_parts_are_bounded),
        cmocka_unit_test(the_boundary_is_read_from_the_type),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
