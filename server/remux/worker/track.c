/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures keep every unit they came with, byte for byte; only the framing changes, and parameter
 * sets are added where the container announced a change beside the stream. Sound is stripped of
 * transport framing. Sound from transport streams and Matroska is timed by counting samples, since
 * their time stamps are rounded; the container is believed again when the two drift apart. */
#include "remux/worker/track.h"

#include "remux/worker/audio.h"
#include "remux/worker/nal.h"
#include "remux/worker/transcode.h"

#include <errno.h>
#include <libavcodec/avcodec.h>
#include <libavutil/display.h>
#include <libavutil/mem.h>
#include <string.h>

enum { SCALE_90K = 90000, SCALE_MAX = 1000000, OPUS_RATE = 48000, OPUS_HEAD = 19 };
enum { REFRAME_SLACK = 256, CARRY_MAX = 1 << 20, PICTURE_MAX = 64 << 20, QUEUE_FIRST = 64 };
enum { GAP_MAX_S = 60, GAP_MAX_EXACT_S = 86400, FPS_ASSUMED = 25, DRIFT_PARTS = 20 };
#define TIME_SANE ((int64_t)1 << 53)

static bool is_video(const struct track *t)
{
    return t->kind == INDEX_VIDEO;
}

static enum nal_codec nal_codec_of(const struct track *t)
{
    return t->par->codec_id == AV_CODEC_ID_HEVC ? NAL_H265 : NAL_H264;
}

/* ---- description ---- */

static int set_extradata(AVCodecParameters *par, const uint8_t *p, size_t n)
{
    uint8_t *copy = av_mallocz(n + AV_INPUT_BUFFER_PADDING_SIZE);
    if (copy == NULL) {
        return -ENOMEM;
    }
    memcpy(copy, p, n);
    av_freep(&par->extradata);
    par->extradata = copy;
    par->extradata_size = (int)n;
    return 0;
}

/* The samples will carry four-byte lengths, so the configuration has to say four. */
static void say_four_byte_lengths(struct track *t)
{
    size_t at = nal_codec_of(t) == NAL_H264 ? 4 : 21;
    if (t->length_size != 0 && (size_t)t->par->extradata_size > at) {
        t->par->extradata[at] |= 3;
    }
}

static void look_at_video_config(struct track *t)
{
    const uint8_t *p = t->par->extradata;
    size_t n = p == NULL ? 0 : (size_t)t->par->extradata_size;
    struct buf sets CLEANUP(buf_finish) = BUF_INIT(NAL_SETS_MAX);
    t->length_size = nal_length_size(nal_codec_of(t), p, n);
    if (t->length_size > 0) {
        t->described = nal_sets_of_config(nal_codec_of(t), p, n, &sets) == 0 && sets.len > 0;
        say_four_byte_lengths(t);
    } else if (n > 0) {
        t->described = nal_look(nal_codec_of(t), p, n, 0).sets;
    }
    t->described &= t->par->width > 0 && t->par->height > 0;
}

static void set_channels(AVCodecParameters *par, unsigned n)
{
    if (n > 0 && n != (unsigned)par->ch_layout.nb_channels) {
        av_channel_layout_uninit(&par->ch_layout);
        av_channel_layout_default(&par->ch_layout, (int)n);
    }
}

static void look_at_audio_config(struct track *t)
{
    struct audio_facts f;
    AVCodecParameters *par = t->par;
    const uint8_t *p = par->extradata;
    size_t n = p == NULL ? 0 : (size_t)par->extradata_size;
    if (par->codec_id == AV_CODEC_ID_AAC && audio_parse_aac_config(p, n, &f)) {
        t->frame_samples = f.frame_samples;
        t->timescale = f.sample_rate;
        t->described = true;
    } else if (par->codec_id == AV_CODEC_ID_OPUS) {
        t->timescale = OPUS_RATE;
        t->described = n >= OPUS_HEAD;
        par->sample_rate = OPUS_RATE;
        set_channels(par, t->described ? p[9] : 0);
    }
}

/* ---- life ---- */

