/* SPDX-License-Identifier: Apache-2.0 */
/* A block of the virtual MP4 is cut into spans: the header's bytes, and per segment one read that
 * takes in the moof boxes between the slices, which are then squeezed out in place. The usual block
 * is one span, whose buffer is handed on as it came. */
#include "playback/stream.h"

#include "playback/playback_internal.h"

#include <errno.h>
#include <string.h>

/* ---- one block ---- */

struct block {
    struct playback_clip *clip;
    uint32_t file;
    uint64_t from, to;
    uint8_t *out; /* owned; NULL until more than one span is needed */
    size_t have;
    uint32_t slice;      /* the span under way: its first slice and place in the segment */
    uint64_t span_from;  /* plaintext */
    uint64_t span_bytes; /* of the file's bytes in it */
    stream_block_fn *done;
    void *arg;
};

uint64_t stream_size(const struct playback_clip *c, uint32_t file)
{
    return file == STREAM_MP4 ? c->mp4.size_bytes : c->segments[file].plain_bytes;
}

static void finish(struct block *b, int status, uint8_t *p)
{
    if (status != 0) {
        free(p);
        p = NULL;
    }
    b->done(b->arg, status, p, p != NULL ? (size_t)(b->to - b->from) : 0);
    playback_clip_unref(b->clip);
    free(b);
}

/* Take the slices' bytes to the front of what was read. */
static void squeeze(const struct block *b, uint8_t *p)
{
    const struct mp4 *m = &b->clip->mp4;
    uint64_t at = b->from + b->have, moved = 0;
    for (uint32_t i = b->slice; moved < b->span_bytes; i++) {
        const struct mp4_slice *s = &m->slices[i];
        uint64_t skip = at + moved - s->at, n = s->length - skip;
        n = n < b->span_bytes - moved ? n : b->span_bytes - moved;
        memmove(p + moved, p + (s->offset + skip - b->span_from), n);
        moved += n;
    }
}

static void next_span(struct block *b);

static void on_span(void *arg, int status, uint8_t *p, size_t n)
{
    struct block *b = arg;
    if (status != 0) {
        finish(b, status, b->out);
        return;
    }
    if (b->file == STREAM_MP4) {
        squeeze(b, p);
    }
    size_t all = (size_t)(b->to - b->from);
    if (b->have == 0 && b->span_bytes == all) {
        finish(b, 0, p);
        return;
    }
    b->out = b->out != NULL ? b->out : mem_alloc(all, 1);
    memcpy(b->out + b->have, p, (size_t)b->span_bytes);
    free(p);
    b->have += (size_t)b->span_bytes;
    next_span(b);
}

static void read_span(struct block *b, uint32_t segment, uint64_t to)
{
    const struct playback_clip *c = b->clip;
    segment_read(c->pb->p.store, &c->segments[segment], b->span_from, to, on_span, b);
}

static void mp4_span(struct block *b, uint64_t at)
{
    const struct mp4 *m = &b->clip->mp4;
    uint32_t i = mp4_slice_at(m, at), segment = m->slices[i].segment;
    b->slice = i;
    b->span_from = m->slices[i].offset + (at - m->slices[i].at);
    b->span_bytes = 0;
    uint64_t end = b->span_from;
    for (; i < m->n_slices && m->slices[i].segment == segment && m->slices[i].at < b->to; i++) {
        const struct mp4_slice *s = &m->slices[i];
        if (s->offset >= b->span_from + SEGMENT_READ_MAX) {
            break;
        }
        uint64_t stop = s->offset + s->length, wanted = s->offset + (b->to - s->at);
        stop = stop < wanted ? stop : wanted;
        stop = stop < b->span_from + SEGMENT_READ_MAX ? stop : b->span_from + SEGMENT_READ_MAX;
        end = stop;
        b->span_bytes = s->at + (stop - s->offset) - at;
        if (stop < s->offset + s->length) {
            break;
        }
    }
    read_span(b, segment, end);
}

static void segment_span(struct block *b, uint64_t at)
{
    b->span_from = at;
    b->span_bytes = b->to - at;
    read_span(b, b->file, b->to);
}

