/* SPDX-License-Identifier: Apache-2.0 */
/* Decoder, converter and encoder of libavcodec. The encoder's first packet holds nothing but its
 * start-up delay and is left out, so what comes out lies where the sound was and is as long. */
#include "remux/worker/transcode.h"

#include <errno.h>
#include <libavcodec/avcodec.h>
#include <libavutil/audio_fifo.h>
#include <libavutil/opt.h>
#include <libswresample/swresample.h>

enum {
    FRAME = 1024,
    RATE_MAX = 96000,
    CHANNELS_MAX = 2,
    BITS_PER_SAMPLE = 3,
    BIT_RATE_MAX = 128000
};
enum { GAP_PARTS = 10 };

struct transcode {
    AVCodecContext *decoder, *encoder;
    SwrContext *swr;
    AVAudioFifo *fifo;
    AVFrame *in, *out;
    AVPacket *packet;
    int64_t taken; /* samples that went in, by the track's time */
    int64_t given; /* where the next packet out begins */
    bool primed;   /* the packet of the start-up delay is through */
    bool started;
};

bool transcode_takes(enum AVCodecID codec)
{
    switch (codec) {
    case AV_CODEC_ID_PCM_ALAW:
    case AV_CODEC_ID_PCM_MULAW:
    case AV_CODEC_ID_PCM_U8:
    case AV_CODEC_ID_PCM_S8:
    case AV_CODEC_ID_PCM_S16LE:
    case AV_CODEC_ID_PCM_S16BE:
    case AV_CODEC_ID_PCM_S24LE:
    case AV_CODEC_ID_PCM_S24BE:
    case AV_CODEC_ID_PCM_S32LE:
    case AV_CODEC_ID_PCM_S32BE:
    case AV_CODEC_ID_PCM_F32LE:
    case AV_CODEC_ID_PCM_F32BE:
        return true;
    default:
        return false;
    }
}

const char *transcode_name(enum AVCodecID codec)
{
    return codec == AV_CODEC_ID_PCM_ALAW || codec == AV_CODEC_ID_PCM_MULAW ? "G.711 sound"
                                                                           : "PCM sound";
}

static int open_decoder(struct transcode *x, const AVCodecParameters *par)
{
    const AVCodec *codec = avcodec_find_decoder(par->codec_id);
    x->decoder = codec == NULL ? NULL : avcodec_alloc_context3(codec);
    if (x->decoder == NULL || avcodec_parameters_to_context(x->decoder, par) < 0) {
        return -ENOMEM;
    }
    x->decoder->thread_count = 1;
    return avcodec_open2(x->decoder, codec, NULL) < 0 ? -EINVAL : 0;
}

static int open_encoder(struct transcode *x, const AVCodecParameters *par)
{
    const AVCodec *codec = avcodec_find_encoder(AV_CODEC_ID_AAC);
    x->encoder = codec == NULL ? NULL : avcodec_alloc_context3(codec);
    if (x->encoder == NULL) {
        return -ENOMEM;
    }
    int channels = par->ch_layout.nb_channels;
    av_channel_layout_default(&x->encoder->ch_layout,
                              channels < CHANNELS_MAX ? channels : CHANNELS_MAX);
    x->encoder->sample_rate = par->sample_rate;
    x->encoder->sample_fmt = AV_SAMPLE_FMT_FLTP;
    int64_t rate = (int64_t)par->sample_rate * BITS_PER_SAMPLE * x->encoder->ch_layout.nb_channels;
    x->encoder->bit_rate = rate < BIT_RATE_MAX ? rate : BIT_RATE_MAX;
    x->encoder->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    x->encoder->thread_count = 1;
    return avcodec_open2(x->encoder, codec, NULL) < 0 ? -EINVAL : 0;
}

static int open_converter(struct transcode *x)
{
    if (x->decoder->ch_layout.order == AV_CHANNEL_ORDER_UNSPEC) {
        int channels = x->decoder->ch_layout.nb_channels;
        av_channel_layout_default(&x->decoder->ch_layout, channels);
    }
    int r = swr_alloc_set_opts2(&x->swr, &x->encoder->ch_layout, AV_SAMPLE_FMT_FLTP,
                                x->encoder->sample_rate, &x->decoder->ch_layout,
                                x->decoder->sample_fmt, x->decoder->sample_rate, 0, NULL);
    return r < 0 || swr_init(x->swr) < 0 ? -EINVAL : 0;
}