static uint32_t first_timescale(const AVStream *st, bool exact_times)
{
    bool usable = st->time_base.num == 1 && st->time_base.den > 0 && st->time_base.den <= SCALE_MAX;
    if (exact_times && usable) {
        return (uint32_t)st->time_base.den;
    }
    bool sound = st->codecpar->codec_type == AVMEDIA_TYPE_AUDIO && st->codecpar->sample_rate > 0;
    return sound ? (uint32_t)st->codecpar->sample_rate : SCALE_90K;
}

static void take_matrix(struct track *t, const AVStream *st)
{
    static const int32_t unit[9] = {1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30};
    size_t n = 0;
    const uint8_t *p = av_stream_get_side_data(st, AV_PKT_DATA_DISPLAYMATRIX, &n);
    memcpy(t->matrix, p != NULL && n >= sizeof(t->matrix) ? p : (const uint8_t *)unit,
           sizeof(t->matrix));
}

static int64_t nominal_distance(const struct track *t, const AVStream *st)
{
    AVRational rate = st->avg_frame_rate.num > 0 ? st->avg_frame_rate : st->r_frame_rate;
    int64_t d = rate.num > 0 && rate.den > 0 ? av_rescale(t->timescale, rate.den, rate.num)
                                             : t->timescale / FPS_ASSUMED;
    return d > 0 && d <= (int64_t)t->timescale * 10 ? d : 1;
}

struct track *track_create(const AVStream *st, struct clock_file *file, bool exact_times)
{
    struct track *t = mem_new(struct track);
    *t = (struct track){
        .kind = st->codecpar->codec_type == AVMEDIA_TYPE_VIDEO ? INDEX_VIDEO : INDEX_AUDIO,
        .stream_index = st->index,
        .time_base = st->time_base,
        .aspect = st->sample_aspect_ratio,
        .par = avcodec_parameters_alloc(),
        .sets = BUF_INIT(NAL_SETS_MAX),
        .carry = BUF_INIT(CARRY_MAX),
        .exact_times = exact_times,
        .next_dts = CLOCK_NONE,
    };
    ALWAYS(t->par != NULL && avcodec_parameters_copy(t->par, st->codecpar) >= 0);
    t->timescale = first_timescale(st, exact_times);
    take_matrix(t, st);
    if (is_video(t)) {
        look_at_video_config(t);
    } else if (!transcode_takes(t->par->codec_id)) {
        uint32_t scale = t->timescale;
        look_at_audio_config(t);
        t->timescale = exact_times ? scale : t->timescale;
    }
    t->clock = (struct clock_track){.file = file,
                                    .timescale = t->timescale,
                                    .nominal = nominal_distance(t, st),
                                    .gap_max = (int64_t)t->timescale *
                                               (exact_times ? GAP_MAX_EXACT_S : GAP_MAX_S)};
    return t;
}

struct track *track_none(void)
{
    struct track *t = mem_new(struct track);
    *t = (struct track){.kind = INDEX_VIDEO,
                        .stream_index = -1,
                        .timescale = SCALE_90K,
                        .described = true,
                        .sets = BUF_INIT(NAL_SETS_MAX),
                        .carry = BUF_INIT(CARRY_MAX)};
    return t;
}

struct track *track_destroy(struct track *t)
{
    if (t == NULL) {
        return NULL;
    }
    track_drop(t, t->n_queue);
    transcode_destroy(t->transcode);
    avcodec_parameters_free(&t->par);
    buf_finish(&t->sets);
    buf_finish(&t->carry);
    free(t->queue);
    free(t);
    return NULL;
}

/* ---- queue ---- */

void track_queue(struct track *t, AVPacket *packet, int64_t dts, int64_t pts, int64_t duration,
                 bool sync)
{
    if (t->n_queue == t->cap_queue) {
        t->cap_queue = t->cap_queue == 0 ? QUEUE_FIRST : t->cap_queue * 2;
        t->queue = mem_resize(t->queue, t->cap_queue, sizeof(*t->queue));
    }
    AVPacket *own = av_packet_alloc();
    ALWAYS(own != NULL);
    av_packet_move_ref(own, packet);
    t->queue[t->n_queue++] = (struct sample){.packet = own,
                                             .dts = dts,
                                             .pts = pts,
                                             .duration = duration > 0 ? duration : 1,
                                             .sync = sync};
    t->queue_bytes += (size_t)own->size;
    t->ever = true;
}