static void header_span(struct block *b, uint64_t at)
{
    const struct mp4 *m = &b->clip->mp4;
    uint64_t to = b->to < m->header_bytes ? b->to : m->header_bytes;
    b->out = b->out != NULL ? b->out : mem_alloc((size_t)(b->to - b->from), 1);
    memcpy(b->out + b->have, m->header + at, (size_t)(to - at));
    b->have += (size_t)(to - at);
    next_span(b);
}

static void next_span(struct block *b)
{
    uint64_t at = b->from + b->have;
    if (at == b->to) {
        finish(b, 0, b->out);
    } else if (b->file != STREAM_MP4) {
        segment_span(b, at);
    } else if (at < b->clip->mp4.header_bytes) {
        header_span(b, at);
    } else {
        mp4_span(b, at);
    }
}

void stream_block(struct playback_clip *c, uint32_t file, uint64_t from, uint64_t to,
                  stream_block_fn *done, void *arg)
{
    ALWAYS(from < to && to - from <= STREAM_BLOCK_MAX && to <= stream_size(c, file));
    struct block *b = mem_new(struct block);
    *b = (struct block){.clip = playback_clip_ref(c),
                        .file = file,
                        .from = from,
                        .to = to,
                        .done = done,
                        .arg = arg};
    next_span(b);
}

/* ---- a stream of blocks ---- */

enum { AHEAD_BYTES = 512 << 10 };

struct stream {
    struct source source;
    struct playback_clip *clip;
    uint32_t file;
    uint64_t next, to; /* not yet asked for */
    uint8_t *now;      /* owned: being handed out */
    size_t now_n, now_at;
    uint8_t *ahead; /* owned: comes after it */
    size_t ahead_n;
    int error;
    bool reading, wanted, closed;
};

static void stream_free(struct stream *s)
{
    free(s->now);
    free(s->ahead);
    playback_clip_unref(s->clip);
    free(s);
}

static void on_block(void *arg, int status, uint8_t *p, size_t n)
{
    struct stream *s = arg;
    s->reading = false;
    if (s->closed) {
        free(p);
        stream_free(s);
        return;
    }
    s->ahead = p;
    s->ahead_n = n;
    s->error = status == 0 ? 0 : -EIO;
    if (s->wanted) {
        s->wanted = false;
        s->source.ready(s->source.ready_arg);
    }
}

static void read_ahead(struct stream *s)
{
    if (s->reading || s->ahead != NULL || s->next == s->to || s->error != 0) {
        return;
    }
    uint64_t from = s->next, left = s->to - from;
    s->next += left < AHEAD_BYTES ? left : AHEAD_BYTES;
    s->reading = true;
    stream_block(s->clip, s->file, from, s->next, on_block, s);
}

/* Make the block that was read ahead the present one. */
static void turn(struct stream *s)
{
    free(s->now);
    s->now = s->ahead;
    s->now_n = s->ahead_n;
    s->now_at = 0;
    s->ahead = NULL;
    s->ahead_n = 0;
}

static ssize_t stream_pull(struct source *source, uint8_t *p, size_t max)
{
    struct stream *s = CONTAINER_OF(source, struct stream, source);
    if (s->now_at == s->now_n) {
        read_ahead(s);
        turn(s);
        read_ahead(s);
    }
    if (s->now_at == s->now_n) {
        s->wanted = s->reading;
        return s->error != 0 ? s->error : s->reading ? SOURCE_WAIT : SOURCE_END;
    }
    size_t n = s->now_n - s->now_at;
    n = n < max ? n : max;
    memcpy(p, s->now + s->now_at, n);
    s->now_at += n;
    return (ssize_t)n;
}

static void stream_close(struct source *source)
{
    struct stream *s = CONTAINER_OF(source, struct stream, source);
    s->closed = true;
    if (!s->reading) {
        stream_free(s);
    }
}

struct source *stream_create(struct playback_clip *c, uint32_t file, uint64_t from, uint64_t to)
{
    static const struct source_ops ops = {.pull = stream_pull, .close = stream_close};
    ALWAYS(from <= to && to <= stream_size(c, file));
    struct stream *s = mem_new(struct stream);
    *s = (struct stream){.source = {.ops = &ops, .size_bytes = to - from},
                         .clip = playback_clip_ref(c),
                         .file = file,
                         .next = from,
                         .to = to};
    return &s->source;
}
