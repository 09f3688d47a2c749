/* SPDX-License-Identifier: Apache-2.0 */
/* ListObjects, versions 1 and 2, over what the camera delivered. */
#include "api/s3.h"
#include "base/str.h"

#include <stdio.h>
#include <string.h>

enum { KEYS_MAX = 1000, ANSWER_MAX = 4 << 20 };

struct listing {
    struct s3_call *c;
    bool v2, url;                           /* url: keys percent-encoded (encoding-type) */
    const char *prefix, *delimiter, *after; /* after: exclusive lower bound */
    uint64_t max;
};

/* Past every key that begins with it: U+10FFFF is the last character there is. */
#define PAST "\xf4\x8f\xbf\xbf"

static const char *query_or(struct s3_call *c, const char *name, const char *otherwise)
{
    const char *v = http_query(c->x, name);
    return v != NULL ? v : otherwise;
}

/* Where to go on is told as base64url, so that no tool tries to understand it. */
static bool read_token(struct listing *l, const char *token)
{
    size_t n = strlen(token);
    char *out = http_alloc(l->c->x, n + 1);
    ssize_t len = base64_decode(token, n, out, n);
    if (len < 0 || memchr(out, '\0', (size_t)len) != NULL || !str_is_text(out, (size_t)len)) {
        return false;
    }
    l->after = out;
    return true;
}

/* Version 1: where a rolled-up prefix ended the last page, all of it lies behind us. */
static void read_marker(struct listing *l, const char *marker)
{
    l->after = marker;
    if (l->delimiter[0] != '\0' && str_suffix(marker, l->delimiter)) {
        size_t n = strlen(marker) + sizeof PAST;
        char *past = http_alloc(l->c->x, n);
        snprintf(past, n, "%s" PAST, marker);
        l->after = past;
    }
}

static bool read_arguments(struct listing *l)
{
    struct s3_call *c = l->c;
    const char *type = http_query(c->x, "list-type"), *encoding = http_query(c->x, "encoding-type");
    const char *token = http_query(c->x, "continuation-token");
    l->v2 = type != NULL && strcmp(type, "2") == 0;
    l->url = encoding != NULL;
    l->prefix = query_or(c, "prefix", "");
    l->delimiter = query_or(c, "delimiter", "");
    l->after = query_or(c, "start-after", "");
    if (!l->v2) {
        read_marker(l, query_or(c, "marker", ""));
    }
    bool ok = (type == NULL || l->v2) && (encoding == NULL || strcmp(encoding, "url") == 0) &&
              str_parse_u64(query_or(c, "max-keys", "1000"), INT32_MAX, &l->max) == 0 &&
              (!l->v2 || token == NULL || read_token(l, token));
    l->max = l->max < KEYS_MAX ? l->max : KEYS_MAX;
    return ok;
}

static void key_element(const struct listing *l, struct buf *b, const char *name, const char *key)
{
    if (!l->url) {
        s3_xml_element(b, name, key);
        return;
    }
    buf_printf(b, "<%s>", name);
    sigv4_encode(b, key, strlen(key), true);
    buf_printf(b, "</%s>", name);
}

static void append_head(const struct listing *l, struct buf *b, int n, bool more)
{
    buf_str(b, S3_XML_HEAD "<ListBucketResult " S3_XMLNS ">");
    s3_xml_element(b, "Name", l->c->bucket);
    key_element(l, b, "Prefix", l->prefix);
    if (l->delimiter[0] != '\0') {
        key_element(l, b, "Delimiter", l->delimiter);
    }
    buf_printf(b, "<MaxKeys>%llu</MaxKeys>", (unsigned long long)l->max);
    if (l->url) {
        s3_xml_element(b, "EncodingType", "url");
    }
    if (l->v2) {
        buf_printf(b, "<KeyCount>%d</KeyCount>", n);
    } else {
        key_element(l, b, "Marker", query_or(l->c, "marker", ""));
    }
    s3_xml_element(b, "IsTruncated", more ? "true" : "false");
}

static void append_next(const struct listing *l, struct buf *b, const char *last, bool rolled)
{
    if (!l->v2) {
        key_element(l, b, "NextMarker", last);
        return;
    }
    struct buf at = BUF_INIT(2048);
    buf_printf(&at, "%s%s", last, rolled ? PAST : "");
    char *coded = mem_alloc(4 * at.len / 3 + 4, 1);
    base64url(at.data, at.len, coded);
    s3_xml_element(b, "NextContinuationToken", coded);
    free(coded);
    buf_finish(&at);
}

static void append_row(const struct listing *l, struct buf *b, const struct db_reply *r, int i)
{
    const char *key = db_text(r, 0, i, 0);
    if (db_bool(r, 0, i, 1)) {
        buf_str(b, "<CommonPrefixes>");
        key_element(l, b, "Prefix", key);
        buf_str(b, "</CommonPrefixes>");
        return;
    }
    buf_str(b, "<Contents>");
    key_element(l, b, "Key", key);
    s3_xml_time(b, "LastModified", db_i64(r, 0, i, 4));
    buf_printf(b, "<ETag>&quot;%s&quot;</ETag><Size>%lld</Size>", db_text(r, 0, i, 3),
               (long long)db_i64(r, 0, i, 2));
    buf_str(b, "<StorageClass>STANDARD</StorageClass></Contents>");
}

static void listed(void *arg, const struct db_reply *r)
{
    struct listing *l = arg;
    if (db_status(r) != 0) {
        s3_answer_error(l->c->x, S3_ServiceUnavailable, NULL);
        return;
    }
    struct buf b = BUF_INIT(ANSWER_MAX);
    bool more = (uint64_t)db_rows(r, 0) > l->max;
    int n = more ? (int)l->max : db_rows(r, 0);
    append_head(l, &b, n, more && n > 0);
    if (more && n > 0) {
        append_next(l, &b, db_text(r, 0, n - 1, 0), db_bool(r, 0, n - 1, 1));
    }
    for (int i = 0; i < n; i++) {
        append_row(l, &b, r, i);
    }
    buf_str(&b, "</ListBucketResult>");
    s3_answer_xml(l->c->x, &b);
}

void s3_list_objects(struct s3_call *c)
{
    struct listing *l = http_alloc(c->x, sizeof *l);
    l->c = c;
    if (!read_arguments(l)) {
        s3_answer_error(c->x, S3_InvalidArgument, NULL);
        return;
    }
    db_run(c->api->db, listed, l, DB_S3_OBJECT_LIST, DB_ID(&c->camera.id), DB_TEXT(l->prefix),
           DB_TEXT(l->delimiter), DB_TEXT(l->after), DB_I64(l->max + 1));
}
