/* SPDX-License-Identifier: Apache-2.0 */
/* Nothing is decoded to learn its parameters (avformat_find_stream_info would be most of the cost
 * and opens every decoder): MP4 and Matroska state them, transport streams say them in the stream,
 * where the tracks look. libav fills in no times either; see clock.h. */
#include "remux/worker/demux.h"

#include "remux/remux.h"
#include "remux/worker/transcode.h"

#include <errno.h>
#include <string.h>

enum { STREAMS_MAX = 8, PROBE_BYTES = 1 << 20, FIRST_TS_BYTES = 64 << 10 };
enum { FIRST_LIVE_TS_BYTES = 8 << 10 }; /* of a slow stream: not worth waiting for more */
enum { INTERLEAVE_MAX_S = 3 };

static const struct {
    const char *demuxer, *container, *whitelist;
} kinds[] = {
    [SNIFF_MP4] = {"mov", "mp4", "mov,mp4,m4a,3gp,3g2,mj2"},
    [SNIFF_MPEGTS] = {"mpegts", "mpegts", "mpegts"},
    [SNIFF_MATROSKA] = {"matroska", "matroska", "matroska,webm"},
};

/* ---- before libav ---- */

static int spool(struct demux *d)
{
    if (d->input->spool_fd >= 0) {
        return 0; /* it is already */
    }
    int fd = channel_need_spool(d->channel);
    int e = fd < 0 ? -EPIPE : input_spool(d->input, fd);
    return e < 0 ? verdict_fail(d->verdict, REMUX_E_OUTPUT, "%s", log_errno_text(e)) : 0;
}

static int sniff(struct demux *d)
{
    size_t n = input_peek(d->input, SNIFF_BYTES);
    d->kind = sniff_container(d->input->head.data, n);
    if (d->kind == SNIFF_UNKNOWN) {
        return n == 0 ? verdict_fail(d->verdict, REMUX_E_BROKEN, "There is nothing in it.")
                      : verdict_fail(d->verdict, REMUX_E_UNSUPPORTED_CONTAINER,
                                     "This is not MP4, MPEG-TS or Matroska.");
    }
    snprintf(d->verdict->container, sizeof(d->verdict->container), "%s", kinds[d->kind].container);
    if (d->kind == SNIFF_MPEGTS) {
        n = input_peek(d->input, d->channel->live ? FIRST_LIVE_TS_BYTES : FIRST_TS_BYTES);
        d->clock.wraps = true;
        if (sniff_ts_scrambled(d->input->head.data, n)) {
            return verdict_fail(d->verdict, REMUX_E_ENCRYPTED,
                                "The transport stream is scrambled.");
        }
    }
    if (d->kind != SNIFF_MP4) {
        return 0;
    }
    if (d->channel->live) {
        input_watch_boxes(d->input);
    }
    enum sniff_mp4 layout = sniff_mp4_layout(d->input->head.data, n);
    while (layout == SNIFF_MP4_MORE && !d->input->eof && n < INPUT_HEAD_MAX / 2) {
        n = input_peek(d->input, n * 2);
        layout = sniff_mp4_layout(d->input->head.data, n);
    }
    return layout == SNIFF_MP4_FIRST ? 0 : spool(d);
}

/* ---- opening ---- */

static void set_options(struct demux *d, AVDictionary **options)
{
    av_dict_set(options, "format_whitelist", kinds[d->kind].whitelist, 0);
    av_dict_set(options, "protocol_whitelist", "none", 0);
    av_dict_set(options, "codec_whitelist", "none", 0);
    av_dict_set_int(options, "max_streams", STREAMS_MAX, 0);
    av_dict_set_int(options, "probesize", PROBE_BYTES, 0);
    if (d->kind == SNIFF_MP4) {
        av_dict_set(options, "advanced_editlist", "0", 0); /* it would drop pictures */
        av_dict_set(options, "enable_drefs", "0", 0);
        av_dict_set(options, "use_absolute_path", "0", 0);
        av_dict_set(options, "ignore_chapters", "1", 0);
    }
}