void track_drop(struct track *t, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        t->queue_bytes -= (size_t)t->queue[i].packet->size;
        av_packet_free(&t->queue[i].packet);
    }
    if (n > 0) {
        memmove(t->queue, t->queue + n, (t->n_queue - n) * sizeof(*t->queue));
        t->n_queue -= n;
    }
}

/* ---- time ---- */

static int64_t scaled(const struct track *t, int64_t v)
{
    if (v == AV_NOPTS_VALUE || v > TIME_SANE || v < -TIME_SANE) {
        return CLOCK_NONE;
    }
    v = clock_unwrap(t->clock.file, v);
    v = av_rescale_q(v, t->time_base, (AVRational){1, (int)t->timescale});
    v += av_rescale(t->clock.file->base_90k, t->timescale, SCALE_90K);
    return v > TIME_SANE || v < -TIME_SANE ? CLOCK_NONE : v;
}

static int64_t scaled_duration(const struct track *t, const AVPacket *packet)
{
    int64_t d =
        packet->duration > 0 && packet->duration < TIME_SANE
            ? av_rescale_q(packet->duration, t->time_base, (AVRational){1, (int)t->timescale})
            : 0;
    return d > 0 && d < (int64_t)t->timescale * GAP_MAX_S ? d : 0;
}

/* Where a packet of sound belongs whose length is known exactly. */
static int64_t count_samples(struct track *t, int64_t dts, int64_t samples)
{
    int64_t drift = t->next_dts == CLOCK_NONE ? 0 : dts - t->next_dts;
    int64_t tolerated = t->timescale / DRIFT_PARTS;
    tolerated = tolerated > samples ? tolerated : samples;
    if (t->next_dts != CLOCK_NONE && drift <= tolerated && drift >= -tolerated) {
        dts = t->next_dts;
    }
    t->next_dts = dts + samples;
    return dts;
}

/* ---- pictures ---- */

static int note_new_config(struct track *t, const AVPacket *packet)
{
    size_t n = 0;
    const uint8_t *p = av_packet_get_side_data(packet, AV_PKT_DATA_NEW_EXTRADATA, &n);
    if (p == NULL) {
        return 0;
    }
    size_t length_size = nal_length_size(nal_codec_of(t), p, n);
    if (length_size == 0) {
        return 0; /* in-band already */
    }
    buf_clear(&t->sets);
    t->insert_sets = true;
    t->length_size = length_size;
    return nal_sets_of_config(nal_codec_of(t), p, n, &t->sets);
}

/* Dimensions of a stream whose container has none: libav's parser reads them out of a picture. */
static void find_dimensions(struct track *t, const uint8_t *p, size_t n)
{
    AVCodecParserContext *parser = av_parser_init((int)t->par->codec_id);
    AVCodecContext *ctx = avcodec_alloc_context3(NULL);
    if (parser != NULL && ctx != NULL) {
        uint8_t *out;
        int out_n;
        ctx->codec_id = t->par->codec_id;
        ctx->codec_type = AVMEDIA_TYPE_VIDEO;
        parser->flags |= PARSER_FLAG_COMPLETE_FRAMES;
        av_parser_parse2(parser, ctx, &out, &out_n, p, (int)n, AV_NOPTS_VALUE, AV_NOPTS_VALUE, 0);
        t->par->width = parser->width;
        t->par->height = parser->height;
    }
    av_parser_close(parser);
    avcodec_free_context(&ctx);
}

