/* SPDX-License-Identifier: Apache-2.0 */
/* What the two kinds of job share. Internal to this folder. */
#ifndef REMUX_REMUX_INTERNAL_H
#define REMUX_REMUX_INTERNAL_H

#include "base/list.h"
#include "remux/child.h"
#include "remux/remux.h"

/* A still or a sprite under way. */
struct remux_job_node {
    struct list node;
    void (*cancel)(void *arg); /* at once: done() and gone */
    void *arg;
};

struct remux {
    struct loop *loop;
    struct zygote *zygote;
    char *spool_dir;
    unsigned jobs_max, n_jobs;
    uint64_t stall_ms;
    struct list jobs, stills; /* struct remux_job.node, struct remux_job_node.node */
};

/* What comes back of a job that makes one JPEG. */
struct picture_answer {
    struct buf jpeg;
    bool verdict;
    int status;
};
#define PICTURE_ANSWER_INIT                                                                        \
    {                                                                                              \
        .jpeg = BUF_INIT(CHANNEL_PICTURE_MAX)                                                      \
    }
/* A frame of it. 0, or -EBADMSG when a worker could not say that. */
int picture_answer_frame(struct picture_answer *a, const struct channel_frame *f) MUST_CHECK;
/* The worker is gone: 0 or REMUX_E_; the JPEG is in jpeg when 0. A crash is counted and logged as
 * that event. */
int picture_answer_end(struct picture_answer *a, struct loop *loop, const struct child *c,
                       const char *event);

/* Take a slot and start a child. 0 or REMUX_E_BUSY; negative errno when the system refuses. */
int remux_child_begin(struct remux *r, struct child_params *p, struct child **ret_child) MUST_CHECK;
/* Give the slot back and the child. */
void remux_child_end(struct remux *r, struct child *c);
/* End all stills and sprites, each with REMUX_E_CANCELLED. */
void remux_stills_cancel(struct remux *r);

#endif