static int open_format(struct demux *d)
{
    AVDictionary *options = NULL;
    set_options(d, &options);
    d->format = avformat_alloc_context();
    d->format->pb = d->input->avio;
    d->format->flags |= AVFMT_FLAG_CUSTOM_IO | AVFMT_FLAG_NOFILLIN;
    d->format->correct_ts_overflow = 0;
    if (d->kind != SNIFF_MPEGTS) {
        d->format->flags |= AVFMT_FLAG_NOPARSE;
    }
    int e =
        avformat_open_input(&d->format, "", av_find_input_format(kinds[d->kind].demuxer), &options);
    av_dict_free(&options);
    if (e == 0) {
        return 0;
    }
    if (d->input->hit_end && d->kind == SNIFF_MP4) {
        return verdict_fail(d->verdict, REMUX_E_BROKEN,
                            "The file ends before its index (moov): nothing in it can be read.");
    }
    return verdict_fail(d->verdict, REMUX_E_BROKEN, "Its headers cannot be read.");
}

/* ---- choosing ---- */

static bool is_encrypted(const AVStream *st)
{
    uint32_t tag = st->codecpar->codec_tag;
    size_t n;
    return tag == MKTAG('e', 'n', 'c', 'v') || tag == MKTAG('e', 'n', 'c', 'a') ||
           tag == MKTAG('d', 'r', 'm', 'i') || tag == MKTAG('d', 'r', 'm', 's') ||
           av_stream_get_side_data(st, AV_PKT_DATA_ENCRYPTION_INIT_INFO, &n) != NULL ||
           av_dict_get(st->metadata, "enc_key_id", NULL, 0) != NULL;
}

static bool video_is_kept(enum AVCodecID id)
{
    return id == AV_CODEC_ID_H264 || id == AV_CODEC_ID_HEVC;
}

static bool audio_is_kept(enum AVCodecID id)
{
    return id == AV_CODEC_ID_AAC || id == AV_CODEC_ID_OPUS || id == AV_CODEC_ID_MP3 ||
           id == AV_CODEC_ID_AC3 || transcode_takes(id);
}

/* The marked one, else the first, of those of that type; of pictures one that can be kept. */
static const AVStream *choose(const struct demux *d, enum AVMediaType type, unsigned *ret_count)
{
    const AVStream *best = NULL;
    int best_rank = -1;
    *ret_count = 0;
    for (unsigned i = 0; i < d->format->nb_streams; i++) {
        const AVStream *st = d->format->streams[i];
        if (st->codecpar->codec_type != type ||
            (st->disposition & AV_DISPOSITION_ATTACHED_PIC) != 0) {
            continue;
        }
        enum AVCodecID id = st->codecpar->codec_id;
        bool kept = type == AVMEDIA_TYPE_VIDEO ? video_is_kept(id) : audio_is_kept(id);
        int rank = (kept ? 2 : 0) + ((st->disposition & AV_DISPOSITION_DEFAULT) != 0 ? 1 : 0);
        ++*ret_count;
        if (rank > best_rank) {
            best = st;
            best_rank = rank;
        }
    }
    return best;
}

static int begin_transcoding(struct demux *d, const AVStream *st)
{
    AVCodecParameters *par = avcodec_parameters_alloc();
    struct track *t = d->audio;
    int e = par == NULL ? -1 : transcode_create(st->codecpar, par, &t->transcode);
    if (e < 0) {
        avcodec_parameters_free(&par);
        return verdict_fail(d->verdict, REMUX_E_UNSUPPORTED_CODEC,
                            "Its sound (%s) has parameters that cannot be handled.",
                            avcodec_get_name(st->codecpar->codec_id));
    }
    avcodec_parameters_free(&t->par);
    t->par = par;
    t->described = true;
    t->exact_times = false;
    t->timescale = t->clock.timescale = (uint32_t)par->sample_rate;
    t->clock.nominal = t->frame_samples = 1024;
    verdict_note(d->verdict, "%s was turned into AAC.", transcode_name(st->codecpar->codec_id));
    return 0;
}

