/* SPDX-License-Identifier: Apache-2.0 */
/* Reading what a request claims: where the signature stands, by whom, when, over which headers and
 * which body. Everything is bounded and copied; nothing here knows a secret. */
#include "auth/sigv4_read.h"

#include "base/clock.h"
#include "base/str.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define ALGORITHM "AWS4-HMAC-SHA256"

/* ---- small readers ---- */
bool sigv4_next_arg(const char **at, struct sigv4_arg *ret_arg)
{
    const char *p = *at + strspn(*at, "&");
    if (*p == '\0') {
        return false;
    }
    size_t n = strcspn(p, "&"), name = strcspn(p, "=&");
    size_t value = name < n ? name + 1 : n;
    *ret_arg = (struct sigv4_arg){p, p + value, name, n - value};
    *at = p + n;
    return true;
}

bool sigv4_arg_is(const struct sigv4_arg *a, const char *name)
{
    return a->name_len == strlen(name) && strncmp(a->name, name, a->name_len) == 0;
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

size_t sigv4_unescape(const char *s, size_t n, char *out)
{
    size_t len = 0;
    for (size_t i = 0; i < n; i++) {
        bool escape =
            s[i] == '%' && n - i > 2 && hex_digit(s[i + 1]) >= 0 && hex_digit(s[i + 2]) >= 0;
        out[len++] = escape ? (char)(hex_digit(s[i + 1]) << 4 | hex_digit(s[i + 2])) : s[i];
        i += escape ? 2 : 0;
    }
    out[len] = '\0';
    return len;
}

bool sigv4_same_name(const char *whole, const char *name, size_t n)
{
    return strlen(whole) == n && strncasecmp(whole, name, n) == 0;
}

static const char *header(const struct sigv4_request *r, const char *name)
{
    for (size_t i = 0; i < r->n_headers; i++) {
        if (strcasecmp(r->headers[i].name, name) == 0) {
            return r->headers[i].value;
        }
    }
    return NULL;
}

/* The decoded value of a query argument; false when it is absent, given twice or too long. */
static bool query_value(const struct sigv4_request *r, const char *name, char *out, size_t size)
{
    struct sigv4_arg a;
    unsigned found = 0;
    for (const char *at = r->query; sigv4_next_arg(&at, &a);) {
        if (sigv4_arg_is(&a, name)) {
            if (++found > 1 || a.value_len >= size) {
                return false;
            }
            sigv4_unescape(a.value, a.value_len, out);
        }
    }
    return found == 1;
}

static bool has_arg(const struct sigv4_request *r, const char *name)
{
    struct sigv4_arg a;
    for (const char *at = r->query; sigv4_next_arg(&at, &a);) {
        if (sigv4_arg_is(&a, name)) {
            return true;
        }
    }
    return false;
}

static bool copy(const char *s, size_t n, char *out, size_t size)
{
    if (n == 0 || n >= size) {
        return false;
    }
    memcpy(out, s, n);
    out[n] = '\0';
    return true;
}

/* ---- the parts of a claim ---- */
static bool is_scope_word(const char *s)
{
    return strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.") ==
           strlen(s);
}

/* KEY/20130524/us-east-1/s3/aws4_request */
static bool read_credential(const char *s, struct sigv4_claim *c)
{
    struct {
        char *out;
        size_t size;
    } parts[] = {{c->access_key, sizeof c->access_key},
                 {c->day, sizeof c->day},
                 {c->region, sizeof c->region},
                 {c->service, sizeof c->service}};
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        size_t n = strcspn(s, "/");
        if (s[n] != '/' || !copy(s, n, parts[i].out, parts[i].size) ||
            !is_scope_word(parts[i].out)) {
            return false;
        }
        s += n + 1;
    }
    return strcmp(s, "aws4_request") == 0 && strlen(c->day) == 8;
}

