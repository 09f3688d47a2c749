/* SPDX-License-Identifier: Apache-2.0 */
/* The canonical request is built as AWS describes it: path and query decoded and encoded again by
 * its rules, arguments sorted. Some tools sign them just as they send them (curl before 8.2), s3cmd
 * takes the path its endpoint begins with for a part of the host: these forms are tried too. Each
 * form names one request only, so trying several admits nothing that the holder of the key did not
 * sign. */
#include "auth/sigv4.h"

#include "auth/sigv4_read.h"
#include "base/str.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CANONICAL_MAX = 64 * 1024, ARGS_MAX = 128 };
enum { FORM_AS_SENT = 1, FORM_MOUNT_IN_HOST = 2, FORMS = 4 };

void sigv4_encode(struct buf *out, const char *s, size_t n, bool keep_slash)
{
    static const char hex[] = "0123456789ABCDEF";
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)s[i];
        bool plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                     c == '-' || c == '.' || c == '_' || c == '~' || (c == '/' && keep_slash);
        char coded[3] = {'%', hex[c >> 4], hex[c & 15]};
        buf_append(out, plain ? &s[i] : coded, plain ? 1 : 3);
    }
}

/* ---- path ---- */
static void append_encoded(struct buf *out, const char *s, size_t n, bool keep_slash)
{
    char *plain = mem_alloc(n + 1, 1);
    size_t len = sigv4_unescape(s, n, plain);
    sigv4_encode(out, plain, len, keep_slash);
    free(plain);
}

static void append_path(struct buf *out, const struct sigv4_request *r, unsigned form)
{
    const char *path = r->path;
    if ((form & FORM_MOUNT_IN_HOST) != 0) {
        path += strlen(r->mount);
        path = *path == '\0' ? "/" : path;
    }
    if ((form & FORM_AS_SENT) != 0) {
        buf_str(out, path);
    } else {
        append_encoded(out, path, strlen(path), true);
    }
}

/* ---- query ---- */
struct arg {
    char *text; /* "name=value" encoded */
    size_t name_len;
};

/* By name, then by value: the '=' between them must not take part. */
static int compare_args(const void *a, const void *b)
{
    const struct arg *x = a, *y = b;
    size_t n = x->name_len < y->name_len ? x->name_len : y->name_len;
    int r = memcmp(x->text, y->text, n);
    if (r == 0 && x->name_len != y->name_len) {
        return x->name_len < y->name_len ? -1 : 1;
    }
    return r != 0 ? r : strcmp(x->text + x->name_len, y->text + y->name_len);
}

static struct arg encoded_arg(const struct sigv4_arg *a)
{
    struct buf b = BUF_INIT(CANONICAL_MAX);
    append_encoded(&b, a->name, a->name_len, false);
    size_t name_len = b.len;
    buf_str(&b, "=");
    append_encoded(&b, a->value, a->value_len, false);
    return (struct arg){.text = buf_take(&b), .name_len = name_len};
}

static void append_sorted_query(struct buf *out, const char *query)
{
    struct arg args[ARGS_MAX];
    struct sigv4_arg a;
    size_t n = 0;
    for (const char *at = query; n < ARGS_MAX && sigv4_next_arg(&at, &a);) {
        if (!sigv4_arg_is(&a, "X-Amz-Signature")) {
            args[n++] = encoded_arg(&a);
        }
    }
    qsort(args, n, sizeof args[0], compare_args);
    for (size_t i = 0; i < n; i++) {
        buf_printf(out, "%s%s", i > 0 ? "&" : "", args[i].text);
        free(args[i].text);
    }
}

static void append_query_as_sent(struct buf *out, const char *query)
{
    struct sigv4_arg a;
    bool first = true;
    for (const char *at = query; sigv4_next_arg(&at, &a);) {
        if (!sigv4_arg_is(&a, "X-Amz-Signature")) {
            buf_str(out, first ? "" : "&");
            buf_append(out, a.name, (size_t)(at - a.name));
            first = false;
        }
    }
}

/* ---- headers ---- */
/* A value without blanks at its ends, and with one where there are several. */
static void append_value(struct buf *out, const char *v)
{
    bool blank = false, any = false;
    for (; *v != '\0'; v++) {
        if (*v == ' ' || *v == '\t') {
            blank = true;
            continue;
        }
        buf_append(out, " ", blank && any ? 1 : 0);
        buf_append(out, v, 1);
        blank = false;
        any = true;
    }
}

/* "name:value,value\n"; false when the request has no such header. */
static bool append_header(struct buf *out, const struct sigv4_request *r, const char *name,
                          size_t n, unsigned form)
{
    bool found = false;
    buf_append(out, name, n);
    for (size_t i = 0; i < r->n_headers; i++) {
        if (sigv4_same_name(r->headers[i].name, name, n)) {
            buf_str(out, found ? "," : ":");
            append_value(out, r->headers[i].value);
            found = true;
        }
    }
    bool mounted = (form & FORM_MOUNT_IN_HOST) != 0 && sigv4_same_name("host", name, n);
    buf_printf(out, "%s\n", mounted ? r->mount : "");
    return found;
}

static bool append_headers(struct buf *out, const struct sigv4_request *r, const char *names,
                           unsigned form)
{
    while (*names != '\0') {
        size_t n = strcspn(names, ";");
        if (!append_header(out, r, names, n, form)) {
            return false;
        }
        names += n + (names[n] == ';');
    }
    return true;
}

