/* SPDX-License-Identifier: Apache-2.0 */
/* An ingest job as the server sees it: bytes down, segments up. What the child may say when is
 * checked here: one output at a time (live: one ahead), a segment only for an output that was
 * given, sizes that match the file, an index that decodes, parts that lie one after another in
 * their journal, less output than the input allows, and a verdict at the end. */
#include "remux/remux_internal.h"

#include "metrics/metrics.h"
#include "remux/journal_record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OUTPUT_SLACK_BYTES = 1 << 20, SPOOL_MODE = 0600, OUTPUTS_MAX = 2 };

/* One that was given and whose segment is not complete yet. */
struct output {
    int fd; /* ours */
    struct id object;
    uint64_t journal_end; /* of the last part in its journal; 0: none yet */
};

struct remux_job {
    struct list node;
    struct remux *remux;
    struct remux_job_params p;
    struct sink sink;
    struct child *child;
    struct output outputs[OUTPUTS_MAX]; /* the first is being written */
    unsigned n_outputs;
    uint64_t sealed_bytes, journal_bytes;
    size_t init_n; /* of the init said last; 0: none */
    enum stream_end how;
    bool ended, spooled, cancelled, verdict;
    int own_status; /* a failure on our side: REMUX_E_OUTPUT */
    char own_reason[CHANNEL_REASON_MAX];
    struct channel_done done;
};

/* ---- frames ---- */

static int fail_output(struct remux_job *j, const char *reason)
{
    j->own_status = REMUX_E_OUTPUT;
    snprintf(j->own_reason, sizeof(j->own_reason), "%s", reason);
    return -EIO;
}

static int give_output(struct remux_job *j)
{
    if (j->n_outputs == (j->p.live ? 2 : 1)) {
        return -EBADMSG;
    }
    struct remux_output given = {.fd = -1, .journal_fd = -1};
    int r = j->p.next_output(j->p.arg, &given);
    if (r != 0) {
        return fail_output(j, r < 0 ? log_errno_text(r) : "There is no place for it.");
    }
    struct output *o = &j->outputs[j->n_outputs];
    *o = (struct output){.fd = fcntl(given.fd, F_DUPFD_CLOEXEC, 0), .object = given.seal.object};
    if (o->fd < 0) {
        return -errno;
    }
    j->n_outputs++;
    struct channel_output said = {.seal = given.seal, .fresh = given.fresh};
    struct buf frame CLEANUP(buf_finish) = BUF_INIT(CHANNEL_OUTPUT_SIZE + CHANNEL_HEAD_SIZE);
    channel_format_output(&frame, &said);
    int fds[CHANNEL_FDS_MAX] = {o->fd, given.journal_fd};
    r = child_send(j->child, &frame, fds, given.journal_fd >= 0 ? 2 : 1);
    secret_wipe(&given, sizeof(given));
    secret_wipe(&said, sizeof(said));
    secret_wipe(frame.data, frame.len);
    return r;
}

static int give_spool(struct remux_job *j)
{
    if (j->spooled) {
        return -EBADMSG;
    }
    j->spooled = true;
    int fd CLEANUP(fd_close_at) =
        open(j->remux->spool_dir, O_TMPFILE | O_RDWR | O_CLOEXEC, SPOOL_MODE);
    if (fd < 0) {
        return fail_output(j, log_errno_text(-errno));
    }
    struct buf frame CLEANUP(buf_finish) = BUF_INIT(CHANNEL_HEAD_SIZE);
    channel_format(&frame, CHANNEL_SPOOL, NULL, 0);
    return child_send(j->child, &frame, &fd, 1);
}

/* More than the input warrants? An endless body's parts are short, and each has its boxes. */
static bool is_grown(const struct remux_job *j, uint64_t bytes)
{
    uint64_t input = child_input_bytes(j->child);
    return bytes > input + input / (j->p.live ? 2 : 10) + OUTPUT_SLACK_BYTES;
}

/* The file must be exactly what the worker says it wrote, and not more than the input warrants. */
static int check_size(struct remux_job *j, uint64_t sealed_bytes)
{
    struct stat st;
    if (fstat(j->outputs[0].fd, &st) < 0) {
        return -errno;
    }
    j->sealed_bytes += sealed_bytes;
    bool whole = (uint64_t)st.st_size == channel_output_size(sealed_bytes);
    return whole && !is_grown(j, j->sealed_bytes) ? 0 : -EBADMSG;
}