static int choose_video(struct demux *d)
{
    unsigned n;
    const AVStream *st = choose(d, AVMEDIA_TYPE_VIDEO, &n);
    if (st == NULL && d->pushed) {
        return 0;
    }
    if (st == NULL) {
        return verdict_fail(d->verdict, REMUX_E_UNSUPPORTED_CODEC, "There is no picture in it.");
    }
    if (is_encrypted(st)) {
        return verdict_fail(d->verdict, REMUX_E_ENCRYPTED, "It is encrypted; the key is not here.");
    }
    if (!video_is_kept(st->codecpar->codec_id)) {
        return verdict_fail(d->verdict, REMUX_E_UNSUPPORTED_CODEC,
                            "Its picture is coded as %s; H.264 and H.265 are supported.",
                            avcodec_get_name(st->codecpar->codec_id));
    }
    d->video = track_create(st, &d->clock, d->kind == SNIFF_MP4);
    d->video->clock.without_decode_time = d->kind == SNIFF_MATROSKA;
    if (n > 1) {
        verdict_note(d->verdict, "Of %u picture tracks one was kept.", n);
    }
    return 0;
}

static int choose_audio(struct demux *d)
{
    unsigned n;
    const AVStream *st = choose(d, AVMEDIA_TYPE_AUDIO, &n);
    if (st == NULL) {
        return 0;
    }
    if (is_encrypted(st)) {
        return verdict_fail(d->verdict, REMUX_E_ENCRYPTED,
                            "Its sound is encrypted; the key is not here.");
    }
    if (!audio_is_kept(st->codecpar->codec_id)) {
        return verdict_fail(
            d->verdict, REMUX_E_UNSUPPORTED_CODEC,
            "Its sound is coded as %s; AAC, Opus, MP3, AC-3, G.711 and PCM are supported.",
            avcodec_get_name(st->codecpar->codec_id));
    }
    d->audio = track_create(st, &d->clock, d->kind == SNIFF_MP4);
    if (n > 1) {
        verdict_note(d->verdict, "Of %u audio tracks one was kept.", n);
    }
    return transcode_takes(st->codecpar->codec_id) ? begin_transcoding(d, st) : 0;
}

/* A transport stream need not say what a track is: libav finds out while it reads. */
static bool is_unknown_yet(const struct demux *d, const AVStream *st)
{
    enum AVCodecID id = st->codecpar->codec_id;
    return d->kind == SNIFF_MPEGTS && d->audio == NULL &&
           (id == AV_CODEC_ID_NONE || id == AV_CODEC_ID_PROBE || id == AV_CODEC_ID_BIN_DATA);
}

static void note_other_tracks(struct demux *d)
{
    for (unsigned i = 0; i < d->format->nb_streams; i++) {
        AVStream *st = d->format->streams[i];
        bool kept = (d->video != NULL && d->video->stream_index == (int)i) ||
                    (d->audio != NULL && d->audio->stream_index == (int)i);
        enum AVMediaType type = st->codecpar->codec_type;
        if (is_unknown_yet(d, st)) {
            continue;
        }
        st->discard = kept ? AVDISCARD_DEFAULT : AVDISCARD_ALL;
        if (type == AVMEDIA_TYPE_SUBTITLE) {
            verdict_note(d->verdict, "A subtitle track was left out.");
        } else if (type != AVMEDIA_TYPE_VIDEO && type != AVMEDIA_TYPE_AUDIO) {
            verdict_note(d->verdict, "A data track was left out.");
        }
    }
}

/* ---- MP4 whose tracks lie one after another ---- */