static int describe_from_picture(struct track *t, const uint8_t *p, size_t n)
{
    struct buf sets CLEANUP(buf_finish) = BUF_INIT(NAL_SETS_MAX);
    nal_sets_of_picture(nal_codec_of(t), p, n, t->length_size, &sets);
    if (sets.overflow || sets.len == 0) {
        return 0;
    }
    if (t->par->width <= 0 || t->par->height <= 0) {
        struct buf picture CLEANUP(buf_finish) = BUF_INIT(PICTURE_MAX);
        buf_append(&picture, sets.data, sets.len);
        struct nal_iter it = nal_iter(p, n, t->length_size);
        for (struct nal_unit u; nal_next(&it, &u);) {
            buf_be32(&picture, 1);
            buf_append(&picture, u.p, u.n);
        }
        memset(buf_room(&picture, AV_INPUT_BUFFER_PADDING_SIZE), 0, AV_INPUT_BUFFER_PADDING_SIZE);
        find_dimensions(t, picture.data, picture.len);
    }
    t->described = t->par->width > 0 && t->par->height > 0;
    return set_extradata(t->par, sets.data, sets.len);
}

static bool begins_with_start_code(const uint8_t *p, size_t n)
{
    return n >= 4 && p[0] == 0 && p[1] == 0 && (p[2] == 1 || (p[2] == 0 && p[3] == 1));
}

static void free_bytes(void *arg, uint8_t *data)
{
    free(data);
}

/* Replace the packet's data by out's, which gives it away. */
static int give_data(AVPacket *packet, struct buf *out)
{
    size_t n = out->len;
    uint8_t *data = buf_take(out);
    av_packet_unref(packet);
    packet->buf = data == NULL ? NULL : av_buffer_create(data, n, free_bytes, NULL, 0);
    if (packet->buf == NULL) {
        free(data);
        return -ENOMEM;
    }
    packet->data = data;
    packet->size = (int)n;
    return 0;
}

/* Make the packet's data [carry][sets][units with four-byte lengths]. */
static int reframe(struct track *t, AVPacket *packet, bool with_sets)
{
    struct buf out CLEANUP(buf_finish) = BUF_INIT(PICTURE_MAX);
    size_t sets = with_sets ? t->sets.len : 0;
    (void)buf_room(&out, t->carry.len + sets + (size_t)packet->size + REFRAME_SLACK);
    buf_append(&out, t->carry.data, t->carry.len);
    buf_clear(&t->carry);
    if (with_sets) {
        nal_reframe(t->sets.data, t->sets.len, 0, &out);
    }
    nal_reframe(packet->data, (size_t)packet->size, t->length_size, &out);
    return out.overflow ? -E2BIG : give_data(packet, &out);
}

/* How long a picture lasts that none follows: at a variable rate, the time of a single one. */
static int64_t last_duration(const struct track *t)
{
    return t->clock.shortest > 0 ? t->clock.shortest : t->clock.nominal;
}

static int push_video(struct track *t, AVPacket *packet)
{
    int r = note_new_config(t, packet);
    if (r < 0) {
        return r;
    }
    size_t n = (size_t)packet->size;
    if (t->length_size == 0 && !t->described && !begins_with_start_code(packet->data, n)) {
        t->length_size = NAL_LENGTH;
    }
    struct nal_facts f = nal_look(nal_codec_of(t), packet->data, n, t->length_size);
    if (!t->described && f.sets) {
        r = describe_from_picture(t, packet->data, n);
    }
    if (r < 0) {
        return r;
    }
    if (!f.slice && t->clock.file->wraps) { /* a transport stream may cut between SEI and picture */
        nal_reframe(packet->data, n, t->length_size, &t->carry);
        return t->carry.overflow ? -E2BIG : 0;
    }
    bool sync = f.sync || (t->clock.file->wraps ? false : (packet->flags & AV_PKT_FLAG_KEY) != 0);
    int64_t dts = scaled(t, packet->dts), pts = scaled(t, packet->pts);
    int64_t duration = scaled_duration(t, packet);
    clock_place(&t->clock, sync, &dts, &pts);
    bool with_sets = sync && t->insert_sets;
    if (t->length_size != NAL_LENGTH || with_sets || t->carry.len > 0) {
        r = reframe(t, packet, with_sets);
    }
    if (r == 0) {
        track_queue(t, packet, dts, pts, duration > 0 ? duration : last_duration(t), sync);
    }
    return r;
}

