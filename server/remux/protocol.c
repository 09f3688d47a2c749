/* SPDX-License-Identifier: Apache-2.0 */
#include "remux/protocol.h"

#include "base/str.h"
#include "remux/journal_record.h"
#include "remux/remux.h"

#include <errno.h>
#include <string.h>

#define CHANNEL_TIME_MAX ((int64_t)1 << 53)
enum { DONE_FIXED = 2 }; /* status, partial; then three strings with a length byte pair each */

static uint64_t get_be(const uint8_t *p, size_t n)
{
    uint64_t v = 0;
    for (size_t i = 0; i < n; i++) {
        v = v << 8 | p[i];
    }
    return v;
}

ssize_t channel_parse(const uint8_t *p, size_t n, struct channel_frame *ret_frame)
{
    if (n < CHANNEL_HEAD_SIZE) {
        return 0;
    }
    uint64_t length = get_be(p, 4);
    if (length < 1 || length > CHANNEL_FRAME_MAX || p[4] < CHANNEL_NEED_OUTPUT ||
        p[4] > CHANNEL_END) {
        return -EBADMSG;
    }
    if (n - 4 < length) {
        return 0;
    }
    *ret_frame = (struct channel_frame){
        .type = (enum channel_type)p[4], .p = p + CHANNEL_HEAD_SIZE, .n = (size_t)length - 1};
    return (ssize_t)(4 + length);
}

void channel_format(struct buf *out, enum channel_type type, const void *p, size_t n)
{
    buf_be32(out, (uint32_t)(n + 1));
    buf_u8(out, (uint8_t)type);
    buf_append(out, p, n);
}

int channel_parse_segment(const struct channel_frame *f, struct channel_segment *ret_segment)
{
    if (f->type != CHANNEL_SEGMENT || f->n <= CHANNEL_SEGMENT_HEAD ||
        f->n > CHANNEL_SEGMENT_HEAD + INDEX_BYTES_MAX) {
        return -EBADMSG;
    }
    struct channel_segment s = {.index = f->p + CHANNEL_SEGMENT_HEAD,
                                .index_n = f->n - CHANNEL_SEGMENT_HEAD};
    s.sealed.plain_bytes = get_be(f->p, 8);
    s.sealed.sealed_bytes = get_be(f->p + 8, 8);
    memcpy(s.sealed.digest, f->p + 16, SHA256_SIZE);
    if (s.sealed.plain_bytes > INT64_MAX / 2 ||
        s.sealed.sealed_bytes != seal_sealed_size(s.sealed.plain_bytes)) {
        return -EBADMSG;
    }
    *ret_segment = s;
    return 0;
}

void channel_format_segment(struct buf *out, const struct channel_segment *s)
{
    buf_be32(out, (uint32_t)(1 + CHANNEL_SEGMENT_HEAD + s->index_n));
    buf_u8(out, CHANNEL_SEGMENT);
    buf_be64(out, s->sealed.plain_bytes);
    buf_be64(out, s->sealed.sealed_bytes);
    buf_append(out, s->sealed.digest, SHA256_SIZE);
    buf_append(out, s->index, s->index_n);
}

static void put_string(struct buf *out, const char *s, size_t max)
{
    size_t n = strnlen(s, max - 1);
    buf_be16(out, (uint16_t)n);
    buf_append(out, s, n);
}

/* Takes the string from the front of [*p, end) into out, which holds max bytes. */
static int get_string(const uint8_t **p, const uint8_t *end, size_t max, char *out)
{
    if (end - *p < 2) {
        return -EBADMSG;
    }
    size_t n = (size_t)get_be(*p, 2);
    *p += 2;
    if (n >= max || (size_t)(end - *p) < n || !str_is_text((const char *)*p, n)) {
        return -EBADMSG;
    }
    memcpy(out, *p, n);
    out[n] = '\0';
    *p += n;
    return 0;
}

/* A worker may judge the media and report that its output failed; the rest only the server knows.
 */
static bool status_is_said_by_workers(uint8_t status)
{
    return status == 0 || (status >= REMUX_E_UNSUPPORTED_CONTAINER && status <= REMUX_E_BROKEN) ||
           status == REMUX_E_OUTPUT;
}

int channel_parse_done(const struct channel_frame *f, struct channel_done *ret_done)
{
    if (f->type != CHANNEL_DONE || f->n < DONE_FIXED || f->p[1] > 1 ||
        !status_is_said_by_workers(f->p[0])) {
        return -EBADMSG;
    }
    struct channel_done d = {.status = f->p[0], .partial = f->p[1] == 1};
    const uint8_t *p = f->p + DONE_FIXED, *end = f->p + f->n;
    if (get_string(&p, end, sizeof(d.container), d.container) < 0 ||
        get_string(&p, end, sizeof(d.reason), d.reason) < 0 ||
        get_string(&p, end, sizeof(d.notes), d.notes) < 0 || p != end) {
        return -EBADMSG;
    }
    *ret_done = d;
    return 0;
}