/* Lower-case names, ascending, as the canonical request needs them. */
static bool read_signed_headers(const char *s, struct sigv4_claim *c)
{
    if (!copy(s, strlen(s), c->signed_headers, sizeof c->signed_headers)) {
        return false;
    }
    for (; *s != '\0'; s++) {
        if (*s <= 0x20 || *s >= 0x7f || *s == ':' || (*s >= 'A' && *s <= 'Z')) {
            return false;
        }
    }
    return true;
}

/* 20130524T000000Z, on the day of the scope. */
static bool read_date(const char *s, struct sigv4_claim *c, int64_t *ret_us)
{
    char text[24];
    if (strlen(s) != 16 || s[8] != 'T' || s[15] != 'Z' || strncmp(s, c->day, 8) != 0) {
        return false;
    }
    snprintf(text, sizeof text, "%.4s-%.2s-%.2sT%.2s:%.2s:%.2sZ", s, s + 4, s + 6, s + 9, s + 11,
             s + 13);
    memcpy(c->date, s, 17);
    return clock_parse(text, ret_us) == 0;
}

static int read_payload(const char *told, struct sigv4_claim *c)
{
    static const struct {
        const char *word;
        enum sigv4_payload payload;
    } words[] = {{"UNSIGNED-PAYLOAD", SIGV4_UNSIGNED},
                 {"STREAMING-AWS4-HMAC-SHA256-PAYLOAD", SIGV4_CHUNKS},
                 {"STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER", SIGV4_CHUNKS_TRAILER},
                 {"STREAMING-UNSIGNED-PAYLOAD-TRAILER", SIGV4_UNSIGNED_TRAILER}};
    told = told != NULL ? told : c->presigned ? "UNSIGNED-PAYLOAD" : NULL;
    if (told == NULL) {
        c->payload = SIGV4_NOT_TOLD;
        return 0;
    }
    if (!copy(told, strlen(told), c->payload_text, sizeof c->payload_text)) {
        return SIGV4_E_PAYLOAD;
    }
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (strcmp(told, words[i].word) == 0) {
            c->payload = words[i].payload;
            return 0;
        }
    }
    c->payload = SIGV4_HASHED;
    return strlen(told) == 64 && str_unhex(told, SHA256_SIZE, c->payload_sha256) == 0
               ? 0
               : SIGV4_E_PAYLOAD;
}

/* ---- what must be signed ---- */
static bool is_signed(const struct sigv4_claim *c, const char *name)
{
    for (const char *p = c->signed_headers; *p != '\0';) {
        size_t n = strcspn(p, ";");
        if (sigv4_same_name(name, p, n)) {
            return true;
        }
        p += n + (p[n] == ';');
    }
    return false;
}

static bool covers(const struct sigv4_request *r, const struct sigv4_claim *c)
{
    for (size_t i = 0; i < r->n_headers; i++) {
        const char *name = r->headers[i].name;
        if ((strncasecmp(name, "x-amz-", 6) == 0 || strcasecmp(name, "host") == 0) &&
            !is_signed(c, name)) {
            return false;
        }
    }
    return is_signed(c, "host");
}

/* ---- the two places ---- */
/* One of "Name=value" of the Authorization header. */
static bool read_member(const char *s, size_t n, const char *name, char *out, size_t size)
{
    size_t len = strlen(name);
    return n > len && strncmp(s, name, len) == 0 && s[len] == '=' &&
           copy(s + len + 1, n - len - 1, out, size);
}

static bool read_members(const char *s, struct sigv4_claim *c)
{
    char credential[4 * SIGV4_NAME_MAX] = "", names[sizeof c->signed_headers] = "", hex[65] = "";
    while (*s != '\0') {
        s += strspn(s, " \t,");
        size_t n = strcspn(s, ", \t");
        if (n > 0 && !read_member(s, n, "Credential", credential, sizeof credential) &&
            !read_member(s, n, "SignedHeaders", names, sizeof names) &&
            !read_member(s, n, "Signature", hex, sizeof hex)) {
            return false;
        }
        s += n;
    }
    return read_credential(credential, c) && read_signed_headers(names, c) && strlen(hex) == 64 &&
           str_unhex(hex, SHA256_SIZE, c->signature) == 0;
}