int transcode_create(const AVCodecParameters *par, AVCodecParameters *ret_par,
                     struct transcode **ret_transcode)
{
    if (par->sample_rate <= 0 || par->sample_rate > RATE_MAX || par->ch_layout.nb_channels <= 0) {
        return -EINVAL;
    }
    struct transcode *x = mem_new(struct transcode);
    int r = open_decoder(x, par);
    r = r < 0 ? r : open_encoder(x, par);
    r = r < 0 ? r : open_converter(x);
    x->in = av_frame_alloc();
    x->out = av_frame_alloc();
    x->packet = av_packet_alloc();
    if (r == 0) {
        x->fifo = av_audio_fifo_alloc(AV_SAMPLE_FMT_FLTP, x->encoder->ch_layout.nb_channels, FRAME);
    }
    if (r == 0 && (x->fifo == NULL || x->in == NULL || x->out == NULL || x->packet == NULL ||
                   avcodec_parameters_from_context(ret_par, x->encoder) < 0)) {
        r = -ENOMEM;
    }
    if (r < 0) {
        transcode_destroy(x);
        return r;
    }
    *ret_transcode = x;
    return 0;
}

struct transcode *transcode_destroy(struct transcode *x)
{
    if (x != NULL) {
        avcodec_free_context(&x->decoder);
        avcodec_free_context(&x->encoder);
        swr_free(&x->swr);
        if (x->fifo != NULL) {
            av_audio_fifo_free(x->fifo);
        }
        av_frame_free(&x->in);
        av_frame_free(&x->out);
        av_packet_free(&x->packet);
        free(x);
    }
    return NULL;
}

/* Queue what the encoder has ready. The last packet is as long as sound is left. */
static void collect(struct transcode *x, struct track *t)
{
    while (avcodec_receive_packet(x->encoder, x->packet) >= 0) {
        int64_t left = x->taken - x->given;
        if (!x->primed) {
            x->primed = true;
            av_packet_unref(x->packet);
        } else if (left <= 0) {
            av_packet_unref(x->packet);
        } else {
            int64_t n = left < FRAME ? left : FRAME;
            track_queue(t, x->packet, x->given, x->given, n, true);
            x->given += n;
        }
    }
}

static int encode(struct transcode *x, struct track *t, int samples)
{
    AVFrame *f = x->out;
    f->nb_samples = samples;
    f->format = AV_SAMPLE_FMT_FLTP;
    f->sample_rate = x->encoder->sample_rate;
    int r = av_channel_layout_copy(&f->ch_layout, &x->encoder->ch_layout);
    if (r < 0 || av_frame_get_buffer(f, 0) < 0) {
        return -ENOMEM;
    }
    av_audio_fifo_read(x->fifo, (void **)f->data, samples);
    r = avcodec_send_frame(x->encoder, f);
    av_frame_unref(f);
    collect(x, t);
    return r < 0 ? -EINVAL : 0;
}

/* Decode one packet, convert it, and put it into the fifo. */
static int decode(struct transcode *x, const AVPacket *packet)
{
    if (avcodec_send_packet(x->decoder, packet) < 0) {
        return 0; /* a damaged packet is silence */
    }
    while (avcodec_receive_frame(x->decoder, x->in) >= 0) {
        uint8_t **planes = NULL;
        int n = x->in->nb_samples;
        int r = av_samples_alloc_array_and_samples(&planes, NULL, x->encoder->ch_layout.nb_channels,
                                                   n, AV_SAMPLE_FMT_FLTP, 0);
        if (r < 0) {
            return -ENOMEM;
        }
        n = swr_convert(x->swr, planes, n, (const uint8_t **)(uintptr_t)x->in->extended_data, n);
        if (n > 0) {
            av_audio_fifo_write(x->fifo, (void **)planes, n);
            x->taken += n;
        }
        av_freep(&planes[0]);
        av_freep((void *)&planes);
        av_frame_unref(x->in);
    }
    return 0;
}

int transcode_push(struct transcode *x, struct track *t, const AVPacket *packet, int64_t start)
{
    if (!x->started) {
        x->started = true;
        x->taken = x->given = start;
    }
    int64_t gap = start - x->taken;
    if (gap > x->encoder->sample_rate / GAP_PARTS || gap < -x->encoder->sample_rate / GAP_PARTS) {
        x->taken += gap; /* later packets move with the source's time */
        x->given += gap;
    }
    int r = decode(x, packet);
    while (r == 0 && av_audio_fifo_size(x->fifo) >= FRAME) {
        r = encode(x, t, FRAME);
    }
    return r;
}

int transcode_flush(struct transcode *x, struct track *t)
{
    int left = av_audio_fifo_size(x->fifo);
    int r = left > 0 ? encode(x, t, left) : 0;
    (void)avcodec_send_frame(x->encoder, NULL);
    collect(x, t);
    return r;
}

void transcode_warm(void)
{
    AVCodecParameters *par = avcodec_parameters_alloc(), *made = avcodec_parameters_alloc();
    struct transcode *x = NULL;
    ALWAYS(par != NULL && made != NULL);
    par->codec_type = AVMEDIA_TYPE_AUDIO;
    par->codec_id = AV_CODEC_ID_PCM_ALAW;
    par->sample_rate = 8000;
    av_channel_layout_default(&par->ch_layout, 1);
    if (transcode_create(par, made, &x) == 0) {
        transcode_destroy(x);
    }
    avcodec_parameters_free(&par);
    avcodec_parameters_free(&made);
}
