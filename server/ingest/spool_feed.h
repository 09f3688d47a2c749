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
    struct ingest *in; /* its spool is read */
    /* As for upload_begin(); strings, camera and attach's address are taken over, the strings and
     * the camera copied. opened, done, arg and declared_bytes are the feed's own. */
    struct upload_params upload;
    const void *head; /* bytes before the bodies, or NULL (copied) */
    size_t head_n;
    const struct spool_ref *refs; /* copied */
    size_t n_refs;                /* at least 1 */
    bool broken; /* it ends like a body that broke off: a partial clip of what is whole */
    /* clock_mono_ms(): until then a server that is busy or does not answer is asked again. */
    uint64_t try_until_ms;
    /* Exactly once, never before begin returned; the result is borrowed. */
    void (*done)(void *arg, const struct upload_result *r);
    void *arg;
};
void spool_feed_begin(const struct spool_feed_params *p);

#endif
