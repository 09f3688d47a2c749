/* SPDX-License-Identifier: Apache-2.0 */
/* PutObject and HeadObject: headers in, headers out. */
#include "ingest/s3_put.h"

#include "api/s3.h"
#include "base/str.h"
#include "ingest/onvif_key.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* ---- what the headers promise ---- */
static const struct {
    const char *header;
    enum checksum_kind kind;
} checksums[] = {{"x-amz-checksum-crc32", CHECKSUM_CRC32},
                 {"x-amz-checksum-crc32c", CHECKSUM_CRC32C},
                 {"x-amz-checksum-crc64nvme", CHECKSUM_CRC64NVME},
                 {"x-amz-checksum-sha1", CHECKSUM_SHA1},
                 {"x-amz-checksum-sha256", CHECKSUM_SHA256}};

static bool is_chunked(const struct s3_call *c)
{
    return c->claim.payload == SIGV4_CHUNKS || c->claim.payload == SIGV4_CHUNKS_TRAILER ||
           c->claim.payload == SIGV4_UNSIGNED_TRAILER;
}

static bool read_length(struct s3_call *c, struct s3_body_params *b)
{
    const char *decoded = http_header(c->x, "x-amz-decoded-content-length");
    b->declared_bytes = http_body_size(c->x);
    if (is_chunked(c) &&
        (decoded == NULL || str_parse_u64(decoded, INT64_MAX, &b->declared_bytes) != 0)) {
        b->declared_bytes = SOURCE_UNKNOWN_SIZE;
    }
    if (b->declared_bytes == SOURCE_UNKNOWN_SIZE) {
        s3_answer_error(c->x, S3_MissingContentLength, NULL);
        return false;
    }
    return true;
}

static bool read_md5(struct s3_call *c, struct s3_promises *store, struct s3_body_params *b)
{
    const char *text = http_header(c->x, "Content-MD5");
    if (text == NULL) {
        return true;
    }
    if (base64_decode(text, strlen(text), store->md5, sizeof store->md5) != sizeof store->md5) {
        s3_answer_error(c->x, S3_InvalidDigest, NULL);
        return false;
    }
    b->md5 = store->md5;
    return true;
}

static bool read_checksum(struct s3_call *c, struct s3_promises *store, struct s3_body_params *b)
{
    const char *trailer = http_header(c->x, "x-amz-trailer");
    for (size_t i = 0; i < ARRAY_LEN(checksums) && !b->has_checksum; i++) {
        const char *text = http_header(c->x, checksums[i].header);
        bool in_trailer = trailer != NULL && str_same(trailer, checksums[i].header);
        if (text == NULL && !in_trailer) {
            continue;
        }
        b->has_checksum = true;
        b->checksum = checksums[i].kind;
        b->trailer = text == NULL ? trailer : NULL;
        b->promised = text != NULL ? store->checksum : NULL;
        ssize_t want = (ssize_t)checksum_size(b->checksum);
        if (text != NULL &&
            base64_decode(text, strlen(text), store->checksum, sizeof store->checksum) != want) {
            s3_answer_error(c->x, S3_InvalidDigest, NULL);
            return false;
        }
    }
    bool expected =
        c->claim.payload == SIGV4_CHUNKS_TRAILER || c->claim.payload == SIGV4_UNSIGNED_TRAILER;
    if (trailer != NULL && (b->trailer == NULL || !expected)) {
        s3_answer_error(c->x, S3_InvalidRequest, "The value of x-amz-trailer is not taken.");
        return false;
    }
    return true;
}

bool s3_read_body(struct s3_call *c, struct s3_promises *store, struct s3_body_params *ret_body)
{
    *ret_body = (struct s3_body_params){.claim = &c->claim, .chain = &c->chain};
    return read_length(c, ret_body) && read_md5(c, store, ret_body) &&
           read_checksum(c, store, ret_body);
}

const char *s3_read_metadata(struct s3_call *c)
{
    static const char prefix[] = "x-amz-meta-";
    const size_t n = sizeof prefix - 1;
    struct buf b = BUF_INIT(S3_METADATA_MAX);
    const char *name, *value;
    bool text = true;
    for (unsigned i = 0; http_header_at(c->x, i, &name, &value); i++) {
        if (strncasecmp(name, prefix, n) == 0) {
            text = text && str_is_text(value, strlen(value));
            buf_printf(&b, "%s:%s\n", name + n, value);
        }
    }
    char *copy = http_alloc(c->x, b.len + 1);
    memcpy(copy, b.len > 0 ? (const char *)b.data : "", b.len);
    bool overflow = b.overflow;
    buf_finish(&b);
    if (overflow) {
        s3_answer_error(c->x, S3_MetadataTooLarge, NULL);
        return NULL;
    }
    if (!text) {
        s3_answer_error(c->x, S3_InvalidArgument, "The x-amz-meta- headers must be UTF-8 text.");
        return NULL;
    }
    for (char *p = copy; *p != '\0'; p++) { /* names come back in lower case, as from Amazon */
        size_t len = strcspn(p, ":");
        for (size_t i = 0; i < len; i++) {
            p[i] = (char)(p[i] >= 'A' && p[i] <= 'Z' ? p[i] | 0x20 : p[i]);
        }
        p += strcspn(p, "\n");
    }
    return copy;
}

