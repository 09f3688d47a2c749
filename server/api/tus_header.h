/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: the headers of tus 1.0.0 that are more than a number. */
#ifndef API_TUS_HEADER_H
#define API_TUS_HEADER_H

#include "base/id.h"
#include "crypto/checksum.h"

/* Upload-Metadata: "filename BASE64,kind BASE64,empty". Keys that mean nothing here are left out;
 * of `filename` and `name` the first counts. */
enum { TUS_NAME_SIZE = 256, TUS_WORD_SIZE = 64 };
struct tus_metadata {
    char name[TUS_NAME_SIZE];
    char kind[TUS_WORD_SIZE], started_at[TUS_WORD_SIZE]; /* "" when not told */
};
/* NULL: nothing was told. -EINVAL: malformed, a value that is not text, or too long. */
int tus_metadata_parse(const char *header, struct tus_metadata *ret_metadata) MUST_CHECK;

/* Upload-Checksum: "sha1 BASE64". -EINVAL: malformed; -ENOTSUP: neither sha1 nor sha256. */
int tus_checksum_parse(const char *header, enum checksum_kind *ret_kind,
                       uint8_t ret_value[CHECKSUM_MAX]) MUST_CHECK;

/* Upload-Concat: "partial", or "final;" and the addresses of parts with blanks between: their last
 * segments are ids. */
enum tus_concat { TUS_ALONE, TUS_PARTIAL, TUS_FINAL };
/* NULL: TUS_ALONE. -EINVAL: malformed, no part, or more than max. */
int tus_concat_parse(const char *header, struct id *parts, size_t max, enum tus_concat *ret_what,
                     size_t *ret_n) MUST_CHECK;

#endif