/* Seconds between what the two tracks show at about the same place of the file. Read in file order,
 * a badly interleaved one would need its pictures to wait for its sound, without bound. */
static bool is_interleaved(const struct demux *d)
{
    AVStream *v = d->format->streams[d->video->stream_index];
    AVStream *a = d->format->streams[d->audio->stream_index];
    int n_video = avformat_index_get_entries_count(v),
        n_audio = avformat_index_get_entries_count(a);
    int k = 0;
    for (int i = 0; i < n_video && n_audio > 0; i++) {
        const AVIndexEntry *e = avformat_index_get_entry(v, i);
        while (k + 1 < n_audio && avformat_index_get_entry(a, k + 1)->pos < e->pos) {
            k++;
        }
        const AVIndexEntry *s = avformat_index_get_entry(a, k);
        double apart = (double)e->timestamp * av_q2d(v->time_base) -
                       (double)s->timestamp * av_q2d(a->time_base);
        bool over = k + 1 == n_audio && apart > 0; /* the sound ends earlier, or comes only later */
        if ((apart > INTERLEAVE_MAX_S && !over) || apart < -INTERLEAVE_MAX_S ||
            (over && s->pos > e->pos && apart > INTERLEAVE_MAX_S)) {
            return false;
        }
    }
    return true;
}

/* A fragmented file's sample tables are empty. */
static bool is_fragmented(const struct demux *d)
{
    for (unsigned i = 0; i < d->format->nb_streams; i++) {
        if (d->format->streams[i]->nb_frames > 0) {
            return false;
        }
    }
    return true;
}

static int find_tracks(struct demux *d)
{
    if (d->kind == SNIFF_MP4 && is_fragmented(d)) {
        d->input->gate.armed = d->input->spool_fd < 0;
        snprintf(d->verdict->container, sizeof(d->verdict->container), "fmp4");
    }
    int r = choose_video(d);
    r = r == 0 ? choose_audio(d) : r;
    if (r == 0) {
        note_other_tracks(d);
    }
    if (r == 0 && d->kind == SNIFF_MP4 && d->video != NULL && d->audio != NULL &&
        d->input->spool_fd < 0 && !is_interleaved(d)) {
        r = spool(d);
    }
    return r;
}

/* Times of a piece stay the sender's, moved by a constant. */
static void set_clock(struct demux *d, const struct job_order *order)
{
    if (order->pushed && d->clock.wraps) {
        d->clock.unwrapped = true;
        d->clock.reference = order->near_90k > 0 ? order->near_90k : REMUX_PUSH_BASE_90K;
    } else if (order->pushed) {
        d->clock.base_90k = REMUX_PUSH_BASE_90K;
    }
}

int demux_begin(struct demux *d, const struct job_order *order, struct channel *channel,
                struct channel_done *verdict, struct input *input)
{
    *d = (struct demux){
        .channel = channel, .verdict = verdict, .input = input, .pushed = order->pushed};
    d->packet = av_packet_alloc();
    ALWAYS(d->packet != NULL);
    int r = sniff(d);
    set_clock(d, order);
    r = r == 0 ? open_format(d) : r;
    r = r == 0 ? find_tracks(d) : r;
    input_release_head(input);
    return r;
}

/* ---- packets ---- */

/* Sound of a kind that turned out only now. */
static void adopt_audio(struct demux *d)
{
    const AVStream *st = d->format->streams[d->packet->stream_index];
    if (d->kind == SNIFF_MPEGTS && d->audio == NULL &&
        st->codecpar->codec_type == AVMEDIA_TYPE_AUDIO && audio_is_kept(st->codecpar->codec_id) &&
        !transcode_takes(st->codecpar->codec_id)) {
        d->audio = track_create(st, &d->clock, false);
    }
}

