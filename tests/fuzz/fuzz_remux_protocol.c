/* SPDX-License-Identifier: Apache-2.0 */
/* What a taken-over worker may send: refused, or frames inside the bytes given, with texts that
 * end. */
#include "remux/protocol.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void look(const struct channel_frame *f)
{
    struct channel_segment s;
    struct channel_done d;
    struct channel_output k;
    struct channel_init i;
    struct channel_part part;
    if (channel_parse_segment(f, &s) == 0) {
        struct buf b CLEANUP(buf_finish) = BUF_INIT(CHANNEL_FRAME_MAX + CHANNEL_HEAD_SIZE);
        struct index ix;
        ALWAYS(s.index >= f->p && s.index + s.index_n == f->p + f->n);
        channel_format_segment(&b, &s);
        ALWAYS(memcmp(b.data + CHANNEL_HEAD_SIZE, f->p, f->n) == 0);
        if (index_decode(s.index, s.index_n, &ix) == 0) {
            index_finish(&ix);
        }
    }
    if (channel_parse_done(f, &d) == 0) {
        struct buf b CLEANUP(buf_finish) = BUF_INIT(CHANNEL_FRAME_MAX + CHANNEL_HEAD_SIZE);
        ALWAYS(strlen(d.reason) < sizeof(d.reason) && strlen(d.notes) < sizeof(d.notes));
        channel_format_done(&b, &d);
        ALWAYS(memcmp(b.data + CHANNEL_HEAD_SIZE, f->p, f->n) == 0);
    }
    (void)!channel_parse_output(f, &k);
    if (channel_parse_init(f, &i) == 0) {
        struct index ix;
        ALWAYS(i.init >= f->p && i.init + i.init_n == i.tracks &&
               i.tracks + i.tracks_n == f->p + f->n);
        if (index_decode_tracks(i.tracks, i.tracks_n, &ix) == 0) {
            struct buf b CLEANUP(buf_finish) = BUF_INIT(INDEX_BYTES_MAX);
            ALWAYS(index_encode_tracks(&ix, &b) == 0);
            index_finish(&ix);
        }
    }
    if (channel_parse_part(f, &part) == 0) {
        struct buf b CLEANUP(buf_finish) = BUF_INIT(CHANNEL_PART_SIZE + CHANNEL_HEAD_SIZE);
        channel_format_part(&b, &part);
        ALWAYS(memcmp(b.data + CHANNEL_HEAD_SIZE, f->p, f->n) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    for (size_t at = 0; at < n;) {
        struct channel_frame f;
        ssize_t used = channel_parse(p + at, n - at, &f);
        if (used <= 0) {
            break;
        }
        ALWAYS((size_t)used <= n - at && f.p + f.n == p + at + used);
        look(&f);
        at += (size_t)used;
    }
    return 0;
}