/* ---- sound ---- */

/* Strip transport framing; learn what the first packet says. False: not a frame of this codec. */
static bool unwrap_sound(struct track *t, AVPacket *packet)
{
    struct audio_facts f = {0};
    uint8_t config[2];
    const uint8_t *p = packet->data;
    size_t n = (size_t)packet->size;
    switch (t->par->codec_id) {
    case AV_CODEC_ID_AAC: {
        size_t head = t->clock.file->wraps ? audio_parse_adts(p, n, config) : 0;
        if (head > 0) {
            packet->data += head;
            packet->size -= (int)head;
        }
        if (head > 0 && !t->described && set_extradata(t->par, config, sizeof(config)) == 0) {
            look_at_audio_config(t);
            (void)audio_parse_aac_config(config, sizeof(config), &f);
        }
        break;
    }
    case AV_CODEC_ID_MP3:
        t->described |= audio_parse_mp3(p, n, &f);
        break;
    case AV_CODEC_ID_AC3:
        t->described |= audio_parse_ac3(p, n, &f);
        break;
    case AV_CODEC_ID_OPUS:
        t->frame_samples = audio_opus_samples(p, n);
        break;
    default:
        break;
    }
    if (f.sample_rate > 0) {
        t->par->sample_rate = (int)f.sample_rate;
        t->frame_samples = f.frame_samples;
        set_channels(t->par, f.channels);
    }
    return t->described;
}

/* Until the first sample the time scale may still follow what the sound itself says. */
static void settle_timescale(struct track *t)
{
    if (!t->ever && !t->exact_times && t->frame_samples > 0) {
        bool by_config =
            t->par->codec_id == AV_CODEC_ID_AAC || t->par->codec_id == AV_CODEC_ID_OPUS;
        t->timescale = by_config ? t->timescale : (uint32_t)t->par->sample_rate;
        t->clock.timescale = t->timescale;
        t->clock.gap_max = (int64_t)t->timescale * GAP_MAX_S;
        t->clock.nominal = t->frame_samples;
    }
}

static int push_audio(struct track *t, AVPacket *packet)
{
    if (t->transcode == NULL && !unwrap_sound(t, packet)) {
        return 0;
    }
    settle_timescale(t);
    int64_t dts = scaled(t, packet->dts), pts = scaled(t, packet->pts);
    if (dts == CLOCK_NONE && pts == CLOCK_NONE) { /* a laced or split packet: it just follows */
        dts = t->next_dts != CLOCK_NONE ? t->next_dts - t->clock.offset : CLOCK_NONE;
    }
    clock_place(&t->clock, true, &dts, &pts);
    if (t->transcode != NULL) {
        return transcode_push(t->transcode, t, packet, dts);
    }
    int64_t duration = scaled_duration(t, packet);
    if (t->frame_samples > 0 && !t->exact_times) {
        duration = t->frame_samples;
        dts = count_samples(t, dts, duration);
    }
    track_queue(t, packet, dts, dts, duration > 0 ? duration : t->clock.nominal, true);
    return 0;
}

int track_push(struct track *t, AVPacket *packet)
{
    int r = packet->size <= 0 ? 0 : is_video(t) ? push_video(t, packet) : push_audio(t, packet);
    av_packet_unref(packet);
    return r;
}

/* Units that no picture followed are a sample of their own, so that none is lost. */
static int flush_carry(struct track *t)
{
    AVPacket *packet = av_packet_alloc();
    int r = packet == NULL ? -ENOMEM : give_data(packet, &t->carry);
    if (r == 0) {
        int64_t dts = t->clock.last + t->clock.nominal;
        track_queue(t, packet, dts, dts, t->clock.nominal, false);
    }
    av_packet_free(&packet);
    return r;
}

int track_flush(struct track *t)
{
    if (t->transcode != NULL) {
        return transcode_flush(t->transcode, t);
    }
    return is_video(t) && t->ever && t->carry.len > 0 ? flush_carry(t) : 0;
}
