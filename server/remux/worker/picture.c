/* SPDX-License-Identifier: Apache-2.0 */
#include "remux/worker/picture.h"

#include "remux/remux.h"
#include "remux/worker/verdict.h"

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/display.h>
#include <libavutil/imgutils.h>
#include <libswscale/swscale.h>
#include <math.h>
#include <string.h>

enum { QUALITY = 5, WIDTH_LEAST = 16, SIDE_MAX = 8192, PACKETS_MAX = 64 };

struct picture {
    AVFormatContext *format;
    AVCodecContext *decoder;
    AVPacket *packet;
    AVFrame *frame, *small;
    int stream, quarter_turns; /* clockwise, to show it */
};

static int open_input(struct picture *p, AVIOContext *from)
{
    AVDictionary *options = NULL;
    av_dict_set(&options, "format_whitelist", "mov,mp4,m4a,3gp,3g2,mj2", 0);
    av_dict_set(&options, "protocol_whitelist", "none", 0);
    av_dict_set(&options, "advanced_editlist", "0", 0);
    av_dict_set(&options, "enable_drefs", "0", 0);
    p->format = avformat_alloc_context();
    p->format->pb = from;
    p->format->flags |= AVFMT_FLAG_CUSTOM_IO | AVFMT_FLAG_NOFILLIN | AVFMT_FLAG_NOPARSE;
    int e = avformat_open_input(&p->format, "", av_find_input_format("mov"), &options);
    av_dict_free(&options);
    p->stream = e < 0 ? -1 : av_find_best_stream(p->format, AVMEDIA_TYPE_VIDEO, -1, -1, NULL, 0);
    return p->stream < 0 ? -1 : 0;
}

static int open_decoder(struct picture *p)
{
    const AVStream *st = p->format->streams[p->stream];
    enum AVCodecID id = st->codecpar->codec_id;
    const AVCodec *codec =
        id == AV_CODEC_ID_H264 || id == AV_CODEC_ID_HEVC ? avcodec_find_decoder(id) : NULL;
    p->decoder = codec == NULL ? NULL : avcodec_alloc_context3(codec);
    if (p->decoder == NULL || avcodec_parameters_to_context(p->decoder, st->codecpar) < 0) {
        return -1;
    }
    p->decoder->thread_count = 1;
    p->decoder->max_pixels = (int64_t)SIDE_MAX * SIDE_MAX;
    p->decoder->flags2 |= AV_CODEC_FLAG2_SHOW_ALL;
    size_t n = 0;
    const uint8_t *m = av_stream_get_side_data(st, AV_PKT_DATA_DISPLAYMATRIX, &n);
    if (m != NULL && n >= 9 * sizeof(int32_t)) {
        int32_t matrix[9];
        memcpy(matrix, m, sizeof(matrix));
        double degrees = av_display_rotation_get(matrix); /* counter-clockwise */
        p->quarter_turns = isnan(degrees) ? 0 : (int)lround(-degrees / 90) & 3;
    }
    return avcodec_open2(p->decoder, codec, NULL);
}

/* The first frame that comes out, at the latest when the decoder is drained. */
static int decode(struct picture *p)
{
    for (int i = 0; i < PACKETS_MAX; i++) {
        int e = av_read_frame(p->format, p->packet);
        if (e >= 0 && p->packet->stream_index != p->stream) {
            av_packet_unref(p->packet);
            continue;
        }
        (void)avcodec_send_packet(p->decoder, e >= 0 ? p->packet : NULL);
        av_packet_unref(p->packet);
        if (avcodec_receive_frame(p->decoder, p->frame) >= 0) {
            return 0;
        }
        if (e < 0) {
            return -1;
        }
    }
    return -1;
}

int picture_allocate(AVFrame *f, int width, int height)
{
    f->format = AV_PIX_FMT_YUVJ420P;
    f->width = width;
    f->height = height;
    return av_frame_get_buffer(f, 0);
}

