/* SPDX-License-Identifier: Apache-2.0 */
#include "http/head.h"

#include "base/str.h"

#include <string.h>

static bool is_token(const char *s)
{
    if (*s == '\0') {
        return false;
    }
    for (; *s != '\0'; s++) {
        unsigned char c = (unsigned char)*s;
        if (c <= 0x20 || c >= 0x7f || strchr("\"(),/:;<=>?@[\\]{}", c) != NULL) {
            return false;
        }
    }
    return true;
}

static bool is_value(const char *s)
{
    for (; *s != '\0'; s++) {
        unsigned char c = (unsigned char)*s;
        if ((c < 0x20 && c != '\t') || c == 0x7f) {
            return false;
        }
    }
    return true;
}

/* The string at raw[at], which must be followed by `ends` NULs inside the block. Returns the place
 * after them, or 0. */
static size_t string_end(const char *raw, size_t n, size_t at, unsigned ends)
{
    size_t len = at < n ? strnlen(raw + at, n - at) : 0;
    size_t end = at + len;
    if (end + ends > n) {
        return 0;
    }
    for (unsigned i = 0; i < ends; i++) {
        if (raw[end + i] != '\0') {
            return 0;
        }
    }
    return end + ends;
}

static void trim_end(char *value)
{
    size_t n = strlen(value);
    while (n > 0 && (value[n - 1] == ' ' || value[n - 1] == '\t')) {
        value[--n] = '\0';
    }
}

/* One field line at raw[at]; returns where the next begins, or 0. */
static size_t field_at(char *raw, size_t n, size_t at, struct head_field *f)
{
    size_t value = string_end(raw, n, at, 1);
    if (value == 0) {
        return 0;
    }
    f->name = raw + at;
    while (value < n && (raw[value] == ' ' || raw[value] == '\t')) {
        value++;
    }
    size_t next = string_end(raw, n, value, 2);
    if (next == 0 || !is_token(f->name) || !is_value(raw + value)) {
        return 0;
    }
    trim_end(raw + value);
    f->value = raw + value;
    return next;
}

static unsigned count(const struct head *h, const char *name)
{
    unsigned n = 0;
    for (unsigned i = 0; i < h->n_fields; i++) {
        n += str_same(h->fields[i].name, name);
    }
    return n;
}

const char *head_value(const struct head *h, const char *name)
{
    for (unsigned i = 0; i < h->n_fields; i++) {
        if (str_same(h->fields[i].name, name)) {
            return h->fields[i].value;
        }
    }
    return NULL;
}

/* Fields of which two would let two readers disagree. */
static const char *const singles[] = {
    "Host",     "Content-Length", "Transfer-Encoding", "Content-Type", "Authorization", "Range",
    "If-Range", "Expect",         "Content-Range",     "X-CSRF-Token"};

static const char *framing_fault(struct head *h)
{
    for (size_t i = 0; i < ARRAY_LEN(singles); i++) {
        if (count(h, singles[i]) > 1) {
            return "A header that may occur only once occurs twice.";
        }
    }
    const char *length = head_value(h, "Content-Length");
    const char *coding = head_value(h, "Transfer-Encoding");
    if (head_value(h, "Host") == NULL && !h->http_1_0) {
        return "The Host header is missing.";
    }
    if (length != NULL && coding != NULL) {
        return "Content-Length and Transfer-Encoding exclude each other.";
    }
    if (coding != NULL && (h->http_1_0 || !str_same(coding, "chunked"))) {
        return "The only Transfer-Encoding taken is chunked, in HTTP/1.1.";
    }
    if (length != NULL && str_parse_u64(length, INT64_MAX, &h->content_length) < 0) {
        return "Content-Length is not a number.";
    }
    h->chunked = coding != NULL;
    const char *expect = head_value(h, "Expect");
    h->expects_continue = expect != NULL && !h->http_1_0 && str_same(expect, "100-continue");
    return NULL;
}

/* "METHOD target HTTP/1.x" with one NUL where each blank was. Returns where the fields begin. */
static size_t request_line_end(const char *raw, size_t n, size_t method_len, size_t target_len,
                               struct head *h)
{
    size_t version = method_len + 1 + target_len + 1;
    if (version + 10 > n || string_end(raw, n, version, 2) != version + 10) {
        return 0;
    }
    h->http_1_0 = strcmp(raw + version, "HTTP/1.0") == 0;
    return h->http_1_0 || strcmp(raw + version, "HTTP/1.1") == 0 ? version + 10 : 0;
}

int head_check(char *raw, size_t n, size_t method_len, size_t target_len, struct head *ret_head,
               const char **ret_why)
{
    *ret_why = "The request line or a header line is malformed.";
    ret_head->n_fields = 0;
    ret_head->content_length = 0;
    if (n > HEAD_BYTES_MAX) {
        return HEAD_E_TOO_LARGE;
    }
    size_t at = request_line_end(raw, n, method_len, target_len, ret_head);
    if (at == 0) {
        return HEAD_E_BAD;
    }
    while (at < n && raw[at] != '\0') {
        if (ret_head->n_fields == HEAD_FIELDS_MAX) {
            return HEAD_E_TOO_LARGE;
        }
        at = field_at(raw, n, at, &ret_head->fields[ret_head->n_fields++]);
        if (at == 0) {
            return HEAD_E_BAD;
        }
    }
    if (at + 2 != n || raw[at + 1] != '\0') {
        return HEAD_E_BAD;
    }
    const char *fault = framing_fault(ret_head);
    *ret_why = fault;
    return fault != NULL ? HEAD_E_BAD : 0;
}
