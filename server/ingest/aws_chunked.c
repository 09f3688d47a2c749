/* SPDX-License-Identifier: Apache-2.0 */
/* A state machine over lines and runs of payload. Lines end with LF, a CR before it is dropped: AWS
 * itself writes trailers with either. */
#include "ingest/aws_chunked.h"

#include "base/str.h"
#include "crypto/checksum.h"

#include <string.h>

enum { LINE_MAX_BYTES = 512, TRAILERS_MAX = 8, TRAILER_TEXT_MAX = 2048 };

enum state { SIZE_LINE, PAYLOAD, AFTER_PAYLOAD, TRAILER_LINE, DONE };

struct aws_chunked {
    struct aws_chunked_params p;
    struct sigv4_chain chain;
    enum state state;
    uint64_t got, left; /* payload so far, of this chunk still to come */
    struct checksum *sha256;
    bool ended, trailers_proved;
    uint8_t signature[SHA256_SIZE]; /* of the chunk under way */
    char line[LINE_MAX_BYTES + 1];
    size_t line_n;
    struct buf trailers; /* "name:value\n" each, as they are signed */
    unsigned n_trailers;
    char *value; /* of the wanted trailer */
};

struct aws_chunked *aws_chunked_create(const struct aws_chunked_params *p)
{
    struct aws_chunked *d = mem_new(struct aws_chunked);
    d->p = *p;
    d->trailers = BUF_INIT(TRAILER_TEXT_MAX);
    if (p->chain != NULL) {
        d->chain = *p->chain;
        d->p.chain = &d->chain;
        d->sha256 = checksum_create(CHECKSUM_SHA256);
    }
    return d;
}

struct aws_chunked *aws_chunked_destroy(struct aws_chunked *d)
{
    if (d != NULL) {
        secret_wipe(&d->chain, sizeof d->chain);
        checksum_destroy(d->sha256);
        buf_finish(&d->trailers);
        free(d->value);
        free(d);
    }
    return NULL;
}

size_t aws_chunked_payload(const struct aws_chunked *d, size_t n)
{
    return d->state != PAYLOAD ? 0 : d->left < n ? (size_t)d->left : n;
}

void aws_chunked_pass(struct aws_chunked *d, const uint8_t *p, size_t n)
{
    ALWAYS(d->state == PAYLOAD && n <= d->left);
    if (d->sha256 != NULL) {
        checksum_update(d->sha256, p, n);
    }
    d->left -= n;
    d->got += n;
    if (d->left == 0) {
        d->state = AFTER_PAYLOAD;
    }
}

/* ---- lines ---- */
static bool chunk_proved(struct aws_chunked *d)
{
    if (d->p.chain == NULL) {
        return true;
    }
    uint8_t hash[CHECKSUM_MAX];
    checksum_final(d->sha256, hash);
    checksum_destroy(d->sha256);
    d->sha256 = checksum_create(CHECKSUM_SHA256);
    return sigv4_chunk_is_genuine(&d->chain, hash, d->signature);
}

static bool parse_size(const char *s, size_t n, uint64_t *ret_size)
{
    uint64_t v = 0;
    for (size_t i = 0; i < n; i++) {
        uint8_t byte;
        char pair[3] = {'0', s[i], '\0'};
        if (str_unhex(pair, 1, &byte) != 0) {
            return false;
        }
        v = v << 4 | byte;
    }
    *ret_size = v;
    return n > 0 && n <= 15;
}

static int read_size_line(struct aws_chunked *d)
{
    static const char name[] = ";chunk-signature=";
    size_t n = strcspn(d->line, ";");
    if (!parse_size(d->line, n, &d->left)) {
        return AWS_CHUNKED_E_MALFORMED;
    }
    if (d->left > d->p.decoded_bytes - d->got) {
        return AWS_CHUNKED_E_LENGTH;
    }
    const char *extension = d->line + n;
    if (d->p.chain != NULL &&
        (!str_prefix(extension, name) || strlen(extension + sizeof name - 1) != 64 ||
         str_unhex(extension + sizeof name - 1, SHA256_SIZE, d->signature) != 0)) {
        return AWS_CHUNKED_E_SIGNATURE;
    }
    d->state = d->left > 0 ? PAYLOAD : TRAILER_LINE;
    if (d->left == 0) {
        d->ended = true;
        return chunk_proved(d) ? 0 : AWS_CHUNKED_E_SIGNATURE;
    }
    return 0;
}

