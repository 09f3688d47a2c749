/* SPDX-License-Identifier: Apache-2.0 */
/* Once a fault is found, the rest of the body is taken and dropped: the answer is known. */
#include "ingest/s3_body.h"

#include "ingest/aws_chunked.h"

#include <string.h>

struct s3_body {
    struct sink sink;
    struct s3_body_params p;
    struct aws_chunked *chunked; /* NULL: the body is plain */
    struct checksum *md5, *sha256, *other;
    bool check_md5, has_promise;
    uint8_t wanted_md5[MD5_SIZE], wanted_sha256[SHA256_SIZE], promised[CHECKSUM_MAX];
    uint8_t got_md5[CHECKSUM_MAX];
    uint64_t bytes;
    int status;
    bool ended;
};

static void fail(struct s3_body *b, int status)
{
    b->status = b->status != 0 ? b->status : status;
}

/* ---- the payload ---- */
static void digest(struct s3_body *b, const uint8_t *p, size_t n)
{
    checksum_update(b->md5, p, n);
    if (b->sha256 != NULL) {
        checksum_update(b->sha256, p, n);
    }
    if (b->other != NULL) {
        checksum_update(b->other, p, n);
    }
    b->bytes += n;
}

static size_t pass(struct s3_body *b, const uint8_t *p, size_t n)
{
    size_t taken = b->p.inner->ops->push(b->p.inner, p, n);
    digest(b, p, taken);
    return taken;
}

static size_t push_chunked(struct s3_body *b, const uint8_t *p, size_t n)
{
    size_t done = 0;
    while (done < n && b->status == 0) {
        size_t payload = aws_chunked_payload(b->chunked, n - done), used = 0;
        if (payload > 0) {
            used = pass(b, p + done, payload);
            aws_chunked_pass(b->chunked, p + done, used);
            if (used < payload) {
                return done + used;
            }
        } else {
            int r = aws_chunked_skip(b->chunked, p + done, n - done, &used);
            fail(b, r == 0                         ? 0
                    : r == AWS_CHUNKED_E_SIGNATURE ? S3_BODY_E_SIGNATURE
                    : r == AWS_CHUNKED_E_LENGTH    ? S3_BODY_E_LENGTH
                                                   : S3_BODY_E_MALFORMED);
        }
        done += used;
    }
    return n;
}

static size_t body_push(struct sink *s, const uint8_t *p, size_t n)
{
    struct s3_body *b = CONTAINER_OF(s, struct s3_body, sink);
    if (b->status != 0) {
        return n;
    }
    return b->chunked != NULL ? push_chunked(b, p, n) : pass(b, p, n);
}

/* ---- the end ---- */
static void check_trailer(struct s3_body *b)
{
    if (b->other == NULL || b->has_promise) {
        return;
    }
    const char *told = b->chunked != NULL ? aws_chunked_trailer(b->chunked) : NULL;
    ssize_t want = (ssize_t)checksum_size(b->p.checksum);
    if (told == NULL || base64_decode(told, strlen(told), b->promised, CHECKSUM_MAX) != want) {
        fail(b, S3_BODY_E_DIGEST);
    }
}

static void check_digests(struct s3_body *b)
{
    uint8_t got[CHECKSUM_MAX];
    checksum_final(b->md5, b->got_md5);
    if (b->check_md5 && memcmp(b->got_md5, b->wanted_md5, MD5_SIZE) != 0) {
        fail(b, S3_BODY_E_DIGEST);
    }
    if (b->sha256 != NULL) {
        checksum_final(b->sha256, got);
        fail(b, memcmp(got, b->wanted_sha256, SHA256_SIZE) != 0 ? S3_BODY_E_SHA256 : 0);
    }
    check_trailer(b);
    if (b->other != NULL) {
        checksum_final(b->other, got);
        bool same = memcmp(got, b->promised, checksum_size(b->p.checksum)) == 0;
        fail(b, same ? 0 : S3_BODY_E_DIGEST);
    }
}

static void check_whole(struct s3_body *b)
{
    int r = b->chunked != NULL ? aws_chunked_end(b->chunked) : 0;
    bool short_of = b->p.declared_bytes != SOURCE_UNKNOWN_SIZE && b->bytes != b->p.declared_bytes;
    if (r == AWS_CHUNKED_E_SIGNATURE) {
        fail(b, S3_BODY_E_SIGNATURE);
    } else if (r != 0 || short_of) {
        fail(b, S3_BODY_E_LENGTH);
    }
    if (b->status == 0) {
        check_digests(b);
    }
}

