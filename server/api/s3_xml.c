/* SPDX-License-Identifier: Apache-2.0 */
#include "api/s3.h"
#include "base/clock.h"

#include <string.h>
#include <time.h>

static const struct {
    const char *code, *message;
    int status;
} errors[S3_ERRORS] = {
#define S3_ERROR(code, status, message) {#code, message, status},
#include "api/s3_error.def"
#undef S3_ERROR
};

static void append_text(struct buf *b, const char *s)
{
    static const struct {
        char c;
        const char *as;
    } escapes[] = {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}};
    for (; *s != '\0'; s++) {
        const char *as = NULL;
        for (size_t i = 0; i < ARRAY_LEN(escapes); i++) {
            as = *s == escapes[i].c ? escapes[i].as : as;
        }
        buf_append(b, as != NULL ? as : s, as != NULL ? strlen(as) : 1);
    }
}

void s3_xml_element(struct buf *b, const char *name, const char *text)
{
    buf_printf(b, "<%s>", name);
    append_text(b, text);
    buf_printf(b, "</%s>", name);
}

void s3_xml_time(struct buf *b, const char *name, int64_t us)
{
    char text[CLOCK_RFC3339_SIZE];
    clock_format(us, text);
    s3_xml_element(b, name, text);
}

void s3_http_date(int64_t us, char out[S3_HTTP_DATE_SIZE])
{
    time_t s = (time_t)(us / CLOCK_US);
    struct tm tm;
    gmtime_r(&s, &tm);
    strftime(out, S3_HTTP_DATE_SIZE, "%a, %d %b %Y %H:%M:%S GMT", &tm); /* in the C locale */
}

void s3_answer_error(struct http_exchange *x, enum s3_error e, const char *detail)
{
    struct buf b = BUF_INIT(8192);
    buf_str(&b, S3_XML_HEAD "<Error>");
    s3_xml_element(&b, "Code", errors[e].code);
    s3_xml_element(&b, "Message", detail != NULL ? detail : errors[e].message);
    s3_xml_element(&b, "Resource", strlen(http_path(x)) < 2048 ? http_path(x) : "");
    s3_xml_element(&b, "RequestId", http_request_id(x));
    buf_str(&b, "</Error>");
    http_add_header(x, "x-amz-request-id", http_request_id(x));
    if (errors[e].status == 503) {
        http_add_header(x, "Retry-After", "2");
    }
    http_answer_error(x, errors[e].status, "application/xml", (const char *)b.data);
    buf_finish(&b);
}

void s3_answer_xml(struct http_exchange *x, struct buf *b)
{
    if (b->overflow) {
        buf_finish(b);
        s3_answer_error(x, S3_InternalError, NULL);
        return;
    }
    size_t n = b->len;
    http_add_header(x, "x-amz-request-id", http_request_id(x));
    http_answer_owned(x, 200, "application/xml", buf_take(b), n);
}

void s3_answer_empty(struct http_exchange *x, int status)
{
    http_add_header(x, "x-amz-request-id", http_request_id(x));
    http_answer_empty(x, status);
}
