/* SPDX-License-Identifier: Apache-2.0 */
/* What makes an upload a piece of a push: it extends a recording and its one growing clip instead
 * of making its own (docs/design/pieces.md). Part of struct upload_params. */
#ifndef INGEST_ATTACH_H
#define INGEST_ATTACH_H

#include "base/id.h"
#include "crypto/hash.h"

enum { ATTACH_PIECES_MAX = 4, ATTACH_HEAD_MAX = 60 << 10 };

struct attach_piece {
    struct id id;
    int track; /* -1: all tracks are in one file */
    int64_t number;
    uint8_t sha256[SHA256_SIZE]; /* unless it is the upload's body itself */
    uint64_t bytes;
};
struct upload_attach {
    const char *stem;
    /* More than one: the same span of several tracks; the body is then a join (remux/join.h). */
    struct attach_piece pieces[ATTACH_PIECES_MAX];
    size_t n_pieces;
    int64_t max_90k;  /* longest that it may be; 0: any */
    bool spooled;     /* digests and sizes of the pieces are known; else there is one, the body */
    bool broken;      /* ... and one of them broke off */
    const void *head; /* goes to the worker in front of the body and is no part of it */
    size_t head_n;
    int64_t
        near_90k; /* a time of the run that is known already, 0: none. 33-bit times are near it */
    int64_t before_from_90k, before_to_90k; /* span of the piece before this one; -1: not known */
};

#endif