/* ---- signing ---- */
static int canonical_hash(const struct sigv4_request *r, const struct sigv4_claim *c, unsigned form,
                          uint8_t ret_hash[SHA256_SIZE])
{
    struct buf b = BUF_INIT(CANONICAL_MAX);
    buf_printf(&b, "%s\n", r->method);
    append_path(&b, r, form);
    buf_str(&b, "\n");
    if ((form & FORM_AS_SENT) != 0) {
        append_query_as_sent(&b, r->query);
    } else {
        append_sorted_query(&b, r->query);
    }
    buf_str(&b, "\n");
    bool found = append_headers(&b, r, c->signed_headers, form);
    buf_printf(&b, "\n%s\n%s", c->signed_headers, c->payload_text);
    bool ok = found && !b.overflow;
    if (ok) {
        sha256_of(b.data, b.len, ret_hash);
    }
    buf_finish(&b);
    return ok ? 0 : SIGV4_E_MALFORMED;
}

static void signing_key(const struct sigv4_claim *c, const char *secret, uint8_t key[SHA256_SIZE])
{
    char first[4 + 256];
    size_t n = strlen(secret);
    ALWAYS(n < sizeof first - 4);
    memcpy(first, "AWS4", 4);
    memcpy(first + 4, secret, n);
    const char *const steps[] = {c->day, c->region, c->service, "aws4_request"};
    const void *by = first;
    size_t by_n = 4 + n;
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        uint8_t next[SHA256_SIZE];
        hmac_sha256(by, by_n, steps[i], strlen(steps[i]), next);
        memcpy(key, next, sizeof next);
        by = key;
        by_n = SHA256_SIZE;
    }
    secret_wipe(first, sizeof first);
}

static void sign(const struct sigv4_chain *chain, const char *algorithm, const char *rest,
                 uint8_t out[SHA256_SIZE])
{
    struct buf b = BUF_INIT(1024);
    buf_printf(&b, "%s\n%s%s", algorithm, chain->head, rest);
    ALWAYS(!b.overflow);
    hmac_sha256(chain->key, sizeof chain->key, b.data, b.len, out);
    buf_finish(&b);
}

static unsigned forms_of(const struct sigv4_request *r)
{
    size_t n = r->mount != NULL ? strlen(r->mount) : 0;
    bool mounted =
        n > 0 && strncmp(r->path, r->mount, n) == 0 && (r->path[n] == '/' || r->path[n] == '\0');
    return mounted ? FORMS : FORM_MOUNT_IN_HOST;
}

int sigv4_verify(const struct sigv4_request *r, const struct sigv4_claim *c, const char *secret,
                 struct sigv4_chain *ret_chain)
{
    struct sigv4_chain chain;
    int status = SIGV4_E_MISMATCH;
    signing_key(c, secret, chain.key);
    snprintf(chain.head, sizeof chain.head, "%s\n%s/%s/%s/aws4_request\n", c->date, c->day,
             c->region, c->service);
    for (unsigned form = 0; form < forms_of(r) && status == SIGV4_E_MISMATCH; form++) {
        uint8_t hash[SHA256_SIZE], wanted[SHA256_SIZE];
        char hex[2 * SHA256_SIZE + 1];
        status = canonical_hash(r, c, form, hash);
        if (status == 0) {
            str_hex(hash, sizeof hash, hex);
            sign(&chain, "AWS4-HMAC-SHA256", hex, wanted);
            status = bytes_equal(wanted, c->signature, SHA256_SIZE) ? 0 : SIGV4_E_MISMATCH;
        }
    }
    if (status == 0 && ret_chain != NULL) {
        memcpy(chain.previous, c->signature, SHA256_SIZE);
        *ret_chain = chain;
    }
    secret_wipe(&chain, sizeof chain);
    return status;
}

/* ---- chunks ---- */
static bool next_is_genuine(struct sigv4_chain *c, const char *algorithm, const char *middle,
                            const uint8_t sha256[SHA256_SIZE], const uint8_t signature[SHA256_SIZE])
{
    char previous[2 * SHA256_SIZE + 1], hash[2 * SHA256_SIZE + 1];
    char rest[4 * SHA256_SIZE + 2 * SHA256_SIZE + 8];
    uint8_t wanted[SHA256_SIZE];
    str_hex(c->previous, SHA256_SIZE, previous);
    str_hex(sha256, SHA256_SIZE, hash);
    snprintf(rest, sizeof rest, "%s\n%s%s", previous, middle, hash);
    sign(c, algorithm, rest, wanted);
    memcpy(c->previous, wanted, SHA256_SIZE);
    return bytes_equal(wanted, signature, SHA256_SIZE);
}

bool sigv4_chunk_is_genuine(struct sigv4_chain *c, const uint8_t sha256[SHA256_SIZE],
                            const uint8_t signature[SHA256_SIZE])
{
    /* The hash of nothing stands where a request has its headers. */
    static const char nothing[] =
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n";
    return next_is_genuine(c, "AWS4-HMAC-SHA256-PAYLOAD", nothing, sha256, signature);
}

bool sigv4_trailer_is_genuine(struct sigv4_chain *c, const char *trailers, size_t n,
                              const uint8_t signature[SHA256_SIZE])
{
    uint8_t hash[SHA256_SIZE];
    sha256_of(trailers, n, hash);
    return next_is_genuine(c, "AWS4-HMAC-SHA256-TRAILER", "", hash, signature);
}
