/* SPDX-License-Identifier: Apache-2.0 */
#include "remux/worker/input.h"

#include <errno.h>
#include <libavutil/error.h>
#include <libavutil/mem.h>
#include <string.h>
#include <unistd.h>

enum { SPOOL_STEP_BYTES = 256 << 10, PEEK_STEP_BYTES = 16 << 10 };

/* From the pipe; 0 at its end. */
static size_t read_pipe(struct input *in, uint8_t *p, size_t n)
{
    while (!in->eof) {
        ssize_t got = read(in->fd, p, n);
        if (got > 0) {
            in->received += (uint64_t)got;
            return (size_t)got;
        }
        if (got == 0 || errno != EINTR) {
            in->eof = true;
        }
    }
    return 0;
}

size_t input_peek(struct input *in, size_t n)
{
    while (in->head.len < n && !in->eof) {
        size_t step = n - in->head.len > PEEK_STEP_BYTES ? n - in->head.len : PEEK_STEP_BYTES;
        uint8_t *room = buf_room(&in->head, step);
        if (room == NULL) {
            break;
        }
        in->head.len += read_pipe(in, room, step);
    }
    return in->head.len;
}

static int replay_init(struct input *in, uint8_t *p, size_t n)
{
    size_t left = in->gate.init.len - in->replayed;
    n = n < left ? n : left;
    memcpy(p, in->gate.init.data + in->replayed, n);
    in->replayed += n;
    return (int)n;
}

/* Bytes that lie at in->position were handed out. */
static void watch(struct input *in, const uint8_t *p, size_t n)
{
    uint64_t end = in->position + n;
    if (in->gated && end > in->gate_position) {
        size_t fresh = (size_t)(end - in->gate_position);
        gate_pass(&in->gate, p + (n - fresh), fresh);
        in->gate_position = end;
    }
}

static size_t read_stream(struct input *in, uint8_t *p, size_t n)
{
    if (in->position < in->head.len) {
        size_t have = in->head.len - (size_t)in->position;
        n = n < have ? n : have;
        memcpy(p, in->head.data + in->position, n);
        watch(in, p, n);
        in->position += n;
        if (in->position == in->head.len && !in->keep_head) {
            buf_finish(&in->head);
        }
        return n;
    }
    n = read_pipe(in, p, n);
    if (n > 0 && in->keep_head) {
        buf_append(&in->head, p, n);
        in->keep_head = !in->head.overflow;
    }
    watch(in, p, n);
    in->position += n;
    return n;
}

/* Where in the file a position lies, and how many bytes follow it there. */
static off_t file_place(const struct input *in, uint64_t position, size_t *n)
{
    uint64_t all = in->ranges[0].n + in->ranges[1].n, before = 0;
    if (all == 0) {
        return (off_t)position;
    }
    for (size_t i = 0; i < 2; i++) {
        const struct input_range *r = &in->ranges[i];
        if (position - before < r->n) {
            uint64_t left = r->n - (position - before);
            *n = left < *n ? (size_t)left : *n;
            return (off_t)(r->at + position - before);
        }
        before += r->n;
    }
    *n = 0;
    return 0;
}

static size_t read_file(struct input *in, uint8_t *p, size_t n)
{
    off_t at = file_place(in, in->position, &n);
    ssize_t got = n > 0 ? pread(in->spool_fd, p, n, at) : 0;
    in->position += got > 0 ? (uint64_t)got : 0;
    return got > 0 ? (size_t)got : 0;
}

static int on_read(void *arg, uint8_t *p, int n)
{
    struct input *in = arg;
    if (in->restarted && in->replayed < in->gate.init.len) {
        return replay_init(in, p, (size_t)n);
    }
    if (in->spool_fd < 0) {
        size_t allowed = in->gated ? gate_allow(&in->gate, (size_t)n) : (size_t)n;
        n = allowed > 0 ? (int)read_stream(in, p, allowed) : 0;
    } else {
        n = (int)read_file(in, p, (size_t)n);
    }
    in->hit_end |= n == 0;
    return n > 0 ? n : AVERROR_EOF;
}