/* S3 stores objects whole or not at all: one that broke off is refused, too. */
static void body_end(struct sink *s, enum stream_end how)
{
    struct s3_body *b = CONTAINER_OF(s, struct s3_body, sink);
    if (how == STREAM_COMPLETE) {
        check_whole(b);
    }
    enum stream_end inner = how == STREAM_TOO_LARGE                    ? STREAM_TOO_LARGE
                            : b->status != 0 || how != STREAM_COMPLETE ? STREAM_REFUSED
                                                                       : STREAM_COMPLETE;
    b->ended = true;
    b->p.inner->ops->end(b->p.inner, inner);
    b->p.done(b->p.arg, b->status, how);
}

static void inner_resumed(void *arg)
{
    struct s3_body *b = arg;
    if (b->sink.resume != NULL) {
        b->sink.resume(b->sink.resume_arg);
    }
}

/* ---- life ---- */
static const struct sink_ops body_ops = {.push = body_push, .end = body_end};

static bool is_chunked(enum sigv4_payload payload)
{
    return payload == SIGV4_CHUNKS || payload == SIGV4_CHUNKS_TRAILER ||
           payload == SIGV4_UNSIGNED_TRAILER;
}

struct s3_body *s3_body_create(const struct s3_body_params *p)
{
    struct s3_body *b = mem_new(struct s3_body);
    enum sigv4_payload payload = p->claim->payload;
    b->p = *p;
    b->sink.ops = &body_ops;
    b->md5 = checksum_create(CHECKSUM_MD5);
    if (payload == SIGV4_HASHED) {
        b->sha256 = checksum_create(CHECKSUM_SHA256);
        memcpy(b->wanted_sha256, p->claim->payload_sha256, SHA256_SIZE);
    }
    if (p->has_checksum) {
        b->other = checksum_create(p->checksum);
        b->has_promise = p->promised != NULL;
        memcpy(b->promised, b->has_promise ? p->promised : b->promised, checksum_size(p->checksum));
    }
    b->check_md5 = p->md5 != NULL;
    memcpy(b->wanted_md5, b->check_md5 ? p->md5 : b->wanted_md5, MD5_SIZE);
    if (is_chunked(payload)) {
        b->chunked = aws_chunked_create(&(struct aws_chunked_params){
            .decoded_bytes = p->declared_bytes,
            .chain = payload == SIGV4_UNSIGNED_TRAILER ? NULL : p->chain,
            .trailers = payload != SIGV4_CHUNKS,
            .wanted = p->trailer});
    }
    p->inner->resume = inner_resumed;
    p->inner->resume_arg = b;
    return b;
}

struct s3_body *s3_body_destroy(struct s3_body *b)
{
    if (b != NULL) {
        aws_chunked_destroy(b->chunked);
        checksum_destroy(b->md5);
        checksum_destroy(b->sha256);
        checksum_destroy(b->other);
        free(b);
    }
    return NULL;
}

struct sink *s3_body_sink(struct s3_body *b)
{
    return &b->sink;
}

int s3_body_status(const struct s3_body *b)
{
    return b->status;
}

const uint8_t *s3_body_md5(const struct s3_body *b)
{
    return b->got_md5;
}

uint64_t s3_body_bytes(const struct s3_body *b)
{
    return b->bytes;
}

void s3_body_keep(struct s3_body_kept *kept, struct s3_body_params *p)
{
    kept->claim = *p->claim;
    kept->chain = *p->chain;
    p->claim = &kept->claim;
    p->chain = &kept->chain;
    if (p->md5 != NULL) {
        memcpy(kept->md5, p->md5, sizeof(kept->md5));
        p->md5 = kept->md5;
    }
    if (p->promised != NULL) {
        memcpy(kept->promised, p->promised, checksum_size(p->checksum));
        p->promised = kept->promised;
    }
    kept->trailer = p->trailer != NULL ? mem_str(p->trailer) : NULL;
    p->trailer = kept->trailer;
}

void s3_body_kept_finish(struct s3_body_kept *kept)
{
    secret_wipe(&kept->chain, sizeof(kept->chain));
    free(kept->trailer);
    kept->trailer = NULL;
}