static int read_trailer_signature(struct aws_chunked *d, const char *hex)
{
    uint8_t signature[SHA256_SIZE];
    d->trailers_proved =
        d->p.chain != NULL && strlen(hex) == 64 && str_unhex(hex, SHA256_SIZE, signature) == 0 &&
        sigv4_trailer_is_genuine(&d->chain, d->trailers.len > 0 ? (char *)d->trailers.data : "",
                                 d->trailers.len, signature);
    return d->trailers_proved ? 0 : AWS_CHUNKED_E_SIGNATURE;
}

static int read_trailer(struct aws_chunked *d)
{
    size_t n = strcspn(d->line, ":");
    if (d->line[n] != ':' || n == 0 || !d->p.trailers || ++d->n_trailers > TRAILERS_MAX ||
        d->trailers_proved) {
        return AWS_CHUNKED_E_MALFORMED;
    }
    const char *value = d->line + n + 1;
    value += strspn(value, " \t");
    d->line[n] = '\0';
    if (str_same(d->line, "x-amz-trailer-signature")) {
        return read_trailer_signature(d, value);
    }
    buf_printf(&d->trailers, "%s:%s\n", d->line, value);
    if (d->p.wanted != NULL && str_same(d->line, d->p.wanted)) {
        if (d->value != NULL) {
            return AWS_CHUNKED_E_MALFORMED;
        }
        d->value = mem_str(value);
    }
    return d->trailers.overflow ? AWS_CHUNKED_E_MALFORMED : 0;
}

/* An empty line ends the trailers; AWS writes one between them and their signature too. */
static int read_line(struct aws_chunked *d)
{
    switch (d->state) {
    case SIZE_LINE:
        return read_size_line(d);
    case AFTER_PAYLOAD:
        d->state = SIZE_LINE;
        if (d->line_n != 0) {
            return AWS_CHUNKED_E_MALFORMED;
        }
        return chunk_proved(d) ? 0 : AWS_CHUNKED_E_SIGNATURE;
    case TRAILER_LINE:
        if (d->line_n > 0) {
            return read_trailer(d);
        }
        if (!d->p.trailers || d->p.chain == NULL || d->trailers_proved) {
            d->state = DONE;
        }
        return 0;
    default: /* something after the end: an empty line does no harm */
        return d->line_n == 0 && ++d->n_trailers <= TRAILERS_MAX ? 0 : AWS_CHUNKED_E_MALFORMED;
    }
}

int aws_chunked_skip(struct aws_chunked *d, const uint8_t *p, size_t n, size_t *ret_n)
{
    const uint8_t *lf = memchr(p, '\n', n);
    size_t take = lf != NULL ? (size_t)(lf - p) : n;
    if (take > LINE_MAX_BYTES - d->line_n || memchr(p, '\0', take) != NULL) {
        return AWS_CHUNKED_E_MALFORMED;
    }
    memcpy(d->line + d->line_n, p, take);
    d->line_n += take;
    *ret_n = take + (lf != NULL);
    if (lf == NULL) {
        return 0;
    }
    if (d->line_n > 0 && d->line[d->line_n - 1] == '\r') {
        d->line_n--;
    }
    d->line[d->line_n] = '\0';
    int r = read_line(d);
    d->line_n = 0;
    return r;
}

int aws_chunked_end(struct aws_chunked *d)
{
    if (!d->ended || d->line_n > 0) {
        return AWS_CHUNKED_E_LENGTH; /* cut off */
    }
    if (d->got != d->p.decoded_bytes) {
        return AWS_CHUNKED_E_LENGTH;
    }
    bool proof_wanted = d->p.trailers && d->p.chain != NULL;
    return proof_wanted && !d->trailers_proved ? AWS_CHUNKED_E_SIGNATURE : 0;
}

const char *aws_chunked_trailer(const struct aws_chunked *d)
{
    return d->value;
}
