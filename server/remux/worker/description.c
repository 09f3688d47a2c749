/* SPDX-License-Identifier: Apache-2.0 */
/* libav's own MP4 muxer writes a file without media into memory; the stsd box in it is right for
 * every codec we take, so nothing else of that file is needed. */
#include "remux/worker/description.h"

#include "remux/worker/audio.h"
#include "remux/worker/nal.h"

#include <errno.h>
#include <libavcodec/avcodec.h>
#include <libavutil/mem.h>
#include <stdio.h>
#include <string.h>

static uint32_t be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* The box of that type inside [p, p+n): where it begins, its size in *ret_size; NULL if none. */
static const uint8_t *find_box(const uint8_t *p, size_t n, const char *type, size_t *ret_size)
{
    while (n >= 8) {
        size_t size = be32(p);
        if (size < 8 || size > n) {
            return NULL;
        }
        if (memcmp(p + 4, type, 4) == 0) {
            *ret_size = size;
            return p;
        }
        p += size;
        n -= size;
    }
    return NULL;
}

static const uint8_t *find_stsd(const uint8_t *p, size_t n, size_t *ret_size)
{
    static const char *const path[] = {"moov", "trak", "mdia", "minf", "stbl", "stsd"};
    for (size_t i = 0; i < ARRAY_LEN(path); i++) {
        const uint8_t *box = find_box(p, n, path[i], ret_size);
        if (box == NULL) {
            return NULL;
        }
        p = box + 8;
        n = *ret_size - 8;
    }
    return p - 8;
}

static AVFormatContext *open_muxer(const struct track *t)
{
    AVFormatContext *m = NULL;
    if (avformat_alloc_output_context2(&m, NULL, "mp4", NULL) < 0) {
        return NULL;
    }
    AVStream *st = avformat_new_stream(m, NULL);
    if (st == NULL || avcodec_parameters_copy(st->codecpar, t->par) < 0 ||
        avio_open_dyn_buf(&m->pb) < 0) {
        avformat_free_context(m);
        return NULL;
    }
    bool hevc = t->par->codec_id == AV_CODEC_ID_HEVC;
    st->codecpar->codec_tag = hevc ? MKTAG('h', 'v', 'c', '1') : 0;
    st->codecpar->frame_size = (int)t->frame_samples;
    st->time_base = (AVRational){1, (int)t->timescale};
    st->sample_aspect_ratio = t->aspect;
    m->strict_std_compliance = FF_COMPLIANCE_EXPERIMENTAL; /* Opus in MP4, in older libraries */
    return m;
}

/* AC-3 is described out of a frame of it; the others out of their parameters. */
static int write_file(AVFormatContext *m, const struct track *t)
{
    AVDictionary *options = NULL;
    av_dict_set(&options, "movflags", "frag_custom+delay_moov", 0);
    int r = avformat_write_header(m, &options);
    av_dict_free(&options);
    if (r >= 0 && t->par->codec_id == AV_CODEC_ID_AC3 && t->n_queue > 0) {
        AVPacket *copy = av_packet_clone(t->queue[0].packet);
        copy->stream_index = 0;
        copy->pts = copy->dts = 0;
        copy->duration = t->frame_samples;
        r = av_write_frame(m, copy);
        av_packet_free(&copy);
    }
    return r >= 0 ? av_write_frame(m, NULL) : r;
}

static int make_stsd(const struct track *t, struct index_track *k)
{
    AVFormatContext *m = open_muxer(t);
    if (m == NULL) {
        return -ENOMEM;
    }
    int r = write_file(m, t);
    uint8_t *file = NULL;
    int n = avio_close_dyn_buf(m->pb, &file);
    m->pb = NULL;
    size_t size = 0;
    const uint8_t *stsd = r >= 0 && n > 0 ? find_stsd(file, (size_t)n, &size) : NULL;
    if (stsd != NULL && size <= INDEX_STSD_MAX) {
        k->stsd = mem_dup(stsd, size);
        k->stsd_len = (uint32_t)size;
    }
    av_free(file);
    avformat_free_context(m);
    return k->stsd != NULL ? 0 : -EBADMSG;
}