static int take_segment(struct remux_job *j, const struct channel_frame *f)
{
    struct channel_segment s;
    struct index ix = {0};
    if (j->n_outputs == 0 || channel_parse_segment(f, &s) < 0 ||
        check_size(j, s.sealed.sealed_bytes) < 0 || index_decode(s.index, s.index_n, &ix) < 0) {
        return -EBADMSG;
    }
    int r = ix.plain_bytes == s.sealed.plain_bytes ? 0 : -EBADMSG;
    if (r == 0) {
        struct id object = j->outputs[0].object;
        close(j->outputs[0].fd);
        j->outputs[0] = j->outputs[1];
        j->n_outputs--;
        struct remux_segment segment = {.object = object,
                                        .sealed = s.sealed,
                                        .index_bytes = s.index,
                                        .index_n = s.index_n,
                                        .index = &ix};
        j->p.segment(j->p.arg, &segment);
    }
    index_finish(&ix);
    return r;
}

static int take_init(struct remux_job *j, const struct channel_frame *f)
{
    struct channel_init i;
    struct index tracks;
    if (!j->p.live || channel_parse_init(f, &i) < 0 ||
        index_decode_tracks(i.tracks, i.tracks_n, &tracks) < 0) {
        return -EBADMSG;
    }
    j->init_n = i.init_n;
    struct remux_init init = {
        .container = i.container, .p = i.init, .n = i.init_n, .tracks = &tracks};
    j->p.init(j->p.arg, &init);
    index_finish(&tracks);
    return 0;
}

/* Its record begins where the last one ended: the first one's after the init's. */
static int take_part(struct remux_job *j, const struct channel_frame *f)
{
    struct channel_part p;
    struct output *o = &j->outputs[0];
    if (!j->p.live || j->n_outputs == 0 || j->init_n == 0 || channel_parse_part(f, &p) < 0) {
        return -EBADMSG;
    }
    bool first = o->journal_end == 0;
    if (p.offset != (first ? JOURNAL_EXTRA + JOURNAL_HEAD_SIZE + j->init_n : o->journal_end)) {
        return -EBADMSG;
    }
    o->journal_end = p.offset + p.bytes + JOURNAL_EXTRA;
    j->journal_bytes += p.bytes;
    if (is_grown(j, j->journal_bytes)) {
        return -EBADMSG;
    }
    struct remux_part part = {.object = o->object,
                              .offset = p.offset,
                              .start_90k = p.start_90k,
                              .decode_90k = p.decode_90k,
                              .duration_90k = p.duration_90k,
                              .bytes = p.bytes,
                              .key = p.key,
                              .first = first};
    j->p.part(j->p.arg, &part);
    return 0;
}

/* A success leaves no segment unfinished; live: one that was asked for ahead may be unused. */
static int take_done(struct remux_job *j, const struct channel_frame *f)
{
    if (channel_parse_done(f, &j->done) < 0) {
        return -EBADMSG;
    }
    bool unfinished = j->n_outputs > 0 && (!j->p.live || j->outputs[0].journal_end > 0);
    j->verdict = j->done.status != 0 || !unfinished;
    return j->verdict ? 0 : -EBADMSG;
}

static int job_frame(void *arg, const struct channel_frame *f)
{
    struct remux_job *j = arg;
    if (j->verdict) {
        return -EBADMSG;
    }
    switch (f->type) {
    case CHANNEL_NEED_OUTPUT:
        return f->n == 0 ? give_output(j) : -EBADMSG;
    case CHANNEL_NEED_SPOOL:
        return f->n == 0 ? give_spool(j) : -EBADMSG;
    case CHANNEL_SEGMENT:
        return take_segment(j, f);
    case CHANNEL_DONE:
        return take_done(j, f);
    case CHANNEL_INIT:
        return take_init(j, f);
    case CHANNEL_PART:
        return take_part(j, f);
    default:
        return -EBADMSG;
    }
}

/* ---- the end ---- */

static int final_status(struct remux_job *j, const char **ret_reason)
{
    if (j->cancelled) {
        *ret_reason = "It was cancelled.";
        return REMUX_E_CANCELLED;
    }
    if (j->own_status != 0) {
        *ret_reason = j->own_reason;
        return j->own_status;
    }
    if (j->verdict) {
        *ret_reason = j->done.reason;
        return j->done.status;
    }
    *ret_reason = child_hung(j->child) ? "The file made the media reader hang."
                                       : "The file made the media reader fail.";
    return REMUX_E_CRASHED;
}

static void count(struct remux_job *j, int status)
{
    if (status == REMUX_E_CRASHED) {
        metric_add(METRIC_REMUX_CRASHED, 1);
        log_warn(loop_log(j->remux->loop), "remux_crashed", F_INT("hung", child_hung(j->child)),
                 F_INT("input_bytes", child_input_bytes(j->child)));
    } else if (status != REMUX_E_CANCELLED) {
        metric_add(status == 0 ? METRIC_REMUX_OK : METRIC_REMUX_REFUSED, 1);
    }
}