static int take_packet(struct demux *d)
{
    struct track *t = NULL;
    adopt_audio(d);
    if (d->video != NULL && d->packet->stream_index == d->video->stream_index) {
        t = d->video;
    } else if (d->audio != NULL && d->packet->stream_index == d->audio->stream_index) {
        t = d->audio;
    }
    size_t n;
    if (t == NULL) {
        av_packet_unref(d->packet);
        return 0;
    }
    if (av_packet_get_side_data(d->packet, AV_PKT_DATA_ENCRYPTION_INFO, &n) != NULL) {
        return verdict_fail(d->verdict, REMUX_E_ENCRYPTED, "It is encrypted; the key is not here.");
    }
    if (track_push(t, d->packet) < 0) {
        return verdict_fail(d->verdict, REMUX_E_BROKEN, "A sample in it cannot be read.");
    }
    return 0;
}

/* The input is used up, or libav gives up on it. A sample cut in two is not a sample. */
static int end_of_packets(struct demux *d, int e)
{
    d->verdict->partial |= e != AVERROR_EOF;
    if (d->video != NULL && track_flush(d->video) < 0) {
        return verdict_fail(d->verdict, REMUX_E_BROKEN, "Its picture cannot be read.");
    }
    if (d->audio != NULL && track_flush(d->audio) < 0) {
        return verdict_fail(d->verdict, REMUX_E_BROKEN, "Its sound cannot be encoded.");
    }
    if (d->audio != NULL && !d->audio->ever) {
        verdict_note(d->verdict, "An empty audio track was dropped.");
    }
    return DEMUX_END;
}

/* A transport stream does not say how long its last picture is: when the sender broke off, the last
 * one of each track may be a part of one. Of a piece not even a single one is kept: it is sent
 * again. */
static void drop_torn(struct demux *d)
{
    if (d->kind != SNIFF_MPEGTS || channel_await_end(d->channel) == STREAM_COMPLETE) {
        return;
    }
    struct track *tracks[] = {d->video, d->audio};
    for (size_t i = 0; i < ARRAY_LEN(tracks); i++) {
        struct track *t = tracks[i];
        if (t != NULL && t->n_queue > (d->pushed ? 0 : 1)) {
            t->n_queue--;
            t->queue_bytes -= (size_t)t->queue[t->n_queue].packet->size;
            av_packet_free(&t->queue[t->n_queue].packet);
        }
    }
}

/* An endless MP4 was read up to where the gate stopped: a new demuxer takes the next stretch. */
static int next_stretch(struct demux *d)
{
    avformat_close_input(&d->format);
    input_next_stretch(d->input);
    int r = open_format(d);
    if (r == 0 &&
        (d->format->nb_streams <= (unsigned)d->video->stream_index ||
         (d->audio != NULL && d->format->nb_streams <= (unsigned)d->audio->stream_index))) {
        r = verdict_fail(d->verdict, REMUX_E_BROKEN, "Its tracks are gone.");
    }
    if (r == 0) {
        note_other_tracks(d);
    }
    return r;
}

static int read_frame(struct demux *d, int *ret_e)
{
    *ret_e = av_read_frame(d->format, d->packet);
    while (*ret_e == AVERROR_EOF && d->input->gate.stopped) {
        int r = next_stretch(d);
        if (r != 0) {
            return r;
        }
        *ret_e = av_read_frame(d->format, d->packet);
    }
    return 0;
}

int demux_step(struct demux *d)
{
    int e, r = read_frame(d, &e);
    if (r != 0) {
        return r;
    }
    bool torn = e >= 0 && d->kind != SNIFF_MPEGTS && (d->packet->flags & AV_PKT_FLAG_CORRUPT) != 0;
    if (torn) {
        av_packet_unref(d->packet);
        e = AVERROR_INVALIDDATA;
    }
    if (e < 0) {
        drop_torn(d);
        return end_of_packets(d, e);
    }
    return take_packet(d);
}

void demux_finish(struct demux *d)
{
    av_packet_free(&d->packet);
    avformat_close_input(&d->format);
    track_destroy(d->video);
    track_destroy(d->audio);
}