/* As it will lie before it is turned: at most that wide and high when shown, and never larger. */
static int shrink(struct picture *p, const struct picture_size *max)
{
    const AVFrame *f = p->frame;
    bool lying = (p->quarter_turns & 1) != 0;
    int64_t shown_w = lying ? f->height : f->width, shown_h = lying ? f->width : f->height;
    int64_t limit_w = max->width < WIDTH_LEAST ? WIDTH_LEAST : max->width, num = 1, den = 1;
    if (shown_w > limit_w) {
        num = limit_w;
        den = shown_w;
    }
    if (max->height > 0 && shown_h * num > max->height * den) {
        num = max->height;
        den = shown_h;
    }
    if (f->width > SIDE_MAX || f->height > SIDE_MAX) {
        return -1;
    }
    int width = (int)(f->width * num / den) & ~1, height = (int)(f->height * num / den) & ~1;
    if (width < 2 || height < 2 || picture_allocate(p->small, width, height) < 0) {
        return -1;
    }
    struct SwsContext *s = sws_getContext(f->width, f->height, f->format, width, height,
                                          AV_PIX_FMT_YUVJ420P, SWS_AREA, NULL, NULL, NULL);
    int r = s == NULL ? -1
                      : sws_scale(s, (const uint8_t *const *)f->data, f->linesize, 0, f->height,
                                  p->small->data, p->small->linesize);
    sws_freeContext(s);
    return r < 0 ? -1 : 0;
}

/* One plane, turned clockwise by quarter turns. */
static void turn_plane(const AVFrame *from, AVFrame *to, int plane, int turns)
{
    int sub = plane > 0 ? 1 : 0, w = from->width >> sub, h = from->height >> sub;
    for (int y = 0; y < h; y++) {
        for (int x = 0; x < w; x++) {
            int tx = turns == 1 ? h - 1 - y : turns == 2 ? w - 1 - x : y;
            int ty = turns == 1 ? x : turns == 2 ? h - 1 - y : w - 1 - x;
            to->data[plane][ty * to->linesize[plane] + tx] =
                from->data[plane][y * from->linesize[plane] + x];
        }
    }
}

static int turn(struct picture *p, AVFrame *upright)
{
    bool lying = (p->quarter_turns & 1) != 0;
    if (p->quarter_turns == 0) {
        return av_frame_ref(upright, p->small);
    }
    if (picture_allocate(upright, lying ? p->small->height : p->small->width,
                         lying ? p->small->width : p->small->height) < 0) {
        return -1;
    }
    for (int plane = 0; plane < 3; plane++) {
        turn_plane(p->small, upright, plane, p->quarter_turns);
    }
    return 0;
}

int picture_decode(AVIOContext *from, const struct picture_size *max, AVFrame *ret_upright)
{
    struct picture p = {
        .packet = av_packet_alloc(), .frame = av_frame_alloc(), .small = av_frame_alloc()};
    int r = open_input(&p, from);
    r = r < 0 ? r : open_decoder(&p);
    r = r < 0 ? r : decode(&p);
    r = r < 0 ? r : shrink(&p, max);
    r = r < 0 ? r : turn(&p, ret_upright);
    avcodec_free_context(&p.decoder);
    avformat_close_input(&p.format);
    av_packet_free(&p.packet);
    av_frame_free(&p.frame);
    av_frame_free(&p.small);
    return r < 0 ? -1 : 0;
}

/* All of the input, if that is no more than a picture may be. */
static int read_picture(AVIOContext *from, AVPacket *packet)
{
    if (av_new_packet(packet, CHANNEL_PICTURE_MAX + 1) < 0) {
        return -1;
    }
    int n = avio_read(from, packet->data, CHANNEL_PICTURE_MAX + 1);
    if (n <= 0 || n > CHANNEL_PICTURE_MAX) {
        return -1;
    }
    av_shrink_packet(packet, n);
    return 0;
}

static int open_jpeg_decoder(struct picture *p)
{
    const AVCodec *codec = avcodec_find_decoder(AV_CODEC_ID_MJPEG);
    p->decoder = codec == NULL ? NULL : avcodec_alloc_context3(codec);
    if (p->decoder == NULL) {
        return -1;
    }
    p->decoder->thread_count = 1;
    p->decoder->max_pixels = (int64_t)SIDE_MAX * SIDE_MAX;
    return avcodec_open2(p->decoder, codec, NULL);
}