static int read_header_claim(const struct sigv4_request *r, int64_t now_us, const char *value,
                             struct sigv4_claim *c)
{
    const char *date = header(r, "x-amz-date"), *token = header(r, "x-amz-security-token");
    int64_t at_us;
    date = date != NULL ? date : header(r, "date");
    if (!read_members(value, c) || date == NULL || !read_date(date, c, &at_us) ||
        (token != NULL && !copy(token, strlen(token), c->token, sizeof c->token))) {
        return SIGV4_E_MALFORMED;
    }
    int64_t skew_us = (int64_t)SIGV4_SKEW_S * CLOCK_US;
    c->until_us = at_us + skew_us;
    return now_us > c->until_us || now_us < at_us - skew_us ? SIGV4_E_SKEWED : 0;
}

static int read_query_claim(const struct sigv4_request *r, int64_t now_us, struct sigv4_claim *c)
{
    char text[sizeof c->signed_headers], expires[16], hex[65];
    uint64_t expires_s;
    int64_t at_us;
    c->presigned = true;
    bool ok =
        query_value(r, "X-Amz-Algorithm", text, sizeof text) && strcmp(text, ALGORITHM) == 0 &&
        query_value(r, "X-Amz-Credential", text, sizeof text) && read_credential(text, c) &&
        query_value(r, "X-Amz-SignedHeaders", text, sizeof text) && read_signed_headers(text, c) &&
        query_value(r, "X-Amz-Date", text, sizeof text) && read_date(text, c, &at_us) &&
        query_value(r, "X-Amz-Expires", expires, sizeof expires) &&
        str_parse_u64(expires, SIGV4_EXPIRES_MAX_S, &expires_s) == 0 && expires_s > 0 &&
        query_value(r, "X-Amz-Signature", hex, sizeof hex) && strlen(hex) == 64 &&
        str_unhex(hex, SHA256_SIZE, c->signature) == 0;
    if (!ok || (has_arg(r, "X-Amz-Security-Token") &&
                !query_value(r, "X-Amz-Security-Token", c->token, sizeof c->token))) {
        return SIGV4_E_MALFORMED;
    }
    c->until_us = at_us + (int64_t)expires_s * CLOCK_US;
    if (now_us < at_us - (int64_t)SIGV4_SKEW_S * CLOCK_US) {
        return SIGV4_E_SKEWED;
    }
    return now_us >= c->until_us ? SIGV4_E_EXPIRED : 0;
}

int sigv4_read(const struct sigv4_request *r, int64_t now_us, struct sigv4_claim *ret_claim)
{
    struct sigv4_claim c = {0};
    const char *value = header(r, "authorization");
    bool in_query = has_arg(r, "X-Amz-Signature") || has_arg(r, "X-Amz-Algorithm");
    size_t n = strlen(ALGORITHM);
    int status;
    if (value != NULL && in_query) {
        status = SIGV4_E_MALFORMED; /* two signatures: which one counts? */
    } else if (in_query) {
        status = read_query_claim(r, now_us, &c);
    } else if (value == NULL) {
        status = has_arg(r, "Signature") ? SIGV4_E_OTHER : SIGV4_E_NONE;
    } else if (strncmp(value, ALGORITHM, n) != 0 || (value[n] != ' ' && value[n] != '\t')) {
        status = SIGV4_E_OTHER;
    } else {
        status = read_header_claim(r, now_us, value + n, &c);
    }
    status = status != 0 ? status : read_payload(header(r, "x-amz-content-sha256"), &c);
    status = status != 0 ? status : covers(r, &c) ? 0 : SIGV4_E_UNCOVERED;
    if (status == 0) {
        *ret_claim = c;
    }
    return status;
}
