/* SPDX-License-Identifier: Apache-2.0 */
/* Several tracks of the same span that were sent as files of their own, as one input of a worker: a
 * head, then the files' headers (ftyp+moov), then the files. */
#ifndef REMUX_JOIN_H
#define REMUX_JOIN_H

#include "base/buf.h"

enum { JOIN_PARTS_MAX = 4, JOIN_HEAD_MAX = 8 + 1 + JOIN_PARTS_MAX * 16 };
#define JOIN_MAGIC "DWJOIN1\n"

struct join_part {
    uint64_t head_bytes, body_bytes;
};
/* The head alone; the parts' headers and then their bodies follow in the same order. */
void join_format(struct buf *out, const struct join_part *parts, size_t n);
/* Head bytes used; 0: more are needed; -EBADMSG. */
ssize_t join_parse(const uint8_t *p, size_t n, struct join_part ret_parts[JOIN_PARTS_MAX],
                   size_t *ret_n) MUST_CHECK;

#endif
