/* SPDX-License-Identifier: Apache-2.0 */
/* The form of a journal (recording/journal.h): what the jailed worker appends and the server reads
 * back. A record is the plaintext's size (32 bits, big-endian) and a sealed record
 * (crypto/record.h) under the key of the segment's object, bound to household, object, its offset
 * in the file and its size: it opens only where it was written. Pure. */
#ifndef REMUX_JOURNAL_RECORD_H
#define REMUX_JOURNAL_RECORD_H

#include "crypto/record.h"
#include "crypto/seal.h"

enum {
    JOURNAL_SIZE_BYTES = 4,
    JOURNAL_EXTRA =
        JOURNAL_SIZE_BYTES + RECORD_OVERHEAD, /* a record's bytes beyond its plaintext */
    JOURNAL_PLAIN_MAX = 16 << 20,
    JOURNAL_CONTAINER_MAX = 16,
    JOURNAL_HEAD_SIZE = 1 + 8 + 8 + JOURNAL_CONTAINER_MAX
};

/* The first record's plaintext begins with it, coded; the init (ftyp+moov) follows. */
struct journal_head {
    int64_t zero_90k; /* of the segment, within the recording */
    int64_t lead_90k; /* how far the recording's decode times run ahead of its zero */
    char container[JOURNAL_CONTAINER_MAX]; /* of the body */
};
void journal_head_format(const struct journal_head *h, uint8_t out[JOURNAL_HEAD_SIZE]);
int journal_head_parse(const uint8_t *p, size_t n, struct journal_head *ret_head) MUST_CHECK;

/* n: 1 .. JOURNAL_PLAIN_MAX; out holds n + JOURNAL_EXTRA bytes and does not overlap p. */
void journal_record_seal(const struct seal_params *k, uint64_t offset, const void *p, size_t n,
                         uint8_t *out);
/* Plaintext bytes of the record that begins with these; -EBADMSG when none does. */
ssize_t journal_record_size(const uint8_t size[JOURNAL_SIZE_BYTES]);
/* Open a whole record in place; its plaintext is moved to the front of p. Returns its size or
 * -EBADMSG. */
ssize_t journal_record_open(const struct seal_params *k, uint64_t offset, uint8_t *p, size_t n);

#endif
