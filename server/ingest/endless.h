/* SPDX-License-Identifier: Apache-2.0 */
/* A body without a stated end (docs/design/streams.md), beside upload_op.h: outputs with journals
 * given to the worker, parts handed to the tap, journals synced, and complete segments committed
 * while the body goes on. */
#ifndef INGEST_ENDLESS_H
#define INGEST_ENDLESS_H

#include "ingest/arrival.h"
#include "ingest/upload_op.h"
#include "recording/live_tap.h"

enum {
    ENDLESS_PAUSE = 4,          /* segments not yet committed: the body waits */
    ENDLESS_WAITING_MAX = 64,   /* ... and with so many it ends */
    ENDLESS_SEGMENTS_MAX = 4096 /* of one recording */
};

/* The recording that is cut now; what is committed may still be one before it. */
struct endless_cut {
    struct id recording, clip;
    int64_t start_us; /* UTC of its zero; 0: the first segment will tell */
    int64_t end_90k;
    uint64_t body_from; /* bytes of the body when it began */
    unsigned segments;  /* given out */
};

struct endless {
    struct upload *upload;
    struct upload_segment *spare;  /* registered ahead of its use */
    struct endless_cut cut, after; /* after: the one that begins with the spare, if that is fresh */
    struct arrival arrival;
    int64_t base_90k; /* media of the recordings before the one that is cut */
    unsigned given;
    uint64_t parts;
    void *feed;
    bool tapped; /* begin() was called */
    struct timer *sync, *again, *retry;
    bool syncing, sync_failed;
    bool committing, unsure; /* unsure: whether the last try did happen */
    unsigned tries;
    int64_t committing_start_us;
    bool orphaned; /* to be finished from its journals */
};

void endless_begin(struct upload *u);
void endless_finish(struct upload *u); /* frees; what is under way is over */
/* Its rows, then upload_stream_begin(). */
void endless_open(struct upload *u);
int endless_next_output(void *arg, struct remux_output *ret_output);
void endless_init(void *arg, const struct remux_init *init);
void endless_part(void *arg, const struct remux_part *part);
void endless_segment_complete(struct upload_segment *s);
/* The worker has ended: no more parts. */
void endless_cut_end(struct upload *u);
/* Does the body have to wait for what was cut of it? */
bool endless_is_full(const struct upload *u);
/* Objects that are not registered yet, because the database did not take them. */
void endless_add_objects(struct upload *u, struct db_tx *tx);
/* When its recording began, as far as known; 0: nobody told and nothing was cut. */
int64_t endless_start_us(const struct upload *u);

/* When its first picture came, as if it had taken no time; 0: none came yet. */
int64_t endless_arrival_us(const struct upload *u);

/* endless_commit.c */
/* Commit what is next, if it is there. */
void endless_advance(struct upload *u);
/* The statement that ends the recording being committed; returns when it began, which may have
 * turned out better. */
int64_t endless_end_recording(struct upload *u, struct db_tx *tx);
void endless_forget_journal(struct upload_segment *s);
/* Did anything become footage, or will it from its journals? */
bool endless_is_kept(const struct upload *u);
/* Leave it to recording/salvage.h; ends in upload_abandoned(). */
void endless_orphan_begin(struct upload *u);

#endif
