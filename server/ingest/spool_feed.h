/* SPDX-License-Identifier: Apache-2.0 */
/* A whole spooled body becomes an ordinary upload: its bytes (or those of several bodies, one after
 * another) are read back and pushed into upload_sink(). The bodies stay where they are: the caller
 * deletes them once it knows the result. Feeding the same bytes again, after a crash, gives the
 * clip that is there already. */
#ifndef INGEST_SPOOL_FEED_H
#define INGEST_SPOOL_FEED_H

#include "ingest/upload.h"
#include "storage/spool/spool.h"

struct spool_feed_params {
    struct ingest *in;
    struct spool *spool;
    /* As for upload_begin(), and kept by value: the strings and the camera are copied. opened, done
     * and arg are not looked at; declared_bytes 0 means unknown. */
    struct upload_params upload;
    const void *head; /* bytes before the bodies, or NULL (copied) */
    size_t head_n;
    const struct spool_ref *refs; /* copied */
    size_t n_refs;
    bool broken;           /* it ends like a body that broke off: a partial clip of what is whole */
    uint64_t try_until_ms; /* clock_mono_ms(): while all upload places are taken, try again */
    /* Exactly once, never before begin returned; the result is borrowed. */
    void (*done)(void *arg, const struct upload_result *r);
    void *arg;
};
void spool_feed_begin(const struct spool_feed_params *p);

#endif
