/* SPDX-License-Identifier: Apache-2.0 */
#include "remux/worker/job.h"

#include "remux/remux.h"
#include "remux/worker/demux.h"
#include "remux/worker/joined.h"
#include "remux/worker/picture.h"
#include "remux/worker/sprite.h"
#include "remux/worker/writer.h"
#ifdef DOORWARD_FAULT_POINTS
#include "remux/worker/fault.h"
#endif

#include <string.h>

/* Nothing more comes: is there anything? */
static int end_media(struct writer *w, const struct job_order *order, struct channel_done *verdict,
                     const struct track *video, const struct track *audio)
{
    bool nothing = !video->ever && (audio == NULL || !audio->ever);
    /* A header, or fragments of no samples: that is how some tools begin and end. */
    if (order->pushed && nothing && strcmp(verdict->container, "fmp4") == 0) {
        return verdict_fail(verdict, REMUX_E_EMPTY, "There is no picture and no sound in it.");
    }
    if (order->pushed ? nothing : !video->ever) {
        return verdict_fail(verdict, REMUX_E_BROKEN, "There is no whole picture in it.");
    }
    if (!video->described) {
        return verdict_fail(verdict, REMUX_E_BROKEN,
                            "Its picture cannot be decoded: the parameters are missing.");
    }
    return writer_end(w);
}

static struct writer *make_writer(const struct job_order *order, struct demux *video,
                                  const struct demux *audio, const struct channel_given *first,
                                  const struct input *input)
{
    return writer_create(&(struct writer_params){
        .channel = video->channel,
        .verdict = video->verdict,
        .input = input,
        .output_max_bytes = order->output_max_bytes,
        .segment_max_ms = order->segment_max_ms,
        .live = order->live,
        .continues = order->continues,
        .lead_90k = order->lead_90k,
        .push = order->pushed ? order : NULL,
        .first = *first,
        .video = video->video,
        .audio = audio->audio,
    });
}

static void copy_media(struct demux *d, struct writer *w, const struct job_order *order)
{
    int r = 0;
    while (r == 0) {
        r = demux_step(d);
        writer_set_audio(w, d->audio);
        if (r == 0) {
            r = writer_step(w);
        }
    }
    if (r == DEMUX_END) {
        (void)end_media(w, order, d->verdict, d->video, d->audio);
    } /* else what went wrong is in the verdict */
}

/* Pictures and sound of several files. */
static void run_joined(const struct job_order *order, struct channel *channel, struct input *input,
                       struct channel_done *verdict)
{
    struct joined j;
    if (joined_begin(&j, order, channel, verdict, input) == 0) {
        struct channel_given none = {.fd = -1, .journal_fd = -1};
        struct demux *video = j.video != NULL ? j.video : &j.demuxes[0];
        const struct demux *audio = j.audio != NULL ? j.audio : video;
        if (video->video == NULL) {
            video->video = track_none();
        }
        struct writer *w = make_writer(order, video, audio, &none, input);
        int r = 0;
        while (r == 0) {
            r = joined_step(&j);
            r = r == 0 ? writer_step(w) : r;
        }
        if (r == DEMUX_END) {
            (void)end_media(w, order, verdict, video->video, audio->audio);
        }
        writer_destroy(w);
    }
    joined_finish(&j);
}

static void run_remux(const struct job_order *order, struct channel *channel, struct input *input,
                      struct channel_done *verdict)
{
    struct demux d;
    struct channel_given first = {.fd = -1, .journal_fd = -1};
    if (order->live && !channel_need_output(channel, &first)) {
        return; /* nobody was told of it yet */
    }
    if (demux_begin(&d, order, channel, verdict, input) == 0) {
        if (d.video == NULL) {
            d.video = track_none();
        }
        struct writer *w = make_writer(order, &d, &d, &first, input);
        copy_media(&d, w, order);
        writer_destroy(w);
    }
    demux_finish(&d);
}

void job_run(const struct job_order *order, int input_fd, int channel_fd)
{
    struct channel channel = {.fd = channel_fd, .live = order->live};
    struct channel_done verdict = {0};
    struct input input;
    input_init(&input, input_fd);
#ifdef DOORWARD_FAULT_POINTS
    fault_maybe(&input);
#endif
    if (order->kind == JOB_STILL || order->kind == JOB_SNAPSHOT) {
        picture_make(order, &channel, &input, &verdict);
    } else if (order->kind == JOB_SPRITE) {
        sprite_make(order, &channel, &input, &verdict);
    } else if (order->joined) {
        run_joined(order, &channel, &input, &verdict);
    } else {
        run_remux(order, &channel, &input, &verdict);
    }
    input_finish(&input);
    struct buf frame CLEANUP(buf_finish) =
        BUF_INIT(CHANNEL_REASON_MAX + CHANNEL_NOTES_MAX + CHANNEL_CONTAINER_MAX + 64);
    channel_format_done(&frame, &verdict);
    channel_send(&channel, &frame);
}
