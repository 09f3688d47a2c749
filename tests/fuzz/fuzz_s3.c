/* SPDX-License-Identifier: Apache-2.0 */
/* What the S3 door reads from strangers: the claim of a signature (header and query), object keys,
 * the chunked coding. The first line is the query, the second the Authorization header, the third
 * a key or a seek table; the rest is a body. */
#include "auth/sigv4.h"
#include "ingest/aws_chunked.h"
#include "ingest/onvif_key.h"
#include "ingest/seek_table.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_claim(const char *query, const char *authorization)
{
    const struct sigv4_header headers[] = {
        {"Host", "h"}, {"X-Amz-Date", "20130524T000000Z"}, {"Authorization", authorization}};
    const struct sigv4_request r = {.method = "PUT",
                                    .path = "/s3/cam/key",
                                    .query = query,
                                    .mount = "/s3",
                                    .headers = headers,
                                    .n_headers = *authorization != '\0' ? 3 : 2};
    struct sigv4_claim c;
    struct sigv4_chain chain;
    if (sigv4_read(&r, INT64_C(1369353600000000), &c) == 0) {
        ALWAYS(c.access_key[0] != '\0' && strlen(c.day) == 8);
        ALWAYS(sigv4_verify(&r, &c, "secret", &chain) != 0 || c.signature[0] != 0 ||
               c.signature[1] != 0);
    }
}

static void read_table(const char *text)
{
    static const int64_t ours[] = {0, 90000};
    struct seek_table t;
    if (seek_table_parse(text, strlen(text), &t) == 0) {
        unsigned points = 0;
        for (unsigned i = 0; i < t.n_tracks; i++) {
            points += t.tracks[i].n;
        }
        ALWAYS(seek_table_missing(&t, 1000, ours, ARRAY_LEN(ours)) <= points);
    }
}

static void read_key(const char *key)
{
    struct onvif_key k;
    int64_t ms;
    if (onvif_key_parse(key, &k) == 0) {
        ALWAYS(strlen(k.span) <= ONVIF_KEY_MAX && k.number <= INT32_MAX);
    }
    onvif_kind_of_topic(key);
    ALWAYS(onvif_duration_parse(key, &ms) != 0 || ms >= 0);
}

/* In steps of every small size the verdict and the number of payload bytes are the same. */
static void decode(const uint8_t *p, size_t n)
{
    int first_status = -1;
    uint64_t first_bytes = 0;
    for (size_t step = 1; step < 9; step++) {
        struct aws_chunked *d = aws_chunked_create(&(struct aws_chunked_params){
            .decoded_bytes = 1000, .trailers = true, .wanted = "x-amz-checksum-crc32"});
        uint64_t bytes = 0;
        int r = 0;
        for (size_t at = 0; at < n && r == 0;) {
            size_t take = n - at < step ? n - at : step;
            size_t used = aws_chunked_payload(d, take);
            ALWAYS(used <= take);
            bytes += used;
            if (used > 0) {
                aws_chunked_pass(d, p + at, used);
            } else {
                r = aws_chunked_skip(d, p + at, take, &used);
                ALWAYS(r != 0 || (used > 0 && used <= take));
            }
            at += used;
        }
        r = r != 0 ? r : aws_chunked_end(d);
        ALWAYS(r != 0 || bytes == 1000);
        ALWAYS(first_status == -1 || (first_status == r && first_bytes == bytes));
        first_status = r;
        first_bytes = bytes;
        aws_chunked_destroy(d);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char lines[3][2048];
    for (size_t i = 0; i < 3; i++) {
        const uint8_t *lf = size > 0 ? memchr(data, '\n', size) : NULL;
        size_t n = lf != NULL ? (size_t)(lf - data) : 0;
        if (lf == NULL || n >= sizeof lines[i] || memchr(data, '\0', n) != NULL) {
            return 0;
        }
        memcpy(lines[i], data, n);
        lines[i][n] = '\0';
        data += n + 1;
        size -= n + 1;
    }
    read_claim(lines[0], lines[1]);
    read_key(lines[2]);
    read_table(lines[2]);
    decode(data, size);
    return 0;
}