/* ---- failures ---- */
void s3_answer_body(struct http_exchange *x, int body_status)
{
    switch (body_status) {
    case S3_BODY_E_SIGNATURE:
        s3_answer_error(x, S3_SignatureDoesNotMatch,
                        "The signature of a chunk, or of the trailers, is wrong.");
        break;
    case S3_BODY_E_LENGTH:
        s3_answer_error(x, S3_IncompleteBody, NULL);
        break;
    case S3_BODY_E_SHA256:
        s3_answer_error(x, S3_XAmzContentSHA256Mismatch, NULL);
        break;
    case S3_BODY_E_DIGEST:
        s3_answer_error(x, S3_BadDigest, NULL);
        break;
    default:
        s3_answer_error(x, S3_InvalidRequest, "The body is not well-formed aws-chunked.");
        break;
    }
}

void s3_answer_upload(struct http_exchange *x, const struct upload_result *r)
{
    static const enum s3_error plain[] = {[INGEST_E_QUOTA] = S3_StorageFull,
                                          [INGEST_E_FULL] = S3_StorageFull,
                                          [INGEST_E_EXISTS] = S3_PreconditionFailed,
                                          [INGEST_E_BUSY] = S3_SlowDown,
                                          [INGEST_E_UNAVAILABLE] = S3_ServiceUnavailable,
                                          [INGEST_E_TOO_LARGE] = S3_EntityTooLarge,
                                          [INGEST_E_REFUSED] = S3_RequestTimeout,
                                          [INGEST_E_INTERNAL] = S3_InternalError};
    if (r->status == INGEST_E_NO_CAMERA) {
        s3_answer_error(x, S3_AccessDenied, "This camera is switched off by its owner.");
    } else if (r->status == INGEST_E_MEDIA) {
        bool kind = r->remux_status == REMUX_E_UNSUPPORTED_CONTAINER ||
                    r->remux_status == REMUX_E_UNSUPPORTED_CODEC;
        s3_answer_error(x, kind ? S3_UnsupportedMediaType : S3_InvalidRequest,
                        r->remux_status == REMUX_E_ENCRYPTED
                            ? "The media is encrypted and cannot be stored as playable."
                            : r->reason);
    } else {
        bool known = r->status > 0 && (size_t)r->status < ARRAY_LEN(plain);
        s3_answer_error(x, known ? plain[r->status] : S3_InternalError, NULL);
    }
}

static void answer_failure(struct http_exchange *x, const struct s3_put_result *r)
{
    switch (r->status) {
    case S3_PUT_E_UPLOAD:
        s3_answer_upload(x, r->upload);
        break;
    case S3_PUT_E_BODY:
        s3_answer_body(x, r->body_status);
        break;
    case S3_PUT_E_REPLAYED:
        s3_answer_error(x, S3_AccessDenied,
                        "This signature was used before, for other bytes: sign again.");
        break;
    case S3_PUT_E_BUSY:
        s3_answer_error(x, S3_SlowDown, "The same request is under way.");
        break;
    case S3_PUT_E_EMPTY:
        s3_answer_error(x, S3_InvalidRequest,
                        "An empty object is taken only as a mark: its key ends in _end or /.");
        break;
    case S3_PUT_E_BROKEN:
        s3_answer_error(x, S3_RequestTimeout, NULL);
        break;
    default:
        s3_answer_error(x, S3_ServiceUnavailable, NULL);
        break;
    }
}

/* ---- PutObject ---- */
enum { CHUNKED_SPARE_BYTES = 64 * 1024 };

static void put_opened(void *arg, struct sink *body, uint64_t max_bytes)
{
    struct s3_call *c = arg;
    /* Chunks of a few bytes would make the coding larger than what it carries: not without end. */
    uint64_t wire = is_chunked(c) ? 2 * max_bytes + CHUNKED_SPARE_BYTES : max_bytes;
    http_stream_body(c->x, body, wire);
}

