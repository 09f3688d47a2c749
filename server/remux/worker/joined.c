/* SPDX-License-Identifier: Apache-2.0 */
#include "remux/worker/joined.h"

#include "remux/remux.h"

#include <errno.h>
#include <libavutil/mathematics.h>

static int broken(struct channel_done *verdict)
{
    return verdict_fail(verdict, REMUX_E_BROKEN, "The parts of it cannot be found.");
}

/* Views of the parts: headers follow the head, files the headers. */
static int open_views(struct joined *j, struct input *input, const struct join_part *parts,
                      uint64_t at)
{
    struct input_range ranges[JOIN_PARTS_MAX][2];
    for (size_t i = 0; i < j->n; i++) {
        ranges[i][0] = (struct input_range){.at = at, .n = parts[i].head_bytes};
        at += parts[i].head_bytes;
    }
    for (size_t i = 0; i < j->n; i++) {
        ranges[i][1] = (struct input_range){.at = at, .n = parts[i].body_bytes};
        at += parts[i].body_bytes;
    }
    if (at > input->received) {
        j->n = 0;
        return -EBADMSG;
    }
    for (size_t i = 0; i < j->n; i++) {
        input_view(&j->inputs[i], input->spool_fd, ranges[i]);
    }
    return 0;
}

static int open_parts(struct joined *j, const struct job_order *order, struct channel *channel,
                      struct channel_done *verdict)
{
    size_t n = j->n;
    for (j->n = 0; j->n < n;) {
        struct demux *d = &j->demuxes[j->n++];
        int r = demux_begin(d, order, channel, verdict, d->input = &j->inputs[j->n - 1]);
        if (r != 0) {
            for (size_t i = j->n; i < n; i++) {
                input_finish(&j->inputs[i]);
            }
            return r;
        }
        j->video = j->video == NULL && d->video != NULL ? d : j->video;
        j->audio = j->audio == NULL && d->audio != NULL ? d : j->audio;
    }
    return 0;
}

int joined_begin(struct joined *j, const struct job_order *order, struct channel *channel,
                 struct channel_done *verdict, struct input *input)
{
    *j = (struct joined){0};
    struct join_part parts[JOIN_PARTS_MAX];
    size_t have = input_peek(input, JOIN_HEAD_MAX);
    ssize_t head = join_parse(input->head.data, have, parts, &j->n);
    if (head <= 0) {
        j->n = 0;
        return broken(verdict);
    }
    int e = input_spool(input, channel_need_spool(channel));
    if (e < 0) {
        j->n = 0;
        return verdict_fail(verdict, REMUX_E_OUTPUT, "%s", log_errno_text(e));
    }
    e = open_views(j, input, parts, (uint64_t)head);
    return e < 0 ? broken(verdict) : open_parts(j, order, channel, verdict);
}

/* How far a track has been read, in seconds of its clock. */
static int64_t reached_90k(const struct track *t)
{
    return t == NULL || !t->clock.started ? INT64_MIN
                                          : av_rescale(t->clock.last, 90000, t->timescale);
}

/* Sound is read ahead of the pictures: a fragment takes what is there. */
int joined_step(struct joined *j)
{
    struct demux *next = NULL;
    int64_t least = INT64_MAX;
    for (size_t i = 0; i < j->n; i++) {
        struct demux *d = &j->demuxes[i];
        bool wanted = d == j->video || d == j->audio;
        int64_t at = reached_90k(d == j->video ? d->video : d->audio);
        at = d == j->audio && d != j->video && at != INT64_MIN ? at - 90000 : at;
        if (wanted && !j->ended[i] && at < least) {
            least = at;
            next = d;
        }
    }
    if (next == NULL) {
        return DEMUX_END;
    }
    int r = demux_step(next);
    if (r == DEMUX_END) {
        j->ended[next - j->demuxes] = true;
        return 0;
    }
    return r;
}

void joined_finish(struct joined *j)
{
    for (size_t i = 0; i < j->n; i++) {
        demux_finish(&j->demuxes[i]);
        input_finish(&j->inputs[i]);
    }
}
