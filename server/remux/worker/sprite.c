/* SPDX-License-Identifier: Apache-2.0 */
#include "remux/worker/sprite.h"

#include "remux/remux.h"
#include "remux/worker/picture.h"
#include "remux/worker/verdict.h"

#include <libavutil/mem.h>
#include <string.h>

enum { TILE_HEAD = 5, LUMA_BLACK = 0, CHROMA_GREY = 128, AVIO_BYTES = 32 << 10 };

struct memory {
    const uint8_t *p;
    size_t n, at;
};

static int read_memory(void *arg, uint8_t *p, int n)
{
    struct memory *m = arg;
    size_t left = m->n - m->at, take = (size_t)n < left ? (size_t)n : left;
    memcpy(p, m->p + m->at, take);
    m->at += take;
    return take > 0 ? (int)take : AVERROR_EOF;
}

/* All of them, or false. */
static bool read_input(struct input *in, uint8_t *p, size_t n)
{
    while (n > 0) {
        int got = avio_read(in->avio, p, (int)n);
        if (got <= 0) {
            return false;
        }
        p += got;
        n -= (size_t)got;
    }
    return true;
}

static int allocate_canvas(const struct job_order *o, AVFrame *canvas)
{
    if (o->columns == 0 || o->rows == 0 || o->columns * o->rows > SPRITE_TILES_MAX ||
        o->max_width * o->columns > SPRITE_SIDE_MAX || o->max_height * o->rows > SPRITE_SIDE_MAX ||
        picture_allocate(canvas, (int)(o->max_width * o->columns), (int)(o->max_height * o->rows)) <
            0) {
        return -1;
    }
    for (int plane = 0; plane < 3; plane++) {
        int rows = plane == 0 ? canvas->height : canvas->height / 2;
        memset(canvas->data[plane], plane == 0 ? LUMA_BLACK : CHROMA_GREY,
               (size_t)rows * (size_t)canvas->linesize[plane]);
    }
    return 0;
}

/* In the middle of its tile; even places, since colour has half the resolution. */
static void lay(const struct job_order *o, AVFrame *canvas, unsigned tile, const AVFrame *f)
{
    int x = (int)(tile % o->columns * o->max_width) + (((int)o->max_width - f->width) / 2 & ~1);
    int y = (int)(tile / o->columns * o->max_height) + (((int)o->max_height - f->height) / 2 & ~1);
    for (int plane = 0; plane < 3; plane++) {
        int sub = plane == 0 ? 0 : 1;
        for (int row = 0; row < f->height >> sub; row++) {
            memcpy(canvas->data[plane] + ((y >> sub) + row) * canvas->linesize[plane] + (x >> sub),
                   f->data[plane] + row * f->linesize[plane], (size_t)(f->width >> sub));
        }
    }
}

static bool draw(const struct job_order *o, AVFrame *canvas, unsigned tile, const uint8_t *p,
                 size_t n)
{
    struct memory m = {.p = p, .n = n};
    const struct picture_size max = {.width = o->max_width, .height = o->max_height};
    AVIOContext *io =
        avio_alloc_context(av_malloc(AVIO_BYTES), AVIO_BYTES, 0, &m, read_memory, NULL, NULL);
    AVFrame *f = av_frame_alloc();
    ALWAYS(io != NULL && f != NULL);
    io->seekable = 0;
    bool ok = picture_decode(io, &max, f) == 0 && f->width <= (int)max.width &&
              f->height <= (int)max.height;
    if (ok) {
        lay(o, canvas, tile, f);
    }
    av_frame_free(&f);
    av_freep(&io->buffer);
    avio_context_free(&io);
    return ok;
}

/* Returns how many pictures there are, negative when the input makes no sense. */
static int draw_all(const struct job_order *o, struct input *in, AVFrame *canvas)
{
    uint8_t head[TILE_HEAD];
    int drawn = 0;
    while (read_input(in, head, sizeof(head))) {
        size_t n = (size_t)head[1] << 24 | (size_t)head[2] << 16 | (size_t)head[3] << 8 | head[4];
        if (head[0] >= o->columns * o->rows || n == 0 || n > REMUX_TILE_BYTES_MAX) {
            return -1;
        }
        CLEANUP(mem_free_at) uint8_t *p = mem_alloc(n, 1);
        if (!read_input(in, p, n)) {
            return -1;
        }
        drawn += draw(o, canvas, head[0], p, n) ? 1 : 0;
    }
    return drawn;
}

/* As good as fits. */
static int encode_within(const struct job_order *o, AVFrame *canvas, AVPacket *jpeg)
{
    static const int qualities[] = {5, 8, 12, 20, 31};
    int r = -1;
    for (size_t i = 0; i < ARRAY_LEN(qualities); i++) {
        av_packet_unref(jpeg);
        r = picture_encode(canvas, qualities[i], jpeg);
        if (r < 0 || (uint64_t)jpeg->size <= o->output_max_bytes) {
            break;
        }
    }
    return r;
}

void sprite_make(const struct job_order *order, struct channel *channel, struct input *input,
                 struct channel_done *verdict)
{
    AVFrame *canvas = av_frame_alloc();
    AVPacket *jpeg = av_packet_alloc();
    input_release_head(input);
    int r = allocate_canvas(order, canvas);
    r = r < 0 ? r : draw_all(order, input, canvas) > 0 ? 0 : -1;
    r = r < 0 ? r : encode_within(order, canvas, jpeg);
    r = r < 0 ? r : picture_send(channel, jpeg);
    if (r < 0) {
        (void)verdict_fail(verdict, REMUX_E_BROKEN, "No picture could be decoded.");
    }
    av_packet_free(&jpeg);
    av_frame_free(&canvas);
}