static int64_t on_seek(void *arg, int64_t offset, int whence)
{
    struct input *in = arg;
    if (whence == AVSEEK_SIZE) {
        return in->spool_fd >= 0 ? (int64_t)in->received : AVERROR(ENOSYS);
    }
    if (whence == SEEK_CUR) {
        offset += (int64_t)in->position;
    } else if (whence != SEEK_SET) {
        return AVERROR(EINVAL);
    }
    bool held = in->spool_fd >= 0 || (in->keep_head && (uint64_t)offset <= in->head.len);
    if (offset < 0 || !held) {
        return AVERROR(EPIPE);
    }
    in->position = (uint64_t)offset;
    return offset;
}

void input_init(struct input *in, int fd)
{
    *in = (struct input){
        .fd = fd, .spool_fd = -1, .head = BUF_INIT(INPUT_HEAD_MAX), .keep_head = true};
    in->avio = avio_alloc_context(av_malloc(INPUT_AVIO_BYTES), INPUT_AVIO_BYTES, 0, in, on_read,
                                  NULL, on_seek);
    ALWAYS(in->avio != NULL);
    in->avio->seekable = 0;
}

static int write_all(int fd, const uint8_t *p, size_t n, uint64_t at)
{
    while (n > 0) {
        ssize_t put = pwrite(fd, p, n, (off_t)at);
        if (put < 0 && errno != EINTR) {
            return -errno;
        }
        size_t step = put > 0 ? (size_t)put : 0;
        p += step;
        n -= step;
        at += step;
    }
    return 0;
}

int input_spool(struct input *in, int spool_fd)
{
    const AVIOContext *a = in->avio;
    size_t held = (size_t)(a->buf_end - a->buffer);
    int r = 0;
    if (in->position > 0 && held <= in->position) { /* what libav has not used up yet */
        r = write_all(spool_fd, a->buffer, held, in->position - held);
    }
    if (r == 0) {
        r = write_all(spool_fd, in->head.data, in->head.len, 0);
    }
    buf_finish(&in->head);
    CLEANUP(mem_free_at) uint8_t *step = mem_alloc(SPOOL_STEP_BYTES, 1);
    while (r == 0) {
        uint64_t at = in->received;
        size_t n = read_pipe(in, step, SPOOL_STEP_BYTES);
        if (n == 0) {
            break;
        }
        r = write_all(spool_fd, step, n, at);
    }
    in->spool_fd = spool_fd;
    in->avio->seekable = AVIO_SEEKABLE_NORMAL;
    return r;
}

void input_view(struct input *in, int spool_fd, const struct input_range ranges[2])
{
    input_init(in, -1);
    in->eof = true;
    in->spool_fd = spool_fd;
    memcpy(in->ranges, ranges, sizeof(in->ranges));
    in->received = ranges[0].n + ranges[1].n;
    in->avio->seekable = AVIO_SEEKABLE_NORMAL;
    size_t n = in->received < INPUT_HEAD_MAX / 2 ? (size_t)in->received : INPUT_HEAD_MAX / 2;
    while (in->head.len < n) { /* what sniffing looks at */
        size_t got = read_file(in, buf_room(&in->head, n - in->head.len), n - in->head.len);
        if (got == 0) {
            break;
        }
        in->head.len += got;
    }
    in->position = 0;
}

void input_watch_boxes(struct input *in)
{
    gate_init(&in->gate);
    in->gated = true;
}

void input_next_stretch(struct input *in)
{
    AVIOContext *a = in->avio;
    gate_go_on(&in->gate);
    in->restarted = true;
    in->replayed = 0;
    a->buf_ptr = a->buf_end = a->buffer;
    a->pos = 0;
    a->eof_reached = a->error = 0;
}

void input_release_head(struct input *in)
{
    in->keep_head = false;
    if (in->position >= in->head.len) {
        buf_finish(&in->head);
    }
}

void input_finish(struct input *in)
{
    if (in->avio != NULL) {
        av_freep(&in->avio->buffer);
        avio_context_free(&in->avio);
    }
    buf_finish(&in->head);
    gate_finish(&in->gate);
}
