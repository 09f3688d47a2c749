/* SPDX-License-Identifier: Apache-2.0 */
#include "remux/worker/job.h"

#include "remux/remux.h"
#include "remux/worker/demux.h"
#include "remux/worker/picture.h"
#include "remux/worker/sprite.h"
#include "remux/worker/writer.h"
#ifdef DOORWARD_FAULT_POINTS
#include "remux/worker/fault.h"
#endif

#include <string.h>

static int copy_media(struct demux *d, struct writer *w)
{
    int r = 0;
    while (r == 0) {
        r = demux_step(d);
        writer_set_audio(w, d->audio);
        if (r == 0) {
            r = writer_step(w);
        }
    }
    if (r != DEMUX_END) {
        return r;
    }
    if (d->video->n_queue == 0 && !d->video->ever) {
        return verdict_fail(d->verdict, REMUX_E_BROKEN, "There is no whole picture in it.");
    }
    if (!d->video->described) {
        return verdict_fail(d->verdict, REMUX_E_BROKEN,
                            "Its picture cannot be decoded: the parameters are missing.");
    }
    return writer_end(w);
}

static void run_remux(const struct job_order *order, struct channel *channel, struct input *input,
                      struct channel_done *verdict)
{
    struct demux d;
    struct channel_given first = {.fd = -1, .journal_fd = -1};
    if (order->live && !channel_need_output(channel, &first)) {
        return; /* nobody was told of it yet */
    }
    if (demux_begin(&d, channel, verdict, input) == 0) {
        struct writer *w = writer_create(&(struct writer_params){
            .channel = channel,
            .verdict = verdict,
            .input = input,
            .output_max_bytes = order->output_max_bytes,
            .segment_max_ms = order->segment_max_ms,
            .live = order->live,
            .continues = order->continues,
            .lead_90k = order->lead_90k,
            .first = first,
            .video = d.video,
            .audio = d.audio,
        });
        (void)copy_media(&d, w); /* what went wrong is in the verdict */
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
    if (order->kind == JOB_STILL) {
        picture_make(order, &channel, &input, &verdict);
    } else if (order->kind == JOB_SPRITE) {
        sprite_make(order, &channel, &input, &verdict);
    } else {
        run_remux(order, &channel, &input, &verdict);
    }
    input_finish(&input);
    struct buf frame CLEANUP(buf_finish) =
        BUF_INIT(CHANNEL_REASON_MAX + CHANNEL_NOTES_MAX + CHANNEL_CONTAINER_MAX + 64);
    channel_format_done(&frame, &verdict);
    channel_send(&channel, &frame);
}