static void put_done(void *arg, const struct s3_put_result *r)
{
    struct s3_call *c = arg;
    char etag[S3_ETAG_SIZE + 2], clip[ID_TEXT_SIZE];
    if (r->status != 0) {
        answer_failure(c->x, r);
        return;
    }
    snprintf(etag, sizeof etag, "\"%s\"", r->etag);
    http_add_header(c->x, "ETag", etag);
    if (!id_is_zero(&r->clip)) {
        id_format(&r->clip, clip);
        http_add_header(c->x, "x-doorward-clip", clip);
    }
    s3_answer_empty(c->x, 200);
}

/* Whatever is wrong with the request is told before its body comes. */
bool s3_refuse_key(struct s3_call *c)
{
    const char *only = http_header(c->x, "If-None-Match");
    struct onvif_key k;
    if (strlen(c->key) > S3_KEY_BYTES_MAX) {
        s3_answer_error(c->x, S3_KeyTooLongError, NULL);
    } else if (only != NULL && strcmp(only, "*") != 0) {
        s3_answer_error(c->x, S3_NotImplemented, "If-None-Match may only be *.");
    } else if (onvif_key_parse(c->key, &k) == 0 && (k.audio || k.metadata) && !k.end) {
        s3_answer_error(
            c->x, S3_UnsupportedMediaType,
            "Tracks without pictures are not taken: let the camera record in the format "
            "MP4 (all tracks in one file) instead of CMAF.");
    } else {
        return false;
    }
    return true;
}

const char *s3_content_type(struct s3_call *c)
{
    const char *type = http_header(c->x, "Content-Type");
    return type != NULL && strlen(type) < 256 && str_is_text(type, strlen(type)) ? type : "";
}

void s3_put_object(struct s3_call *c)
{
    struct s3_promises store;
    struct s3_put_params p = {.in = c->api->ingest,
                              .camera = &c->camera,
                              .key = c->key,
                              .request_id = http_request_id(c->x),
                              .only_new = http_header(c->x, "If-None-Match") != NULL,
                              .opened = put_opened,
                              .done = put_done,
                              .arg = c};
    if (s3_refuse_key(c) || !s3_read_body(c, &store, &p.body)) {
        return;
    }
    p.content_type = s3_content_type(c);
    p.metadata = s3_read_metadata(c);
    if (p.metadata != NULL) {
        s3_put_begin(&p);
    }
}

/* ---- HeadObject ---- */

/* A body of the right length that is never read: HEAD pulls nothing. */
static ssize_t nothing_pull(struct source *s, uint8_t *p, size_t max)
{
    return -EIO;
}

static void nothing_close(struct source *s)
{
    free(s);
}

static const struct source_ops nothing_ops = {nothing_pull, nothing_close};

static void add_metadata(struct http_exchange *x, const char *lines)
{
    while (*lines != '\0') {
        char name[300], value[S3_METADATA_MAX + 1];
        size_t n = strcspn(lines, "\n"), colon = strcspn(lines, ":");
        if (colon < n && colon < 256) {
            snprintf(name, sizeof name, "x-amz-meta-%.*s", (int)colon, lines);
            snprintf(value, sizeof value, "%.*s", (int)(n - colon - 1), lines + colon + 1);
            http_add_header(x, name, value);
        }
        lines += n + (lines[n] == '\n');
    }
}

static void object_found(void *arg, const struct db_reply *r)
{
    struct s3_call *c = arg;
    char etag[S3_ETAG_SIZE + 2], date[S3_HTTP_DATE_SIZE];
    if (db_status(r) != 0 || db_rows(r, 0) == 0) {
        s3_answer_error(c->x, db_status(r) != 0 ? S3_ServiceUnavailable : S3_NoSuchKey, NULL);
        return;
    }
    const char *type = db_text(r, 0, 0, 2);
    snprintf(etag, sizeof etag, "\"%s\"", db_text(r, 0, 0, 1));
    s3_http_date(db_i64(r, 0, 0, 4), date);
    http_add_header(c->x, "ETag", etag);
    http_add_header(c->x, "Last-Modified", date);
    http_add_header(c->x, "x-amz-request-id", http_request_id(c->x));
    add_metadata(c->x, db_text(r, 0, 0, 3));
    struct source *body = mem_new(struct source);
    *body = (struct source){.ops = &nothing_ops, .size_bytes = (uint64_t)db_i64(r, 0, 0, 0)};
    http_answer_source(c->x, 200, type[0] != '\0' ? type : "application/octet-stream", body);
}

void s3_head_object(struct s3_call *c)
{
    db_run(c->api->db, object_found, c, DB_S3_OBJECT_GET, DB_ID(&c->camera.id), DB_TEXT(c->key));
}
