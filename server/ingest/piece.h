/* SPDX-License-Identifier: Apache-2.0 */
/* One pushed piece: a segment file that a tool sends on its own, from its headers to its place in a
 * growing clip. Callers: api/pieces.c.
 *
 * A piece that can be read by itself (MPEG-TS, or fragments whose header is known) streams through
 * the worker like any upload. One that needs something else - its header, the piece of another
 * track, the piece before it - waits in the spool: that is `received`, synced and never lost; it is
 * worked off once what it needs is there, or its wait is over (piece_work.h). */
#ifndef INGEST_PIECE_H
#define INGEST_PIECE_H

#include "ingest/piece_name.h"
#include "ingest/upload.h"

enum piece_state {
    PIECE_STORED,   /* footage */
    PIECE_RECEIVED, /* in the spool */
    PIECE_EMPTY     /* there is no picture and no sound in it: nothing to keep, nothing wrong */
};
struct piece_result {
    int status; /* 0 or INGEST_E_ */
    int remux_status;
    const char *reason;
    enum piece_state state;
    bool created;            /* false: it was sent before */
    const struct clip *clip; /* stored */
};
struct piece_params {
    const struct principal *camera;
    const struct piece_name *name; /* of role PIECE_MEDIA; copied */
    const char *file, *kind, *request_id;
    int64_t started_us;
    uint64_t declared_bytes;
    uint64_t max_bytes; /* of one piece; 0: as an upload */
    int64_t max_90k;    /* how long it may be; 0: any */
    /* The body may come: push it into piece_sink(), at most max_bytes. Not called on early failure.
     */
    void (*opened)(void *arg, uint64_t max_bytes);
    /* Exactly once; result borrowed. */
    void (*done)(void *arg, const struct piece_result *r);
    void *arg;
};
struct piece;
/* Strings are copied. Neither callback is called before this returns. */
struct piece *piece_begin(struct ingest *in, const struct piece_params *p);
struct sink *piece_sink(struct piece *p);

#endif
