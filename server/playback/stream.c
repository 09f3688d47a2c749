/* SPDX-License-Identifier: Apache-2.0 */
/* A block is put together from pieces: the header's bytes, and stretches of segments' plaintext,
 * which come from the extents lately read or are read now - whole sealed chunks, as far as the
 * block reaches, and further when it goes on where an earlier one ended. The moof boxes between the
 * MP4's slices are read along and skipped. */
#include "playback/stream.h"

#include "playback/playback_internal.h"

#include <errno.h>
#include <string.h>

/* ---- one block ---- */

enum { READ_AHEAD_BYTES = 512 << 10 };

struct block {
    struct playback_clip *clip;
    uint32_t file;
    uint64_t from, to;
    uint8_t *out; /* owned */
    size_t have;
    uint32_t reading; /* segment */
    uint64_t read_from;
    stream_block_fn *done;
    void *arg;
};

/* Bytes of the file that lie together in one segment. */
struct piece {
    uint32_t segment;
    uint64_t offset, length; /* plaintext */
    uint64_t reach;          /* where the segment's last wanted byte ends */
};

uint64_t stream_size(const struct playback_clip *c, uint32_t file)
{
    return file == STREAM_MP4 ? c->mp4.size_bytes : c->segments[file].plain_bytes;
}

static void finish(struct block *b, int status)
{
    uint8_t *p = b->out;
    if (status != 0) {
        free(p);
        p = NULL;
    }
    b->done(b->arg, status, p, p != NULL ? (size_t)(b->to - b->from) : 0);
    b->clip->pb->under_way--;
    playback_clip_unref(b->clip);
    free(b);
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static struct piece mp4_piece(const struct block *b, uint64_t at)
{
    const struct mp4 *m = &b->clip->mp4;
    uint32_t i = mp4_slice_at(m, at);
    const struct mp4_slice *s = &m->slices[i];
    struct piece p = {.segment = s->segment, .offset = s->offset + (at - s->at)};
    p.length = least(s->length - (at - s->at), b->to - at);
    for (; i < m->n_slices && m->slices[i].segment == p.segment && m->slices[i].at < b->to; i++) {
        p.reach = m->slices[i].offset + least(m->slices[i].length, b->to - m->slices[i].at);
    }
    return p;
}

static struct piece piece_at(const struct block *b, uint64_t at)
{
    if (b->file == STREAM_MP4) {
        return mp4_piece(b, at);
    }
    return (struct piece){.segment = b->file, .offset = at, .length = b->to - at, .reach = b->to};
}

static void next_piece(struct block *b);

static void on_read(void *arg, int status, uint8_t *p, size_t n)
{
    struct block *b = arg;
    if (status != 0) {
        finish(b, status);
        return;
    }
    extent_keep(b->clip->pb->extents, &b->clip->segments[b->reading].seal.object, b->read_from, p,
                n);
    next_piece(b);
}

static void read_piece(struct block *b, const struct piece *p)
{
    const struct segment_ref *s = &b->clip->segments[p->segment];
    struct playback *pb = b->clip->pb;
    uint64_t from = p->offset - p->offset % SEAL_CHUNK_SIZE, to = p->reach;
    bool goes_on = from > 0 && extent_find(pb->extents, &s->seal.object, from - 1) != NULL;
    if (goes_on && to < from + READ_AHEAD_BYTES) {
        to = from + READ_AHEAD_BYTES;
    }
    to += SEAL_CHUNK_SIZE - 1;
    to -= to % SEAL_CHUNK_SIZE;
    to = least(least(to, from + SEGMENT_READ_MAX), s->plain_bytes);
    for (uint64_t at = from + SEAL_CHUNK_SIZE; at < to; at += SEAL_CHUNK_SIZE) {
        if (extent_find(pb->extents, &s->seal.object, at) != NULL) {
            to = at; /* from here on it is there already */
        }
    }
    b->reading = p->segment;
    b->read_from = from;
    segment_read(pb->p.store, s, from, to, on_read, b);
}

/* One stretch of the file to its place. False: it must be read first. */
static bool take_piece(struct block *b, const struct piece *p)
{
    const struct id *object = &b->clip->segments[p->segment].seal.object;
    const struct extent *e = extent_find(b->clip->pb->extents, object, p->offset);
    if (e == NULL) {
        return false;
    }
    size_t n = (size_t)least(p->length, e->to - p->offset);
    memcpy(b->out + b->have, e->p + (p->offset - e->from), n);
    patches_apply(&b->clip->patches, p->segment, p->offset, b->out + b->have, n);
    b->have += n;
    return true;
}

static void take_header(struct block *b, uint64_t at)
{
    const struct mp4 *m = &b->clip->mp4;
    size_t n = (size_t)(least(b->to, m->header_bytes) - at);
    memcpy(b->out + b->have, m->header + at, n);
    b->have += n;
}

static void next_piece(struct block *b)
{
    while (b->from + b->have < b->to) {
        uint64_t at = b->from + b->have;
        if (b->file == STREAM_MP4 && at < b->clip->mp4.header_bytes) {
            take_header(b, at);
            continue;
        }
        struct piece p = piece_at(b, at);
        if (!take_piece(b, &p)) {
            read_piece(b, &p);
            return;
        }
    }
    finish(b, 0);
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
                        .arg = arg,
                        .out = mem_resize(NULL, (size_t)(to - from), 1)};
    c->pb->under_way++;
    next_piece(b);
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