/* The payload of a box inside the one sample entry. */
static const uint8_t *entry_box(const struct index_track *k, size_t entry_head, const char *type,
                                size_t *ret_n)
{
    size_t at = 16 + 8 + entry_head, size = 0;
    const uint8_t *p =
        at < k->stsd_len ? find_box(k->stsd + at, k->stsd_len - at, type, &size) : NULL;
    *ret_n = p == NULL ? 0 : size - 8;
    return p == NULL ? NULL : p + 8;
}

enum { VISUAL_ENTRY = 78 };

/* RFC 6381 as ISO 14496-15 E.3 fills it: profile, compatibility (bits reversed), tier and level,
 * constraints without the zero bytes at the end. */
static void name_h265(struct index_track *k)
{
    size_t n;
    const uint8_t *p = entry_box(k, VISUAL_ENTRY, "hvcC", &n);
    if (p == NULL || n < 23) {
        snprintf(k->codec, sizeof(k->codec), "hvc1");
        return;
    }
    uint32_t flags = be32(p + 2), reversed = 0;
    for (int i = 0; i < 32; i++) {
        reversed |= (flags >> i & 1) << (31 - i);
    }
    unsigned space = p[1] >> 6;
    char letter[2] = {space > 0 ? (char)('A' + space - 1) : '\0', '\0'};
    int at = snprintf(k->codec, sizeof(k->codec), "hvc1.%s%u.%X.%c%u", letter, p[1] & 31U, reversed,
                      (p[1] & 0x20) != 0 ? 'H' : 'L', p[12]);
    size_t last = 6;
    while (last > 0 && p[5 + last] == 0) {
        last--;
    }
    for (size_t i = 1; i <= last && at + 4 < (int)sizeof(k->codec); i++) {
        at += snprintf(k->codec + at, sizeof(k->codec) - (size_t)at, ".%X", p[5 + i]);
    }
}

static void name_h264(struct index_track *k)
{
    size_t n;
    const uint8_t *p = entry_box(k, VISUAL_ENTRY, "avcC", &n);
    if (p == NULL || n < 4) {
        snprintf(k->codec, sizeof(k->codec), "avc1");
        return;
    }
    snprintf(k->codec, sizeof(k->codec), "avc1.%02x%02x%02x", p[1], p[2], p[3]);
}

static void name_codec(const struct track *t, struct index_track *k)
{
    struct audio_facts f = {.object_type = 2};
    switch (t->par->codec_id) {
    case AV_CODEC_ID_H264:
        name_h264(k);
        break;
    case AV_CODEC_ID_HEVC:
        name_h265(k);
        break;
    case AV_CODEC_ID_AAC:
        (void)audio_parse_aac_config(t->par->extradata, (size_t)t->par->extradata_size, &f);
        snprintf(k->codec, sizeof(k->codec), "mp4a.40.%u", f.object_type);
        break;
    case AV_CODEC_ID_MP3:
        snprintf(k->codec, sizeof(k->codec), "mp4a.6b");
        break;
    case AV_CODEC_ID_AC3:
        snprintf(k->codec, sizeof(k->codec), "ac-3");
        break;
    default:
        snprintf(k->codec, sizeof(k->codec), "opus");
        break;
    }
}

int description_make(const struct track *t, struct index_track *ret_track)
{
    struct index_track k = {.kind = t->kind, .timescale = t->timescale};
    memcpy(k.matrix, t->matrix, sizeof(k.matrix));
    int r = make_stsd(t, &k);
    if (r < 0) {
        return r;
    }
    if (t->kind == INDEX_VIDEO) {
        k.width = (uint16_t)t->par->width;
        k.height = (uint16_t)t->par->height;
    } else {
        k.channels = (uint16_t)t->par->ch_layout.nb_channels;
        k.sample_rate = (uint32_t)t->par->sample_rate;
    }
    name_codec(t, &k);
    *ret_track = k;
    return 0;
}
