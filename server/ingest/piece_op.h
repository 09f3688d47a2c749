/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of one piece; shared by piece.c (the story) and piece_spool.c (what has to wait). */
#ifndef INGEST_PIECE_OP_H
#define INGEST_PIECE_OP_H

#include "ingest/attach.h"
#include "ingest/piece.h"

enum { PIECE_LOOK_BYTES = 8 };
enum piece_route {
    ROUTE_OPEN,    /* the first bytes are awaited */
    ROUTE_ASKING,  /* where it goes is known, the way is not open yet */
    ROUTE_PASSING, /* bytes go to `inner` */
    ROUTE_DROPPING /* the answer is known without the rest */
};

struct piece {
    struct sink sink;
    struct ingest *in;
    struct piece_params p;
    struct principal camera;
    struct piece_name name;
    char *file, *kind, *request_id;
    struct upload_attach attach;
    uint8_t *head; /* header that it needs, owned; NULL: none known */
    enum piece_route route;
    uint8_t first[PIECE_LOOK_BYTES];
    size_t n_first, n_first_passed;
    struct sink *inner;
    bool body_began, body_ended, told;
    enum stream_end how;
    /* one that streams */
    struct upload *upload;
    /* one that waits */
    struct sha256 *sha256;
    bool own_header;
    unsigned pending; /* callbacks to come */
};

/* The way is open: what was held back goes on. */
void piece_pass(struct piece *p, struct sink *inner);
/* First call wins; the rest of the body is dropped. */
void piece_tell(struct piece *p, const struct piece_result *r);
void piece_fail(struct piece *p, int status, const char *reason);
/* A callback came back: the piece ends with the last one. */
void piece_settle(struct piece *p);

/* piece_spool.c: put it into the spool; ends in piece_tell(). */
void piece_spool_begin(struct piece *p);

#endif