void channel_format_done(struct buf *out, const struct channel_done *d)
{
    struct buf b CLEANUP(buf_finish) = BUF_INIT(CHANNEL_REASON_MAX + CHANNEL_NOTES_MAX + 64);
    buf_u8(&b, d->status);
    buf_u8(&b, d->partial);
    put_string(&b, d->container, sizeof(d->container));
    put_string(&b, d->reason, sizeof(d->reason));
    put_string(&b, d->notes, sizeof(d->notes));
    channel_format(out, CHANNEL_DONE, b.data, b.len);
}

int channel_parse_output(const struct channel_frame *f, struct channel_output *ret_output)
{
    if (f->type != CHANNEL_OUTPUT || f->n != CHANNEL_OUTPUT_SIZE ||
        f->p[CHANNEL_OUTPUT_SIZE - 1] > 1) {
        return -EBADMSG;
    }
    struct seal_params *s = &ret_output->seal;
    memcpy(s->key, f->p, SEAL_KEY_SIZE);
    memcpy(s->household.b, f->p + SEAL_KEY_SIZE, 16);
    memcpy(s->object.b, f->p + SEAL_KEY_SIZE + 16, 16);
    ret_output->fresh = f->p[CHANNEL_OUTPUT_SIZE - 1] == 1;
    return 0;
}

void channel_format_output(struct buf *out, const struct channel_output *o)
{
    buf_be32(out, CHANNEL_OUTPUT_SIZE + 1);
    buf_u8(out, CHANNEL_OUTPUT);
    buf_append(out, o->seal.key, SEAL_KEY_SIZE);
    buf_append(out, o->seal.household.b, 16);
    buf_append(out, o->seal.object.b, 16);
    buf_u8(out, o->fresh);
}

int channel_parse_init(const struct channel_frame *f, struct channel_init *ret_init)
{
    struct channel_init i = {0};
    const uint8_t *p = f->p, *end = f->p + f->n;
    if (f->type != CHANNEL_INIT || get_string(&p, end, sizeof(i.container), i.container) < 0 ||
        end - p < 4) {
        return -EBADMSG;
    }
    size_t n = (size_t)get_be(p, 4), left = (size_t)(end - p) - 4;
    if (n == 0 || n > CHANNEL_INIT_MAX || left <= n || left - n > INDEX_BYTES_MAX) {
        return -EBADMSG;
    }
    i.init = p + 4;
    i.init_n = n;
    i.tracks = i.init + n;
    i.tracks_n = left - n;
    *ret_init = i;
    return 0;
}

void channel_format_init(struct buf *out, const struct channel_init *i)
{
    size_t container_n = strnlen(i->container, sizeof(i->container) - 1);
    buf_be32(out, (uint32_t)(1 + 2 + container_n + 4 + i->init_n + i->tracks_n));
    buf_u8(out, CHANNEL_INIT);
    put_string(out, i->container, sizeof(i->container));
    buf_be32(out, (uint32_t)i->init_n);
    buf_append(out, i->init, i->init_n);
    buf_append(out, i->tracks, i->tracks_n);
}

int channel_parse_part(const struct channel_frame *f, struct channel_part *ret_part)
{
    if (f->type != CHANNEL_PART || f->n != CHANNEL_PART_SIZE || f->p[32] > 1) {
        return -EBADMSG;
    }
    struct channel_part p = {.offset = get_be(f->p, 8),
                             .start_90k = (int64_t)get_be(f->p + 8, 8),
                             .decode_90k = (int64_t)get_be(f->p + 16, 8),
                             .duration_90k = (uint32_t)get_be(f->p + 24, 4),
                             .bytes = (uint32_t)get_be(f->p + 28, 4),
                             .key = f->p[32] == 1};
    if (p.offset > INT64_MAX / 2 || p.bytes == 0 || p.bytes > JOURNAL_PLAIN_MAX ||
        p.start_90k < -CHANNEL_TIME_MAX || p.start_90k > CHANNEL_TIME_MAX || p.decode_90k < 0 ||
        p.decode_90k > CHANNEL_TIME_MAX) {
        return -EBADMSG;
    }
    *ret_part = p;
    return 0;
}

void channel_format_part(struct buf *out, const struct channel_part *p)
{
    buf_be32(out, CHANNEL_PART_SIZE + 1);
    buf_u8(out, CHANNEL_PART);
    buf_be64(out, p->offset);
    buf_be64(out, (uint64_t)p->start_90k);
    buf_be64(out, (uint64_t)p->decode_90k);
    buf_be32(out, p->duration_90k);
    buf_be32(out, p->bytes);
    buf_u8(out, p->key);
}
