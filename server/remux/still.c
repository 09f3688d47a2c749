/* SPDX-License-Identifier: Apache-2.0 */
/* A still: a copy of the caller's bytes goes down the pipe, one picture comes back. */
#include "remux/remux_internal.h"

#include "metrics/metrics.h"

#include <errno.h>
#include <string.h>

enum { STILL_INPUT_MAX = 32 << 20 };

struct still {
    struct remux_job_node node;
    struct remux *remux;
    struct child *child;
    uint8_t *input; /* owned; NULL when all of it is on its way */
    size_t input_n, sent;
    struct picture_answer answer;
    bool cancelled;
    remux_still_fn *done;
    void *arg;
};

int picture_answer_frame(struct picture_answer *a, const struct channel_frame *f)
{
    struct channel_done d;
    if (f->type == CHANNEL_PICTURE && f->n > 0 && a->jpeg.len == 0 && !a->verdict) {
        buf_append(&a->jpeg, f->p, f->n);
        return a->jpeg.overflow ? -EBADMSG : 0;
    }
    if (f->type != CHANNEL_DONE || a->verdict || channel_parse_done(f, &d) < 0 ||
        (d.status == 0) != (a->jpeg.len > 0)) {
        return -EBADMSG;
    }
    a->verdict = true;
    a->status = d.status;
    return 0;
}

int picture_answer_end(struct picture_answer *a, struct loop *loop, const struct child *c,
                       const char *event)
{
    if (a->verdict) {
        return a->status;
    }
    metric_add(METRIC_REMUX_CRASHED, 1);
    log_warn(loop_log(loop), event, F_INT("hung", child_hung(c)));
    return REMUX_E_CRASHED;
}

static int still_frame(void *arg, const struct channel_frame *f)
{
    struct still *s = arg;
    return picture_answer_frame(&s->answer, f);
}

static void still_feed(void *arg)
{
    struct still *s = arg;
    s->sent += child_push(s->child, s->input + s->sent, s->input_n - s->sent);
    if (s->sent == s->input_n) {
        free(s->input);
        s->input = NULL;
        child_end_input(s->child, STREAM_COMPLETE);
    }
}

static void still_finish(void *arg)
{
    struct still *s = arg;
    int status = s->cancelled ? REMUX_E_CANCELLED
                              : picture_answer_end(&s->answer, s->remux->loop, s->child,
                                                   "remux_still_crashed");
    list_remove(&s->node.node);
    s->done(s->arg, status, status == 0 ? s->answer.jpeg.data : NULL,
            status == 0 ? s->answer.jpeg.len : 0);
    remux_child_end(s->remux, s->child);
    buf_finish(&s->answer.jpeg);
    free(s->input);
    free(s);
}

static void still_cancel(void *arg)
{
    struct still *s = arg;
    s->cancelled = true;
    still_finish(s);
}

static int begin(struct remux *r, enum job_kind kind, const uint8_t *media, size_t n,
                 unsigned max_width, remux_still_fn *done, void *arg)
{
    if (n == 0 || n > STILL_INPUT_MAX) {
        return REMUX_E_BROKEN;
    }
    struct still *s = mem_new(struct still);
    *s = (struct still){.node = {.cancel = still_cancel, .arg = s},
                        .remux = r,
                        .answer = PICTURE_ANSWER_INIT,
                        .done = done,
                        .arg = arg};
    struct child_params cp = {.order = {.kind = kind, .max_width = max_width},
                              .frame = still_frame,
                              .room = still_feed,
                              .closed = still_finish,
                              .arg = s};
    int e = remux_child_begin(r, &cp, &s->child);
    if (e != 0) {
        free(s);
        return e;
    }
    s->input = mem_dup(media, n);
    s->input_n = n;
    list_append(&r->stills, &s->node.node);
    still_feed(s);
    return 0;
}

int remux_still_begin(struct remux *r, const uint8_t *fmp4, size_t n, unsigned max_width,
                      remux_still_fn *done, void *arg)
{
    return begin(r, JOB_STILL, fmp4, n, max_width, done, arg);
}

int remux_snapshot_begin(struct remux *r, const uint8_t *jpeg, size_t n, unsigned max_width,
                         remux_still_fn *done, void *arg)
{
    return begin(r, JOB_SNAPSHOT, jpeg, n, max_width, done, arg);
}

void remux_stills_cancel(struct remux *r)
{
    while (!list_empty(&r->stills)) {
        const struct remux_job_node *j = CONTAINER_OF(r->stills.next, struct remux_job_node, node);
        j->cancel(j->arg);
    }
}