int picture_decode_jpeg(AVIOContext *from, const struct picture_size *max, AVFrame *ret_upright)
{
    struct picture p = {
        .packet = av_packet_alloc(), .frame = av_frame_alloc(), .small = av_frame_alloc()};
    int r = read_picture(from, p.packet);
    r = r < 0 ? r : open_jpeg_decoder(&p);
    r = r < 0 ? r : avcodec_send_packet(p.decoder, p.packet);
    r = r < 0 ? r : avcodec_receive_frame(p.decoder, p.frame);
    r = r < 0 ? r : shrink(&p, max);
    r = r < 0 ? r : turn(&p, ret_upright);
    avcodec_free_context(&p.decoder);
    av_packet_free(&p.packet);
    av_frame_free(&p.frame);
    av_frame_free(&p.small);
    return r < 0 ? -1 : 0;
}

static AVCodecContext *open_encoder(int width, int height, int quality)
{
    const AVCodec *codec = avcodec_find_encoder(AV_CODEC_ID_MJPEG);
    AVCodecContext *c = codec == NULL ? NULL : avcodec_alloc_context3(codec);
    if (c == NULL) {
        return NULL;
    }
    c->width = width;
    c->height = height;
    c->pix_fmt = AV_PIX_FMT_YUVJ420P;
    c->color_range = AVCOL_RANGE_JPEG;
    c->time_base = (AVRational){1, 1};
    c->flags |= AV_CODEC_FLAG_QSCALE;
    c->global_quality = FF_QP2LAMBDA * quality;
    c->thread_count = 1;
    if (avcodec_open2(c, codec, NULL) < 0) {
        avcodec_free_context(&c);
    }
    return c;
}

int picture_encode(AVFrame *f, int quality, AVPacket *ret_jpeg)
{
    AVCodecContext *c = open_encoder(f->width, f->height, quality);
    f->quality = FF_QP2LAMBDA * quality;
    int r = c == NULL || avcodec_send_frame(c, f) < 0 || avcodec_receive_packet(c, ret_jpeg) < 0
                ? -1
                : 0;
    avcodec_free_context(&c);
    return r;
}

int picture_send(struct channel *channel, const AVPacket *jpeg)
{
    if (jpeg->size > CHANNEL_PICTURE_MAX) {
        return -1;
    }
    struct buf frame CLEANUP(buf_finish) = BUF_INIT(CHANNEL_PICTURE_MAX + CHANNEL_HEAD_SIZE);
    channel_format(&frame, CHANNEL_PICTURE, jpeg->data, (size_t)jpeg->size);
    channel_send(channel, &frame);
    return 0;
}

void picture_make(const struct job_order *order, struct channel *channel, struct input *input,
                  struct channel_done *verdict)
{
    AVFrame *upright = av_frame_alloc();
    AVPacket *jpeg = av_packet_alloc();
    const struct picture_size max = {.width = order->max_width};
    int r = order->kind == JOB_SNAPSHOT ? picture_decode_jpeg(input->avio, &max, upright)
                                        : picture_decode(input->avio, &max, upright);
    r = r < 0 ? r : picture_encode(upright, QUALITY, jpeg);
    r = r < 0 ? r : picture_send(channel, jpeg);
    if (r < 0) {
        (void)verdict_fail(verdict, REMUX_E_BROKEN, "No picture could be decoded.");
    }
    av_packet_free(&jpeg);
    av_frame_free(&upright);
}

static void warm_decoder(enum AVCodecID id)
{
    const AVCodec *codec = avcodec_find_decoder(id);
    AVCodecContext *c = codec == NULL ? NULL : avcodec_alloc_context3(codec);
    if (c != NULL) {
        c->thread_count = 1;
        (void)avcodec_open2(c, codec, NULL);
        avcodec_free_context(&c);
    }
}

void picture_warm(void)
{
    enum { SIDE = 64 };
    warm_decoder(AV_CODEC_ID_H264);
    warm_decoder(AV_CODEC_ID_HEVC);
    warm_decoder(AV_CODEC_ID_MJPEG);
    AVCodecContext *c = open_encoder(SIDE, SIDE, QUALITY);
    avcodec_free_context(&c);
    sws_freeContext(sws_getContext(SIDE, SIDE, AV_PIX_FMT_YUV420P, SIDE / 2, SIDE / 2,
                                   AV_PIX_FMT_YUVJ420P, SWS_AREA, NULL, NULL, NULL));
}