static void job_finish(struct remux_job *j)
{
    struct remux_report report = {.partial =
                                      j->done.partial || (j->ended && j->how != STREAM_COMPLETE),
                                  .input_bytes = child_input_bytes(j->child)};
    memcpy(report.container, j->done.container, sizeof(report.container));
    memcpy(report.notes, j->done.notes, sizeof(report.notes));
    const char *reason;
    int status = final_status(j, &reason);
    count(j, status);
    list_remove(&j->node);
    j->p.done(j->p.arg, status, reason, &report);
    remux_child_end(j->remux, j->child);
    for (unsigned i = 0; i < j->n_outputs; i++) {
        close(j->outputs[i].fd);
    }
    free(j);
}

static void job_closed(void *arg)
{
    job_finish(arg);
}

/* ---- the sink ---- */

static size_t job_push(struct sink *s, const uint8_t *p, size_t n)
{
    return child_push(CONTAINER_OF(s, struct remux_job, sink)->child, p, n);
}

static void job_end(struct sink *s, enum stream_end how)
{
    struct remux_job *j = CONTAINER_OF(s, struct remux_job, sink);
    j->how = how;
    j->ended = true;
    child_end_input(j->child, how);
}

static void job_room(void *arg)
{
    struct remux_job *j = arg;
    if (j->sink.resume != NULL) {
        j->sink.resume(j->sink.resume_arg);
    }
}

static const struct sink_ops job_sink_ops = {.push = job_push, .end = job_end};

/* ---- jobs ---- */

int remux_child_begin(struct remux *r, struct child_params *p, struct child **ret_child)
{
    if (r->n_jobs >= r->jobs_max) {
        return REMUX_E_BUSY;
    }
    p->loop = r->loop;
    p->zygote = r->zygote;
    p->stall_ms = r->stall_ms;
    int e = child_begin(p, ret_child);
    if (e == 0) {
        r->n_jobs++;
    }
    return e == -EAGAIN ? REMUX_E_BUSY : e;
}

void remux_child_end(struct remux *r, struct child *c)
{
    child_destroy(c);
    r->n_jobs--;
}

static void order_push(struct job_order *o, const struct remux_push *p)
{
    o->pushed = true;
    o->joined = p->joined;
    o->near_90k = p->near_90k;
    o->before_from_90k = p->before_from_90k;
    o->before_to_90k = p->before_to_90k;
}

int remux_job_begin(struct remux *r, const struct remux_job_params *p, struct remux_job **ret_job)
{
    struct remux_job *j = mem_new(struct remux_job);
    *j = (struct remux_job){.remux = r, .p = *p, .sink = {.ops = &job_sink_ops}};
    struct child_params cp = {.order = {.kind = JOB_REMUX,
                                        .output_max_bytes = p->output_max_bytes,
                                        .segment_max_ms = p->segment_max_ms,
                                        .live = p->live,
                                        .continues = p->continues,
                                        .lead_90k = p->lead_90k},
                              .prompt = p->live,
                              .frame = job_frame,
                              .room = job_room,
                              .closed = job_closed,
                              .arg = j};
    if (p->push != NULL) {
        order_push(&cp.order, p->push);
    }
    int e = remux_child_begin(r, &cp, &j->child);
    if (e != 0) {
        free(j);
        return e;
    }
    list_append(&r->jobs, &j->node);
    *ret_job = j;
    return 0;
}

struct sink *remux_job_sink(struct remux_job *j)
{
    return &j->sink;
}

void remux_job_cancel(struct remux_job *j)
{
    j->cancelled = true;
    child_kill(j->child);
}

/* ---- all of them ---- */

int remux_create(const struct remux_params *p, struct remux **ret_remux)
{
    struct zygote *z;
    int e = zygote_create(p->loop, p->worker_path, &z);
    if (e < 0) {
        return e;
    }
    struct remux *r = mem_new(struct remux);
    *r = (struct remux){.loop = p->loop,
                        .zygote = z,
                        .spool_dir = mem_str(p->spool_dir),
                        .jobs_max = p->jobs_max,
                        .stall_ms = p->stall_ms};
    list_init(&r->jobs);
    list_init(&r->stills);
    *ret_remux = r;
    return 0;
}

bool remux_ready(const struct remux *r)
{
    return zygote_running(r->zygote);
}

unsigned remux_jobs(const struct remux *r)
{
    return r->n_jobs;
}

struct remux *remux_destroy(struct remux *r)
{
    if (r == NULL) {
        return NULL;
    }
    while (!list_empty(&r->jobs)) {
        struct remux_job *j = CONTAINER_OF(r->jobs.next, struct remux_job, node);
        j->cancelled = true;
        job_finish(j);
    }
    remux_stills_cancel(r);
    zygote_destroy(r->zygote);
    free(r->spool_dir);
    free(r);
    return NULL;
}
