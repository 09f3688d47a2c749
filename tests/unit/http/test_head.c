/* SPDX-License-Identifier: Apache-2.0 */
/* In these heads '|' stands for the NUL that libmicrohttpd leaves where a blank, a colon, CR or LF
 * was. */
#include "tests/support/unit.h"

#include "http/head.h"

#define LINE "GET|/a|HTTP/1.1||"

static int check(const char *text, struct head *h)
{
    static char raw[65536];
    size_t n = strlen(text);
    assert_true(n < sizeof(raw));
    for (size_t i = 0; i < n; i++) {
        raw[i] = text[i] == '|' ? '\0' : text[i];
    }
    const char *why = NULL;
    int r = head_check(raw, n, 3, 2, h, &why);
    assert_true(r != HEAD_E_BAD || why != NULL);
    return r;
}

static void bad(const char *text)
{
    struct head h;
    assert_int_equal(check(text, &h), HEAD_E_BAD);
}

static void a_plain_head_is_read(void **state)
{
    struct head h;
    assert_int_equal(check(LINE "Host|h||Content-Length| \t12 ||Expect|100-Continue||X|||||", &h),
                     0);
    assert_int_equal(h.n_fields, 4);
    assert_true(h.content_length == 12 && h.expects_continue && !h.chunked && !h.http_1_0);
    assert_string_equal(head_value(&h, "x"), "");
    assert_string_equal(head_value(&h, "CONTENT-LENGTH"), "12");
    assert_null(head_value(&h, "Y"));
    assert_int_equal(check(LINE "Host|h||Transfer-Encoding|Chunked||||", &h), 0);
    assert_true(h.chunked);
    assert_int_equal(check("GET|/a|HTTP/1.0||||", &h), 0);
    assert_true(h.http_1_0);
}

static void every_byte_must_be_accounted_for(void **state)
{
    bad(LINE "Host|h|X|y||||");         /* bare LF */
    bad("GET|/a|HTTP/1.1|Host|h||||");  /* bare LF after the request line */
    bad(LINE "Host|h|||");              /* bare LF at the end */
    bad(LINE "Host|h||X|y|z||||");      /* NUL in a value */
    bad(LINE "Host|h||X|y||||||");      /* NULs after a value */
    bad(LINE "Host|h||X|y|| z: 1||||"); /* folded line */
    bad(LINE "Host|h||X |y||||");       /* blank before the colon */
    bad(LINE "Host|h||X|y\x01||||");
    bad(LINE "Host|h||X|y\r||||");
    bad(LINE "Host|h||(X)|y||||");
    bad(LINE "Host|h||");
    bad(LINE);
    bad("GET|/a|HTTP/1.1");
    bad("GET||/a|HTTP/1.1||Host|h||||");
    bad("GET|/a||HTTP/1.1||Host|h||||");
    bad("GET|/a|HTTP/1.2||Host|h||||");
    bad("");
}

static void framing_must_be_unambiguous(void **state)
{
    bad(LINE "||");
    bad(LINE "Host|h||host|h||||");
    bad(LINE "Host|h||Content-Length|1||Content-Length|1||||");
    bad(LINE "Host|h||Content-Length|1||Transfer-Encoding|chunked||||");
    bad(LINE "Host|h||Transfer-Encoding|xchunked||||");
    bad(LINE "Host|h||Transfer-Encoding|gzip, chunked||||");
    bad(LINE "Host|h||Transfer-Encoding|||||");
    bad("GET|/a|HTTP/1.0||Host|h||Transfer-Encoding|chunked||||");
    bad(LINE "Host|h||Content-Length|+1||||");
    bad(LINE "Host|h||Content-Length|18446744073709551615||||");
}

static void size_is_limited(void **state)
{
    static char text[HEAD_BYTES_MAX + 4096];
    struct head h;
    strcpy(text, LINE "Host|h||");
    for (int i = 1; i < HEAD_FIELDS_MAX; i++) {
        strcat(text, "X|y||");
    }
    size_t fits = strlen(text);
    strcat(text, "||");
    assert_int_equal(check(text, &h), 0);
    strcpy(text + fits, "X|y||||");
    assert_int_equal(check(text, &h), HEAD_E_TOO_LARGE);
    strcpy(text, LINE "Host|h||X|");
    memset(text + strlen(text), 'a', HEAD_BYTES_MAX);
    strcat(text, "||||");
    assert_int_equal(check(text, &h), HEAD_E_TOO_LARGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_head_is_read),
        cmocka_unit_test(every_byte_must_be_accounted_for),
        cmocka_unit_test(framing_must_be_unambiguous),
        cmocka_unit_test(size_is_limited),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
